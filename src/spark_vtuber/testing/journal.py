"""Notes for a journal, as a show would write them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from anyio.lowlevel import checkpoint

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, SessionId, TurnId
from spark_vtuber.core.turns import Mark, Outcome, TurnRecord
from spark_vtuber.journal.notes import EventNote, Life, TurnNote

T = TypeVar("T")

NOW_MS: Final = 1_800_000_000_000
LIFE: Final = Life(SessionId("5e5510000001"), NOW_MS, "0.1.0", 77)


async def inline(call: Callable[[], T], /) -> T:
    """Runs the journal's blocking calls where they are made: the virtual clock refuses threads."""
    await checkpoint()
    return call()


def a_turn(number: int = 1, at_ms: int = NOW_MS, first_audio_s: float = 0.41, **changes: Any) -> TurnNote:
    """A turn that took two seconds and ended at `at_ms`; keywords replace fields of its record."""
    event = ChatEvent(f"e{number}", "page", ChatKind.MESSAGE, Author("1", "ann"), "hi")
    marks = {
        Mark.RECEIVED: 10.0,
        Mark.FIRST_AUDIO: 10 + first_audio_s,
        Mark.FIRST_PLAYED: 10.05 + first_audio_s,
        Mark.LAST_PLAYED: 12.0,
    }
    record = TurnRecord(
        id=TurnId(f"t{number}"),
        persona=PersonaId("main"),
        cue=Cue(CueId(f"c{number}"), CueKind.CHAT, "hi", "ann", event),
        outcome=Outcome.COMPLETED,
        said="Hello, ann!",
        heard="Hello,",
        marks=marks,
        durations_ms={"guard_ms": 1.5},
        counts={"tokens_out": 20},
        engine="understudy",
    )
    return TurnNote(replace(record, **changes), now_s=12.0, at_ms=at_ms)


def an_event(name: str, at_ms: int = NOW_MS, in_turn: str | None = None, /, **data: Any) -> EventNote:
    """An event as the event log keeps it."""
    return EventNote(json.dumps([at_ms, name, in_turn, data]))


def a_line(identifier: str = "e1", text: str = "hi", at_ms: int = NOW_MS) -> EventNote:
    """A line that passed the guard."""
    return an_event(
        "chat.received", at_ms, None, id=identifier, source="page", kind="message", author="ann", text=text, amount=0.0
    )
