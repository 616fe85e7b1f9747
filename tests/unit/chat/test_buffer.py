import anyio
import pytest

from spark_vtuber.chat.buffer import EventBuffer
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind


def event(name: str, kind: ChatKind = ChatKind.MESSAGE) -> ChatEvent:
    return ChatEvent(name, "twitch", kind, Author("1", "ana"))


async def test_events_come_in_the_order_in_which_they_were_put() -> None:
    buffer = EventBuffer()
    assert buffer.put(event("a"))
    assert buffer.put(event("b"))
    assert [(await buffer.get()).id, (await buffer.get()).id] == ["a", "b"]


async def test_who_waits_is_woken() -> None:
    buffer = EventBuffer()
    async with anyio.create_task_group() as tasks:

        async def put() -> None:
            await anyio.sleep(5)
            buffer.put(event("a"))

        tasks.start_soon(put)
        assert (await buffer.get()).id == "a"


async def test_lines_beyond_the_capacity_are_dropped_and_counted() -> None:
    buffer = EventBuffer(capacity=2)
    assert [buffer.put(event(name)) for name in "abcd"] == [True, True, False, False]
    assert buffer.dropped == 2
    await buffer.get()
    assert buffer.put(event("e"))


@pytest.mark.parametrize("kind", [ChatKind.DELETION, ChatKind.BAN, ChatKind.CLEAR, ChatKind.BITS, ChatKind.GIFT])
async def test_money_and_retractions_find_room_where_lines_do_not(kind: ChatKind) -> None:
    buffer = EventBuffer(capacity=2)
    buffer.put(event("a"))
    buffer.put(event("b"))
    assert not buffer.put(event("c"))
    assert buffer.put(event("d", kind))
    assert buffer.put(event("e", kind))
    assert not buffer.put(event("f", kind))


async def test_a_failure_comes_after_everything_before_it() -> None:
    buffer = EventBuffer()
    buffer.put(event("a"))
    buffer.fail(EngineError("banned", "no"))
    assert (await buffer.get()).id == "a"
    for _ in range(2):
        with pytest.raises(EngineError, match="no"):
            await buffer.get()
