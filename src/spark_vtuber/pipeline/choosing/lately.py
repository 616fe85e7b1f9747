"""What was answered lately, and to whom: what novelty, topic and fairness are measured by."""

from collections import Counter, deque
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.cues import Cue
from spark_vtuber.pipeline.choosing.reading import Reading, gist, likeness, read

REMEMBERED: Final = 16
"""Answers of which the words are remembered."""

MOST_VIEWERS: Final = 100
"""The most answers for which it is remembered whom they were for."""

REPEAT_S: Final = 300.0
"""After this time the same question is new again."""

TOPIC_S: Final = 90.0
SHARED: Final = 2
"""Words of the last answer in a line that is about the same."""

Viewer = tuple[str, str]
"""A source and an author's id at it."""


@dataclass(frozen=True, slots=True)
class _Answer:
    asked: frozenset[str]
    said: frozenset[str]
    at_s: float


class Lately:
    """The last answers. `version` changes with every new one."""

    def __init__(self) -> None:
        self._answers: deque[_Answer] = deque(maxlen=REMEMBERED)
        self._viewers: deque[Viewer | None] = deque(maxlen=MOST_VIEWERS)
        self._counted = (-1, 0)
        self._shares: Counter[Viewer | None] = Counter()
        self.version = 0

    def chosen(self, cue: Cue) -> None:
        """An answer to the cue begins: its viewer has had one more."""
        if cue.event is not None:
            self._viewers.append(viewer_of(cue))
            self.version += 1

    def answered(self, reading: Reading, heard: str, now_s: float) -> None:
        """What was asked and heard is known from now on."""
        self._answers.append(_Answer(reading.gist, gist(read(heard, ()).words), now_s))
        self.version += 1

    def novelty(self, reading: Reading, now_s: float) -> float:
        """1 for a line unlike everything that was answered lately, 0 for one of which all was answered."""
        known = (answer for answer in self._answers if now_s - answer.at_s < REPEAT_S)
        return 1.0 - max((likeness(reading.gist, answer.asked) for answer in known), default=0.0)

    def relevance(self, reading: Reading, now_s: float) -> float:
        """How much a line goes on with what the last answer was about, 0..1."""
        if not self._answers or now_s - self._answers[-1].at_s > TOPIC_S:
            return 0.0
        last = self._answers[-1]
        return min(1.0, _shared(reading.gist, last.said | last.asked) / SHARED)

    def share(self, viewer: Viewer | None, of: int) -> int:
        """How many of the last `of` answers were for a viewer."""
        if self._counted != (self.version, of):
            self._counted = (self.version, of)
            self._shares = Counter(list(self._viewers)[-of:] if of > 0 else ())
        return self._shares[viewer] if viewer is not None else 0


def viewer_of(cue: Cue) -> Viewer | None:
    """Who wrote the line of a cue."""
    return (cue.event.source, cue.event.author.id) if cue.event is not None else None


def _shared(one: AbstractSet[str], other: AbstractSet[str]) -> int:
    return len(one & other)
