"""Turns to measure."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Blocked, Mark, Outcome, TurnRecord

MARKS = dict(zip(Mark, (10.0, 10.001, 10.002, 10.003, 10.303, 10.4, 10.401, 10.41, 10.411, 10.45, 12.0), strict=True))


@pytest.fixture
def record() -> Callable[..., TurnRecord]:
    """Makes turns; keywords replace fields."""
    event = ChatEvent(id="e7", source="page", kind=ChatKind.MESSAGE, author=Author(id="1", name="ann"), text="hi")
    whole = TurnRecord(
        id=TurnId("t1"),
        persona=PersonaId("main"),
        cue=Cue(id=CueId("c1"), kind=CueKind.CHAT, text="hi", author="ann", event=event),
        outcome=Outcome.COMPLETED,
        said="Hello, ann!",
        heard="Hello,",
        marks=MARKS,
        durations_ms={"guard_ms": 1.23456},
        counts={"tokens_in": 120, "tokens_out": 20},
        engine="understudy",
        is_degraded=True,
        blocked=(Blocked(rule="lexicon", reason="profanity"),),
    )

    def make(**changes: Any) -> TurnRecord:
        return replace(whole, **changes)

    return make
