"""What a face does while nobody asks it to: it breathes, blinks, looks about and holds its head. Pure but for chance.

Every movement is eased and its times are drawn from one seeded source, so a seed is a performance. Blinks last 0.2 to
0.3 s and come every 2 to 6 s, now and then twice; looks jump and rest; the head glides.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

FINE_S: Final = 1 / 60
"""How often a quick movement must be looked at."""

COARSE_S: Final = 1 / 15
"""How often breath and head must be looked at: VTube Studio smooths what it is given, and every look costs time."""

BREATH_S: Final = 3.6
BLINK_S: Final = (0.07, 0.04, 0.13)
"""Closing, closed, opening."""

_ASLEEP_S: Final = 10.0
"""After a longer pause movements start anew instead of being caught up with."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """How the face is held: head in degrees, gaze -1..1 (right and up are positive), the rest 0..1."""

    head_x: float = 0.0
    head_y: float = 0.0
    head_z: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    eyes_open: float = 1.0
    breath: float = 0.0


class Idle:
    """Idle motion over time. `amount` scales it: 0 is a still face, 1 a calm one.

    Instants given to `at` must not go back.
    """

    def __init__(self, rng: random.Random, amount: float = 1.0) -> None:
        self._random = rng
        self._amount = amount
        self._head = _Glide((0.0, 0.0, 0.0))
        self._gaze = _Glide((0.0, 0.0))
        self._blink_s = math.inf
        self._last_s: float | None = None

    def at(self, now: float) -> Bearing:
        """The bearing at an instant, in seconds of the show's clock."""
        if self._amount <= 0:
            return Bearing()
        self._wake(now)
        head_x, head_y, head_z = (self._amount * value for value in self._head.at(now))
        gaze_x, gaze_y = self._gaze.at(now)
        return Bearing(
            head_x, head_y, head_z, gaze_x, gaze_y, self._eyes_open(now), (1 - math.cos(math.tau * now / BREATH_S)) / 2
        )

    def pause_s(self, now: float) -> float:
        """How long after `now` the bearing may go unseen."""
        if self._amount <= 0:
            return math.inf
        next_s = min(self._blink_s, self._gaze.next_s) - now
        if next_s <= 0 or self._gaze.moves(now):
            return FINE_S
        return max(min(COARSE_S, next_s), 0.001)

    def _wake(self, now: float) -> None:
        """Draw the movements that begin until `now`."""
        draw = self._random
        if self._last_s is None or now - self._last_s > _ASLEEP_S:
            self._blink_s = now + draw.uniform(1.0, 4.0)
            self._gaze.next_s = now + draw.uniform(0.5, 2.0)
            self._head.next_s = now + draw.uniform(0.2, 1.0)
        self._last_s = now
        if self._head.next_s <= now:
            aim = (draw.gauss(0, 5), draw.gauss(0, 3.5), draw.gauss(0, 3.5))
            self._head.start(aim, now, draw.uniform(0.9, 1.8), draw.uniform(0.4, 3.0), limit=12.0)
        if self._gaze.next_s <= now:
            width = 0.12 if draw.random() < 0.7 else 0.5
            look = (draw.uniform(-width, width), draw.uniform(-width, width) * 0.6)
            self._gaze.start(look, now, draw.uniform(0.05, 0.08), draw.uniform(0.5, 2.5), limit=1.0)

    def _eyes_open(self, now: float) -> float:
        closing, closed, opening = BLINK_S
        age_s = now - self._blink_s
        if age_s < 0:
            return 1.0
        if age_s < closing:
            return 1.0 - _eased(age_s / closing)
        if age_s < closing + closed:
            return 0.0
        if age_s < closing + closed + opening:
            return _eased((age_s - closing - closed) / opening)
        is_double = self._random.random() < 0.15
        self._blink_s = now + (self._random.uniform(0.1, 0.2) if is_double else self._random.uniform(2.0, 6.0))
        return 1.0


class _Glide:
    """Moves from aim to aim, and rests in between."""

    __slots__ = ("_aim", "_from", "_since_s", "_takes_s", "next_s")

    def __init__(self, at: tuple[float, ...]) -> None:
        self._from = self._aim = at
        self._since_s = -math.inf
        self._takes_s = 1.0
        self.next_s = math.inf

    def start(self, aim: tuple[float, ...], now: float, takes_s: float, rests_s: float, *, limit: float) -> None:
        self._from = self.at(now)
        self._aim = tuple(min(max(value, -limit), limit) for value in aim)
        self._since_s, self._takes_s, self.next_s = now, takes_s, now + takes_s + rests_s

    def moves(self, now: float) -> bool:
        return now - self._since_s < self._takes_s

    def at(self, now: float) -> tuple[float, ...]:
        share = _eased(min((now - self._since_s) / self._takes_s, 1.0))
        return tuple(a + (b - a) * share for a, b in zip(self._from, self._aim, strict=True))


def _eased(share: float) -> float:
    """0..1 to 0..1 with rest at both ends."""
    return share * share * share * (share * (6 * share - 15) + 10)
