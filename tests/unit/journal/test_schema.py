"""The file, its versions, and the log that cannot be changed."""

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.journal.schema import MIGRATIONS, connect, connect_to_read, migrate

NOTE = "INSERT INTO audit (session, at, actor, act, target, old, new) VALUES ('s', 1, 'desk', 'mute', '', '', '')"


def test_a_new_file_has_the_newest_version_and_a_log_that_readers_do_not_block(path: Path) -> None:
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits")
def test_only_the_owner_may_read_the_file(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute(NOTE)
        names = (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))
        assert [one.stat().st_mode & 0o077 for one in names] == [0, 0, 0]


def test_a_step_that_fails_leaves_the_version_before_it() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (("CREATE TABLE a (x)",), ("CREATE TABLE b (x)", "CREATE NONSENSE")))
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


def test_a_file_of_a_later_release_is_left_alone(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(SparkError) as told:
        connect(path)
    assert told.value.code == "newer_journal"


def test_an_older_file_keeps_what_it_holds(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute(NOTE)
        migrate(connection, (*MIGRATIONS, ("ALTER TABLE shows ADD COLUMN title TEXT",)))
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
        assert connection.execute("SELECT COUNT(*) FROM audit").fetchone() == (1,)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "REPLACE INTO audit (id, session, at, actor, act, target, old, new) VALUES (1, 's', 1, 'x', 'x', '', '', '')",
        "INSERT OR REPLACE INTO audit SELECT id, session, at, 'x', act, target, old, new FROM audit",
    ],
)
def test_nothing_in_the_audit_log_can_be_changed_or_taken_out(path: Path, tampering: str) -> None:
    with closing(connect(path)) as connection:
        connection.execute(NOTE)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(tampering)
        assert connection.execute("SELECT actor FROM audit").fetchall() == [("desk",)]


def test_a_reader_can_change_nothing(path: Path) -> None:
    connect(path).close()
    with closing(connect_to_read(path)) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute(NOTE)


def test_a_reader_without_a_file_is_told_what_to_do(path: Path) -> None:
    with pytest.raises(SparkError, match="there is no journal") as told:
        connect_to_read(path)
    assert told.value.fix
    assert not path.exists()


def test_the_reference_names_every_table_and_every_column_in_order(path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "journal.md"
    told = {}
    for row in re.findall(r"^\| `(\w+)` \| (`.*?`) \|", page.read_text(encoding="utf-8"), re.MULTILINE):
        told[row[0]] = re.findall(r"`(\w+)`", row[1])
    with closing(connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        made = {
            name: [column[1] for column in connection.execute(f"PRAGMA table_info({name})")]
            for (name,) in tables.fetchall()
        }
    assert told == made
