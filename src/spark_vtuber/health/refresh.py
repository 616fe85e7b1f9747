"""Soft resets: workers that grew old or large are renewed, one at a time, between turns."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import anyio

from spark_vtuber.core.clock import Clock

LOOK_S: Final = 30.0
"""Between two looks at the workers."""

PATIENCE_S: Final = 120.0
"""How long a reset waits for a pause between turns. After that it comes anyway: whoever uses the old one keeps it."""

LEAST_SLOPE_S: Final = 1_800.0
"""A slope of memory over less time is noise."""

SLOPE_LOOKS: Final = 120
"""Looks at the memory of a worker that are kept."""

MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class RefreshPlan:
    """When a worker is renewed: after `after_s` (0 = never), or when it grows by `growth_mb_per_h` (0 = never).

    In a break of the stream those older than `break_after_s` are renewed early (0 = never).
    """

    after_s: float = 6 * 3_600.0
    growth_mb_per_h: float = 200.0
    break_after_s: float = 3_600.0


class Worn(Protocol):
    """Something that wears out and can be renewed."""

    @property
    def name(self) -> str: ...

    @property
    def age_s(self) -> float: ...

    async def renew(self, why: str) -> bool: ...


Resident = Callable[[str], int | None]
"""Bytes of memory of everything a component started; None where nobody knows."""


class Refresh:
    """Looks at the workers twice a minute and renews the one that needs it most."""

    def __init__(
        self,
        clock: Clock,
        plan: Callable[[], RefreshPlan],
        worn: Callable[[], Sequence[Worn]],
        resident: Resident,
        pause: Callable[[], Awaitable[None]],
    ) -> None:
        """`plan` and `worn`, the workers there are, are asked at each look; `pause` waits until no turn runs."""
        self._clock = clock
        self._plan = plan
        self._resident = resident
        self._pause = pause
        self._worn = worn
        self._memory: dict[str, deque[tuple[float, float]]] = {}
        self._break = ""
        self._wake = anyio.Event()

    def take_break(self, why: str) -> None:
        """The stream has a break (an ad, the safety scene): a good moment for what would be due soon."""
        self._break = why
        self._wake.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            with anyio.move_on_after(LOOK_S):
                await self._wake.wait()
            self._wake = anyio.Event()
            why_break, self._break = self._break, ""
            for worn in self._worn():
                if why := self._why(worn, why_break):
                    await self._renew(worn, why)

    async def _renew(self, worn: Worn, why: str) -> None:
        with anyio.move_on_after(PATIENCE_S):
            await self._pause()
        if await worn.renew(why):
            self._memory.pop(worn.name, None)

    def _why(self, worn: Worn, why_break: str) -> str:
        plan, age_s = self._plan(), worn.age_s
        slope = self._slope(worn)
        if plan.after_s and age_s >= plan.after_s:
            return f"it is {age_s / 3600:.1f} hours old"
        if plan.growth_mb_per_h and slope > plan.growth_mb_per_h:
            return f"its memory grows by {slope:.0f} MB an hour"
        if why_break and plan.break_after_s and age_s >= plan.break_after_s:
            return f"{why_break}, and it is {age_s / 3600:.1f} hours old"
        return ""

    def _slope(self, worn: Worn) -> float:
        """MB an hour by which a worker grows; 0 while nobody can tell."""
        resident = self._resident(worn.name)
        looks = self._memory.setdefault(worn.name, deque(maxlen=SLOPE_LOOKS))
        if resident is None:
            return 0.0
        looks.append((self._clock.now(), resident / MB))
        if looks[-1][0] - looks[0][0] < LEAST_SLOPE_S:
            return 0.0
        return _least_squares(looks) * 3_600


def _least_squares(points: "deque[tuple[float, float]]") -> float:
    """The slope of the line with the least squares of vertical distances to the points."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
