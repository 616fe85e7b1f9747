"""The demo of two who talk: topics in turn until the time is over, then a summary."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from spark_vtuber.cli import demo_duet
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.testing.duet_desk import FakeDuets

DUET_S = 20.0


class Stage:
    """A show whose duets take `DUET_S` and leave two turns each; every other show says always the same."""

    def __init__(self, *, is_dull: bool = False) -> None:
        self.duets = FakeDuets("main", "ember")
        self.records: list[TurnRecord] = []
        self.is_dull = is_dull
        self.is_quiet = True

    def turns(self, limit: int) -> list[TurnRecord]:
        return self.records[::-1][:limit]

    @asynccontextmanager
    async def events(self, _after: object) -> AsyncIterator[AsyncIterator[None]]:
        async def ticks() -> AsyncIterator[None]:
            while True:
                await anyio.sleep(DUET_S)
                self._speak()
                self.duets.stop()
                yield

        yield ticks()

    def _speak(self) -> None:
        for persona in ("main", "ember"):
            number = len(self.records)
            text = "The same again." if self.is_dull else f"Line {number}."
            cue = Cue(CueId("d"), CueKind.DUET, "")
            turn = TurnRecord(TurnId(f"t{number}"), PersonaId(persona), cue, Outcome.COMPLETED, text, text, {})
            self.records.append(turn)

    @property
    def opened(self) -> Any:
        return SimpleNamespace(show=self, doors=SimpleNamespace(duets=self.duets))


async def test_duets_follow_each_other_until_the_time_is_over() -> None:
    review = await demo_duet.play(Stage().opened, 1.0, random.Random(1))

    assert review.duets == 3
    assert review.summary() == "3 duets, 6 turns (ember 3, main 3), 0 repeated"


async def test_a_duet_that_runs_when_the_time_is_over_is_brought_to_its_end() -> None:
    review = await demo_duet.play(Stage().opened, 0.1, random.Random(1))

    assert review.duets == 1
    assert len(review.texts) == 2


async def test_a_demo_that_is_stopped_waits_for_no_duet() -> None:
    began_s = anyio.current_time()
    with anyio.move_on_after(5):
        await demo_duet.play(Stage().opened, 1.0, random.Random(1))
    assert anyio.current_time() - began_s == pytest.approx(5)


async def test_what_was_said_twice_is_counted() -> None:
    assert (await demo_duet.play(Stage(is_dull=True).opened, 0.5, random.Random(1))).repeated > 0


async def test_a_show_without_duets_says_so() -> None:
    opened: Any = SimpleNamespace(show=None, doors=SimpleNamespace(duets=None))

    with pytest.raises(SparkError, match="no duets"):
        await demo_duet.play(opened, 1.0, random.Random(1))


def test_the_demo_has_topics_enough_for_ten_minutes() -> None:
    assert len(set(demo_duet.TOPICS)) >= 12
    assert demo_duet.layer()["llm"] == {"use": "understudy"}
