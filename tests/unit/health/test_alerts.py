from spark_vtuber.core.alerts import Alert
from spark_vtuber.health.alerts import KEPT, QUIET_S, AlertBook, Trouble
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.testing.virtual import VirtualClock

DOWN = Trouble("component", "tts:espeak", "tts:espeak is down", "install it", "critical", after_s=10)
MEMORY = Trouble("memory", "machine", "memory gets short")


class Desk:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.events = EventLog(self.clock)
        self.called: list[Alert] = []
        self.book = AlertBook(self.clock, self.events, self.called.append)


async def pass_s(desk: Desk, seconds: float, *troubles: Trouble) -> None:
    import anyio

    for _ in range(int(seconds)):
        desk.book.look(troubles)
        await anyio.sleep(1)
    desk.book.look(troubles)


async def test_a_short_trouble_is_no_alert() -> None:
    desk = Desk()
    await pass_s(desk, 9, DOWN)
    await pass_s(desk, 5)
    await pass_s(desk, 9, DOWN)
    assert not desk.book.alerts()


async def test_one_that_lasts_is_raised_once_and_cleared() -> None:
    desk = Desk()
    await pass_s(desk, 20, DOWN, MEMORY)
    assert [(one.rule, one.severity, one.cleared_ms) for one in desk.book.alerts()] == [
        ("component", "critical", None),
        ("memory", "warning", None),
    ]
    assert [one.rule for one in desk.called] == ["memory", "component"]
    before = desk.events.last
    await pass_s(desk, 5, DOWN)
    over = next(one for one in desk.book.alerts() if one.rule == "memory")
    assert over.cleared_ms is not None
    assert desk.events.last == before + 1


async def test_nobody_is_called_twice_for_one_that_flaps() -> None:
    desk = Desk()
    for _ in range(30):
        await pass_s(desk, 2, MEMORY)
        await pass_s(desk, 2)
    assert len(desk.called) == 1
    await pass_s(desk, QUIET_S)
    await pass_s(desk, 1, MEMORY)
    assert len(desk.called) == 2


async def test_an_acknowledged_alert_asks_again_when_it_gets_worse() -> None:
    desk = Desk()
    desk.book.look([MEMORY])
    (alert,) = desk.book.alerts()
    assert desk.book.acknowledge(alert.id)
    assert not desk.book.acknowledge("a99")
    desk.book.look([MEMORY])
    assert desk.book.alerts()[0].is_acknowledged
    desk.book.look([Trouble("memory", "machine", "memory is nearly used up", severity="critical")])
    (worse,) = desk.book.alerts()
    assert (worse.severity, worse.is_acknowledged) == ("critical", False)


async def test_what_is_over_is_kept_up_to_a_number() -> None:
    desk = Desk()
    for number in range(3 * KEPT):
        desk.book.look([Trouble("component", f"c{number}", "down")])
    assert len(desk.book.alerts()) <= KEPT + 1
    assert desk.book.alerts()[0].cleared_ms is None
