"""Looks at the machine and at the show, eases what is strained, and raises alerts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import anyio

from spark_vtuber.config.keys import Config
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.machine import MachineUse, Sensors, Watched
from spark_vtuber.health.alerts import AlertBook, Trouble
from spark_vtuber.health.board import Board
from spark_vtuber.health.heat_watch import HeatLimits, HeatWatch
from spark_vtuber.health.memory_watch import GIGABYTE, MemoryLimits, MemoryWatch, Step, default_limit_bytes
from spark_vtuber.health.strain import Measure, Strain

LOOK_S: Final = 5.0
CLOSE_LOOK_S: Final = 2.0
"""While somebody looks at the figures, or something is wrong."""

SEEN_S: Final = 10.0
"""So long after a view was asked for somebody is taken to be looking."""

MEMORY: Final = "machine:memory"
HEAT: Final = "machine:heat"

STEP_S: Final = 1.0
STALLED_S: Final = 1.0
"""A loop that comes back this late stood still: the machine slept, or something blocked it."""

P95_AFTER_S: Final = 300.0
"""Slow answers are an alert once they have been slow for this long."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the watchtower sees of the show, and what it can do about its memory.

    `watched` are the show's own processes, `engine_ports` the ports of servers it uses on this machine. `trim` tidies
    histories, caches and logs up; `restart_worst(why)` has the part that holds most renewed and gives its name, empty
    where there is none. `troubles` are those that other parts know of (OBS drops frames, a model does not answer).
    `p95_ms` is the p95 of the answers of the last five minutes, None where there were too few. `stalled` is told the
    seconds for which the loop stood still.
    """

    watched: Callable[[], tuple[Watched, ...]]
    trim: Callable[[], None]
    restart_worst: Callable[[str], str]
    queues: Callable[[], Mapping[str, float]]
    dropped: Callable[[], Mapping[str, int]]
    p95_ms: Callable[[], float | None]
    stalled: Callable[[float], None]
    engine_ports: Callable[[], tuple[int, ...]] = tuple
    troubles: tuple[Callable[[], Iterator[Trouble]], ...] = field(default=())


class Watchtower:
    """Implements `core.machine.Machine`; `run` looks for ever."""

    def __init__(
        self,
        clock: Clock,
        config: Callable[[], Config],
        sensors: Sensors,
        board: Board,
        strain: Strain,
        alerts: AlertBook,
        outlook: Outlook,
    ) -> None:
        self._clock = clock
        self._config = config
        self._sensors = sensors
        self._board = board
        self._strain = strain
        self._alerts = alerts
        self._outlook = outlook
        self._memory = MemoryWatch(MemoryLimits(limit_bytes=1))
        self._heat = HeatWatch(HeatLimits())
        self._use = MachineUse(total_bytes=0, used_bytes=0, cpu_percent=0.0)
        self._looked_ms = 0
        self._asked_s = float("-inf")

    async def run(self) -> None:
        """Look for ever: often while somebody watches or something is wrong, else every few seconds."""
        while True:
            await self.look()
            is_close = self._clock.now() - self._asked_s < SEEN_S or self._memory.level == "act" or self._heat.reason
            await self._wait(CLOSE_LOOK_S if is_close else LOOK_S)

    async def _wait(self, seconds: float) -> None:
        """Wait in short steps: a loop that stood still comes back late from one of them."""
        end_s = self._clock.now() + seconds
        while (left_s := end_s - self._clock.now()) > 0:
            step_s, before_s = min(STEP_S, left_s), self._clock.now()
            await anyio.sleep(step_s)
            late_s = self._clock.now() - before_s - step_s
            if late_s >= STALLED_S:
                self._outlook.stalled(round(late_s, 1))

    async def look(self) -> None:
        """One look at everything."""
        self._use = await self._sensors.look(self._outlook.watched(), self._outlook.engine_ports())
        self._looked_ms = self._clock.unix_ms()
        self._look_at_memory()
        self._look_at_heat()
        self._alerts.look(self._troubles())

    def view(self) -> Mapping[str, Any]:
        """JSON-ready, as `GET /api/machine` shows it."""
        self._asked_s = self._clock.now()
        use = self._use
        throttle = use.throttle or next((gpu.throttle for gpu in use.gpus if gpu.throttle), "")
        return {
            "at": self._looked_ms,
            "memory": {
                "total_bytes": use.total_bytes,
                "used_bytes": use.used_bytes,
                "show_bytes": use.show_bytes,
                "limit_bytes": self._memory.limits.limit_bytes,
                "level": self._memory.level,
            },
            "processes": [asdict(process) for process in use.processes],
            "cpu_percent": use.cpu_percent,
            "gpus": [{**asdict(gpu), "throttled": bool(gpu.throttle)} for gpu in use.gpus],
            "temperatures": [asdict(one) for one in use.temperatures],
            "throttled": bool(throttle),
            "throttle_reason": throttle,
            "heat": {"level": "limited" if self._heat.reason else "ok", "reason": self._heat.reason},
            "strain": dict(self._strain.reasons),
            "queues": dict(self._outlook.queues()),
            "dropped": dict(self._outlook.dropped()),
        }

    def _look_at_memory(self) -> None:
        use, settings = self._use, self._config().machine
        limit = int(settings.memory_limit_gb * GIGABYTE) or default_limit_bytes(use.total_bytes)
        self._memory.limits = MemoryLimits(max(1, limit), settings.memory_warn, settings.memory_act)
        held = max(use.used_bytes, use.show_bytes)
        step = self._memory.look(held, self._clock.now())
        share = f"{held / GIGABYTE:.0f} of {limit / GIGABYTE:.0f} GB are in use"
        match step:
            case Step.TRIM:
                self._outlook.trim()
                self._board.set(MEMORY, "machine", "degraded", f"{share}; histories, caches and logs were trimmed")
            case Step.SHORTEN:
                self._strain.put("memory", share, Measure.SHORT_CONTEXT, Measure.NO_BACKGROUND)
                self._board.set(MEMORY, "machine", "degraded", f"{share}; the context is shorter, idle talk stopped")
            case Step.RESTART_WORST:
                self._restart_worst(share)
            case Step.RELAX:
                self._strain.put("memory", "")
            case None:
                pass
        if step is Step.RELAX or not self._board.component(MEMORY):
            self._board.set(MEMORY, "machine", "ok", "there is enough memory")

    def _restart_worst(self, share: str) -> None:
        if name := self._outlook.restart_worst(share):
            detail = f"{share}; {name} held most of ours and is restarted"
        else:
            detail = f"{share}; nothing of the show can be restarted to free some"
        self._board.set(MEMORY, "machine", "degraded", detail, "close other programs, or use a smaller model")

    def _look_at_heat(self) -> None:
        settings = self._config().machine
        self._heat.limits = HeatLimits(settings.heat_soft_c, settings.heat_back_s)
        reason = self._heat.look(self._use, self._clock.now())
        if reason:
            self._strain.put("heat", reason, Measure.SHORT_ANSWERS, Measure.NO_BACKGROUND)
            self._board.set(HEAT, "machine", "degraded", f"{reason}; answers are shorter", "let the machine cool down")
        else:
            self._strain.put("heat", "")
            self._board.set(HEAT, "machine", "ok", "the machine is cool enough")

    def _troubles(self) -> Iterator[Trouble]:
        settings = self._config().alerts
        for one in self._board.components:
            if one.state == "failed":
                text = f"{one.name} is down: {one.detail}"
                yield Trouble("component", one.name, text, one.fix, "critical", settings.component_down_s)
        if self._memory.level != "ok":
            fix = "close other programs, or use a smaller model"
            if self._memory.level == "act":
                yield Trouble("memory", "machine", "memory is nearly used up", fix, "critical")
            else:
                yield Trouble("memory", "machine", "memory gets short", fix)
        if self._heat.reason:
            yield Trouble("heat", "machine", self._heat.reason, "let the machine cool down")
        p95_ms = self._outlook.p95_ms()
        if p95_ms is not None and p95_ms > settings.p95_ms:
            text = f"answers are slow: p95 is over {settings.p95_ms:.0f} ms"
            fix = "see the Latency tab for the slow step; a smaller model answers sooner"
            yield Trouble("latency", "answers", text, fix, after_s=P95_AFTER_S)
        for troubles in self._outlook.troubles:
            yield from troubles()
