import anyio

from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.gates import GateLimits, Gates
from spark_vtuber.testing.virtual import VirtualClock


def line(
    number: int, text: str = "hello there", author: str = "ana", kind: ChatKind = ChatKind.MESSAGE, amount: float = 0
) -> ChatEvent:
    return ChatEvent(str(number), "test", kind, Author(author, author), text, amount)


async def test_a_line_passes() -> None:
    assert Gates(VirtualClock()).refuse(line(1)) is None


async def test_the_same_event_passes_once() -> None:
    gates = Gates(VirtualClock())
    gates.refuse(line(1))
    assert gates.refuse(line(1, "other words")) is Reason.DUPLICATE


async def test_a_line_without_words_is_empty_unless_something_was_given() -> None:
    gates = Gates(VirtualClock())
    assert gates.refuse(line(1, "  ")) is Reason.EMPTY
    assert gates.refuse(line(2, "", kind=ChatKind.RAID, amount=40)) is None


async def test_a_viewer_who_writes_too_fast_is_held_back_and_may_go_on_later() -> None:
    gates = Gates(VirtualClock(), GateLimits(per_s=1, burst=2))
    fates = [gates.refuse(line(number, f"line {number}")) for number in range(4)]
    assert fates == [None, None, Reason.RATE, Reason.RATE]
    await anyio.sleep(1)
    assert gates.refuse(line(9, "line 9")) is None


async def test_another_viewer_is_not_held_back() -> None:
    gates = Gates(VirtualClock(), GateLimits(burst=1))
    gates.refuse(line(1))
    assert gates.refuse(line(2, author="ben")) is None


async def test_the_same_words_in_disguise_count_once_for_a_while() -> None:
    gates = Gates(VirtualClock(), GateLimits(duplicate_s=30))
    gates.refuse(line(1, "hello there"))
    assert gates.refuse(line(2, "HELLO there")) is Reason.DUPLICATE
    await anyio.sleep(31)
    assert gates.refuse(line(3, "hello there")) is None


async def test_money_passes_the_rate_and_the_repetition_gate() -> None:
    gates = Gates(VirtualClock(), GateLimits(burst=1))
    fates = [gates.refuse(line(number, "cheer100", kind=ChatKind.BITS, amount=100)) for number in range(3)]
    assert fates == [None, None, None]


async def test_memory_is_bounded() -> None:
    gates = Gates(VirtualClock(), GateLimits(viewers=3, lines=3))
    for number in range(50):
        gates.refuse(line(number, f"line {number}", author=f"viewer{number}"))
    assert (len(gates._tokens), len(gates._said), len(gates._ids)) == (3, 3, 3)


async def test_a_line_beyond_every_platforms_limit_is_refused() -> None:
    gates = Gates(VirtualClock())
    assert gates.refuse(line(1, "x" * 4_001)) is Reason.SIZE
    assert gates.refuse(line(2, "x" * 4_000)) is None


async def test_lines_that_differ_only_far_behind_their_beginning_are_repetitions() -> None:
    gates = Gates(VirtualClock())
    assert gates.refuse(line(1, "x" * 600 + "a")) is None
    assert gates.refuse(line(2, "x" * 600 + "b")) is Reason.DUPLICATE


async def test_whoever_is_silent_for_a_while_is_forgotten() -> None:
    gates = Gates(VirtualClock(), GateLimits(per_s=0.5, burst=5, duplicate_s=30))
    for number in range(200):
        gates.refuse(line(number, f"line {number}", author=f"viewer{number}"))
        await anyio.sleep(1)
    assert len(gates._tokens) <= 11
    assert len(gates._said) <= 31
