"""The port of stages: where a character is heard and seen."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, Utterance


class Position(NamedTuple):
    """A place in the show's sound: `sample` samples of utterance `utterance` were heard; ordered.

    `Position(0, 0)` lies before the first utterance.
    """

    utterance: int
    sample: int


@dataclass(frozen=True, slots=True)
class SpeechStart:
    """An utterance begins; its sound follows."""

    utterance: Utterance
    sample_rate: int


@dataclass(frozen=True, slots=True)
class SpeechSound:
    """Contiguous sound of an utterance with the cues that belong to it.

    `words` are `(ms, ms_end, text)` with the text as shown.
    """

    utterance: int
    first_sample: int
    pcm: bytes
    visemes: tuple[VisemeCue, ...] = field(default=())
    words: tuple[tuple[float, float, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class SpeechEnd:
    """The utterance is complete: `samples` samples in all."""

    utterance: int
    samples: int


@dataclass(frozen=True, slots=True)
class Emote:
    """The face changes: when `utterance` reaches `ms`, or now."""

    persona: PersonaId
    name: str
    weight: float = 1.0
    utterance: int | None = None
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption: when `utterance` plays, or now. Empty text clears."""

    persona: PersonaId
    text: str
    utterance: int | None = None


@dataclass(frozen=True, slots=True)
class TurnOver:
    """A turn ended; `heard` is what was heard of it."""

    turn: TurnId
    outcome: Outcome
    heard: str


Part = SpeechStart | SpeechSound | SpeechEnd | Emote | Caption | TurnOver


class Stage(Protocol):
    """Shows and plays parts, and tells how far the listener is."""

    async def perform(self, part: Part) -> None:
        """Hand over the next part; returns when the stage took it, not when it was heard. Never blocks for long.

        Utterances come one after the other, with rising numbers and without holes in their sound; anything else is a
        bug of the caller, `ValueError`. What still comes for a turn that was flushed is dropped.
        """
        ...

    def position(self) -> Position:
        """What is heard now. Never goes back."""
        ...

    async def reached(self, position: Position) -> float:
        """Wait until `position` was heard; gives the instant on the show's clock at which it was.

        Returns also when the utterance was flushed before, with the instant of the flush.
        """
        ...

    async def flush(self, turn: TurnId) -> Position:
        """Fall silent for good: drop all sound of `turn` that was not heard. Gives the last position heard.

        That is what the listener says, and may lie a little before what `position` had estimated. Returns within
        200 ms. Safe to call for a turn the stage does not know.
        """
        ...
