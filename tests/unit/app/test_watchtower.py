from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import anyio

from spark_vtuber.app.watchtower import HEAT, LOOK_S, MEMORY, Outlook, Watchtower
from spark_vtuber.config.keys import Alerting, Config, MachineSettings
from spark_vtuber.core.alerts import Alert
from spark_vtuber.core.machine import Gpu, ProcessRole, Watched
from spark_vtuber.health.alerts import AlertBook, Trouble
from spark_vtuber.health.board import Board
from spark_vtuber.health.strain import Measure, Strain
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.testing.sensors import GIGABYTE, FakeSensors
from spark_vtuber.testing.virtual import VirtualClock

SHOW = Watched(100, "show", ProcessRole.SHOW)
VOICE = Watched(101, "tts.workers.espeak", ProcessRole.WORKER)
EARS = Watched(102, "stt.workers.ears", ProcessRole.WORKER)


class JumpingClock(VirtualClock):
    """A clock that can jump, as it does for a process that was stopped."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


@dataclass
class Post:
    """A watchtower over a machine of 10 GB whose limit is 10 GB."""

    config: Config = field(default_factory=lambda: Config(machine=MachineSettings(memory_limit_gb=10)))
    p95_ms: float | None = None
    troubles: list[Trouble] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = JumpingClock()
        self.events = EventLog(self.clock)
        self.board = Board(self.clock, self.events)
        self.strain = Strain(self.events)
        self.called: list[Alert] = []
        self.alerts = AlertBook(self.clock, self.events, self.called.append)
        self.sensors = FakeSensors(10 * GIGABYTE)
        self.sensors.rss = {100: 90_000_000, 101: 40_000_000, 102: 60_000_000}
        self.trims = 0
        self.stalls: list[float] = []
        self.restarted: list[str] = []
        outlook = Outlook(
            watched=lambda: (SHOW, VOICE, EARS),
            trim=self._trim,
            restart_worst=self._restart_worst,
            queues=lambda: {"inbox": 3},
            dropped=lambda: {"rate": 7},
            p95_ms=lambda: self.p95_ms,
            stalled=self.stalls.append,
            engine_ports=lambda: (11434,),
            troubles=(self._others,),
        )
        self.tower = Watchtower(
            self.clock, lambda: self.config, self.sensors, self.board, self.strain, self.alerts, outlook
        )

    def hold(self, share: float) -> None:
        self.sensors.use = replace(self.sensors.use, used_bytes=int(share * 10 * GIGABYTE))

    async def watch(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self.tower.run()

    def state(self, name: str) -> str:
        component = self.board.component(name)
        return component.state if component else ""

    def open_rules(self) -> set[str]:
        return {alert.rule for alert in self.alerts.alerts() if alert.cleared_ms is None}

    def _trim(self) -> None:
        self.trims += 1

    def _restart_worst(self, why: str) -> str:
        self.restarted.append(why)
        return "stt:ears"

    def _others(self) -> Iterator[Trouble]:
        yield from self.troubles


async def test_every_step_of_the_memory_watch() -> None:
    post = Post()
    post.hold(0.5)
    await post.watch(10)
    assert (post.state(MEMORY), post.open_rules()) == ("ok", set())
    post.hold(0.91)
    await post.watch(10)
    assert (post.trims, post.open_rules()) == (0, {"memory"})
    post.hold(0.95)
    await post.watch(6)
    assert post.trims == 1
    assert not post.strain.demands(Measure.SHORT_CONTEXT)
    await post.watch(16)
    assert post.strain.demands(Measure.SHORT_CONTEXT)
    assert post.strain.demands(Measure.NO_BACKGROUND)
    assert post.restarted == []
    await post.watch(20)
    assert post.restarted == ["10 of 10 GB are in use"]
    assert "stt:ears held most" in (component.detail if (component := post.board.component(MEMORY)) else "")
    await post.watch(120)
    assert post.restarted == ["10 of 10 GB are in use"]
    assert [alert.severity for alert in post.alerts.alerts() if alert.cleared_ms is None] == ["critical"]
    post.hold(0.5)
    await post.watch(80)
    assert (post.state(MEMORY), post.open_rules()) == ("ok", set())
    assert not post.strain.reasons
    assert len(post.called) == 1


async def test_what_our_processes_hold_counts_where_the_system_says_less() -> None:
    post = Post()
    post.sensors.rss[101] = 9_600_000_000
    await post.watch(1)
    assert post.trims == 1


async def test_every_step_of_the_heat_watch() -> None:
    post = Post()
    await post.watch(1)
    assert post.state(HEAT) == "ok"
    post.sensors.use = replace(post.sensors.use, gpus=(Gpu("GB10", throttle="it is too hot"),))
    await post.watch(LOOK_S)
    assert post.strain.demands(Measure.SHORT_ANSWERS)
    assert post.strain.demands(Measure.NO_BACKGROUND)
    assert post.open_rules() == {"heat"}
    assert post.tower.view()["throttled"] is True
    assert post.tower.view()["heat"] == {"level": "limited", "reason": "GB10 runs slower: it is too hot"}
    post.sensors.use = replace(post.sensors.use, gpus=())
    await post.watch(55)
    assert post.strain.demands(Measure.SHORT_ANSWERS)
    await post.watch(15)
    assert not post.strain.demands(Measure.SHORT_ANSWERS)
    assert (post.state(HEAT), post.open_rules()) == ("ok", set())


async def test_a_changed_limit_counts_at_the_next_look() -> None:
    post = Post()
    post.hold(0.5)
    await post.watch(1)
    post.config = Config(machine=MachineSettings(memory_limit_gb=5))
    await post.watch(1)
    assert post.trims == 1
    assert post.tower.view()["memory"]["limit_bytes"] == 5 * GIGABYTE


async def test_a_component_that_is_down_for_ten_seconds_is_an_alert() -> None:
    post = Post()
    post.board.set("obs", "obs", "failed", "OBS was closed", "start OBS")
    await post.watch(9)
    assert not post.open_rules()
    await post.watch(10)
    (alert,) = post.alerts.alerts()
    assert (alert.text, alert.fix, alert.severity) == ("obs is down: OBS was closed", "start OBS", "critical")
    post.board.set("obs", "obs", "ok")
    await post.watch(LOOK_S)
    assert not post.open_rules()


async def test_slow_answers_are_an_alert_after_five_minutes() -> None:
    post = Post(config=Config(alerts=Alerting(p95_ms=500)))
    post.p95_ms = 501.0
    await post.watch(290)
    assert not post.open_rules()
    await post.watch(20)
    assert post.open_rules() == {"latency"}
    post.p95_ms = None
    await post.watch(LOOK_S)
    assert not post.open_rules()


async def test_other_parts_may_have_troubles_of_their_own() -> None:
    post = Post()
    post.troubles = [Trouble("breaker", "llm:main", "the model does not answer")]
    await post.watch(1)
    assert post.open_rules() == {"breaker"}


async def test_it_looks_more_often_while_somebody_looks_at_it() -> None:
    post = Post()
    await post.watch(60)
    idle, post.sensors.looks = post.sensors.looks, 0
    for _ in range(12):
        post.tower.view()
        await post.watch(5)
    assert idle <= 13
    assert post.sensors.looks > 20
    view = post.tower.view()
    assert [one["role"] for one in view["processes"]] == ["show", "worker", "worker"]
    assert (view["queues"], view["dropped"], post.sensors.ports) == ({"inbox": 3}, {"rate": 7}, (11434,))


async def test_a_loop_that_stood_still_is_told() -> None:
    post = Post()
    await post.watch(12)
    assert post.stalls == []

    with anyio.move_on_after(8):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(post.tower.run)
            await anyio.sleep(1)
            post.clock.ahead_s += 3.0
            await anyio.sleep_forever()
    assert post.stalls == [3.0]
