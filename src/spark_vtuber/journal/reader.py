"""What the journal answers. Every call opens a connection of its own, blocks, and belongs into a reader's thread."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.guarding import Entry, HourCount, Selection
from spark_vtuber.core.ids import SessionId
from spark_vtuber.core.records import Act, Hour, Latency, Point, Quantiles, ShowRecord
from spark_vtuber.core.verdicts import Decision, Direction, Position
from spark_vtuber.journal.percentiles import percentiles_sql
from spark_vtuber.journal.rows import HOUR_MS
from spark_vtuber.journal.schema import connect_to_read
from spark_vtuber.journal.shows import summary

POINTS: Final = 1_000
"""Points of a series at most."""

_WINDOW: Final = "turns.session = :session AND turns.ended >= :since"
_MARKS: Final = percentiles_sql(
    f"SELECT mark AS name, ms AS value FROM turns JOIN marks USING (n) WHERE {_WINDOW} AND mark <> 'received'"
)
_DURATIONS: Final = percentiles_sql(
    f"SELECT name, value FROM turns JOIN figures USING (n) WHERE {_WINDOW} AND name LIKE '%\\_ms' ESCAPE '\\'"
)
_TURNS: Final = f"SELECT COUNT(*) FROM turns WHERE {_WINDOW}"
_SERIES: Final = f"""SELECT at,
        (SELECT ms FROM marks WHERE marks.n = kept.n AND mark = 'first_audio'),
        (SELECT ms FROM marks WHERE marks.n = kept.n AND mark = 'first_played')
    FROM (SELECT n, at, ROW_NUMBER() OVER (ORDER BY n DESC) - 1 AS place FROM turns WHERE {_WINDOW}) AS kept
    WHERE place % :stride = 0 ORDER BY n"""
_SHOWS: Final = """SELECT session, started, seen, ended, is_estimated, version, turns, lines, p50_ms, p95_ms
    FROM shows ORDER BY session = :session DESC, started DESC LIMIT :limit"""
_COUNTERS: Final = "SELECT name, SUM(count) FROM counts WHERE session = ? GROUP BY name ORDER BY name"
_HOURS: Final = "SELECT hour, name, SUM(count) FROM counts WHERE hour > ? GROUP BY hour, name ORDER BY hour, name"
_ACTS: Final = """SELECT id, at, session, actor, act, target, old, new FROM audit
    WHERE id < ? ORDER BY id DESC LIMIT ?"""
_RULINGS: Final = """SELECT n, at, direction, position, decision, category, rule, reason, score, digest, length, spans,
        language, source, viewer, turn FROM rulings
    WHERE n < :before AND :direction IN ('', direction) AND :position IN ('', position)
        AND :category IN ('', category) AND :viewer IN ('', viewer)
    ORDER BY n DESC LIMIT :limit"""
_RULING_HOURS: Final = f"""SELECT at / {HOUR_MS} * {HOUR_MS} AS hour, category, decision, COUNT(*) FROM rulings
    WHERE at >= ? GROUP BY hour, category, decision ORDER BY hour, category, decision"""
_RATED: Final = """SELECT author, asked, said, thumb, better FROM ratings
    WHERE persona = ? AND asked <> '' ORDER BY at, n"""
_LAST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer that the streamer rated: who asked what, what was said, `up` or `down`, and what is better."""

    author: str
    asked: str
    said: str
    thumb: str
    better: str


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one answer. Raises `EngineError` where the journal cannot be read."""
    try:
        with closing(connect_to_read(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        message = f"the journal {path} cannot be read: {error}"
        raise EngineError("journal_unreadable", message, retryable=True, fix="try again, or see the disk") from error


def latency(path: Path, session: SessionId, minutes: float, now_ms: int) -> Latency:
    """As `core.records.Records.latency`."""
    since_ms = now_ms - round(minutes * 60_000) if minutes > 0 else 0
    window: dict[str, Any] = {"session": session, "since": since_ms}
    with reading(path) as connection:
        turns = int(connection.execute(_TURNS, window).fetchone()[0])
        stride = max(1, -(-turns // POINTS))
        return Latency(
            window_min=minutes,
            turns=turns,
            marks=_quantiles(connection, _MARKS, window),
            durations=_quantiles(connection, _DURATIONS, window),
            series=tuple(Point(*row) for row in connection.execute(_SERIES, {**window, "stride": stride})),
        )


def shows(path: Path, session: SessionId, limit: int, now_ms: int) -> Sequence[ShowRecord]:
    """As `core.records.Records.shows`; `session` is the one that runs."""
    with reading(path) as connection:
        found = connection.execute(_SHOWS, {"session": session, "limit": limit}).fetchall()
        return tuple(_show(connection, row, session, now_ms) for row in found)


def counters(path: Path, hours: int, now_ms: int) -> Sequence[Hour]:
    """As `core.records.Records.counters`."""
    counted: dict[int, dict[str, int]] = {}
    with reading(path) as connection:
        for hour, name, count in connection.execute(_HOURS, (now_ms - hours * HOUR_MS,)):
            counted.setdefault(hour, {})[name] = count
    return tuple(Hour(at_ms, counts) for at_ms, counts in counted.items())


def acts(path: Path, limit: int, before: int | None) -> Sequence[Act]:
    """As `core.records.AuditTrail.acts`."""
    with reading(path) as connection:
        found = connection.execute(_ACTS, (_LAST_ID if before is None else before, limit)).fetchall()
    return tuple(
        Act(number, at_ms, session, actor, act, target, json.loads(old), json.loads(new))
        for number, at_ms, session, actor, act, target, old, new in found
    )


def rated(path: Path, persona: str) -> Sequence[Rated]:
    """The rated answers of a character, of all shows, in the order in which they were rated. Raises `EngineError`."""
    with reading(path) as connection:
        return tuple(Rated(*row) for row in connection.execute(_RATED, (persona,)))


def rulings(path: Path, limit: int, before: int | None, selection: Selection) -> Sequence[Entry]:
    """As `core.guarding.GuardBook.entries`, without the meanings and whether there are more."""
    wanted = {
        "before": _LAST_ID if before is None else before,
        "limit": limit,
        "direction": selection.direction or "",
        "position": selection.position or "",
        "category": selection.category,
        "viewer": selection.viewer,
    }
    with reading(path) as connection:
        found = connection.execute(_RULINGS, wanted).fetchall()
    return tuple(_entry(row) for row in found)


def ruling_counts(path: Path, hours: int, now_ms: int) -> Sequence[HourCount]:
    """As `core.guarding.GuardBook.counts`."""
    first_ms = (now_ms // HOUR_MS - hours + 1) * HOUR_MS
    with reading(path) as connection:
        found = connection.execute(_RULING_HOURS, (first_ms,)).fetchall()
    return tuple(HourCount(hour, category, Decision(decision), count) for hour, category, decision, count in found)


def last_session(path: Path) -> str:
    """The show that began last; empty where there was none yet."""
    with reading(path) as connection:
        found = connection.execute("SELECT session FROM shows ORDER BY started DESC LIMIT 1").fetchone()
    return str(found[0]) if found else ""


def _quantiles(connection: sqlite3.Connection, query: str, window: dict[str, Any]) -> dict[str, Quantiles]:
    found = connection.execute(query, window).fetchall()
    return {name: Quantiles(count, round(p50, 3), round(p95, 3)) for name, count, p50, p95 in found}


def _entry(row: tuple[Any, ...]) -> Entry:
    number, at_ms, direction, position, decision, category, rule, reason, score, digest, length, spans, *who = row
    where = tuple((start, end) for start, end in json.loads(spans))
    what = (category, rule, reason, score, digest, length)
    return Entry(number, at_ms, Direction(direction), Position(position), Decision(decision), *what, where, *who)


def _show(connection: sqlite3.Connection, row: tuple[Any, ...], running: SessionId, now_ms: int) -> ShowRecord:
    session, started_ms, seen_ms, ended_ms, is_estimated, version, *figures = row
    if ended_ms is None:
        figures = list(summary(connection, session))
    until_ms = ended_ms or (now_ms if session == running else seen_ms)
    turns, lines, p50_ms, p95_ms = figures
    return ShowRecord(
        session=session,
        started_ms=started_ms,
        ended_ms=ended_ms,
        is_estimated=bool(is_estimated),
        uptime_s=max(0, until_ms - started_ms) / 1000,
        version=version,
        turns=turns,
        lines=lines,
        p50_ms=None if p50_ms is None else round(p50_ms, 3),
        p95_ms=None if p95_ms is None else round(p95_ms, 3),
        counters=dict(connection.execute(_COUNTERS, (session,)).fetchall()),
    )
