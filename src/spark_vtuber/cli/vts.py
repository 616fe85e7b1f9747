"""`spark-vtuber vts`: see VTube Studio as the show sees it, and teach it our feelings. Needs no running show."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated

import anyio
import typer
from rich.markup import escape

from spark_vtuber import engines
from spark_vtuber.app.avatar import options_of
from spark_vtuber.app.avatar_probe import look_at
from spark_vtuber.avatar.faces import Face, choose
from spark_vtuber.avatar.mapping import SavedFaces
from spark_vtuber.avatar.options import VTubeStudioOptions
from spark_vtuber.avatar.vts_answers import Model, Rig
from spark_vtuber.avatar.vts_link import Link, linked
from spark_vtuber.avatar.vts_protocol import Event
from spark_vtuber.avatar.vts_session import authenticate, discover
from spark_vtuber.avatar.vts_socket import open_socket
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.avatar.wizard import Enough, showable, walk
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, errors_in, results
from spark_vtuber.config.keys import Config, VTubeStudio
from spark_vtuber.config.load import avatars, load
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.personas import EXPRESSIONS, Expression

app = typer.Typer(help="Look at VTube Studio, and teach it feelings.", no_args_is_help=True, rich_markup_mode="rich")

Persona = Annotated[str | None, typer.Option(help="Whose model.", show_default="the first with one")]


@dataclass(frozen=True, slots=True)
class _Studio:
    """A VTube Studio that let us in, with a model."""

    link: Link
    rig: Rig
    model: Model
    options: VTubeStudioOptions
    saved: SavedFaces


@app.command()
def status(config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Say for every character whether VTube Studio is there, lets us in, and what it shows.

    Opens no popup there. Exit code 1 where something is missing.
    """
    found: list[Finding] = []

    async def look(settings: Config) -> None:
        for name, table in _tables(settings).items():
            found.append(await look_at(name, options_of(table), settings.data.dir))

    _run(config, look)
    if as_json:
        print(json.dumps([asdict(one) for one in found]))
    else:
        for one in found:
            colour = "green" if one.severity == "ok" else "yellow"
            results.print(f"[{colour}]{escape(one.name)}[/] {escape(one.detail)}")
            if one.fix:
                results.print(f"  [dim]fix:[/] {escape(one.fix)}")
    if any(one.severity != "ok" for one in found):
        raise typer.Exit(1)


@app.command()
def hotkeys(persona: Persona = None, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """List what the model can show, and which feeling it stands for.

    VTube Studio asks once whether to let us in: press Allow there.
    """

    async def show(studio: _Studio) -> None:
        saved = studio.saved.of(studio.model.id)
        faces = choose(studio.rig, studio.options.expressions, saved).by_feeling
        by_target = {face.target: feeling for feeling, face in faces.items()}
        rows = [asdict(face) | {"feeling": by_target.get(face.target)} for face in showable(studio.rig)]
        if as_json:
            print(json.dumps({"model": studio.model.name, "faces": rows}))
            return
        results.print(f"[bold]{escape(studio.model.name)}[/]")
        for row in rows:
            results.print(f"  {row['feeling'] or '-':10} {row['kind']:10} {escape(row['name'])}")

    _run(config, partial(_with_studio, persona, show))


@app.command("map")
def map_(persona: Persona = None, config: options.ConfigFile = None) -> None:
    """Try everything the model can show, one after the other, and say which feeling it is.

    What you say is kept for this model in the data directory; a running show
    uses it from its next connection on. Keys of the configuration win over it.
    """

    async def teach(studio: _Studio) -> None:
        console.print(f"Watch [bold]{escape(studio.model.name)}[/]. Feelings: {', '.join(EXPRESSIONS)}")
        console.print("[dim]Enter takes what stands in brackets, - is nothing of these, q ends.[/]")
        found = await walk(studio.link, studio.rig, _asked)
        studio.saved.save(studio.model.id, found)
        known = {feeling: target for feeling, target in found.items() if target != "-"}
        console.print(f"[green]kept[/] {len(known)} feelings in {escape(str(studio.saved.file))}")

    _run(config, partial(_with_studio, persona, teach))


async def _asked(face: Face, guess: Expression | None) -> Expression | None:
    """Ask in the terminal, in a thread: the connection goes on meanwhile."""
    while True:
        prompt = partial(typer.prompt, f"{face.name} is", default=guess or "-")
        said = str(await anyio.to_thread.run_sync(prompt)).strip().lower()
        if said in ("q", "quit"):
            raise Enough
        if said == "-":
            return None
        for feeling in EXPRESSIONS:
            if said == feeling:
                return feeling
        console.print(f"[yellow]that is none of[/] {', '.join(EXPRESSIONS)}, -, q")


def _tables(settings: Config) -> dict[str, VTubeStudio]:
    """What is configured; where nothing is switched on, the shared table, so that one can look before."""
    return avatars(settings) or {next(iter(settings.persona)): settings.avatar.vtube_studio}


async def _with_studio(persona: str | None, work: Callable[[_Studio], Awaitable[None]], settings: Config) -> None:
    tables = _tables(settings)
    table = next(iter(tables.values())) if persona is None else tables.get(persona)
    if table is None:
        raise SparkError(
            f'"{persona}" has no model in VTube Studio', code="no_avatar", fix=f"use one of {', '.join(tables)}"
        )
    place = options_of(table)
    async with linked(lambda: open_socket(place.host, place.port), _unheard) as link:
        await authenticate(link, TokenStore(settings.data.dir), place.where, _wait_for_allow)
        rig = await discover(link)
        if rig.model is None:
            raise SparkError("VTube Studio shows no model", code="no_model", fix="load one there")
        await work(_Studio(link, rig, rig.model, place, SavedFaces(settings.data.dir)))


def _run(config: options.ConfigFile, work: Callable[[Config], Awaitable[None]]) -> None:
    """Do `work` with the configuration; say what is wrong where that fails, with exit code 1."""
    errors: list[SparkError] = []
    try:
        anyio.run(work, load(engines.spec, config).config)
    except* SparkError as group:
        errors.extend(errors_in(group))
    for error in errors:
        complain(error)
    if errors:
        raise typer.Exit(1)


def _wait_for_allow() -> None:
    console.print("[yellow]VTube Studio asks whether to let us in:[/] press Allow there")


def _unheard(_event: Event) -> None:
    """Nothing is subscribed."""
