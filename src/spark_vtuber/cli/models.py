"""`spark-vtuber models`: see which weights there are, get them, look whether they are whole, remove them."""

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Annotated, Any, Final, NoReturn

import psutil
import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from spark_vtuber import engines
from spark_vtuber.app import weights
from spark_vtuber.app.vault import open_vault
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, results
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights import licences
from spark_vtuber.weights import pull as pulling
from spark_vtuber.weights.catalogue import Catalogue
from spark_vtuber.weights.entry import Entry, Kind
from spark_vtuber.weights.pull import GB
from spark_vtuber.weights.receipts import Shelf, shelf

app = typer.Typer(
    help="Get models, adapters, voices and ears, and keep them whole.", no_args_is_help=True, rich_markup_mode="rich"
)

STATES: Final = {
    "here": "[green]here[/]",
    "partial": "[yellow]part of it[/]",
    "missing": "[dim]no[/]",
    "changed": "[red]changed[/]",
}
VERDICTS: Final = {
    "free": "",
    "credit": " [yellow](credit)[/]",
    "conditions": " [yellow](conditions)[/]",
    "forbidden": " [red](not for money)[/]",
    "unknown": " [red](unknown)[/]",
}

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="What the catalogue calls it.")]


@app.command(name="list")
def list_(
    kind: Annotated[Kind | None, typer.Argument(help="Only these.", show_default="all")] = None,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    r"""List the weights of the catalogue: what is here, how large, under which licence.

    Entries of yours are in the file catalogue.toml of the folder of weights,
    which is weights in the data directory, or \[weights] dir. "fits" compares
    the files with the memory of this machine; a model needs more than that:
    spark-vtuber plan counts it.

    [bold]Examples[/]

      spark-vtuber models list
      spark-vtuber models list voice --json
    """
    try:
        settings = _settings(config, data_dir)
        catalogue = _catalogue(settings)
    except SparkError as error:
        _fail(error)
    listed = [_described(_shelf(settings, one)) for one in catalogue.of_kind(kind)]
    if as_json:
        print(json.dumps(listed))
        return
    results.print(_table(listed))
    console.print("[dim]? is told by the first pull; what licences want on a monetised stream: doctor --commercial[/]")
    console.print(f"[dim]in {escape(str(weights.folder(settings)))}[/]")


@app.command()
def pull(names: Ids, config: options.ConfigFile = None, data_dir: options.DataDir = None) -> None:
    """Get weights; what was cut goes on where it stopped.

    Every file is checked against its SHA-256. Where nobody published one, the
    first pull writes it down, and it must be the same ever after. Ctrl-C keeps
    what came.

    [bold]Examples[/]

      spark-vtuber models pull kokoro-82m
      spark-vtuber models pull qwen3-8b-q4 whisper-base
    """
    try:
        settings = _settings(config, data_dir)
        chosen = _chosen(settings, names)
        with weights.client() as http:
            means = weights.means(settings, http, open_vault(settings).secret)
            for one in chosen:
                _tell_terms(one.entry)
                with closing(pulling.pull(one, means)) as steps:
                    _follow(steps)
                console.print(f"[green]✓[/] {escape(one.entry.id)} is in {escape(str(one.folder))}")
    except SparkError as error:
        _fail(error)
    except OSError as error:
        _fail(SparkError(f"the folder of weights cannot be used: {error}", fix="set [weights] dir"))


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Which ones.", show_default="all that are here")
    ] = None,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Read weights again, and compare their checksums.

    The exit code is 1 where a file is missing, damaged, or was changed.

    [bold]Example[/]

      spark-vtuber models verify
    """
    try:
        settings = _settings(config, data_dir)
        chosen = _chosen(settings, names) if names else _here(settings)
        found = [(one, step) for one in chosen for step in _follow(pulling.verify(one), quiet=as_json)]
    except SparkError as error:
        _fail(error)
    bad = [step for _, step in found if step.step in {"wrong", "missing"}]
    if as_json:
        rows = [
            {"id": one.entry.id, "file": step.file.path, "state": step.step, "detail": step.detail}
            for one, step in found
        ]
        print(json.dumps({"ok": not bad, "files": rows}))
    else:
        for one, step in found:
            mark = {"done": "[green]✓[/]", "unproven": "[yellow]?[/]"}.get(step.step, "[red]✗[/]")
            tail = "" if step.step == "done" else f": {step.detail}"
            console.print(f"{mark} {escape(f'{one.entry.id}/{step.file.path}{tail}')}")
        if bad:
            console.print("  [dim]fix:[/] spark-vtuber models remove ID, then pull it again")
        if not found:
            console.print("There are no weights here. To get some: spark-vtuber models list")
    raise typer.Exit(1 if bad else 0)


@app.command()
def remove(
    names: Ids,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
) -> None:
    """Remove weights from this machine; asks before.

    [bold]Example[/]

      spark-vtuber models remove whisper-base
    """
    try:
        settings = _settings(config, data_dir)
        chosen = [one for one in _chosen(settings, names) if _is_there(one)]
        size = sum(one.size_bytes() for one in chosen)
        ids = ", ".join(one.entry.id for one in chosen)
        if not chosen:
            console.print("Nothing of that is here.")
            return
        if not yes and not typer.confirm(f"Remove {ids} ({size / GB:.2f} GB)?", err=True):
            raise typer.Exit(1)
        freed = sum(one.remove() for one in chosen)
    except SparkError as error:
        _fail(error)
    except OSError as error:
        _fail(SparkError(f"it cannot be removed: {error}", fix="stop the engine that uses it"))
    console.print(f"[green]✓[/] {freed:,} bytes are free again")


def _settings(config: options.ConfigFile, data_dir: options.DataDir) -> Config:
    return load(engines.spec, config, options.layer(data={"dir": data_dir})).config


def _catalogue(settings: Config) -> Catalogue:
    found = weights.entries(settings)
    for mistake in found.mistakes:
        console.print(f"[yellow]left out[/] {escape(mistake.message)}")
    return found


def _chosen(settings: Config, names: Sequence[str]) -> list[Shelf]:
    catalogue = _catalogue(settings)
    return [_shelf(settings, catalogue.entry(name)) for name in dict.fromkeys(names)]


def _here(settings: Config) -> list[Shelf]:
    return [one for entry in _catalogue(settings).of_kind() if _is_there(one := _shelf(settings, entry))]


def _is_there(one: Shelf) -> bool:
    return one.state() != "missing"


def _shelf(settings: Config, entry: Entry) -> Shelf:
    return shelf(weights.folder(settings), entry)


def _tell_terms(entry: Entry) -> None:
    terms = licences.terms(entry.licence)
    mark = VERDICTS[terms.verdict]
    console.print(f"[bold]{escape(entry.title)}[/], {escape(terms.title)}{mark}")
    if terms.verdict != "free" and terms.todo:
        console.print(f"  [dim]on a monetised stream:[/] {escape(terms.todo)}")


def _follow(steps: Iterable[pulling.Progress], *, quiet: bool = False) -> list[pulling.Progress]:
    """Show a bar for every file, and give what became of each."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    ends: list[pulling.Progress] = []
    with Progress(*columns, console=console, disable=quiet) as bars:
        tasks: dict[tuple[str, str], TaskID] = {}
        for step in steps:
            if step.step in {"fetching", "checking"}:
                key = (step.file.path, step.step)
                if key not in tasks:
                    name = escape(step.file.path) + " (checking)" * (step.step == "checking")
                    tasks[key] = bars.add_task(name, total=step.of_bytes)
                bars.update(tasks[key], completed=step.done_bytes, total=step.of_bytes)
            elif step.step == "waiting":
                bars.console.print(f"[yellow]waiting[/] {escape(step.detail)}")
            else:
                ends.append(step)
                if step.detail == "first pull" and not quiet:
                    bars.console.print(
                        f"[yellow]note[/] nobody published the checksum of {escape(step.file.path)}: what came now is "
                        "written down and trusted from here on"
                    )
    return ends


