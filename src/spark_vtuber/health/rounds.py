"""The rounds of a watchman: components that were idle for a while are tried, so that a hang is found by nobody else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.supervisor import kinds_of

EVERY_S: Final = 10.0
"""Between two rounds."""

AGAIN_S: Final = 10.0
"""A component that failed its probe is tried again after this time, idle or not."""


@dataclass(frozen=True, slots=True)
class Probe:
    """How to see that a component is alive.

    `look` returns, raises `EngineError`, or hangs; it leaves no trace. `used_s` gives the instant, on the show's clock,
    at which the component last showed by itself that it works. `failed` is told why the probe failed.
    """

    name: str
    look: Callable[[], Awaitable[None]]
    used_s: Callable[[], float]
    failed: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class RoundLimits:
    """A component is tried when it was idle for `idle_s`; a probe that takes `limit_s` has found a hang.

    With `idle_s` + `EVERY_S` + `limit_s` ≤ 90 s, a hang is found in that time.
    """

    idle_s: float = 60.0
    limit_s: float = 10.0


class Rounds:
    """Tries idle components with tiny real requests. `failed` of a probe is told; what to do is up to it."""

    def __init__(self, clock: Clock, limits: RoundLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or RoundLimits()
        self._probes: dict[str, Probe] = {}
        self._next_s: dict[str, float] = {}

    def add(self, probe: Probe) -> None:
        """Try this component from now on; a probe of the same name is replaced."""
        self._probes[probe.name] = probe
        self._next_s[probe.name] = self._clock.now() + self._limits.idle_s

    def remove(self, name: str) -> None:
        """Leave a component alone."""
        self._probes.pop(name, None)

    async def run(self) -> None:
        """Walk for ever. A probe that hangs holds no other up."""
        while True:
            await anyio.sleep(EVERY_S)
            now_s = self._clock.now()
            async with anyio.create_task_group() as tasks:
                for probe in tuple(self._probes.values()):
                    if now_s >= max(self._next_s[probe.name], probe.used_s() + self._limits.idle_s):
                        tasks.start_soon(self._try, probe)

    async def _try(self, probe: Probe) -> None:
        why = await self.look(probe)
        if probe.name not in self._probes:
            return
        pause_s = AGAIN_S if why else self._limits.idle_s
        self._next_s[probe.name] = self._clock.now() + pause_s
        if why:
            probe.failed(why)

    async def look(self, probe: Probe) -> str:
        """Try a component now; gives what is wrong, or nothing."""
        try:
            with anyio.fail_after(self._limits.limit_s):
                await probe.look()
        except EngineError as error:
            return f"a probe failed: {error.message}"
        except TimeoutError:
            return f"hung: no answer to a probe in {self._limits.limit_s:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a component raises, it is not well
            return f"a probe crashed: {kinds_of(error)}"
        return ""
