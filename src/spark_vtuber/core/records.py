"""What was kept of this show and the last ones, as the doors see it: figures, exports, the audit log."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class ExportKind(StrEnum):
    """What can be exported: whole turns, the lines of the chat, or the times of the turns without any text."""

    TURNS = "turns"
    CHAT = "chat"
    LATENCY = "latency"


class ExportForm(StrEnum):
    """How: RFC 4180 with a header, or one JSON object a line."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The middle and the tail of `count` numbers, in milliseconds."""

    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Point:
    """A turn in a chart: Unix time of the line, and milliseconds to its first sound and to that sound being heard."""

    at_ms: int
    response_ms: float | None
    first_played_ms: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """The times of the turns of this show that ended in the last `window_min` minutes; 0 means all of them.

    `marks` are milliseconds since the line was received, `durations` those of the turn's record. `series` is in the
    order of time and thinned out where it would be long.
    """

    window_min: float
    turns: int
    marks: Mapping[str, Quantiles] = field(default_factory=dict)
    durations: Mapping[str, Quantiles] = field(default_factory=dict)
    series: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class ShowRecord:
    """One life of the show. `ended_ms` is None while it runs, and an estimate where it was killed.

    `p50_ms` and `p95_ms` are received → first sound, None without a turn that got so far.
    """

    session: str
    started_ms: int
    ended_ms: int | None
    is_estimated: bool
    uptime_s: float
    version: str
    turns: int
    lines: int
    p50_ms: float | None
    p95_ms: float | None
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hour:
    """What was counted in one hour of all shows; `at_ms` is its beginning in Unix time."""

    at_ms: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Act:
    """A privileged act: who did what to what, and when. `old` and `new` are JSON values without secrets."""

    id: int
    at_ms: int
    session: str
    actor: str
    act: str
    target: str
    old: Any
    new: Any


class Records(Protocol):
    """What was measured and kept. Every call may raise `EngineError` of code `no_journal` or `journal_unreadable`."""

    async def latency(self, minutes: float) -> Latency:
        """The times of this show's turns of the last `minutes`; 0 means the whole show."""
        ...

    async def shows(self, limit: int) -> Sequence[ShowRecord]:
        """The last shows, newest first: the running one comes first."""
        ...

    async def counters(self, hours: int) -> Sequence[Hour]:
        """What was counted in each of the last `hours` hours, oldest first; hours without a count are left out."""
        ...

    def export(self, kind: ExportKind, form: ExportForm) -> AsyncIterator[str]:
        """An export of everything that is kept, oldest first, in pieces of many lines. Ends when it is closed."""
        ...


class AuditTrail(Protocol):
    """The append-only log of privileged acts."""

    async def acts(self, limit: int, before: int | None) -> Sequence[Act]:
        """Up to `limit` acts, newest first; those with a smaller id than `before` where it is given.

        Raises `EngineError` as `Records` does.
        """
        ...