def _described(one: Shelf) -> dict[str, Any]:
    entry, size = one.entry, one.entry.size_bytes
    terms = licences.terms(entry.licence)
    here = one.size_bytes()
    known = size if size is not None else (here if one.state() == "here" else None)
    return {
        "id": entry.id,
        "kind": str(entry.kind),
        "title": entry.title,
        "state": one.state(),
        "size_bytes": known,
        "here_bytes": here,
        "licence": entry.licence,
        "monetised": terms.verdict,
        "engine": entry.engine,
        "quantisation": entry.quantisation,
        "fits": None if known is None else known < psutil.virtual_memory().total,
        "page": entry.page,
        "folder": str(one.folder),
    }


def _table(listed: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("id", "here", "size", "fits", "licence"):
        table.add_column(title, header_style="dim", no_wrap=title == "id", overflow="fold")
    above = ""
    for one in listed:
        size = one["size_bytes"]
        group = f"{one['kind']} for {one['engine']}"
        if group != above:
            table.add_row(f"[bold]{escape(group)}[/]")
            above = group
        table.add_row(
            escape(one["id"]),
            STATES[one["state"]],
            "?" if size is None else f"{size / GB:.2f} GB",
            {True: "yes", False: "[red]no[/]", None: "?"}[one["fits"]],
            escape(one["licence"] or "?") + VERDICTS[one["monetised"]],
        )
    return table


def _fail(error: SparkError) -> NoReturn:
    complain(error)
    raise typer.Exit(1)
