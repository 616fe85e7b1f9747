"""A file to keep notes in."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.schema import FILE
from spark_vtuber.testing.journal import LIFE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / FILE


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(path, LIFE)
    yield opened
    opened.abandon()


@pytest.fixture
def ask(path: Path) -> Callable[..., list[Any]]:
    """Asks the file by a connection of its own."""

    def answer(query: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(path)) as connection:
            return [row[0] if len(row) == 1 else row for row in connection.execute(query, values)]

    return answer
