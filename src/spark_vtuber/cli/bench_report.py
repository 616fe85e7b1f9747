"""`spark-vtuber bench report`: all benchmarks of this machine in one file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from spark_vtuber.app.assemble import VERSION
from spark_vtuber.cli import options
from spark_vtuber.cli.bench_engine import measure_files
from spark_vtuber.cli.console import complain, console, errors_in
from spark_vtuber.core.errors import SparkError
from spark_vtuber.health.sensors import Cards
from spark_vtuber.testing.bench import engine_report, machine_report
from spark_vtuber.testing.bench.engine import ROUNDS
from spark_vtuber.testing.bench.report import Report, as_json

WRONG_USE = 2
PROFILES = ("embedded", "spark")
"""Of `bench latency`: a show with its own voice, and one with a slower voice."""

NO_SERVER = "no_model_server"
MeasureShow = Callable[[str, int], Report]


def write_report(
    measure_show: MeasureShow,
    file: Path,
    title: str,
    turns: int,
    rounds: int,
    config: Path | None,
    persona: Path | None,
) -> None:
    """Measure everything and write it as JSON to `file`, and as Markdown beside it.

    `measure_show(profile, turns)` is `bench latency`. Raises what it raises, and `SparkError` where a file cannot be
    read or written; a machine without a model server has a report without one.
    """
    characters = None if persona is None else _persona(persona)
    engine = _engine(config, rounds)
    latency = {name: as_json(measure_show(name, turns)) for name in PROFILES}
    machine = machine_report.describe(tuple(Cards().look()), VERSION)
    whole = machine_report.put_together(title, machine, latency, engine, characters)
    readable = file.with_suffix(".md")
    try:
        file.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        readable.write_text(machine_report.as_markdown(whole), encoding="utf-8")
    except OSError as error:
        raise SparkError(f"{file} cannot be written: {error}", code="no_report", fix="give another path") from error
    console.print(f"[green]✓[/] {file} and {readable.name}")


def command(measure_show: MeasureShow) -> Callable[..., None]:
    """The command, over what measures the show."""

    def report(
        file: Annotated[Path, typer.Argument(help="The JSON file; Markdown goes beside it.")] = Path("machine.json"),
        title: Annotated[str, typer.Option(help="What this kind of machine is called.")] = "This machine",
        iterations: Annotated[int, typer.Option(min=1, max=10_000, help="Turns of the show for each profile.")] = 30,
        rounds: Annotated[int, typer.Option(min=1, max=1_000, help="Rounds with the model server.")] = ROUNDS,
        persona: Annotated[Path | None, typer.Option(help="What bench persona --json printed, to be added.")] = None,
        config: options.ConfigFile = None,
    ) -> None:
        r"""Write all benchmarks of this machine into one file: the show, the model server, the characters.

        The file tells the processor, memory, graphics, system and versions, and no
        name of the machine or its user. Put into docs/reference/machines it becomes
        a column of the table of machines.

        [bold]Examples[/]

          spark-vtuber bench report dgx-spark.json --title "DGX Spark"
        """
        errors: list[SparkError] = []
        try:
            write_report(measure_show, file, title, iterations, rounds, config, persona)
        except* SparkError as group:
            errors.extend(errors_in(group))
        for error in errors:
            complain(error)
        if errors:
            raise typer.Exit(WRONG_USE)

    return report


def _engine(config: Path | None, rounds: int) -> list[dict[str, Any]]:
    """The model server's figures; none where there is no server, which is said."""
    missing: list[SparkError] = []
    measured: list[dict[str, Any]] = []
    try:
        measured.extend(engine_report.as_json(figures) for figures in measure_files([config], rounds))
    except* SparkError as group:
        others = group.subgroup(lambda error: isinstance(error, SparkError) and error.code != NO_SERVER)
        if others is not None:
            raise others from None
        missing.extend(errors_in(group))
    for error in missing:
        complain(error)
    return measured


def _persona(file: Path) -> dict[str, Any]:
    """What `bench persona --json` printed, without the answers it found fault with."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        found["personas"] = [{**one, "misses": len(one["misses"])} for one in found["personas"]]
        machine_report.characters({"persona": found})
    except OSError as error:
        raise SparkError(f"{file} cannot be read: {error.strerror}", code="no_report") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SparkError(f"{file} is not what bench persona --json prints", code="no_report") from error
    return dict(found)
