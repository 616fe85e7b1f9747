"""`spark-vtuber rehearse`: an evening before the evening, measured."""

import json
import random
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, Final

import anyio
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spark_vtuber.app.assemble import Opened
from spark_vtuber.app.rehearsal import MEDIAN_MS, P95_MS, Report, judge, script
from spark_vtuber.app.runway import REHEARSAL_FILE
from spark_vtuber.cli import options
from spark_vtuber.cli.console import console, results
from spark_vtuber.cli.show import Wishes, start
from spark_vtuber.core.turns import TurnRecord

LAST_ANSWERS_S: Final = 45.0
TICK_S: Final = 1.0
NOT_READY: Final = 1


def rehearse(
    minutes: Annotated[float, typer.Option(help="How long to rehearse.", min=0.1, max=24 * 60)] = 30.0,
    chat: Annotated[
        Path | None,
        typer.Option(help="A recorded chat to answer instead of the made-up one.", exists=True, dir_okay=False),
    ] = None,
    without_stage: Annotated[
        bool, typer.Option("--without-stage", help="Count answers that only the wall clock heard.")
    ] = False,
    config: options.ConfigFile = None,
    host: options.Host = None,
    port: options.Port = None,
    no_browser: options.NoBrowser = False,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Play an evening with your own set-up, and measure what viewers would notice.

    A made-up chat comes in at its own pace; the real model and voice answer it
    through the real stages: have the page or the stage in OBS open, and listen.

    Ready means: from a line that finds nobody speaking to the first sound, at
    most 1.2 s in the middle and 1.8 s for 95 of 100, and no answer failed. The
    exit code is 1 otherwise. Ctrl-C ends it early and still judges.

    [bold]Examples[/]

      spark-vtuber rehearse
      spark-vtuber rehearse --minutes 5 --chat yesterday.jsonl
    """
    rehearsal = _Rehearsal(minutes)
    with tempfile.TemporaryDirectory() as folder:
        lines = chat or _written(Path(folder, "chat.jsonl"), minutes)
        flags = options.layer(
            server=options.server(host, port, no_browser=no_browser),
            data={"dir": str(data_dir) if data_dir else None},
            chat={"replay": {"file": str(lines), "speed": 1.0}},
        )
        start(config, flags, Wishes(until=rehearsal.run))
    report = rehearsal.report()
    misses = list(report.misses(needs_stage=not without_stage))
    if rehearsal.folder is not None:
        _keep(rehearsal.folder / REHEARSAL_FILE, report, misses)
    if as_json:
        print(json.dumps({**report.view(), "ready": not misses, "misses": misses}))
    else:
        results.print(_table(report))
        for miss in misses:
            results.print(f"[bold red]not ready:[/] {miss}")
        if not misses:
            results.print("[bold green]ready[/]: good luck tonight")
    raise typer.Exit(NOT_READY if misses else 0)


class _Rehearsal:
    """Follows the show; what it has seen counts also when it is ended early."""

    def __init__(self, minutes: float) -> None:
        self.folder: Path | None = None
        self._minutes = minutes
        self._began_s = self._ended_s = time.monotonic()
        self._turns: dict[str, TurnRecord] = {}
        self._unplayed: set[str] = set()
        self._lines = 0
        self._dropped: dict[str, int] = {}

    async def run(self, opened: Opened) -> None:
        """Return when the time is over and what was written has been answered."""
        self.folder = opened.data_dir
        self._began_s = time.monotonic()
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console, transient=True
        )
        with bar:
            task = bar.add_task("rehearsing", total=self._minutes * 60)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._tick, bar, task)
                tasks.start_soon(self._follow, opened)
                await anyio.sleep(self._minutes * 60)
                with anyio.move_on_after(LAST_ANSWERS_S):
                    await _quiet(opened)
                tasks.cancel_scope.cancel()

    async def _tick(self, bar: Progress, task: Any) -> None:
        while True:
            words = f"rehearsing: {self._lines} lines, {len(self._turns)} answers"
            bar.update(task, completed=time.monotonic() - self._began_s, description=words)
            await anyio.sleep(TICK_S)

    async def _follow(self, opened: Opened) -> None:
        show = opened.show
        async with show.events(None) as events:
            async for event in events:
                self._ended_s = time.monotonic()
                self._dropped = dict(show.dropped())
                if event.type == "chat.received":
                    self._lines += 1
                elif event.type == "turn.ended":
                    for turn in show.turns(4):
                        if turn.id not in self._turns and show.audio_owner is None:
                            self._unplayed.add(turn.id)
                        self._turns[turn.id] = turn

    def report(self) -> Report:
        """What came of it so far."""
        return judge(
            self._turns.values(),
            minutes=round((self._ended_s - self._began_s) / 60, 2),
            lines=self._lines,
            dropped=self._dropped,
            unplayed=self._unplayed,
        )


async def _quiet(opened: Opened) -> None:
    """Return once everything that was written has been answered."""
    while not opened.show.is_quiet:  # noqa: ASYNC110 - a second more or less does not matter here
        await anyio.sleep(TICK_S)


def _written(file: Path, minutes: float) -> Path:
    lines = script(minutes, random.Random())
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def _keep(file: Path, report: Report, misses: list[str]) -> None:
    """Leave word for `doctor --preflight`."""
    kept = {"at": time.time(), "ready": not misses, "misses": misses, **report.view()}
    file.write_text(json.dumps(kept), encoding="utf-8")


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, title=f"Rehearsal of {report.minutes:g} minutes", title_justify="left")
    table.add_column("")
    table.add_column("seen", justify="right")
    table.add_column("allowed", justify="right", style="dim")
    rows: tuple[tuple[str, str, str], ...] = (
        ("lines, answers", f"{report.lines}, {report.answers}", ""),
        ("chat to sound, median", _ms(report.median_ms), _ms(MEDIAN_MS)),
        ("chat to sound, p95", _ms(report.p95_ms), _ms(P95_MS)),
        ("of so many that found nobody speaking", str(report.free), ""),
        ("all lines, median and p95", f"{_ms(report.all_median_ms)}, {_ms(report.all_p95_ms)}", ""),
        ("answers that failed", str(report.failed), "0"),
        ("answers the understudy helped with", str(report.by_understudy), ""),
        ("clauses the guard took out", str(report.blocked), ""),
        ("answers that no stage played", str(report.without_stage), "0"),
        ("lines without an answer", ", ".join(f"{n} {why}" for why, n in report.dropped.items()) or "0", ""),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"
