"""The tables of the journal, and the steps from each version of them to the next.

Times are Unix milliseconds. `user_version` counts the steps that were taken; a step is never changed once it was
published, a new one is added. What each table holds stands in docs/reference/journal.md.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from spark_vtuber.core.errors import EngineError, SparkError

FILE: Final = "journal.sqlite3"
"""The file's name in the data directory."""

BUSY_MS: Final = 2_000
"""How long a connection waits for another process that holds the file."""

_FIRST: Final = (
    """CREATE TABLE shows (
        session TEXT PRIMARY KEY, started INTEGER NOT NULL, seen INTEGER NOT NULL, ended INTEGER,
        is_estimated INTEGER NOT NULL DEFAULT 0, version TEXT NOT NULL, pid INTEGER NOT NULL,
        turns INTEGER, lines INTEGER, p50_ms REAL, p95_ms REAL
    ) STRICT""",
    """CREATE TABLE lines (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL, source TEXT NOT NULL,
        kind TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, amount REAL NOT NULL, currency TEXT NOT NULL,
        state TEXT NOT NULL, reason TEXT NOT NULL, turn TEXT, UNIQUE (session, source, line)
    ) STRICT""",
    "CREATE INDEX lines_at ON lines (at)",
    "CREATE INDEX lines_line ON lines (session, line)",
    """CREATE TABLE cues (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL, turn TEXT,
        persona TEXT NOT NULL, among INTEGER NOT NULL, scores TEXT NOT NULL, reasons TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX cues_at ON cues (at)",
    """CREATE TABLE turns (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, turn TEXT NOT NULL, at INTEGER NOT NULL, ended INTEGER NOT NULL,
        persona TEXT NOT NULL, cue TEXT NOT NULL, cue_kind TEXT NOT NULL, source TEXT, line TEXT, author TEXT NOT NULL,
        text TEXT NOT NULL, said TEXT NOT NULL, heard TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
        error TEXT NOT NULL, engine TEXT NOT NULL, is_degraded INTEGER NOT NULL, is_estimated INTEGER NOT NULL,
        blocked INTEGER NOT NULL, UNIQUE (session, turn)
    ) STRICT""",
    "CREATE INDEX turns_ended ON turns (session, ended)",
    "CREATE INDEX turns_at ON turns (at)",
    """CREATE TABLE marks (
        n INTEGER NOT NULL REFERENCES turns (n) ON DELETE CASCADE, mark TEXT NOT NULL, ms REAL NOT NULL,
        PRIMARY KEY (n, mark)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE figures (
        n INTEGER NOT NULL REFERENCES turns (n) ON DELETE CASCADE, name TEXT NOT NULL, value REAL NOT NULL,
        PRIMARY KEY (n, name)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE verdicts (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, direction TEXT NOT NULL,
        subject TEXT NOT NULL, decision TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT NOT NULL, digest TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX verdicts_at ON verdicts (at)",
    """CREATE TABLE health (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, component TEXT NOT NULL, kind TEXT NOT NULL,
        state TEXT NOT NULL, detail TEXT NOT NULL, fix TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX health_at ON health (at)",
    """CREATE TABLE events (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, turn TEXT,
        data TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX events_at ON events (at)",
    """CREATE TABLE counts (
        session TEXT NOT NULL, hour INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (session, hour, name)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX counts_hour ON counts (hour)",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
        act TEXT NOT NULL, target TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL
    ) STRICT""",
    """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
        BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END""",
    # INSERT OR REPLACE deletes without firing the trigger above.
    """CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
        BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END""",
)

_RULINGS: Final = (
    """CREATE TABLE rulings (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, at INTEGER NOT NULL, direction TEXT NOT NULL,
        position TEXT NOT NULL, decision TEXT NOT NULL, category TEXT NOT NULL, rule TEXT NOT NULL,
        reason TEXT NOT NULL, score REAL NOT NULL, digest TEXT NOT NULL, length INTEGER NOT NULL, spans TEXT NOT NULL,
        language TEXT NOT NULL, source TEXT NOT NULL, viewer TEXT NOT NULL, turn TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX rulings_at ON rulings (at)",
)

_RATINGS: Final = (
    """CREATE TABLE ratings (
        n INTEGER PRIMARY KEY, session TEXT NOT NULL, turn TEXT NOT NULL, at INTEGER NOT NULL, persona TEXT NOT NULL,
        author TEXT NOT NULL, asked TEXT NOT NULL, said TEXT NOT NULL, thumb TEXT NOT NULL, better TEXT NOT NULL,
        UNIQUE (session, turn)
    ) STRICT""",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _RULINGS, _RATINGS)


def connect(path: Path) -> sqlite3.Connection:
    """The writer's connection, with every step of the schema taken.

    The file is made readable for its owner only. Raises `sqlite3.Error` where it cannot be opened or is damaged, and
    `SparkError` of code `newer_journal` where a later release has written it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    try:
        # Only an empty file takes this; it lets retention give room back in small steps.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        connection.execute("PRAGMA cache_size = -256")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that can change nothing. Raises `EngineError` of code `no_journal` where there is no file."""
    if not path.is_file():
        raise EngineError(
            "no_journal", f"there is no journal at {path}", fix="run a show first, or name the data directory of one"
        )
    uri = f"file:{quote(path.resolve().as_posix())}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def migrate(connection: sqlite3.Connection, steps: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Take the steps that are missing, each as a whole or not at all."""
    while (done := _version(connection)) < len(steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have taken the step while this one waited.
            if _version(connection) == done:
                for statement in steps[done]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {done + 1}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    if done > len(steps):
        raise SparkError(
            f"the journal has version {done}, this release knows {len(steps)}",
            code="newer_journal",
            fix="start the later release again, or move the journal away",
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
