"""What a character is asked to react to."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import CueId, PersonaId


class CueKind(StrEnum):
    """Where a cue comes from.

    A line of chat, the operator's own words (spoken as they stand), silence, another character, or a model that
    fell silent in mid-answer (BRIDGE: the understudy excuses it in one line).
    """

    CHAT = "chat"
    SAY = "say"
    IDLE = "idle"
    DUET = "duet"
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


@dataclass(frozen=True, slots=True)
class Cue:
    """Something to answer.

    `text` is cleaned and passed the guard. `received_s` and `admitted_s` are instants on the show's clock.
    For SAY the text is spoken as it stands. `expected` is the text of another character this cue was prepared
    on: if what was heard differs, the turn is thought again. `language` is the text's language as a code, empty
    where it cannot be told. `doubt` (0..1) is how near the guard was to refusing the text.
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
