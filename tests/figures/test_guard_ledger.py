"""What the ledger costs the loop, in CPU time, the best of three: a text that passes nothing, a block very little."""

from collections.abc import Awaitable, Callable
from itertools import cycle
from time import thread_time
from timeit import repeat
from typing import Final

import anyio
import pytest

from spark_vtuber.app.equipment import CurrentGuard
from spark_vtuber.app.ledger import Clerk
from spark_vtuber.app.strikes import KeptStrikes
from spark_vtuber.config.guard_keys import StrikeSettings
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.moderation.ledger import Ledger
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.keepsakes import MemoryKeepsake

pytestmark = pytest.mark.figures

ANNOUNCEMENTS: Final = 10.0
"""A block may cost the loop as much as so many events without anything behind them."""
ROUNDS: Final = 2_000
TEXT: Final = "you are a total loser and nobody wants you here go away now please nobody will miss you here at all!"
BLOCK: Final = Verdict(Decision.BLOCK, "", "word", "profanity", ((3, 9), (12, 20)), category="profanity", score=0.7)


def least_us(act: Callable[[], object]) -> float:
    """Microseconds of one call, the least of three times many, without the collection of garbage."""
    repeat(act, number=ROUNDS, repeat=1)
    return min(repeat(act, timer=thread_time, number=ROUNDS, repeat=3)) / ROUNDS * 1e6


def test_a_block_costs_the_loop_little(capsys: pytest.CaptureFixture[str]) -> None:
    clock, settings = SystemClock(), StrikeSettings()
    events = EventLog(clock)
    clerk = Clerk(Ledger(b"k" * 32, clock), KeptStrikes(MemoryKeepsake(), clock, events, lambda: settings), events)

    contexts = cycle([GuardContext("ana", source="twitch", author_id=str(number)) for number in range(ROUNDS)])

    def block() -> None:
        clerk(TEXT, Direction.IN, next(contexts), BLOCK)

    found = least_us(block)
    floor = least_us(lambda: events("floor", text=TEXT))
    with capsys.disabled():
        print(f"\na block of {len(TEXT)} characters: {found:.1f} µs, {found / floor:.1f} times an announcement")
    assert found <= ANNOUNCEMENTS * floor


def test_a_text_that_passes_costs_nothing_to_speak_of(capsys: pytest.CaptureFixture[str]) -> None:
    inner = FakeGuard()
    guards: tuple[Guard, ...] = (inner, CurrentGuard(inner))  # type: ignore[arg-type]  # any guard will do

    async def many(guard: Guard) -> float:
        async def once() -> float:
            inner.seen.clear()
            began = thread_time()
            for _ in range(ROUNDS):
                await guard.check("hello", Direction.IN, CONTEXT)
            return (thread_time() - began) / ROUNDS * 1e6

        return min([await once() for _ in range(3)])

    bare, watched = (_run(lambda guard=guard: many(guard)) for guard in guards)
    with capsys.disabled():
        print(f"\na text that passes: {watched - bare:+.2f} µs beside {bare:.1f} µs of a guard that does nothing")
    assert watched - bare <= bare


CONTEXT: Final = GuardContext("ana")


def _run(act: Callable[[], Awaitable[float]]) -> float:
    return anyio.run(act)
