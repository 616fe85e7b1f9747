"""Forgetting: what is too old, and what is too much, leaves in small steps."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.ids import SessionId

DAY_MS: Final = 86_400_000
STEP_ROWS: Final = 500
STEP_PAGES: Final = 256
SUMMARY_DAYS: Final = 400
"""How long the table of shows and their counts reach back; they are small."""

TABLES: Final = ("lines", "cues", "turns", "verdicts", "rulings", "health", "events")
"""The tables that are cleared by age and size. Marks and figures leave with their turn; the audit log stays."""

SPARE_PAGES: Final = 256
"""Free pages that stay in the file, so that the next notes need not make it grow again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept: nothing older than `keep_days`, and no more than `max_bytes` in the file."""

    keep_days: float
    max_bytes: int


def step(connection: sqlite3.Connection, session: SessionId, limits: Limits, now_ms: int) -> bool:
    """Forget up to `STEP_ROWS` rows of each table and give their room back; true while there is more to do."""
    horizon_ms = now_ms - round(limits.keep_days * DAY_MS)
    is_more = False
    for table in TABLES:
        is_more |= _forget(connection, table, "at < ?", horizon_ms) == STEP_ROWS
    _forget_shows(connection, session, now_ms - SUMMARY_DAYS * DAY_MS)
    if used_bytes(connection) > limits.max_bytes:
        oldest_ms = _oldest(connection)
        if oldest_ms is not None:
            span_ms = max(1, now_ms - oldest_ms)
            edge_ms = oldest_ms + span_ms // 50
            is_more |= sum(_forget(connection, table, "at <= ?", edge_ms) for table in TABLES) > 0
    is_more |= _shrink(connection)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return is_more


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the tables take, without the room that was given up inside the file."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
    return (pages - free) * size


def _forget(connection: sqlite3.Connection, table: str, condition: str, edge_ms: int) -> int:
    chosen = f"SELECT n FROM {table} WHERE {condition} ORDER BY at LIMIT {STEP_ROWS}"
    return connection.execute(f"DELETE FROM {table} WHERE n IN ({chosen})", (edge_ms,)).rowcount


def _forget_shows(connection: sqlite3.Connection, session: SessionId, horizon_ms: int) -> None:
    old = connection.execute(
        "SELECT session FROM shows WHERE started < ? AND session <> ? LIMIT 10", (horizon_ms, session)
    ).fetchall()
    for (name,) in old:
        connection.execute("DELETE FROM counts WHERE session = ?", (name,))
        connection.execute("DELETE FROM shows WHERE session = ?", (name,))


def _oldest(connection: sqlite3.Connection) -> int | None:
    firsts = [connection.execute(f"SELECT MIN(at) FROM {table}").fetchone()[0] for table in TABLES]
    return min((first for first in firsts if first is not None), default=None)


def _shrink(connection: sqlite3.Connection) -> bool:
    """Give free pages back to the disk, some at a time; a few are kept for the next notes."""
    free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    if free <= SPARE_PAGES:
        return False
    connection.execute(f"PRAGMA incremental_vacuum({STEP_PAGES})").fetchall()
    return free - STEP_PAGES > SPARE_PAGES
