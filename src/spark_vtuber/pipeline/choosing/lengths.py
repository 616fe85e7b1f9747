"""How long an answer may be: a table of what presses.

The more wait, and the longer somebody who paid waits, the shorter the answers, so that each gets one. A hot machine and
a model that writes hardly faster than the voice speaks each cost one step more.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

from spark_vtuber.core.cues import Length
from spark_vtuber.core.turns import TurnRecord


@dataclass(frozen=True, slots=True)
class Pressure:
    """What presses: lines that wait, the age of the oldest paid one, the strain, the model's speed.

    `tokens_per_s` is 0 while nothing is known of the model.
    """

    waiting: int = 0
    oldest_paid_s: float = 0.0
    is_strained: bool = False
    tokens_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """From so many waiting lines on, or with a paid line of such an age, answers are as long as `length`."""

    waiting: int
    oldest_paid_s: float
    length: Length


STEPS: Final = (
    Step(0, 0.0, Length(seconds=12.0)),
    Step(5, 15.0, Length(sentences=3, seconds=10.0, max_tokens=120, hint="Two or three short sentences.")),
    Step(15, 25.0, Length(sentences=2, seconds=7.5, max_tokens=80, hint="At most two short sentences.")),
    Step(30, 35.0, Length(sentences=1, seconds=5.0, max_tokens=48, hint="One short sentence only.")),
)
"""The first step is the length that `[replies] max_tokens` and the character's card allow."""

SLOW_TOKENS_PER_S: Final = 8.0
"""Speech takes about four tokens a second; a model that is not twice as fast makes pauses."""


def length(pressure: Pressure) -> Length:
    """How long the next answer may be."""
    step = max(_depth(pressure), _patience(pressure))
    step += pressure.is_strained
    step += 0.0 < pressure.tokens_per_s < SLOW_TOKENS_PER_S
    return STEPS[min(step, len(STEPS) - 1)].length


def _depth(pressure: Pressure) -> int:
    return max(at for at, step in enumerate(STEPS) if pressure.waiting >= step.waiting)


def _patience(pressure: Pressure) -> int:
    return max(at for at, step in enumerate(STEPS) if pressure.oldest_paid_s >= step.oldest_paid_s)


class Tempo:
    """How fast the model writes: the median of its last answers, in tokens a second; 0 while nothing is known."""

    def __init__(self, answers: int = 5) -> None:
        self._speeds: deque[float] = deque(maxlen=answers)

    def note(self, record: TurnRecord) -> None:
        """A turn is over; those that somebody else had to answer tell nothing."""
        speed = record.counts.get("tokens_per_s", 0.0)
        if speed > 0.0 and not record.is_degraded:
            self._speeds.append(speed)

    @property
    def tokens_per_s(self) -> float:
        """The speed."""
        return median(self._speeds) if self._speeds else 0.0
