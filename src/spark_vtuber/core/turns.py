"""The record of one answer: what was said, what was heard, when, and how it ended."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.ids import PersonaId, TurnId

DRY_RUN: Final = "dry run"
"""The engine of turns that only show what would be answered."""


class Mark(StrEnum):
    """Instants of a turn, in the order in which they happen; each is written once, missing means never."""

    RECEIVED = "received"
    ADMITTED = "admitted"
    PROMPT = "prompt"
    REQUEST = "request"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a model's token, not a secret
    FIRST_CLAUSE = "first_clause"
    GUARDED = "guarded"
    FIRST_AUDIO = "first_audio"
    FLOOR = "floor"
    FIRST_PLAYED = "first_played"
    LAST_PLAYED = "last_played"


class Outcome(StrEnum):
    """How a turn ended."""

    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Reason(StrEnum):
    """Why a line was dropped, or a turn cut short.

    REJECTED: the operator did not approve the answer. IGNORED: the operator bars its author. UNPAID: the character
    answers paid lines only. RESERVED: the character talks little and nobody spoke to it. CRASH: a bug in another turn.
    MERGED: another line asks the same. COPYPASTA, EMOTES: the same words from many, nothing but pictures. POLICY: the
    policy of the show bars it. COMMAND: it was a command. DOUBTFUL: the second opinion refused it, or was late.
    STRUCK: its author was blocked too often. YIELDED: a step of a duet gave way to the room, or its duet is over.
    CAPPED: too many remarks were thrown in within a minute.
    """

    SIZE = "size"
    EMPTY = "empty"
    RATE = "rate"
    DUPLICATE = "duplicate"
    FULL = "full"
    BLOCKED = "blocked"
    STALE = "stale"
    DELETED = "deleted"
    BANNED = "banned"
    PANIC = "panic"
    MUTED = "muted"
    OPERATOR = "operator"
    REPLACED = "replaced"
    PRIORITY = "priority"
    SHUTDOWN = "shutdown"
    MISHEARD = "misheard"
    REJECTED = "rejected"
    IGNORED = "ignored"
    UNPAID = "unpaid"
    RESERVED = "reserved"
    CRASH = "crash"
    MERGED = "merged"
    COPYPASTA = "copypasta"
    EMOTES = "emotes"
    POLICY = "policy"
    COMMAND = "command"
    DOUBTFUL = "doubtful"
    STRUCK = "struck"
    YIELDED = "yielded"
    CAPPED = "capped"


@dataclass(frozen=True, slots=True)
class Span:
    """A word the voice speaks and the part of the shown text it stands for, as character ranges."""

    spoken_start: int
    spoken_end: int
    shown_start: int
    shown_end: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of an answer, spoken in one go.

    `raw` is as generated, `shown` is for captions, history and memory, `spoken` is what the voice gets;
    `spans` maps the words of `spoken` to `shown`. The pieces of an answer concatenate: white space stays at the
    end of the piece it follows. `expressions` are `(offset in shown, name)`: from that character on the face
    shows it.
    """

    raw: str
    shown: str
    spoken: str
    spans: tuple[Span, ...] = field(default=())
    expressions: tuple[tuple[int, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Utterance:
    """One clause on its way to the voice and the stages.

    `number` rises for the life of the show (uint32).
    """

    number: int
    turn: TurnId
    persona: PersonaId
    clause: Clause


@dataclass(frozen=True, slots=True)
class Blocked:
    """A clause of the answer that the guard did not let through: which rule and why, never the text."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What is kept of a turn once it is over.

    `marks` are seconds on the show's clock. `said` is the shown text after the guard, `heard` the part of it
    that was really played (`is_estimated` where the voice gave no word times). `durations_ms` and `counts` are
    those of the interface page: `prompt_ms, guard_ms, voice_first_ms, voice_total_ms …`,
    `tokens_in, tokens_out, tokens_per_s …`.
    """

    id: TurnId
    persona: PersonaId
    cue: Cue
    outcome: Outcome
    said: str
    heard: str
    marks: dict[Mark, float]
    durations_ms: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    error: str = ""
    engine: str = ""
    is_degraded: bool = False
    is_estimated: bool = False
    blocked: tuple[Blocked, ...] = field(default=())

    @property
    def is_answered(self) -> bool:
        """Whether the cue was answered: something was heard, or it would have been outside of a dry run."""
        return bool(self.heard.strip()) or (self.engine == DRY_RUN and self.outcome is Outcome.COMPLETED)
