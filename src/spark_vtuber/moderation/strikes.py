"""Strikes: a viewer whose lines are blocked again and again is not answered for a while, longer each time.

Strikes fade with a half-life, so that somebody who slips once a week never has more than one. A while ends by itself;
whoever had one and stays clean for `FORGOTTEN` times the longest of whiles begins anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.guarding import Struck
from spark_vtuber.moderation.ruling import FLOOR

CAPACITY: Final = 5_000
FAINT: Final = 0.05
"""Fewer strikes than this are none."""

FORGOTTEN: Final = 3
MIN_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class StrikeLimits:
    """From how many strikes on a viewer is not answered, and for how long; times are in minutes.

    `floor` is the weight of what gets a channel banned, `other` that of everything else that `weights` do not name.
    """

    limit: float = 2.5
    half_life_min: float = 30.0
    rest_min: float = 10.0
    longest_min: float = 1_440.0
    floor: float = 2.0
    other: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def weight(self, category: str) -> float:
        """How much a blocked line of a category counts."""
        return self.weights.get(category, self.floor if category in FLOOR else self.other)

    def rest_ms(self, rests: int) -> int:
        """How long a viewer is not answered who was not for so many whiles before."""
        return round(MIN_MS * min(self.longest_min, self.rest_min * 2.0 ** min(rests, 20)))


class Strikes:
    """Who was struck, by key. At most `capacity` viewers: those whose last strike is oldest leave."""

    def __init__(
        self,
        clock: Clock,
        limits: Callable[[], StrikeLimits],
        known: Iterable[Struck] = (),
        capacity: int = CAPACITY,
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._capacity = capacity
        kept = sorted(known, key=lambda struck: struck.last_ms)[-capacity:]
        self._struck = OrderedDict((struck.key, struck) for struck in kept)

    def strike(self, key: str, name: str, source: str, category: str) -> Struck | None:
        """Count a blocked line against a viewer; gives them where they are not answered from now on."""
        limits, now_ms = self._limits(), self._clock.unix_ms()
        weight = limits.weight(category)
        if weight <= 0:
            return None
        strikes, lines, last_ms, until_ms, rests = weight, 1, now_ms, 0, 0
        before = self._struck.pop(key, None)
        if before is not None and not self._is_over(before, now_ms):
            strikes += self._faded(before, now_ms)
            lines += before.lines
            name, last_ms = name or before.name, max(now_ms, before.last_ms)
            until_ms, rests = before.until_ms, before.rests
        is_enough = now_ms >= until_ms and strikes >= limits.limit
        if is_enough:
            strikes, until_ms, rests = 0.0, now_ms + limits.rest_ms(rests), rests + 1
        struck = Struck(key, name, source, strikes, lines, last_ms, until_ms, rests)
        self._struck[key] = struck
        if len(self._struck) > self._capacity:
            self._struck.popitem(last=False)
        return struck if is_enough else None

    def is_struck(self, key: str) -> bool:
        """Whether a viewer is not to be answered now."""
        struck = self._struck.get(key)
        return struck is not None and self._clock.unix_ms() < struck.until_ms

    @property
    def is_empty(self) -> bool:
        """Whether nobody has any."""
        return not self._struck

    def pardon(self, key: str) -> Struck | None:
        """Forget everything about a viewer."""
        return self._struck.pop(key, None)

    def all(self) -> Sequence[Struck]:
        """Everybody with strikes as they are now: who is not answered first, then who has most."""
        now_ms = self._clock.unix_ms()
        for key in [key for key, struck in self._struck.items() if self._is_over(struck, now_ms)]:
            del self._struck[key]
        now = (
            replace(
                struck,
                strikes=round(self._faded(struck, now_ms), 2),
                until_ms=struck.until_ms if now_ms < struck.until_ms else 0,
            )
            for struck in self._struck.values()
        )
        return sorted(now, key=lambda struck: (-struck.until_ms, -struck.strikes, -struck.last_ms))

    def kept(self) -> Sequence[Struck]:
        """Everybody with strikes, to be handed to the next show."""
        return tuple(self._struck.values())

    def _faded(self, struck: Struck, now_ms: int) -> float:
        """What is left of strikes: half of them after each half-life."""
        minutes = max(0, now_ms - struck.last_ms) / MIN_MS
        return float(struck.strikes * 0.5 ** (minutes / self._limits().half_life_min))

    def _is_over(self, struck: Struck, now_ms: int) -> bool:
        """Whether nothing of a viewer's strikes counts any more."""
        if now_ms < struck.until_ms or self._faded(struck, now_ms) >= FAINT:
            return False
        longest_ms = round(self._limits().longest_min * MIN_MS)
        return not struck.rests or now_ms - struck.until_ms > FORGOTTEN * longest_ms
