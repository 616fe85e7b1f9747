"""The event log: order, resumption, gaps."""

import anyio
import pytest

from spark_vtuber.core.desk import Event
from spark_vtuber.core.ids import TurnId
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.telemetry.logs import Secrets
from spark_vtuber.testing.virtual import VirtualClock


async def take(log: EventLog, since: int | None, count: int) -> list[Event]:
    async with log.subscribe(since) as events:
        return [await anext(events) for _ in range(count)]


async def test_events_are_numbered_from_one_and_carry_what_was_announced() -> None:
    log = EventLog(VirtualClock())
    log("turn.started", turn=TurnId("t1"), persona="main")
    log("turn.ended", turn=TurnId("t1"))
    first, second = await take(log, 0, 2)
    assert (first.seq, first.type, first.turn, first.data) == (1, "turn.started", "t1", {"persona": "main"})
    assert first.at_ms == VirtualClock().unix_ms()
    assert (second.seq, second.type, second.data) == (2, "turn.ended", {})
    assert log.last == 2


async def test_a_watcher_without_a_number_gets_only_what_comes() -> None:
    log = EventLog(VirtualClock())
    log("old")
    async with log.subscribe(None) as events:
        log("new")
        assert (await anext(events)).type == "new"


async def test_a_watcher_resumes_after_the_number_it_saw_last() -> None:
    log = EventLog(VirtualClock())
    for number in range(5):
        log("tick", number=number)
    assert [event.seq for event in await take(log, 3, 2)] == [4, 5]


async def test_several_watchers_get_each_event_and_wait_without_polling() -> None:
    log = EventLog(VirtualClock())
    seen: list[tuple[str, int]] = []

    async def watch(name: str) -> None:
        seen.extend((name, event.seq) for event in await take(log, None, 2))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, "a")
        tasks.start_soon(watch, "b")
        await anyio.sleep(3600)
        log("one")
        await anyio.sleep(1)
        log("two")
    assert sorted(seen) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


async def test_what_fell_out_of_the_ring_is_one_gap_before_the_oldest_event() -> None:
    log = EventLog(VirtualClock(), capacity=3)
    for _ in range(10):
        log("tick")
    gap, *rest = await take(log, 2, 4)
    assert (gap.type, gap.seq, gap.data) == ("gap", 7, {"missed": 5})
    assert [event.seq for event in rest] == [8, 9, 10]


async def test_a_watcher_that_is_too_slow_gets_a_gap_and_goes_on() -> None:
    log = EventLog(VirtualClock(), capacity=2)
    async with log.subscribe(None) as events:
        log("seen")
        assert (await anext(events)).seq == 1
        for _ in range(5):
            log("tick")
        assert [((event := await anext(events)).type, event.seq) for _ in range(3)] == [
            ("gap", 4),
            ("tick", 5),
            ("tick", 6),
        ]


async def test_a_number_of_another_life_gives_a_gap_and_everything_of_this_one() -> None:
    log = EventLog(VirtualClock())
    log("first")
    gap, first = await take(log, 900, 2)
    assert (gap.type, gap.seq, gap.data) == ("gap", 0, {"missed": None})
    assert (first.type, first.seq) == ("first", 1)


async def test_data_that_is_not_json_is_refused_where_it_is_announced() -> None:
    log = EventLog(VirtualClock())
    with pytest.raises(TypeError):
        log("bad", data=object())
    with pytest.raises(ValueError, match="JSON"):
        log("bad", rate=float("nan"))
    assert log.last == 0


async def test_what_is_trimmed_is_a_gap_for_whoever_needed_it() -> None:
    log = EventLog(VirtualClock())
    for _ in range(10):
        log("tick")
    log.trim(2)
    gap, first = await take(log, 1, 2)
    assert (gap.type, gap.data, first.seq) == ("gap", {"missed": 7}, 9)


async def test_secrets_are_blotted_out_of_texts_and_leave_the_rest_as_it_is() -> None:
    log, heard = EventLog(VirtualClock(), secrets=Secrets(['sk-"quoted"', "1234"])), []
    log.tap(lambda _, text: heard.append(text))
    log("llm.failed", message='401: key sk-"quoted"', status=1234, tried=[{"with 1234": "no 1234"}])
    log("tick", number=1234)
    failed, tick = await take(log, 0, 2)
    assert failed.data == {"message": "401: key (secret)", "status": 1234, "tried": [{"with (secret)": "no (secret)"}]}
    assert tick.data == {"number": 1234}
    assert "quoted" not in "".join(heard)


async def test_what_was_taken_back_is_not_told_to_whoever_comes_later() -> None:
    log = EventLog(VirtualClock())
    for number in range(3):
        log("chat.received", id=f"e{number}", text=f"words {number}", author="ana")
    log("chat.chosen", id="e1", text="no line")
    log.blot("chat.received", {"e1"}, ("text", "author"))
    async with log.subscribe(0) as events:
        told = [(await anext(events)).data for _ in range(4)]
    assert [one["text"] for one in told] == ["words 0", "", "words 2", "no line"]
    assert [one.get("author") for one in told] == ["ana", "", "ana", None]
