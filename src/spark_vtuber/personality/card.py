"""Character files: who a persona is, in TOML."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

import spark_vtuber
from spark_vtuber.core.errors import ConfigError, Mistake
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality.card_keys import Card, view

LONGEST_CARD_BYTES = 256 * 1024


def load(persona: PersonaId, card: str, look: str = "") -> PersonaView:
    """The character in file `card`, or the shipped one of that name; a `look` stands for the one it has.

    Raises:
        ConfigError: no such file, or what is wrong with it.
    """
    where = f"persona.{persona}.card"
    path = _path(card)
    if path is None:
        raise ConfigError((Mistake(where, f'there is no character "{card}"', f"shipped are: {', '.join(shipped())}"),))
    try:
        if path.stat().st_size > LONGEST_CARD_BYTES:
            raise ConfigError((Mistake(where, f"{path.name} is larger than {LONGEST_CARD_BYTES // 1024} kB"),))
        parsed = Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ConfigError((Mistake(where, f"{path.name} cannot be read: {error.strerror}"),)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError((Mistake(where, f"{path.name} is not valid TOML: {error}"),)) from error
    except ValidationError as error:
        mistakes = (
            Mistake(f"{path.name}: {'.'.join(map(str, item['loc']))}", item["msg"])
            for item in error.errors(include_url=False, include_input=False)
        )
        raise ConfigError(tuple(mistakes)) from error
    return view(persona, parsed.model_copy(update={"look": look}) if look else parsed)


def shipped() -> tuple[str, ...]:
    """The names of the ready-made characters."""
    return tuple(sorted(path.stem for path in _shipped_dir().glob("*.toml")))


def _path(card: str) -> Path | None:
    for candidate in (Path(card).expanduser(), _shipped_dir() / f"{Path(card).name}.toml"):
        if candidate.is_file():
            return candidate
    return None


def _shipped_dir() -> Path:
    """In a wheel the characters lie in the package, in a checkout beside `src`."""
    package = Path(spark_vtuber.__file__).parent
    inside = package / "personas"
    return inside if inside.is_dir() else package.parents[1] / "personas"
