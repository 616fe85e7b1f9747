"""`spark-vtuber persona import` and `export`: characters as files of other programs."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import ConfigError, SparkError
from spark_vtuber.personality import card as cards
from spark_vtuber.personality.card_png import LARGEST_PICTURE, is_png, plain_picture
from spark_vtuber.personality.card_standard import Imported, write_card, write_picture

SHADES: Final[Mapping[str, tuple[int, int, int]]] = {"spark": (116, 82, 196), "ember": (196, 72, 44)}
"""Of the plain picture of a character that has none, by its look."""
PLAIN: Final = (90, 100, 120)

Source = Annotated[str, typer.Argument(metavar="NAME", help="A character of the show, a shipped one, or a file.")]


class Version(StrEnum):
    """Which version of the format of character cards."""

    V2 = "v2"
    V3 = "v3"


def import_card(
    file: Annotated[Path, typer.Argument(help="A character card V2 or V3: JSON, or a PNG picture.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The character file.", show_default="NAME.toml")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
) -> None:
    """Make a character file of a card from another program.

    It says what it left out. A card is never a rule of the show: its system
    prompt is kept for the export and shown to no model.

    [bold]Example[/]

      spark-vtuber persona import mira.png -o mira.toml
    """
    try:
        read = _read(file)
        target = out or Path(f"{_slug(read.card.name)}.toml")
        _write(target, cards.write_toml(read.card).encode(), force)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    console.print(f"{read.card.name}: {target}", markup=False)
    for note in read.notes:
        console.print(f"  note: {note}", markup=False)
    console.print(f'Use it: [persona.main] card = "{target}"', markup=False)


def export_card(
    name: Source,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .json, .png or .toml file.", show_default="NAME.png")
    ] = None,
    version: Annotated[Version, typer.Option(help="Of a JSON file; a picture holds both.")] = Version.V3,
    picture: Annotated[
        Path | None, typer.Option(help="The PNG picture to put the card in.", show_default="its own, or a plain one")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
    config: options.ConfigFile = None,
) -> None:
    """Make a card for other programs, or a character file, of a character.

    What other programs do not know of stays in it and comes back with an import.

    [bold]Examples[/]

      spark-vtuber persona export main -o spark.png
      spark-vtuber persona export ember -o ember.json --version v2
    """
    try:
        path, read = card_of(load(engines.spec, config).config, name)
        target = out or Path(f"{_slug(read.card.name)}.png")
        _write(target, _packed(read, path, target, version, picture), force)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    console.print(f"{read.card.name}: {target}", markup=False)


def _packed(read: Imported, path: Path, target: Path, version: Version, picture: Path | None) -> bytes:
    match target.suffix.lower():
        case ".json":
            return json.dumps(write_card(read.card, version.value), ensure_ascii=False, indent=1).encode()
        case ".toml":
            return cards.write_toml(read.card).encode()
        case ".png":
            return write_picture(read.card, _picture(read, path, picture))
        case _:
            raise SparkError(f"{target.name} is no kind of card", code="bad_file", fix="end it in .json, .png or .toml")


def _picture(read: Imported, path: Path, picture: Path | None) -> bytes:
    """The picture that was asked for, the one that the card came in, or a plain one."""
    try:
        with (picture or path).open("rb") as file:
            data = file.read(LARGEST_PICTURE + 1)
    except OSError as error:
        raise SparkError(
            f"{picture} cannot be read: {error.strerror}", code="bad_file", fix="give a PNG picture"
        ) from error
    if picture is not None or is_png(data):
        return data
    return plain_picture(SHADES.get(read.card.look, PLAIN))


def _write(path: Path, data: bytes, force: bool) -> None:
    """The file appears under its name when it is whole."""
    if path.exists() and not force:
        raise SparkError(f"{path} is there already", code="file_exists", fix="choose another with -o, or give --force")
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        fix = "choose another file with -o"
        raise SparkError(f"{path} cannot be written: {error.strerror}", code="bad_file", fix=fix) from error


def card_of(settings: Config, name: str) -> tuple[Path, Imported]:
    """The file of a character of the configuration, of a shipped one, or of a file; and what is in it.

    Raises:
        SparkError: there is none, or what is wrong with it.
    """
    one = settings.persona.get(name)
    path = cards.find(one.card if one is not None else name)
    if path is None:
        known = ", ".join(dict.fromkeys((*settings.persona, *cards.shipped())))
        fix = f"give a file, or one of: {known}"
        raise SparkError(f'there is no character "{name}"', code="unknown_persona", fix=fix)
    return path, _read(path)


def _read(path: Path) -> Imported:
    """A card that no configuration names: what is wrong with it is no mistake of the configuration."""
    try:
        return cards.read_file(path, "")
    except ConfigError as error:
        told = "\n".join(f"{one.key}: {one.reason}" if one.key else one.reason for one in error.mistakes)
        fix = error.mistakes[0].fix or "give a character file, or a character card V2 or V3 as JSON or PNG"
        raise SparkError(told, code="bad_card", fix=fix) from error


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "character"
