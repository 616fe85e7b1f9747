"""Keeps the journal written: batches, retries, retention, all beside the show and never in its way."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol, TypeVar

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import State
from spark_vtuber.core.errors import SparkError
from spark_vtuber.journal.backlog import Backlog
from spark_vtuber.journal.ledger import Ledger, is_damage
from spark_vtuber.journal.notes import ActNote, Note, TurnNote
from spark_vtuber.journal.retention import Limits

GATHER_S: Final = 0.5
"""Events wait this long for company in their commit; a turn or an act is written at once."""

TIDY_S: Final = 60.0
TIDY_AGAIN_S: Final = 1.0
SLOW_S: Final = 5.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
FINISH_S: Final = 2.0
OPENED_S: Final = 2.0

T = TypeVar("T")


class InThread(Protocol):
    """Runs a blocking call where it does not hold up the loop, one call after the other.

    A cancelled call may go on in its thread; the next one waits for it.
    """

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


class Report(Protocol):
    """Sets the journal's state on the board."""

    def __call__(self, state: State, detail: str = "", fix: str = "") -> None: ...


class Scribe:
    """Owns the writer.

    `note` only appends; `run` writes until it is cancelled; `finish` writes what is left. A batch that could not be
    committed is kept and tried again with doubling pauses, while the backlog takes what comes and counts what it
    cannot hold.
    """

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        clock: Clock,
        report: Report,
        in_thread: InThread,
        limits: Callable[[], Limits],
    ) -> None:
        self._open_ledger = open_ledger
        self._clock = clock
        self._report = report
        self._in_thread = in_thread
        self._limits = limits
        self.backlog = Backlog()
        self.size_bytes = 0
        self.unwritable = 0
        self._batch: list[Note] = []
        self._ledger: Ledger | None = None
        self._news = anyio.Event()
        self._urgency = anyio.Event()
        self._is_well = False
        self._was_opened = anyio.Event()

    def note(self, note: Note, *, is_urgent: bool = False) -> None:
        """Take a note. Never waits and never fails."""
        self.backlog.add(note)
        self._news.set()
        if is_urgent or isinstance(note, TurnNote | ActNote):
            self._urgency.set()

    @property
    def waiting(self) -> int:
        """Notes that are not committed yet."""
        return len(self.backlog) + len(self._batch)

    async def run(self) -> None:
        """Write for ever. A file of a later release ends it: nothing is journaled then, and the board says so."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                is_more = await self._write()
            except SparkError as error:
                self._report("failed", error.message, error.fix)
                return
            except (sqlite3.Error, OSError) as error:
                self._is_well = False
                self._report("degraded", f"cannot be written: {error}; {self._missing()}", "free the disk or the file")
                await self._let_go(error)
                await anyio.sleep(pause_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
                continue
            pause_s = FIRST_PAUSE_S
            self._be_well()
            await self._gather(TIDY_AGAIN_S if is_more else TIDY_S)

    async def opened(self) -> None:
        """Return when there is a file to read, or after `OPENED_S`."""
        with anyio.move_on_after(OPENED_S):
            await self._was_opened.wait()

    async def finish(self) -> None:
        """Write what is left and note the end of the show; gives up after `FINISH_S`, as the next start repairs it."""
        with anyio.move_on_after(FINISH_S, shield=True):
            left = self.backlog.take(len(self.backlog))
            try:
                await self._in_thread(partial(self._finish, left, self._clock.unix_ms()))
            except (sqlite3.Error, OSError, SparkError) as error:
                self._report("failed", f"the last notes were not written: {error}")

    async def _write(self) -> bool:
        """Everything that waits, then a step of retention where nothing more came; true if that has more to do."""
        if self._ledger is None:
            await self._slowly(self._open)
            self._was_opened.set()
        self._news, self._urgency = anyio.Event(), anyio.Event()
        is_idle = not self.waiting
        while self.waiting:
            if not self._batch:
                self._batch = self.backlog.take()
            await self._slowly(partial(self._commit, self._clock.unix_ms()))
        return await self._slowly(partial(self._tidy, self._limits(), self._clock.unix_ms())) if is_idle else False

    async def _gather(self, longest_s: float) -> None:
        """Wait until there is something to write, or it is time for retention."""
        with anyio.move_on_after(longest_s):
            await self._news.wait()
            with anyio.move_on_after(GATHER_S):
                await self._urgency.wait()

    async def _slowly(self, call: Callable[[], T]) -> T:
        """A call in the writer's thread; one that takes long is told on the board while it lasts."""
        done: list[T] = []
        failed: list[Exception] = []

        async def do() -> None:
            try:
                done.append(await self._in_thread(call))
            except Exception as error:  # noqa: BLE001 - raised below, outside the task group that would wrap it
                failed.append(error)
            tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(do)
            await anyio.sleep(SLOW_S)
            self._is_well = False
            self._report("degraded", f"the disk has not answered for {SLOW_S:g} s; {self._missing()}", "see the disk")
            await anyio.sleep_forever()
        if failed:
            raise failed[0]
        return done[0]

    async def _let_go(self, error: Exception) -> None:
        """Leave the connection; the next one may find the file well again, or a new one in place of a damaged one."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            leave = partial(ledger.set_aside, self._clock.unix_ms()) if is_damage(error) else ledger.abandon
            with suppress(OSError, sqlite3.Error):
                await self._in_thread(leave)

    def _be_well(self) -> None:
        if not self._is_well:
            self._is_well = True
            lost = self.backlog.dropped + self.unwritable
            self._report("ok", f"{lost} notes were lost" if lost else "")

    def _missing(self) -> str:
        return f"{self.waiting} notes wait, {self.backlog.dropped} were dropped"

    # What follows runs in the writer's thread.

    def _open(self) -> None:
        self._ledger = self._open_ledger()
        self.size_bytes = self._ledger.size_bytes()

    def _commit(self, at_ms: int) -> None:
        """Empties the batch itself: a cancelled wait for this thread must not write it twice."""
        if self._ledger is not None and self._batch:
            self.unwritable += self._ledger.write(self._batch, at_ms)
            self._batch = []

    def _tidy(self, limits: Limits, at_ms: int) -> bool:
        if self._ledger is None:
            return False
        is_more = self._ledger.tidy(limits, at_ms)
        self.size_bytes = self._ledger.size_bytes()
        return is_more

    def _finish(self, left: list[Note], at_ms: int) -> None:
        if self._ledger is None:
            self._open()
        if self._ledger is not None:
            self._commit(at_ms)
            self.unwritable += self._ledger.write(left, at_ms)
            self._ledger.close(at_ms)
            self._ledger = None
