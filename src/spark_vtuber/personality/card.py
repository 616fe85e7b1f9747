"""Characters: our own files in TOML, and the cards of other programs."""

import difflib
import tomllib
from pathlib import Path
from typing import Final

import tomli_w
from pydantic import ValidationError
from pydantic_core import ErrorDetails

import spark_vtuber
from spark_vtuber.core.errors import ConfigError, Mistake, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.paths import at_home, exists
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality.card_keys import Card, view
from spark_vtuber.personality.card_png import LARGEST_PICTURE, is_png
from spark_vtuber.personality.card_standard import Imported, read_card

LONGEST_CARD_BYTES: Final = 1_000_000
"""Of a character file; cards of other programs have limits of their own."""


def load(persona: PersonaId, card: str, look: str = "") -> PersonaView:
    """The character in file `card`, or the shipped one of that name; a `look` stands for the one it has.

    Raises:
        ConfigError: no such file, or what is wrong with it.
    """
    where = f"persona.{persona}.card"
    path = find(card)
    if path is None:
        raise ConfigError((Mistake(where, f'there is no character "{card}"', f"shipped are: {', '.join(shipped())}"),))
    read = read_file(path, where).card
    return view(persona, read.model_copy(update={"look": look}) if look else read)


def read_file(path: Path, where: str = "card") -> Imported:
    """A character file, or a card V2 or V3 in JSON or in a PNG picture; `where` is the key that names it.

    Raises:
        ConfigError: what is wrong with it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_PICTURE + 1)
    except OSError as error:
        raise ConfigError((Mistake(where, f"{path.name} cannot be read: {error.strerror}"),)) from error
    if is_png(data) or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            return read_card(data)
        except SparkError as error:
            raise ConfigError((Mistake(where, f"{path.name}: {error.message}", error.fix),)) from error
    if len(data) > LONGEST_CARD_BYTES:
        raise ConfigError((Mistake(where, f"{path.name} is larger than {LONGEST_CARD_BYTES // 1000} kB"),))
    return Imported(_toml(path, data, where), ())


def notes(card: str) -> tuple[str, ...]:
    """What is left out of a card of another program, or is changed in it. Raises `ConfigError` as `read_file`."""
    path = find(card)
    return read_file(path).notes if path is not None else ()


def write_toml(card: Card) -> str:
    """The card as a character file, with what is not as usual."""
    told = card.model_dump(mode="json", exclude_defaults=True)
    text = tomli_w.dumps(told, multiline_strings=True)
    # Lines that end in a way of their own come back the same only when they are escaped.
    return text if tomllib.loads(text) == told else tomli_w.dumps(told)


def find(card: str) -> Path | None:
    """The file of a card: by its path, or a shipped one by its name."""
    for candidate in (at_home(card), _shipped_dir() / f"{Path(card).name}.toml"):
        if exists(candidate) and candidate.is_file():
            return candidate
    return None


def shipped() -> tuple[str, ...]:
    """The names of the ready-made characters."""
    return tuple(sorted(path.stem for path in _shipped_dir().glob("*.toml")))


def _shipped_dir() -> Path:
    """In a wheel the characters lie in the package, in a checkout beside `src`."""
    package = Path(spark_vtuber.__file__).parent
    inside = package / "personas"
    return inside if inside.is_dir() else package.parents[1] / "personas"


def _toml(path: Path, data: bytes, where: str) -> Card:
    try:
        return Card.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError((Mistake(where, f"{path.name} is not valid TOML: {error}"),)) from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ConfigError(tuple(_mistake(path, item) for item in found)) from error


def _mistake(path: Path, item: ErrorDetails) -> Mistake:
    key = f"{path.name}: {'.'.join(map(str, item['loc']))}"
    if item["type"] != "extra_forbidden":
        return Mistake(key, item["msg"][:1].lower() + item["msg"][1:])
    known = tuple(Card.model_fields) if len(item["loc"]) == 1 else ()
    near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
    return Mistake(key, "is not a known key", f'did you mean "{near[0]}"?' if near else "")
