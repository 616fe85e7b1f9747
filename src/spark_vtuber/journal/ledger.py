"""The one writer of the journal's file. Every call blocks and belongs into the writer's thread."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spark_vtuber.journal import retention
from spark_vtuber.journal.notes import Life, Note
from spark_vtuber.journal.retention import Limits
from spark_vtuber.journal.rows import rows
from spark_vtuber.journal.schema import connect
from spark_vtuber.journal.shows import begin, close, close_abandoned, is_alive

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Ledger:
    """Notes into the file, a batch a transaction; what is committed survives the death of the process.

    A committed batch survives a loss of power only once it reached the disk, which takes seconds
    (`synchronous = NORMAL`); the file is consistent in any case.
    """

    def __init__(self, path: Path, life: Life, connection: sqlite3.Connection) -> None:
        self._path = path
        self._life = life
        self._connection = connection

    @classmethod
    def open(cls, path: Path, life: Life) -> "Ledger":
        """Open or make the file and note that the show began.

        A damaged file is moved aside as `NAME.damaged-MS`. Raises `sqlite3.Error` or `OSError` where the disk or
        another process is in the way, `SparkError` for a file of a later release.
        """
        try:
            return cls._open(path, life)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            set_aside(path, life.started_ms)
            return cls._open(path, life)

    @classmethod
    def _open(cls, path: Path, life: Life) -> "Ledger":
        connection = connect(path)
        try:
            ledger = cls(path, life, connection)
            with ledger._transaction():
                begin(connection, life)
                close_abandoned(connection, life)
        except BaseException:
            connection.close()
            raise
        return ledger

    def write(self, notes: Sequence[Note], at_ms: int) -> int:
        """Commit a batch; gives how many of its notes no row could be made of.

        Raises `sqlite3.Error` where the file cannot be written now: nothing of the batch is then kept.
        """
        try:
            with self._transaction():
                for note in notes:
                    self._keep(note)
                is_alive(self._connection, self._life, at_ms)
        except sqlite3.OperationalError:
            raise
        except (sqlite3.Error, ValueError, TypeError, LookupError, OverflowError) as error:
            if is_damage(error):
                raise
            return self._write_singly(notes, at_ms)
        return 0

    def tidy(self, limits: Limits, at_ms: int) -> bool:
        """Take one small step of retention; true while there is more to do."""
        with self._transaction():
            is_alive(self._connection, self._life, at_ms)
        return retention.step(self._connection, self._life.session, limits, at_ms)

    def size_bytes(self) -> int:
        """The file and its write-ahead log."""
        return sum(one.stat().st_size for one in files(self._path) if one.exists())

    def close(self, at_ms: int) -> None:
        """Note the end of the show and fold the write-ahead log into the file."""
        try:
            with self._transaction():
                close(self._connection, self._life.session, at_ms)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the connection as it is."""
        self._connection.close()

    def set_aside(self, at_ms: int) -> None:
        """Close the connection and move the damaged file out of the way."""
        self.abandon()
        set_aside(self._path, at_ms)

    def _write_singly(self, notes: Sequence[Note], at_ms: int) -> int:
        """As `write`, with a savepoint around each note: one that no row can be made of costs only itself."""
        lost = 0
        with self._transaction():
            for note in notes:
                self._connection.execute("SAVEPOINT note")
                try:
                    self._keep(note)
                except sqlite3.OperationalError:
                    raise
                except (sqlite3.Error, ValueError, TypeError, LookupError, OverflowError):
                    self._connection.execute("ROLLBACK TO note")
                    lost += 1
                self._connection.execute("RELEASE note")
            is_alive(self._connection, self._life, at_ms)
        return lost

    def _keep(self, note: Note) -> None:
        for row in rows(self._life.session, note):
            self._connection.execute(row.statement, row.values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def set_aside(path: Path, at_ms: int) -> Path:
    """Move a damaged file and its companions out of the way; gives the new name of the file."""
    aside = path.with_name(f"{path.name}.damaged-{at_ms}")
    for one in files(path):
        if one.exists():
            one.replace(one.with_name(one.name.replace(path.name, aside.name, 1)))
    return aside


def files(path: Path) -> tuple[Path, ...]:
    """The file, its write-ahead log and the index of that."""
    return (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file is no longer a sound database."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) in _DAMAGED
