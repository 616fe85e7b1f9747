"""`spark-vtuber persona`: the characters, of a running show and in files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console, results
from spark_vtuber.cli.persona_cards import Source, card_of, export_card, import_card
from spark_vtuber.cli.running import ask
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.growth import disposition_view
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView
from spark_vtuber.personality import card as cards
from spark_vtuber.personality.card_keys import view
from spark_vtuber.personality.growth import newborn

app = typer.Typer(
    help="See the characters, set them, bring and take them.", no_args_is_help=True, rich_markup_mode="rich"
)

SHOWN_MOVES: Final = 8
SHOWN_BONDS: Final = 10


Who = Annotated[str | None, typer.Option("--persona", help="Only this one, by id or name.", show_default="everybody")]
Named = Annotated[str, typer.Argument(metavar="NAME", help="A character of the show, by id or name.")]

app.command(name="import")(import_card)
app.command(name="export")(export_card)


@app.command(name="list")
def listed(port: options.Port = None, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """List the characters: of the running show as they are now, else of the configuration.

    [bold]Example[/]

      spark-vtuber persona list
    """
    with_show = True
    try:
        settings = _config(config, port)
        try:
            told: list[dict[str, Any]] = ask(settings, "/api/personas")
        except SparkError as error:
            if error.code != "no_show":
                raise
            with_show = False
            told = [
                {"id": name, "name": _view(settings, name).name, "card": one.card}
                for name, one in settings.persona.items()
            ]
    except SparkError as error:
        raise _given_up(error) from error
    if as_json:
        print(json.dumps(told))
        return
    table = Table("", "id", "name", *(("mood", "energy", "set by you", "preset") if with_show else ("card",)), box=None)
    for at, one in enumerate(told):
        state = (
            (one["mood"], f"{one['energy']:.2f}", ", ".join(one["held"]), one["preset"])
            if with_show
            else (one["card"],)
        )
        table.add_row("main" if at == 0 else "", *map(escape, (one["id"], one["name"], *state)))
    results.print(table)
    if not with_show:
        console.print(f"[dim]No show runs. Shipped characters are: {', '.join(cards.shipped())}[/]")


@app.command()
def show(
    name: Source, port: options.Port = None, config: options.ConfigFile = None, as_json: options.AsJson = False
) -> None:
    """Show a character: its traits in their bands, whom it likes, and what moved it last.

    Of the running show as it is now; without one, as its card says.

    [bold]Example[/]

      spark-vtuber persona show main
    """
    try:
        settings = _config(config, port)
        told, moves = _state(settings, name)
    except SparkError as error:
        raise _given_up(error) from error
    if as_json:
        print(json.dumps({**told, "moves": moves}))
        return
    frozen = " [yellow](frozen)[/]" if told["frozen"] else ""
    results.print(f"[bold]{escape(told['name'])}[/] is {told['mood']}, energy {told['energy']:.2f}{frozen}")
    if told["traits"]:
        table = Table("trait", "now", "card", "band", "a day", "", box=None)
        for one in told["traits"]:
            band = f"{one['low']:.2f}..{one['high']:.2f}"
            cells = (
                one["name"],
                f"{one['value']:.3f}",
                f"{one['start']:.2f}",
                band,
                f"{one['daily']:.2f}",
                one["meaning"],
            )
            table.add_row(*map(escape, cells))
        results.print(table)
    for one in told["bonds"][:SHOWN_BONDS]:
        results.print(f"  {one['value']:+.2f}  {escape(one['name'] or one['with'])}")
    if told["topics"]:
        results.print(f"  talked about: {escape(', '.join(told['topics']))}")
    names = {bond["with"]: bond["name"] for bond in told["bonds"]}
    for one in moves[:SHOWN_MOVES]:
        what = escape(names.get(one["name"]) or one["name"])
        results.print(f"  [dim]{what} {one['old']:.3f} → {one['new']:.3f}: {escape(one['cause'])}[/]")


@app.command()
def switch(name: Named, port: options.Port = None, config: options.ConfigFile = None) -> None:
    """Make a character of the running show the main one.

    The main one answers when nobody is named and nothing else decides. It stays
    so in later shows.

    [bold]Example[/]

      spark-vtuber persona switch ember
    """
    told = _asked(config, port, "/api/persona/lead", lambda known: {"persona": _id(known, name)})
    console.print(f"The main character is {told[0]['name']}.", markup=False)


@app.command()
def preset(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The preset; without one, all are listed.")
    ] = None,
    persona: Who = None,
    port: options.Port = None,
    config: options.ConfigFile = None,
) -> None:
    """Set characters of the running show to a preset, or list the presets.

    [bold]Examples[/]

      spark-vtuber persona preset
      spark-vtuber persona preset calm --persona ember
    """
    if name is None:
        try:
            told = ask(_config(config, port), "/api/presets")
        except SparkError as error:
            raise _given_up(error) from error
        table = Table("preset", "", box=None)
        for one in told:
            table.add_row(escape(one["name"]), escape(one["meaning"]))
        results.print(table)
        return
    _tell(_asked(config, port, "/api/persona", lambda known: {"preset": name, **_only(known, persona)}))


@app.command()
def mood(
    feeling: Annotated[
        str, typer.Argument(metavar="MOOD", help="neutral, happy, sad, angry, surprised, smug, thinking; own = hers.")
    ],
    persona: Who = None,
    energy: Annotated[str | None, typer.Option(help="0 to 1, or own.", show_default="stays")] = None,
    port: options.Port = None,
    config: options.ConfigFile = None,
) -> None:
    """Set the mood of characters of the running show, or give it back to them.

    A mood that you set stays until you set another. With "own" it follows what
    happens to the character again.

    [bold]Examples[/]

      spark-vtuber persona mood smug --persona ember
      spark-vtuber persona mood own --energy own
    """
    if feeling not in (*EXPRESSIONS, "own"):
        raise typer.BadParameter(f'there is no mood "{feeling}"; there are {", ".join(EXPRESSIONS)}, own')
    body: dict[str, Any] = {"mood": feeling}
    if energy is not None:
        body["energy"] = energy if energy == "own" else _number(energy)
    _tell(_asked(config, port, "/api/persona", lambda known: {**body, **_only(known, persona)}))


@app.command()
def freeze(
    off: Annotated[bool, typer.Option("--off", help="Let them change again.")] = False,
    persona: Who = None,
    port: options.Port = None,
    config: options.ConfigFile = None,
) -> None:
    """Let characters of the running show change no more.

    Traits, mood, energy and whom they like stay as they are, also in later shows.

    [bold]Examples[/]

      spark-vtuber persona freeze
      spark-vtuber persona freeze --persona ember --off
    """
    told = _asked(config, port, "/api/persona/freeze", lambda known: {"on": not off, **_only(known, persona)})
    for one in told["personas"]:
        console.print(f"{one['name']} {'is frozen' if one['frozen'] else 'changes'}.", markup=False)


@app.command()
def reset(
    trait: Annotated[str | None, typer.Option(help="Only this trait.", show_default="everything")] = None,
    persona: Who = None,
    port: options.Port = None,
    config: options.ConfigFile = None,
) -> None:
    """Make characters of the running show as their cards say.

    Without a trait they also forget whom they like and what they talked about.

    [bold]Examples[/]

      spark-vtuber persona reset --persona ember --trait patience
      spark-vtuber persona reset
    """
    body = {} if trait is None else {"trait": trait}
    _asked(config, port, "/api/persona/reset", lambda known: {**body, **_only(known, persona)})
    console.print("As the card says." if trait is None else f"{trait} is as the card says.", markup=False)


def _state(settings: Config, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How a character is, and its last moves: in the running show, else as its card says."""
    try:
        told = ask(settings, "/api/personas/growth?limit=200")
        found = next((one for one in told["personas"] if _is_meant(one, name)), None)
        if found is not None:
            return found, [move for move in told["moves"] if move["persona"] == found["id"]]
    except SparkError as error:
        if error.code != "no_show":
            raise
    persona = _view(settings, name)
    return disposition_view(persona, newborn(persona, 0)), []


