"""What a character is asked to react to."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import CueId, PersonaId


class CueKind(StrEnum):
    """Where a cue comes from.

    A line of chat, the operator's own words (spoken as they stand), silence, a step of a duet, a chance to throw in one
    remark on what another character just said, or a model that fell silent in mid-answer (BRIDGE: the understudy
    excuses it in one line).
    """

    CHAT = "chat"
    SAY = "say"
    IDLE = "idle"
    DUET = "duet"
    INTERJECTION = "interjection"
    BRIDGE = "bridge"


class Urgency(IntEnum):
    """Priorities of cues that the operator puts before all others."""

    CHAT = 0
    ANSWER_NOW = 500
    SAY_NOW = 1_000


class Behaviour(StrEnum):
    """What a turn does when somebody already speaks.

    QUEUE waits, INTERRUPT cuts the speaker at once, REPLACE takes the place of the same persona's
    waiting turn.
    """

    QUEUE = "queue"
    INTERRUPT = "interrupt"
    REPLACE = "replace"


class Flood(StrEnum):
    """What a cue stands for when many write nothing else: the same words (COPYPASTA), or pictures only (EMOTES)."""

    NONE = ""
    COPYPASTA = "copypasta"
    EMOTES = "emotes"


@dataclass(frozen=True, slots=True)
class Length:
    """How long an answer may be.

    `sentences` and `max_tokens` are bounds, 0 where the character's own count. `seconds` is about how long it takes to
    say. `hint` tells the model in a few words.
    """

    sentences: int = 0
    seconds: float = 12.0
    max_tokens: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DuetStep:
    """Where in a duet a turn stands: step `number` (from 1) of `of`.

    `topic` is what the two talk about, `tension` what they disagree on; both may come from a viewer and passed the
    guard. The first step opens with the topic and has nothing to answer; the last one finds a way out. `hint` tells
    the model in a few words what to mind now, empty where all goes well.
    """

    topic: str
    number: int
    of: int
    tension: str = ""
    hint: str = ""

    @property
    def is_first(self) -> bool:
        """Whether it opens the duet."""
        return self.number <= 1

    @property
    def is_last(self) -> bool:
        """Whether it ends the duet."""
        return self.number >= self.of


@dataclass(frozen=True, slots=True)
class Cue:
    """Something to answer.

    `text` is cleaned and passed the guard. `received_s` and `admitted_s` are instants on the show's clock.
    For SAY the text is spoken as it stands. `expected` is the text of another character this cue was prepared
    on: if what was heard differs, the turn is thought again. `language` is the text's language as a code, empty
    where it cannot be told. `doubt` (0..1) is how near the guard was to refusing the text.

    `asked_by` viewers wrote the same; `also` are the guarded lines of the others, as many as are kept. `flood` says
    that the cue stands for a chat full of it. `length` bounds the answer. `is_second_try`: an answer was cut before it
    was heard. `duet` is there for a DUET: `author` and `text` are then the other character and what it said.
    """

    id: CueId
    kind: CueKind
    text: str
    author: str = ""
    event: ChatEvent | None = None
    persona: PersonaId | None = None
    priority: int = 0
    behaviour: Behaviour = Behaviour.QUEUE
    received_s: float = 0.0
    admitted_s: float = 0.0
    expected: str | None = None
    language: str = ""
    doubt: float = 0.0
    asked_by: int = 1
    also: tuple[ChatEvent, ...] = ()
    flood: Flood = Flood.NONE
    length: Length | None = None
    is_second_try: bool = False
    duet: DuetStep | None = None
