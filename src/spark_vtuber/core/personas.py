"""What other rooms may know of a character."""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from spark_vtuber.core.ids import PersonaId

Expression = Literal["neutral", "happy", "sad", "angry", "surprised", "smug", "thinking"]

EXPRESSIONS: Final[tuple[Expression, ...]] = get_args(Expression)


@dataclass(frozen=True, slots=True)
class VoiceStyle:
    """How a character sounds, in terms every voice engine understands.

    `name` is a voice of the engine, empty for the engine's default. `rate` and `pitch` are factors
    around 1.0, `gain_db` is added to the level.
    """

    name: str = ""
    rate: float = 1.0
    pitch: float = 1.0
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class PersonaView:
    """A character as the pipeline, the prompt and the stages see it; a snapshot that never changes."""

    id: PersonaId
    name: str
    look: str = "spark"
    description: str = ""
    speech: str = ""
    greeting: str = ""
    aliases: tuple[str, ...] = field(default=())
    examples: tuple[tuple[str, str], ...] = field(default=())
    deflections: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    language: str = "en"
    voice: VoiceStyle = field(default_factory=VoiceStyle)
    mood: Expression = "neutral"
