"""Plays turns into a journal until it is killed: `endless_show.py FILE SESSION` prints the number of each turn."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.ids import SessionId
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import Life
from spark_vtuber.journal.retention import Limits
from spark_vtuber.journal.scribe import Scribe
from spark_vtuber.testing.journal import a_line, a_turn

T = TypeVar("T")

LINES = 20
LINE_S = 0.005
SAID = "word " * 20_000
"""Long enough for a checkpoint about every 40 turns."""


async def play(path: Path, session: str) -> None:
    """Turns of about 100 ms, each with lines of chat beside it. Begins as the show does: once there is a journal."""
    clock = SystemClock()
    limiter = CapacityLimiter(1)

    async def in_thread(call: Callable[[], T], /) -> T:
        return await to_thread.run_sync(call, abandon_on_cancel=True, limiter=limiter)

    life = Life(SessionId(session), clock.unix_ms(), "0", 1)
    limits = Limits(keep_days=1_000_000, max_bytes=10**9)
    scribe = Scribe(partial(Ledger.open, path, life), clock, lambda *_: None, in_thread, lambda: limits)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scribe.run)
        await scribe.opened()
        for number in range(1, 10_000):
            print(number, flush=True)
            for line in range(LINES):
                scribe.note(a_line(f"e{number}-{line}", "words " * 20))
                await anyio.sleep(LINE_S)
            scribe.note(a_turn(number, clock.unix_ms(), said=SAID))


anyio.run(play, Path(sys.argv[1]), sys.argv[2])
