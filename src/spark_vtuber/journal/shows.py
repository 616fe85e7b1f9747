"""The table of shows: when each began, was last seen and ended."""

import sqlite3
from typing import Any, Final

from spark_vtuber.core.ids import SessionId
from spark_vtuber.journal.notes import Life
from spark_vtuber.journal.percentiles import percentiles_sql

_BEGIN: Final = """INSERT INTO shows (session, started, seen, version, pid) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (session) DO NOTHING"""
_ABANDONED: Final = "SELECT session, seen FROM shows WHERE ended IS NULL AND session <> ?"

_RESPONSE: Final = percentiles_sql(
    "SELECT 'response' AS name, ms AS value FROM marks JOIN turns USING (n) "
    "WHERE turns.session = :session AND mark = 'first_audio'"
)
_TALLY: Final = """SELECT (SELECT COUNT(*) FROM turns WHERE session = :session),
    (SELECT COALESCE(SUM(count), 0) FROM counts WHERE session = :session AND name = 'lines')"""


def begin(connection: sqlite3.Connection, life: Life) -> None:
    """Note that a show began; once for each."""
    connection.execute(_BEGIN, (life.session, life.started_ms, life.started_ms, life.version, life.pid))


def is_alive(connection: sqlite3.Connection, life: Life, at_ms: int) -> None:
    """Note when the show was last seen."""
    connection.execute("UPDATE shows SET seen = MAX(seen, ?) WHERE session = ?", (at_ms, life.session))


def close(connection: sqlite3.Connection, session: SessionId, ended_ms: int, *, is_estimated: bool = False) -> None:
    """Note the end of a show and what it came to, which outlives its turns."""
    figures = summary(connection, session)
    connection.execute(
        "UPDATE shows SET ended = ?, is_estimated = ?, turns = ?, lines = ?, p50_ms = ?, p95_ms = ? WHERE session = ?",
        (ended_ms, is_estimated, *figures, session),
    )


def close_abandoned(connection: sqlite3.Connection, life: Life) -> None:
    """Give every show that was killed the time it was last seen as its end."""
    for session, seen_ms in connection.execute(_ABANDONED, (life.session,)).fetchall():
        close(connection, session, seen_ms, is_estimated=True)


def summary(connection: sqlite3.Connection, session: str) -> tuple[Any, Any, Any, Any]:
    """Turns, lines, and the median and 95th percentile of received → first sound in ms, None without any."""
    turns, lines = connection.execute(_TALLY, {"session": session}).fetchone()
    response = connection.execute(_RESPONSE, {"session": session}).fetchone()
    return (turns, lines, response[2], response[3]) if response else (turns, lines, None, None)
