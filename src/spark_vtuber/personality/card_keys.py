"""The keys of a character file, and the character that they make."""

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.looks import checked_look
from spark_vtuber.core.personas import Adapter, Expression, Lore, PersonaView, Sampling, Stir, Trait, VoiceStyle
from spark_vtuber.personality.card_examples import expanded

MOST_TRAITS: Final = 16
MOST_LORE: Final = 1_000
MOST_EXAMPLES: Final = 500
MOST_WORDS: Final = 200
"""Of likes, facts, trigger words and other short lists."""

LONGEST_PROSE: Final = 20_000
LONGEST_LORE: Final = 8_000
LONGEST_LORE_KEY: Final = 200
LONGEST_FOREIGN: Final = 150_000

Prose = Annotated[str, Field(max_length=LONGEST_PROSE)]
Phrase = Annotated[str, Field(min_length=1, max_length=60)]
Sentence = Annotated[str, Field(min_length=1, max_length=300)]
Phrases = Annotated[tuple[Phrase, ...], Field(max_length=MOST_WORDS)]
Sentences = Annotated[tuple[Sentence, ...], Field(max_length=MOST_WORDS)]
LoreWords = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_LORE_KEY)], ...], Field(max_length=MOST_WORDS)
]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VoiceKeys(_Part):
    """How she sounds; factors around 1."""

    name: str = ""
    rate: float = Field(default=1.0, ge=0.5, le=2.0)
    pitch: float = Field(default=1.0, ge=0.5, le=2.0)
    gain_db: float = Field(default=0.0, ge=-20, le=12)


class TraitKeys(_Part):
    """One trait: a share of 0..1 that stays between `low` and `high` and moves by `daily` a day at most.

    `rises` and `falls` are what moves it. `more` and `less` are sentences for the prompt, addressed to her, that hold
    while the trait is noticeably above or below `value`; without them they are made of the trait's name.
    """

    value: Share = 0.5
    low: Share = 0.0
    high: Share = 1.0
    daily: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.05
    meaning: Annotated[str, Field(max_length=300)] = ""
    more: Annotated[str, Field(max_length=200)] = ""
    less: Annotated[str, Field(max_length=200)] = ""
    rises: tuple[Stir, ...] = ()
    falls: tuple[Stir, ...] = ()

    @model_validator(mode="after")
    def _value_in_band(self) -> Self:
        if not self.low <= self.value <= self.high:
            raise ValueError("the value of a trait lies between its low and its high")
        return self


class LoreKeys(_Part):
    """An entry of the lorebook: the prompt holds `text` while one of `keys` was named lately, or always (`constant`).

    Where `secondary` is not empty, one of them must be named too. What has the higher `priority` stays where not all
    fits; `order` is where it stands among the others. One that is not `enabled` is kept and never used.
    """

    keys: LoreWords = ()
    secondary: LoreWords = ()
    text: Annotated[str, Field(max_length=LONGEST_LORE)]
    constant: bool = False
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    order: int = Field(default=100, ge=-1_000_000, le=1_000_000)
    enabled: bool = True
    name: Annotated[str, Field(max_length=200)] = ""


class AdapterKeys(_Part):
    """Her LoRA adapter, by the name under which the model server has it."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    scale: float = Field(default=1.0, ge=0, le=2, allow_inf_nan=False)


class SamplingKeys(_Part):
    """How a model picks her words; what is not said is left to the engine."""

    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    min_p: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    repeat_penalty: float | None = Field(default=None, ge=0.5, le=2, allow_inf_nan=False)


class CreditKeys(_Part):
    """Who made the character, and what the maker says about it; nothing of it reaches a model."""

    creator: Annotated[str, Field(max_length=500)] = ""
    version: Annotated[str, Field(max_length=100)] = ""
    notes: Prose = ""
    tags: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MOST_WORDS)] = ()


class Card(_Part):
    """A character file.

    `deflections` are what she says instead of a clause the guard blocked, by reason; `any` covers the rest.
    `expertise` are subjects she knows about, `triggers` words at which she cannot keep quiet. `likes`, `dislikes` and
    `facts` are her opinions and what is so about her. `foreign` is what an imported card said beyond our keys, as JSON;
    it is given back when the character is exported, and never used.
    """

    name: str = Field(min_length=1, max_length=40)
    look: Annotated[str, AfterValidator(checked_look)] = "spark"
    aliases: Phrases = ()
    language: str = "en"
    description: Prose = ""
    personality: Prose = ""
    scenario: Prose = ""
    speech: Prose = ""
    greeting: Prose = ""
    greetings: Annotated[tuple[Prose, ...], Field(max_length=MOST_WORDS)] = ()
    mood: Expression = "neutral"
    likes: Sentences = ()
    dislikes: Sentences = ()
    facts: Sentences = ()
    expertise: Phrases = ()
    triggers: Phrases = ()
    traits: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], TraitKeys], Field(max_length=MOST_TRAITS)
    ] = {}
    lore: Annotated[tuple[LoreKeys, ...], Field(max_length=MOST_LORE)] = ()
    adapter: AdapterKeys | None = None
    sampling: SamplingKeys = SamplingKeys()
    voice: VoiceKeys = VoiceKeys()
    examples: Annotated[tuple[tuple[Prose, Prose], ...], Field(max_length=MOST_EXAMPLES)] = ()
    deflections: dict[str, tuple[str, ...]] = {}
    credits: CreditKeys = CreditKeys()
    foreign: Annotated[str, Field(max_length=LONGEST_FOREIGN)] = ""


def view(persona: PersonaId, card: Card) -> PersonaView:
    """The character of a card under the name that it has in a show; macros in its texts become names."""

    def told(text: str) -> str:
        return expanded(text, card.name).strip()

    return PersonaView(
        id=persona,
        name=card.name,
        look=card.look,
        description="\n".join(part for part in map(told, (card.description, card.personality, card.scenario)) if part),
        speech=told(card.speech),
        greeting=told(card.greeting),
        aliases=card.aliases,
        examples=tuple((told(asked), told(said)) for asked, said in card.examples),
        deflections=tuple(card.deflections.items()),
        language=card.language,
        voice=VoiceStyle(card.voice.name, card.voice.rate, card.voice.pitch, card.voice.gain_db),
        mood=card.mood,
        expertise=card.expertise,
        triggers=card.triggers,
        likes=card.likes,
        dislikes=card.dislikes,
        facts=card.facts,
        traits=tuple(Trait(name, **_kept(trait)) for name, trait in card.traits.items()),
        lore=tuple(
            Lore(one.keys, told(one.text), one.constant, one.priority, one.secondary)
            for one in sorted(card.lore, key=lambda one: one.order)
            if one.enabled and told(one.text)
        ),
        adapter=Adapter(card.adapter.name, card.adapter.scale) if card.adapter else None,
        sampling=Sampling(**_kept(card.sampling)),
    )


def _kept(part: BaseModel) -> dict[str, Any]:
    return {name: getattr(part, name) for name in type(part).model_fields}
