"""A blind sheet for people: two answers to each question, and who is who. Its key is kept apart from it.

Raters write A or B into the column of the first character; agreement with the key is a share with its Wilson interval,
agreement among raters is Cohen's kappa of two, or Fleiss' kappa of more (Cohen 1960, Fleiss 1971, Wilson 1927).
"""

import csv
import html
import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.personality.alignment import plain
from spark_vtuber.testing.bench.persona import Interviews
from spark_vtuber.testing.bench.persona_figures import Estimate
from spark_vtuber.text.spreadsheet import harmless

ROWS: Final = 30
COLUMNS: Final = ("row", "question", "A", "B", "who")
LONGEST_FILE_BYTES: Final = 1_000_000
_Z: Final = 1.959964
_SIDES: Final = ("A", "B")


@dataclass(frozen=True, slots=True)
class Row:
    """One question with the answers of both, without their tags."""

    question: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What raters see; `key` says for each row whether A or B is `name`, which raters do not see."""

    name: str
    other: str
    rows: tuple[Row, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well people told the characters apart. `kappa` is None for one rater, or where all say the same."""

    raters: int
    right: Estimate
    each: Mapping[str, float]
    kappa: float | None
    measure: str


def make(found: Interviews, rng: random.Random, rows: int = ROWS) -> Sheet:
    """A sheet of questions that both of the first two characters answered, in chance order.

    Answers in which a character names itself or the other are left out: they would give it away.

    Raises:
        SparkError: fewer than two characters were asked.
    """
    if len(found.personas) < 2:
        raise SparkError("a sheet needs two characters", code="one_persona", fix="configure a second persona")
    first, second = found.personas[:2]
    names = (first.name.lower(), second.name.lower())
    said: dict[str, dict[str, str]] = {}
    for answer in found.answers:
        spoken = plain(answer.text)
        if spoken and not any(name in spoken.lower() for name in names):
            said.setdefault(f"{answer.phase}|{answer.probe.ask}", {})[answer.persona] = spoken
    pairs = [
        (key.partition("|")[2], one[first.id], one[second.id])
        for key, one in said.items()
        if first.id in one and second.id in one
    ]
    chosen: list[Row] = []
    key: list[str] = []
    for question, own, other in rng.sample(pairs, min(rows, len(pairs))):
        is_first = rng.random() < 0.5
        chosen.append(Row(question, own, other) if is_first else Row(question, other, own))
        key.append("A" if is_first else "B")
    return Sheet(first.name, second.name, tuple(chosen), tuple(key))


def key_file(path: Path) -> Path:
    """Where the key of a sheet lies: beside it."""
    return path.with_suffix(".key.json")


def write(sheet: Sheet, path: Path) -> None:
    """Write a sheet as HTML (`.html`) or CSV, and its key beside it.

    Raises:
        OSError: a file cannot be written.
    """
    path.write_text(_as_html(sheet) if path.suffix in (".html", ".htm") else _as_csv(sheet), encoding="utf-8")
    key_file(path).write_text(json.dumps({"name": sheet.name, "key": sheet.key}), encoding="utf-8")


