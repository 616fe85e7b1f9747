"""When memory gets short: first tidy up, then need less, then restart what holds most. Pure: a look in, a step out."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

GIGABYTE: Final = 1_000_000_000
LARGEST_LIMIT_BYTES: Final = 120 * GIGABYTE
SHARE_OF_INSTALLED: Final = 0.94


class Step(Enum):
    """What to do about it now."""

    TRIM = auto()
    SHORTEN = auto()
    RESTART_WORST = auto()
    RELAX = auto()


def default_limit_bytes(installed_bytes: int) -> int:
    """The limit of a machine: 94 % of what is installed, 120 GB at most."""
    return min(LARGEST_LIMIT_BYTES, int(installed_bytes * SHARE_OF_INSTALLED))


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """When to warn and act, as shares of `limit_bytes`, and how long a step gets to show its effect.

    Measures end when the use was below `warn` for `relax_s`. Between two restarts there are `restart_every_s`.
    """

    limit_bytes: int
    warn: float = 0.90
    act: float = 0.94
    step_s: float = 15.0
    relax_s: float = 60.0
    restart_every_s: float = 300.0


class MemoryWatch:
    """Follows how much memory is used."""

    def __init__(self, limits: MemoryLimits) -> None:
        self.limits = limits
        self._level: Literal["ok", "warn", "act"] = "ok"
        self._last: Step | None = None
        self._last_s = 0.0
        self._restarted_s = float("-inf")
        self._low_since_s: float | None = None

    @property
    def level(self) -> Literal["ok", "warn", "act"]:
        """How close to the limit the last look was."""
        return self._level

    def look(self, used_bytes: int, now_s: float) -> Step | None:
        """Take one measurement; gives what must be done now, if anything."""
        share = used_bytes / self.limits.limit_bytes
        self._level = "act" if share >= self.limits.act else "warn" if share >= self.limits.warn else "ok"
        if self._level != "act":
            return self._relax(now_s)
        self._low_since_s = None
        step = self._next(now_s)
        if step is not None:
            self._last, self._last_s = step, now_s
        if step is Step.RESTART_WORST:
            self._restarted_s = now_s
        return step

    def _next(self, now_s: float) -> Step | None:
        if self._last is None:
            return Step.TRIM
        if now_s - self._last_s < self.limits.step_s:
            return None
        if self._last is Step.TRIM:
            return Step.SHORTEN
        return Step.RESTART_WORST if now_s - self._restarted_s >= self.limits.restart_every_s else None

    def _relax(self, now_s: float) -> Step | None:
        """Back to normal only after a while well below: between the two shares nothing changes."""
        if self._last is None or self._level == "warn":
            self._low_since_s = None
            return None
        if self._low_since_s is None:
            self._low_since_s = now_s
        if now_s - self._low_since_s < self.limits.relax_s:
            return None
        self._last = None
        return Step.RELAX
