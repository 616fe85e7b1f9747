"""The journal of a show: hears of everything that happens, writes beside it, and answers what was."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import checkpoint

from spark_vtuber.app.house import House
from spark_vtuber.config.keys import JournalSettings
from spark_vtuber.core.audit import Audit, unnoted
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.guarding import Entry, HourCount
from spark_vtuber.core.guarding import Selection as RulingSelection
from spark_vtuber.core.ids import SessionId
from spark_vtuber.core.records import Act, ExportForm, ExportKind, Hour, Latency, ShowRecord
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.journal import export, reader
from spark_vtuber.journal.export import Selection
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import ActNote, EventNote, Life, TurnNote
from spark_vtuber.journal.retention import Limits
from spark_vtuber.journal.rows import UNKEPT, URGENT
from spark_vtuber.journal.schema import FILE
from spark_vtuber.journal.scribe import InThread, Scribe
from spark_vtuber.telemetry.exposition import Reading
from spark_vtuber.telemetry.metrics import ShowMetrics

READERS: Final = 2
"""Questions that are answered at once; further ones wait."""

T = TypeVar("T")


class Keeper:
    """What the loop sees of the journal: every call only appends to a bounded queue."""

    def __init__(self, scribe: Scribe, clock: Clock) -> None:
        self._scribe = scribe
        self._clock = clock

    def keep(self, record: TurnRecord) -> None:
        """A turn is over."""
        self._scribe.note(TurnNote(record, self._clock.now(), self._clock.unix_ms()))

    def hear(self, kind: str, text: str) -> None:
        """An event was announced (`telemetry.events.Tap`)."""
        if kind not in UNKEPT:
            self._scribe.note(EventNote(text), is_urgent=kind in URGENT)

    def audit(self, act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        """Somebody privileged did something (`core.audit.Audit`)."""
        self._scribe.note(ActNote(self._clock.unix_ms(), actor, act, target, old, new))


def measure(scribe: Scribe, metrics: ShowMetrics) -> None:
    """Show the journal's size, what waits to be written, and what was lost, among the metrics."""

    def lost() -> int:
        return scribe.backlog.dropped + scribe.unwritable

    metrics.watch_queue("journal", lambda: scribe.waiting)
    metrics.watch(
        Reading("spark_vtuber_journal_bytes", "Size of the journal's file and log.", lambda: [((), scribe.size_bytes)])
    )
    metrics.watch(
        Reading(
            "spark_vtuber_journal_lost_notes_total",
            "Notes that could not be kept.",
            lambda: [((), lost())],
            kind="counter",
        )
    )


class JournalRecords:
    """Implements `core.records.Records` and `core.records.AuditTrail` over the file at `path`.

    Questions wait for `opened`, which returns when the file can be read.
    """

    def __init__(
        self,
        path: Path,
        session: SessionId,
        clock: Clock,
        in_thread: InThread,
        opened: Callable[[], Awaitable[None]] = checkpoint,
    ) -> None:
        self._path = path
        self._session = session
        self._clock = clock
        self._in_thread = in_thread
        self._opened = opened

    async def latency(self, minutes: float) -> Latency:
        """The times of this show's turns of the last `minutes`; 0 means the whole show."""
        now_ms = self._clock.unix_ms()
        return await self._answer(partial(reader.latency, self._path, self._session, minutes, now_ms))

    async def shows(self, limit: int) -> Sequence[ShowRecord]:
        """The last shows, the running one first."""
        return await self._answer(partial(reader.shows, self._path, self._session, limit, self._clock.unix_ms()))

    async def counters(self, hours: int) -> Sequence[Hour]:
        """What was counted in each of the last `hours` hours, oldest first."""
        return await self._answer(partial(reader.counters, self._path, hours, self._clock.unix_ms()))

    async def export(self, kind: ExportKind, form: ExportForm) -> AsyncIterator[str]:
        """Everything that is kept, in pieces; each is read when it is asked for."""
        await self._opened()
        pieces = export.export(self._path, Selection(kind, form))
        while (piece := await self._in_thread(partial(next, pieces, ""))) != "":
            yield piece

    async def acts(self, limit: int, before: int | None) -> Sequence[Act]:
        """The audit log, newest first."""
        return await self._answer(partial(reader.acts, self._path, limit, before))

    async def rulings(self, limit: int, before: int | None, selection: RulingSelection) -> Sequence[Entry]:
        """What the guard held back in this show and the last ones, newest first."""
        return await self._answer(partial(reader.rulings, self._path, limit, before, selection))

    async def ruling_counts(self, hours: int) -> Sequence[HourCount]:
        """How much the guard held back in each of the last `hours` hours, oldest first."""
        return await self._answer(partial(reader.ruling_counts, self._path, hours, self._clock.unix_ms()))

    async def _answer(self, question: Callable[[], T]) -> T:
        await self._opened()
        return await self._in_thread(question)


@dataclass(frozen=True, slots=True)
class Journal:
    """What the composition root gets: the side that is written to, and the side that answers."""

    keep: Callable[[TurnRecord], None]
    audit: Audit
    records: JournalRecords | None


def open_journal(house: House, version: str) -> Journal:
    """Start the journal of a show in an open house; where it is switched off, it takes everything and keeps nothing.

    It writes until everything else has ended. A disk that fails is shown on the board and does not stop the show.
    """
    if not house.config.journal.on:
        return Journal(_unkept, unnoted, None)
    clock = house.around.clock
    path = house.config.data.dir / FILE
    life = Life(house.session, clock.unix_ms(), version, os.getpid())
    report = house.board.reporter("journal", "journal")
    report("starting")
    scribe = Scribe(partial(Ledger.open, path, life), clock, report, threads(1), lambda: limits(house.config.journal))
    measure(scribe, house.metrics)
    keeper = Keeper(scribe, clock)
    house.stack.push_async_callback(scribe.finish)
    house.events.tap(keeper.hear)
    house.supervise(report, scribe.run)
    records = JournalRecords(path, house.session, clock, threads(READERS), scribe.opened)
    return Journal(keeper.keep, keeper.audit, records)


def _unkept(_record: TurnRecord) -> None:
    """No journal."""


def limits(settings: JournalSettings) -> Limits:
    """How much is kept, by the configuration."""
    return Limits(settings.keep_days, settings.max_mb * 1_000_000)


def threads(count: int) -> InThread:
    """Runs calls in up to `count` threads; a cancelled call goes on in its thread, which stays taken until it ends."""
    limiter = CapacityLimiter(count)

    async def in_thread(call: Callable[[], T], /) -> T:
        return await to_thread.run_sync(call, abandon_on_cancel=True, limiter=limiter)

    return in_thread
