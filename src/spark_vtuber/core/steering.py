"""What a streamer steers by hand: what is said next, what may be said at all, who is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.events import ChatEvent, ChatKind, EmoteSpan
from spark_vtuber.core.ids import CueId, PersonaId, TurnId

NO_SCORES: Final[Mapping[str, float]] = MappingProxyType({})


class LineState(StrEnum):
    """Where a line of chat stands."""

    WAITING = "waiting"
    CHOSEN = "chosen"
    ANSWERED = "answered"
    DROPPED = "dropped"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A line of chat and what became of it.

    `seq` rises with every line of this life of the show, `at_ms` is wall time. A line that the guard refused, or never
    saw, has neither author nor text. `reason` says why it was dropped or blocked, `rule` which rule blocked it.
    """

    seq: int
    id: str
    at_ms: int
    source: str
    kind: ChatKind
    state: LineState
    author: str = ""
    text: str = ""
    amount: float = 0.0
    currency: str = ""
    emotes: tuple[EmoteSpan, ...] = field(default=())
    reason: str = ""
    rule: str = ""
    turn: TurnId | None = None
    scores: Mapping[str, float] = field(default_factory=lambda: NO_SCORES)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A cue that waits: who would answer it, what it is worth now, and why."""

    cue: Cue
    persona: PersonaId
    waiting_s: float
    scores: Mapping[str, float]
    reasons: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of the line, or of the cue where no line stands behind it."""
        return cue_key(self.cue)


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that waits for approval: what it says as far as it was written and guarded."""

    turn: TurnId
    persona: PersonaId
    cue: Cue
    text: str
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """What comes next: `waiting` cues in all, the best of them, and the answers that wait for approval."""

    is_held: bool
    waiting: int
    next: tuple[Upcoming, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is not answered. `key` stands for the platform's stable id; `since_ms` is wall time."""

    key: str
    name: str
    source: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file and its media type."""

    data: bytes
    type: str


class Steering(Protocol):
    """What is said next. Nothing here waits for a turn."""

    def queue(self, limit: int) -> Queue:
        """The next `limit` cues, best first, without taking any."""
        ...

    def hold(self, *, is_on: bool) -> None:
        """Begin or end hold mode; its end releases the answers that wait."""
        ...

    def approve(self, turn: TurnId) -> bool:
        """Let a waiting answer be spoken; False where there is none."""
        ...

    def reject(self, turn: TurnId) -> bool:
        """Drop a waiting answer; False where there is none."""
        ...

    def drop(self, line: str | None) -> str | None:
        """Cancel a waiting cue by id, or the next one; gives its id, or None where there is none."""
        ...

    def say(self, text: str, persona: PersonaId | None) -> CueId:
        """Have a text spoken next, as it stands. Raises `SparkError` for an unknown persona and during a panic."""
        ...

    def answer(self, line: str) -> bool:
        """Answer a line before all others, also one that was dropped; False where that is not possible any more."""
        ...


class ChatLines(Protocol):
    """The lines of the chat, and who of their authors is answered."""

    def lines(self, limit: int, before: int | None, query: str) -> tuple[Sequence[ChatLine], bool]:
        """Lines that hold `query`, newest first, with numbers below `before`; and whether there are more."""
        ...

    async def ignore(self, line: str) -> Viewer:
        """Answer the author of a line no more. Raises `SparkError("unknown_line")`."""
        ...

    async def unignore(self, key: str) -> bool:
        """Answer a viewer again; False for somebody who was not ignored."""
        ...

    def ignored(self) -> Sequence[Viewer]:
        """Everybody who is not answered, the newest first."""
        ...


class EmotePictures(Protocol):
    """The pictures that stand for words on a platform."""

    async def picture(self, source: str, emote: str) -> Picture:
        """A picture by the platform's id. Raises `SparkError` where it cannot be had, with the reason."""
        ...


def cue_key(cue: Cue) -> str:
    """How a cue is named outside: by its line, or by itself."""
    return cue.event.id if cue.event is not None else cue.id


def emote_views(source: str, spans: Sequence[EmoteSpan]) -> list[dict[str, Any]]:
    """Emotes as JSON, with the address under which the show serves their picture; those without one are left out."""
    return [
        {
            "name": span.name,
            "id": span.id,
            "start": span.start,
            "end": span.end,
            "url": f"/api/emotes/{source}/{span.id}",
        }
        for span in spans
        if span.id
    ]


def spans_in(text: str, event: ChatEvent) -> tuple[EmoteSpan, ...]:
    """Where the emotes of an event stand in `text`, its text after cleaning; those that are gone are left out."""
    if not event.emote_spans or text == event.text:
        return event.emote_spans
    found: list[EmoteSpan] = []
    at = 0
    for span in sorted(event.emote_spans, key=lambda span: span.start):
        start = _word_at(text, span.name, at)
        if start >= 0:
            at = start + len(span.name)
            found.append(EmoteSpan(span.name, span.id, start, at))
    return tuple(found)


def _word_at(text: str, word: str, start: int) -> int:
    """Where `word` stands by itself, from `start` on; -1 for nowhere."""
    while (at := text.find(word, start)) >= 0:
        end = at + len(word)
        if not text[max(at - 1, 0) : at].isalnum() and not text[end : end + 1].isalnum():
            return at
        start = at + 1
    return -1
