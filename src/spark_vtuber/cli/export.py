"""`spark-vtuber export`: turns, chat or latency out of the journal, whether a show runs or not."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from rich.progress import Progress

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.records import ExportForm, ExportKind
from spark_vtuber.journal import export as exports
from spark_vtuber.journal.export import Selection
from spark_vtuber.journal.reader import last_session
from spark_vtuber.journal.schema import FILE

LAST: Final = "last"

_AGE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)")
_UNIT_S: Final = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}

What = Annotated[ExportKind, typer.Argument(help="What to export.", show_default=False)]
Csv = Annotated[bool, typer.Option("--csv", help="A table with a header (RFC 4180).", show_default="csv")]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="The file to write.", show_default="standard output")
]
Since = Annotated[str, typer.Option(help="Only what came after: 90min, 2h, 7d, 2026-03-01 or 2026-03-01T20:00.")]
Session = Annotated[str, typer.Option(help=f'Only this show: its id, or "{LAST}".')]


def export(
    what: What,
    as_csv: Csv = False,
    as_jsonl: Jsonl = False,
    output: Output = None,
    since: Since = "",
    session: Session = "",
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
) -> None:
    """Write turns, chat or latency from the journal as a table or as JSON lines.

    Oldest first. It needs no running show, and does not disturb one. Latency is
    the times of the turns without anybody's words. Times are Unix milliseconds.

    [bold]Examples[/]

      spark-vtuber export turns --session last -o turns.csv
      spark-vtuber export latency --since 2h --jsonl
    """
    if as_csv and as_jsonl:
        raise typer.BadParameter("give --csv or --jsonl, not both")
    is_jsonl = as_jsonl or (not as_csv and output is not None and output.suffix in {".jsonl", ".ndjson"})
    try:
        settings = load(engines.spec, config, options.layer(data={"dir": str(data_dir) if data_dir else None}))
        path = settings.config.data.dir / FILE
        chosen = last_session(path) if session == LAST else session
        selection = Selection(what, ExportForm.JSONL if is_jsonl else ExportForm.CSV, _since_ms(since), chosen)
        _write(path, selection, output)
    except SparkError as error:
        complain(error)
        raise typer.Exit(1) from error


def _write(path: Path, selection: Selection, output: Path | None) -> None:
    total = exports.count(path, selection)
    if output is None:
        with _progress(0 if sys.stdout.isatty() else total) as advance:
            _print(exports.export(path, selection, advance))
        return
    with _progress(total) as advance, _opened(output) as file:
        for piece in exports.export(path, selection, advance):
            file.write(piece)
    console.print(f"{total} {selection.kind} rows: {output}", markup=False)


def _print(pieces: Iterator[str]) -> None:
    """Pieces on standard output, byte for byte; whoever closes it early has had enough."""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered has nowhere to go: the interpreter must not complain of that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _opened(output: Path) -> Iterator[TextIO]:
    """The file, which appears under its name when it is complete; only its owner may read what viewers wrote."""
    partial = output.with_name(f"{output.name}.part")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SparkError(f"{output} cannot be written: {error.strerror}", fix="choose another file with -o") from error


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal's error stream; nothing where that is no terminal, or where there is nothing to count."""
    with Progress(console=console, transient=True, disable=not (total and console.is_terminal)) as bar:
        task = bar.add_task("export", total=total)
        yield lambda rows: bar.advance(task, rows)


def _since_ms(text: str) -> int:
    """Unix milliseconds of a date, of a time, or of so long ago; 0 where nothing is said."""
    if not text.strip():
        return 0
    if age := _AGE.fullmatch(text.strip()):
        return time.time_ns() // 1_000_000 - round(float(age[1]) * _UNIT_S[age[2]] * 1000)
    try:
        return round(datetime.fromisoformat(text.strip()).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise typer.BadParameter(f'--since: "{text}" is neither an age like 2h nor a date like 2026-03-01') from error
