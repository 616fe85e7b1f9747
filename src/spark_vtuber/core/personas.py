"""What other rooms may know of a character, and how a streamer sets its temper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, get_args

from spark_vtuber.core.ids import PersonaId

Expression = Literal["neutral", "happy", "sad", "angry", "surprised", "smug", "thinking"]

EXPRESSIONS: Final[tuple[Expression, ...]] = get_args(Expression)

Stir = Literal[
    "thanks",
    "praise",
    "insult",
    "gift",
    "raid",
    "question",
    "chat",
    "crowd",
    "silence",
    "duet",
    "interrupted",
    "failed",
]
"""What can move a trait: what a viewer did, how full the room was, or what became of an answer."""

STIRS: Final[tuple[Stir, ...]] = get_args(Stir)


Own = Literal["mood", "energy"]
"""What a character has of its own, unless the streamer sets it."""

OWN: Final[tuple[Own, ...]] = get_args(Own)


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
class Sampling:
    """How a model picks the words of a character; None leaves it to the engine's configuration and the server."""

    temperature: float | None = None
    top_p: float | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """The LoRA adapter of a character: the name under which the server has it, and how strongly it counts (0..2)."""

    name: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Lore:
    """Something about a character's world that the prompt holds when one of `keys` was named lately, or always.

    Where `secondary` is not empty, one of them must have been named too. Where not all fits, what has the higher
    `priority` stays.
    """

    keys: tuple[str, ...]
    text: str
    is_constant: bool = False
    priority: int = 0
    secondary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trait:
    """A trait as the card has it: a share of 0..1 that stays in `low..high` and moves by `daily` a day at most.

    `value` is where it starts and tends to. `more` and `less` are sentences for the prompt that hold while it is
    noticeably above or below; where they are empty, the name says it. `rises` and `falls` are what moves it.
    """

    name: str
    value: float = 0.5
    low: float = 0.0
    high: float = 1.0
    daily: float = 0.05
    meaning: str = ""
    more: str = ""
    less: str = ""
    rises: tuple[Stir, ...] = ()
    falls: tuple[Stir, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonaView:
    """A character as the pipeline, the prompt and the stages see it; a snapshot that never changes.

    `manner` says in words for the prompt how it is right now, and is empty where that is as its card has it. An answer
    takes at most `reply_share` of the longest one. `expertise` are subjects it knows about, `triggers` words at
    which it cannot keep quiet. `likes` and `dislikes` are opinions it holds, `facts` what is so about itself.
    """

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
    manner: str = ""
    reply_share: float = 1.0
    expertise: tuple[str, ...] = field(default=())
    triggers: tuple[str, ...] = field(default=())
    likes: tuple[str, ...] = field(default=())
    dislikes: tuple[str, ...] = field(default=())
    facts: tuple[str, ...] = field(default=())
    lore: tuple[Lore, ...] = field(default=())
    adapter: Adapter | None = None
    sampling: Sampling = field(default_factory=Sampling)
    traits: tuple[Trait, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Temper:
    """How a character is set now. `energy` and `talkativeness` are 0..1; 0.5 is ordinary.

    `idle_talk`: it talks by itself when it is quiet. `paid_only`: it answers only lines with which something was given.
    `preset` is the name of the preset it was last set to, empty once something else was changed. `held` are those that
    the streamer set: they stay as they are, while the others follow what happens to the character.
    """

    mood: Expression = "neutral"
    energy: float = 0.5
    talkativeness: float = 0.5
    idle_talk: bool = False
    paid_only: bool = False
    preset: str = ""
    held: tuple[Own, ...] = ()


@dataclass(frozen=True, slots=True)
class Preset:
    """Values for a temper under a name; `values` holds those fields that it sets."""

    name: str
    title: str
    meaning: str
    values: Mapping[str, Any]
    is_own: bool = False


class Personas(Protocol):
    """The characters of the show and their tempers."""

    def tempers(self) -> Sequence[tuple[PersonaView, Temper]]:
        """Every character as it is now, the main one first."""
        ...

    async def change(self, persona: PersonaId | None, preset: str | None, values: Mapping[str, Any]) -> None:
        """Set one character or all: first to a preset, then fields of `Temper` to `values`.

        A mood or an energy that is None is the character's own again. Counts from the next turn on and outlives the
        show. Raises `SparkError`: `unknown_persona`, `unknown_preset`.
        """
        ...

    def presets(self) -> Sequence[Preset]:
        """Ours and those of the configuration."""
        ...

    async def lead(self, persona: PersonaId) -> None:
        """Make a character the main one, who answers when nobody is named; outlives the show.

        Raises `SparkError`: `unknown_persona`.
        """
        ...


def temper_view(persona: PersonaView, temper: Temper) -> dict[str, Any]:
    """A character and its temper as JSON."""
    return {
        "id": persona.id,
        "name": persona.name,
        "look": persona.look,
        "mood": temper.mood,
        "energy": temper.energy,
        "talkativeness": temper.talkativeness,
        "idle_talk": temper.idle_talk,
        "paid_only": temper.paid_only,
        "preset": temper.preset,
        "held": list(temper.held),
        "expertise": list(persona.expertise),
    }