def _view(settings: Config, name: str) -> PersonaView:
    return view(PersonaId(name), card_of(settings, name)[1].card)


def _asked(config: Path | None, port: int | None, path: str, body: Any) -> Any:
    """What the running show answers to a POST of `body`, which is made for the characters that it has."""
    try:
        settings = _config(config, port)
        return ask(settings, path, body(ask(settings, "/api/personas")))
    except SparkError as error:
        raise _given_up(error) from error


def _tell(told: list[dict[str, Any]]) -> None:
    for one in told:
        held = f" (set by you: {', '.join(one['held'])})" if one["held"] else ""
        console.print(f"{one['name']} is {one['mood']}, energy {one['energy']:.2f}{held}.", markup=False)


def _only(known: list[dict[str, Any]], persona: str | None) -> dict[str, Any]:
    return {} if persona is None else {"persona": _id(known, persona)}


def _id(known: list[dict[str, Any]], name: str) -> str:
    """The id of a character by id or name; a name that nobody has is for the show to refuse."""
    return next((one["id"] for one in known if _is_meant(one, name)), name)


def _is_meant(one: Mapping[str, Any], name: str) -> bool:
    return bool(one["id"] == name or one["name"].casefold() == name.casefold())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise typer.BadParameter(f'--energy: "{text}" is no number from 0 to 1') from error


def _config(config: Path | None, port: int | None) -> Config:
    flags = {} if port is None else {"server": {"port": port}}
    return load(engines.spec, config, flags).config


def _given_up(error: SparkError) -> typer.Exit:
    complain(error)
    return typer.Exit(2)
