"""What is forgotten, and what never is."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spark_vtuber.core.ids import SessionId
from spark_vtuber.journal import retention
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import ActNote, Life
from spark_vtuber.journal.retention import DAY_MS, Limits
from spark_vtuber.testing.journal import LIFE, NOW_MS, a_line, a_turn, an_event

Ask = Callable[..., list[Any]]

ROOMY = Limits(30, 1_000_000_000)


def tidy(ledger: Ledger, limits: Limits, now_ms: int = NOW_MS) -> int:
    """Steps of retention until there is nothing more to do."""
    for step in range(10_000):
        if not ledger.tidy(limits, now_ms):
            return step + 1
    raise AssertionError("retention never comes to an end")


def test_what_is_too_old_leaves_with_all_its_parts(ledger: Ledger, ask: Ask) -> None:
    old_ms = NOW_MS - 31 * DAY_MS
    health = {"name": "a", "kind": "b", "state": "ok"}
    for at_ms, number in ((old_ms, 1), (NOW_MS - 29 * DAY_MS, 2)):
        notes = [a_line(f"e{number}", at_ms=at_ms), an_event("health", at_ms, component=health)]
        ledger.write([*notes, an_event("panic", at_ms, reason="x"), a_turn(number, at_ms)], NOW_MS)
    tidy(ledger, ROOMY)
    for table in ("lines", "turns", "health", "events"):
        assert ask(f"SELECT COUNT(*) FROM {table}") == [1]  # noqa: S608 - our own names
    assert ask("SELECT turn FROM turns") == ["t2"]
    assert ask("SELECT COUNT(*) FROM marks WHERE n NOT IN (SELECT n FROM turns)") == [0]
    assert ask("SELECT COUNT(*) FROM figures") == [2]


def test_the_audit_log_and_the_shows_survive(ledger: Ledger, ask: Ask) -> None:
    old_ms = NOW_MS - 300 * DAY_MS
    ledger.write([ActNote(old_ms, "desk", "panic", "", None, None), a_turn(1, old_ms)], NOW_MS)
    tidy(ledger, Limits(1, 1))
    assert ask("SELECT act FROM audit") == ["panic"]
    assert ask("SELECT COUNT(*) FROM turns") == [0]
    assert ask("SELECT session FROM shows") == [LIFE.session]
    assert ask("SELECT COUNT(*) FROM counts WHERE name = 'turns'") == [1]


def test_shows_of_more_than_a_year_ago_are_forgotten(path: Path, ask: Ask) -> None:
    ancient = Ledger.open(path, Life(SessionId("000000000001"), NOW_MS - 401 * DAY_MS, "0.0.1", 1))
    ancient.write([a_turn(1, NOW_MS - 401 * DAY_MS)], NOW_MS - 401 * DAY_MS)
    ancient.close(NOW_MS - 400 * DAY_MS)
    ledger = Ledger.open(path, LIFE)
    tidy(ledger, ROOMY)
    ledger.abandon()
    assert ask("SELECT session FROM shows") == [LIFE.session]
    assert ask("SELECT COUNT(*) FROM counts") == [0]


def test_too_much_leaves_oldest_first_and_the_file_shrinks(ledger: Ledger, path: Path, ask: Ask) -> None:
    for batch in range(20):
        at_ms = NOW_MS - (20 - batch) * 3_600_000
        ledger.write([a_turn(batch * 100 + n, at_ms + n, said="word " * 800) for n in range(100)], NOW_MS)
    before = path.stat().st_size
    limits = Limits(30, 3_000_000)
    tidy(ledger, limits)
    assert retention.used_bytes(ledger._connection) <= limits.max_bytes
    assert path.stat().st_size < before - 2_000_000
    kept = ask("SELECT at FROM turns ORDER BY at")
    assert 100 < len(kept) < 1_000
    assert ask("SELECT turn FROM turns ORDER BY at DESC LIMIT 1") == ["t1999"]
    assert ask("PRAGMA integrity_check") == ["ok"]


def test_one_step_is_small_however_much_there_is_to_forget(ledger: Ledger, ask: Ask) -> None:
    old_ms = NOW_MS - 60 * DAY_MS
    ledger.write([a_line(f"e{number}", at_ms=old_ms) for number in range(1_700)], NOW_MS)
    assert ledger.tidy(ROOMY, NOW_MS)
    assert ask("SELECT COUNT(*) FROM lines") == [1_700 - retention.STEP_ROWS]
    assert tidy(ledger, ROOMY) <= 4


def test_the_write_ahead_log_does_not_grow(ledger: Ledger, path: Path) -> None:
    wal = path.with_name(f"{path.name}-wal")
    for batch in range(30):
        ledger.write([a_turn(batch * 100 + n, said="word " * 200) for n in range(100)], NOW_MS)
    assert wal.stat().st_size < 8_000_000
    ledger.tidy(ROOMY, NOW_MS)
    assert wal.stat().st_size == 0


def test_a_reader_in_the_middle_of_a_question_does_not_stop_retention(ledger: Ledger, path: Path) -> None:
    ledger._connection.execute("PRAGMA busy_timeout = 1")
    ledger.write([a_turn(1)], NOW_MS)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM turns").fetchone()
    ledger.write([a_turn(2)], NOW_MS)
    assert ledger.tidy(ROOMY, NOW_MS) is False
    assert reader.execute("SELECT COUNT(*) FROM turns").fetchone() == (1,)
    reader.close()