def read_key(path: Path) -> tuple[str, ...]:
    """The key of a sheet, by the sheet's or the key's own name.

    Raises:
        SparkError: `bad_key`.
    """
    file = path if path.name.endswith(".key.json") else key_file(path)
    try:
        key = tuple(json.loads(_text(file))["key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SparkError(
            f"{file.name} is no key of a sheet", code="bad_key", fix="give --key as it was written"
        ) from error
    if not all(side in _SIDES for side in key):
        raise SparkError(f"{file.name} is no key of a sheet", code="bad_key", fix="give --key as it was written")
    return key


def read_ratings(path: Path) -> dict[int, str]:
    """What a rater wrote: A or B by row; rows that were left empty are not in it.

    Raises:
        SparkError: `bad_ratings`: no table with the columns `row` and `who`, or something else than A and B in it.
    """
    try:
        lines = list(csv.DictReader(_text(path).splitlines()))
        ratings = {int(line["row"]): line["who"].strip().upper() for line in lines if (line["who"] or "").strip()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        fix = "a CSV file with the columns row and who"
        raise SparkError(f"{path.name} holds no ratings", code="bad_ratings", fix=fix) from error
    if not ratings or not all(side in _SIDES for side in ratings.values()):
        raise SparkError(f"{path.name} holds no ratings", code="bad_ratings", fix="write A or B into the column who")
    return ratings


def agreement(key: Sequence[str], ratings: Mapping[str, Mapping[int, str]]) -> Agreement:
    """How raters agree with the key and with each other, by rows from 1.

    Raises:
        SparkError: `bad_ratings`: a row that the sheet does not have, or nothing that all have rated.
    """
    for name, one in ratings.items():
        if not all(1 <= row <= len(key) for row in one):
            raise SparkError(
                f"{name} rates rows that the sheet lacks", code="bad_ratings", fix="use the sheet's own key"
            )
    right = {name: [key[row - 1] == side for row, side in one.items()] for name, one in ratings.items()}
    every = [hit for hits in right.values() for hit in hits]
    shared = sorted(set.intersection(*(set(one) for one in ratings.values()))) if ratings else []
    if not every or not shared:
        raise SparkError("there is nothing that all have rated", code="bad_ratings", fix="rate the same sheet")
    table = [[one[row] for one in ratings.values()] for row in shared]
    is_pair = len(ratings) == 2
    kappa = None if len(ratings) < 2 else cohen(table) if is_pair else fleiss(table)
    measure = "" if len(ratings) < 2 else "Cohen" if is_pair else "Fleiss"
    each = {name: 100 * sum(hits) / len(hits) for name, hits in right.items()}
    return Agreement(len(ratings), wilson(sum(every), len(every)), each, kappa, measure)


def wilson(hits: int, size: int) -> Estimate:
    """A share of `size` trials with its 95 % interval."""
    share = hits / size
    scale = 1 + _Z**2 / size
    middle = (share + _Z**2 / (2 * size)) / scale
    half = _Z * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2)) / scale
    return Estimate(100 * share, 100 * max(0.0, middle - half), 100 * min(1.0, middle + half), size)


def cohen(table: Sequence[Sequence[str]]) -> float | None:
    """Cohen's kappa of two raters; None where chance alone would make them agree."""
    size = len(table)
    observed = sum(one == other for one, other in table) / size
    first, second = Counter(one for one, _ in table), Counter(other for _, other in table)
    expected = sum(first[side] * second[side] for side in first) / size**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def fleiss(table: Sequence[Sequence[str]]) -> float | None:
    """Fleiss' kappa of rows that equally many raters judged; None where all of them always say the same side."""
    raters = len(table[0])
    counts = [Counter(row) for row in table]
    observed = sum((sum(n * n for n in row.values()) - raters) / (raters * (raters - 1)) for row in counts) / len(table)
    shares = Counter(side for row in table for side in row)
    expected = sum((n / (len(table) * raters)) ** 2 for n in shares.values())
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _text(path: Path) -> str:
    if path.stat().st_size > LONGEST_FILE_BYTES:
        raise ValueError("too large")
    return path.read_text(encoding="utf-8-sig")


def _as_csv(sheet: Sheet) -> str:
    lines = [",".join(COLUMNS)]
    for number, row in enumerate(sheet.rows, start=1):
        cells = [str(number), *(harmless(text) for text in (row.question, row.a, row.b)), ""]
        lines.append(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells))
    return "\n".join(lines) + "\n"


def _as_html(sheet: Sheet) -> str:
    """A page without scripts from elsewhere; it makes the CSV of ratings in the browser and sends nothing."""
    rows = "".join(
        f"<tr><td>{number}</td><td>{html.escape(row.question)}</td><td>{html.escape(row.a)}</td>"
        f"<td>{html.escape(row.b)}</td><td>"
        + "".join(f'<label><input type="radio" name="r{number}" value="{side}">{side}</label> ' for side in _SIDES)
        + "</td></tr>"
        for number, row in enumerate(sheet.rows, start=1)
    )
    name = html.escape(sheet.name)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Who is {name}?</title>
<style>body{{font:16px/1.5 system-ui;margin:2rem auto;max-width:72rem;padding:0 1rem}}
td{{padding:.5rem;border-top:1px solid #8886;vertical-align:top}}td:last-child{{white-space:nowrap}}</style>
<h1>Who is {name}?</h1>
<p>Each question was answered by {name} and by {html.escape(sheet.other)}. Choose the answer that is {name}'s.</p>
<table><tr><th>row<th>question<th>A<th>B<th>{name} is</tr>{rows}</table>
<p><button id="save">Save my ratings</button></p>
<script>
document.getElementById("save").onclick = () => {{
  const chosen = [...document.querySelectorAll("input:checked")].map(one => one.name.slice(1) + "," + one.value);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([["row,who", ...chosen].join("\\n") + "\\n"], {{type: "text/csv"}}));
  link.download = "ratings.csv";
  link.click();
}};
</script></html>
"""
