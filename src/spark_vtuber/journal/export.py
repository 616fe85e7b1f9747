"""Exports: everything that is kept of turns, chat or latency, read in pieces so that no transaction lasts."""

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.records import ExportForm, ExportKind
from spark_vtuber.core.turns import Mark
from spark_vtuber.journal.reader import reading
from spark_vtuber.text.spreadsheet import harmless

PIECE: Final = 250
"""Rows read at once."""

MARKS: Final = tuple(mark.value for mark in Mark)

_TURN: Final = (
    "session", "turn", "at", "ended", "persona", "cue", "cue_kind", "source", "line", "author", "text", "said",
    "heard", "outcome", "reason", "error", "engine", "is_degraded", "is_estimated", "blocked",
)  # fmt: skip
_TIMED: Final = ("session", "turn", "at", "ended", "persona", "cue_kind", "outcome", "engine", "is_degraded")
_LINE: Final = (
    "session", "line", "at", "source", "kind", "author", "text", "amount", "currency", "state", "reason", "turn",
)  # fmt: skip
_FLAGS: Final = frozenset({"is_degraded", "is_estimated"})


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported. `since_ms` is Unix time; an empty `session` means every show."""

    kind: ExportKind
    form: ExportForm
    since_ms: int = 0
    session: str = ""


Rows = Sequence[Mapping[str, Any]]


def count(path: Path, selection: Selection) -> int:
    """How many rows the export has now. Raises `EngineError` where there is no journal."""
    with reading(path) as connection:
        where = f"SELECT COUNT(*) FROM {_table(selection)} WHERE {_CONDITION}"
        return int(connection.execute(where, _values(selection, 0)).fetchone()[0])


def export(path: Path, selection: Selection, told: Callable[[int], None] = lambda _: None) -> Iterator[str]:
    """The export as text, in pieces, oldest first; `told` hears how many rows each piece has.

    A text that a spreadsheet would run as a formula gets an apostrophe in front of it in CSV. Raises `EngineError`.
    """
    columns = _columns(path, selection)
    if selection.form is ExportForm.CSV:
        yield _csv(columns, None)
    last = 0
    while True:
        last, rows = _piece(path, selection, last)
        if not rows:
            return
        told(len(rows))
        yield _csv(columns, rows) if selection.form is ExportForm.CSV else _jsonl(rows)


_CONDITION: Final = "n > :last AND at >= :since AND (:session = '' OR session = :session)"


def _table(selection: Selection) -> str:
    return "lines" if selection.kind is ExportKind.CHAT else "turns"


def _values(selection: Selection, last: int) -> dict[str, Any]:
    return {"last": last, "since": selection.since_ms, "session": selection.session}


def _columns(path: Path, selection: Selection) -> tuple[str, ...]:
    if selection.kind is ExportKind.CHAT:
        return _LINE
    with reading(path) as connection:
        figures = [name for (name,) in connection.execute("SELECT DISTINCT name FROM figures ORDER BY name")]
    facts = _TURN if selection.kind is ExportKind.TURNS else _TIMED
    return (*facts, *MARKS, *figures)


def _piece(path: Path, selection: Selection, last: int) -> tuple[int, Rows]:
    """The next rows after number `last`, and the number of the last of them."""
    facts = {ExportKind.TURNS: _TURN, ExportKind.LATENCY: _TIMED, ExportKind.CHAT: _LINE}[selection.kind]
    query = f"SELECT n, {', '.join(facts)} FROM {_table(selection)} WHERE {_CONDITION} ORDER BY n LIMIT {PIECE}"
    with reading(path) as connection:
        found = connection.execute(query, _values(selection, last)).fetchall()
        if not found:
            return last, ()
        rows = {number: _row(facts, values) for number, *values in found}
        if selection.kind is not ExportKind.CHAT:
            _add_numbers(connection, rows)
    return found[-1][0], tuple(rows.values())


def _add_numbers(connection: sqlite3.Connection, rows: dict[int, dict[str, Any]]) -> None:
    span = (min(rows), max(rows))
    for name, table, value in (("marks", "marks", "mark, ms"), ("figures", "figures", "name, value")):
        for row in rows.values():
            row[name] = {}
        query = f"SELECT n, {value} FROM {table} WHERE n BETWEEN ? AND ?"
        for number, label, figure in connection.execute(query, span):
            if number in rows:
                rows[number][name][label] = figure
    for row in rows.values():
        row["marks"] = {mark: row["marks"][mark] for mark in MARKS if mark in row["marks"]}


def _row(facts: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    row = dict(zip(facts, values, strict=True))
    return {name: bool(value) if name in _FLAGS else value for name, value in row.items()}


def _jsonl(rows: Rows) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def _csv(columns: Sequence[str], rows: Rows | None) -> str:
    """Rows as CSV; the header alone for None. Figures that came up after the header was written are left out."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    if rows is None:
        writer.writeheader()
        return out.getvalue()
    for row in rows:
        flat = {**row.get("figures", {}), **row.get("marks", {}), **row}
        writer.writerow({name: harmless(value) if isinstance(value, str) else value for name, value in flat.items()})
    return out.getvalue()
