"""`spark-vtuber bench`: what the show costs, measured on its real processes and sockets."""

import json
import random
import tempfile
from pathlib import Path
from typing import Annotated

import anyio
import typer
from rich.progress import Progress

from spark_vtuber.cli import bench_engine, bench_persona, bench_report
from spark_vtuber.cli.console import complain, console, errors_in
from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.bench.latency import Run, measure
from spark_vtuber.testing.bench.profiles import PROFILES, Profile
from spark_vtuber.testing.bench.report import Report, as_json, report, write_log
from spark_vtuber.testing.bench.tables import tables
from spark_vtuber.testing.live import free_port

WRONG_USE = 2
REDRAWS_PER_S = 2
"""The progress bar shares the machine with what is measured."""

app = typer.Typer(help="Measure the show on this machine.", no_args_is_help=True)


app.command()(bench_engine.engine)
app.command()(bench_persona.persona)


@app.callback()
def bench() -> None:
    """Measure the show on this machine."""


@app.command()
def latency(
    iterations: Annotated[int, typer.Option(min=1, max=100_000, help="How many turns to measure.")] = 100,
    profile: Annotated[str, typer.Option(help=f"One of {', '.join(PROFILES)}.")] = "embedded",
    log: Annotated[Path | None, typer.Option(help="Write one row a turn to this CSV file.")] = None,
    tokens: Annotated[
        int | None, typer.Option(min=6, max=10_000, help="Length of an answer.", show_default="51")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the measured show.", show_default="free")] = 0,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure how long a viewer waits from a line to the first sound, beside the floor.

    Starts a show, a model server with an exact schedule, and a client with
    sound. The exit code is 1 when the promise of the profile is missed: embedded
    and spark answer in less than 500 ms (p95), slow has no hole over 50 ms
    inside a turn.
    """
    measured: list[Run] = []
    errors: list[SparkError] = []
    try:
        measured.append(_measured(_profile(profile), iterations, port or free_port(), tokens))
        if log is not None:
            _write(measured[0], log)
    except* SparkError as group:
        errors.extend(errors_in(group))
    for error in errors:
        complain(error)
    if errors:
        raise typer.Exit(WRONG_USE)
    result = report(measured[0])
    if as_json_:
        print(json.dumps(as_json(result), ensure_ascii=False))
    else:
        console.print(tables(result))
    if not result.is_kept:
        raise typer.Exit(1)


@app.command()
def soak(
    duration: Annotated[float, typer.Option(min=10, help="Seconds.")] = 600.0,
    faults: Annotated[bool, typer.Option("--faults", help="Do something bad to the show once a minute.")] = False,
    seed: Annotated[int, typer.Option(help="Another order of faults.")] = 1,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """How a real show lasts: uptime, restarts, silence, and what grows, while chat goes on.

    Starts a watched show, a model server, a chat server and a page. The exit
    code is 1 when a limit is missed: 99 % uptime, no crash, restarts within
    30 s, 6 kB of memory a turn.
    """
    from spark_vtuber.testing.bench import soak_report
    from spark_vtuber.testing.bench.soak import Soaked
    from spark_vtuber.testing.bench.soak import soak as soaking

    with (
        tempfile.TemporaryDirectory(prefix="spark-soak-") as folder,
        Progress(console=console, transient=True, refresh_per_second=REDRAWS_PER_S) as bar,
    ):
        task = bar.add_task("soak", total=duration)

        async def run() -> Soaked:
            return await soaking(
                duration,
                Path(folder),
                has_faults=faults,
                rng=random.Random(seed),
                progress=lambda at_s, what: bar.update(task, completed=at_s, description=what),
            )

        result = anyio.run(run)
    if as_json_:
        print(json.dumps(soak_report.as_json(result), ensure_ascii=False))
    else:
        console.print(soak_report.table(result))
    if not soak_report.is_kept(result):
        raise typer.Exit(1)


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise SparkError(f'there is no profile "{name}"', code="unknown_profile", fix=f"choose one of: {known}")
    return PROFILES[name]


def _measured(profile: Profile, turns: int, port: int, tokens: int | None) -> Run:
    with (
        tempfile.TemporaryDirectory(prefix="spark-bench-") as folder,
        Progress(console=console, transient=True, refresh_per_second=REDRAWS_PER_S) as bar,
    ):
        task = bar.add_task(profile.name, total=turns)

        async def run() -> Run:
            return await measure(
                profile,
                turns,
                Path(folder),
                port=port,
                tokens=tokens,
                progress=lambda done, _: bar.update(task, completed=done),
            )

        return anyio.run(run)


def _write(run: Run, log: Path) -> None:
    try:
        write_log(run, log)
    except OSError as error:
        raise SparkError(f"{log} cannot be written: {error}", code="no_log", fix="give --log another path") from error


def _report_of(profile: str, turns: int) -> Report:
    return report(_measured(_profile(profile), turns, free_port(), None))


app.command()(bench_report.command(_report_of))
