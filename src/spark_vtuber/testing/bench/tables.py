"""The report as tables for a terminal."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from spark_vtuber.testing.bench.profiles import REPLY_P95_MS
from spark_vtuber.testing.bench.report import Report, Verdict


def tables(result: Report) -> RenderableType:
    """The machine, the floor as a sum, the percentiles, and every figure that has a limit beside it."""
    run = result.run
    load = " → ".join("?" if value is None else f"{value:.1f}" for value in run.load)
    return Group(
        Text(f"{run.profile.name}: {run.profile.meaning}; {len(run.turns)} turns", style="bold"),
        Text(f"{run.machine}; load {load}; small work takes {run.pace:.1f} times the reference", style="dim"),
        Text(f"floor: {run.profile.arithmetic(run.floor.voice_ms)}"),
        _percentiles(result),
        _verdicts(result),
        *_notes(result),
    )


def plain(result: Report, width: int = 130) -> str:
    """The same as text without colours, for logs and tests."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(tables(result))
    return captured.get()


def _percentiles(result: Report) -> Table:
    table = Table("milliseconds")
    for name in ("p50", "p95", "p99"):
        table.add_column(name, justify="right")
    for name, row in result.rows.items():
        table.add_row(name, f"{row.p50:.1f}", f"{row.p95:.1f}", f"{row.p99:.1f}")
    return table


def _verdicts(result: Report) -> Table:
    table = Table("figure", "", box=None)
    table.columns[1].justify = "right"
    table.add_column("limit", justify="right")
    table.add_column("")
    for verdict in result.verdicts:
        table.add_row(verdict.what, _amount(verdict.value, verdict), _amount(verdict.limit, verdict), _sign(verdict))
    return table


def _amount(value: float, verdict: Verdict) -> str:
    return f"{value:.1f} {'%' if verdict.unit == 'of the time' else verdict.unit}"


def _sign(verdict: Verdict) -> str:
    if verdict.is_kept:
        return "[green]✓[/]"
    return "[bold red]✗ promise missed[/]" if verdict.is_promise else "[yellow]✗ over budget[/]"


def _notes(result: Report) -> list[Text]:
    run = result.run
    notes = []
    if result.drift is not None:
        change = f"{result.drift.first:.1f} → {result.drift.last:.1f} ms"
        notes.append(Text(f"posted → first audio from the first turns to the last (lower quartile): {change}"))
    if run.profile.is_aloud:
        notes.append(Text(f"longest hole inside a turn: {result.longest_hole_ms:.1f} ms"))
    if run.profile.reply_p95_ms is None and run.floor.ms >= REPLY_P95_MS:
        notes.append(
            Text(f"{REPLY_P95_MS:g} ms cannot be met: the floor alone is {run.floor.ms:.0f} ms", style="yellow")
        )
    return notes
