"""Character files: who a persona is, in TOML."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

import spark_vtuber
from spark_vtuber.core.errors import ConfigError, Mistake
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.looks import checked_look
from spark_vtuber.core.personas import Expression, PersonaView, VoiceStyle

LONGEST_CARD_BYTES = 256 * 1024

Prose = Annotated[str, Field(max_length=8_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Voice(_Part):
    """How she sounds; factors around 1."""

    name: str = ""
    rate: float = Field(default=1.0, ge=0.5, le=2.0)
    pitch: float = Field(default=1.0, ge=0.5, le=2.0)
    gain_db: float = Field(default=0.0, ge=-20, le=12)


class Card(_Part):
    """A character file.

    `deflections` are what she says instead of a clause the guard blocked, by reason; `any` covers the rest.
    `expertise` are subjects she knows about.
    """

    name: str = Field(min_length=1, max_length=40)
    look: Annotated[str, AfterValidator(checked_look)] = "spark"
    aliases: tuple[str, ...] = ()
    language: str = "en"
    description: Prose = ""
    speech: Prose = ""
    greeting: Prose = ""
    mood: Expression = "neutral"
    voice: Voice = Voice()
    examples: tuple[tuple[Prose, Prose], ...] = ()
    deflections: dict[str, tuple[str, ...]] = {}
    expertise: tuple[Annotated[str, Field(max_length=60)], ...] = ()


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
    return _view(persona, parsed.model_copy(update={"look": look}) if look else parsed)


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


def _view(persona: PersonaId, card: Card) -> PersonaView:
    return PersonaView(
        id=persona,
        name=card.name,
        look=card.look,
        description=card.description.strip(),
        speech=card.speech.strip(),
        greeting=card.greeting.strip(),
        aliases=card.aliases,
        examples=card.examples,
        deflections=tuple(card.deflections.items()),
        language=card.language,
        voice=VoiceStyle(card.voice.name, card.voice.rate, card.voice.pitch, card.voice.gain_db),
        mood=card.mood,
        expertise=card.expertise,
    )
