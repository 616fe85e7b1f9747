from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest

from spark_vtuber.app.mutes import Mutes
from spark_vtuber.app.personas import Company
from spark_vtuber.app.show import Parts, Show
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.keys import Fallback
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Line
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId, SessionId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.health.board import Board
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.telemetry.metrics import ShowMetrics
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.keepsakes import MemoryKeepsake

SESSION = SessionId("abc")


class Stagehand:
    """A show over a rig of fakes."""

    def __init__(self) -> None:
        rig = self.rig = Rig()
        self.events = EventLog(rig.clock)
        self.board = Board(rig.clock, self.events)
        self.hall = StageHall(rig.clock, SESSION, (SPARK, EMBER))
        self.mutes = Mutes((SPARK.id, EMBER.id), self.events, self.hall)
        self.metrics = ShowMetrics(rig.clock)
        self.tally = Tally(self.events, self.metrics.drop)
        crew = replace(rig.crew(), announce=self.events, is_muted=self.mutes.is_muted)
        self.director = Director(crew, Inbox(("Spark",)), self.tally, (SPARK.id, EMBER.id), self._cast, self._keep)
        self.reception = Reception(rig.clock, Gates(rig.clock), rig.guard, self.director, self.tally)
        self.show = Show(
            Parts(
                session=SESSION,
                version="1.2.3",
                clock=rig.clock,
                personas=(SPARK, EMBER),
                events=self.events,
                board=self.board,
                hall=self.hall,
                stage=crew.stage,
                director=self.director,
                reception=self.reception,
                tally=self.tally,
                mutes=self.mutes,
                stand_ins=StandIns(Fallback(), self.board),
                metrics=self.metrics,
                company=Company((SPARK, EMBER), MemoryKeepsake(), self.events),
            )
        )

    def _cast(self, cue: Cue) -> Casting:
        return Casting(EMBER if "ember" in cue.text else SPARK, ())

    def _keep(self, record: TurnRecord) -> None:
        self.show.keep(record)

    def status(self, persona: PersonaId = SPARK.id) -> Mapping[str, Any]:
        return next(one for one in self.show.status()["personas"] if one["id"] == persona)


@asynccontextmanager
async def running() -> AsyncIterator[Stagehand]:
    hand = Stagehand()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        yield hand
        tasks.cancel_scope.cancel()


async def test_a_line_becomes_a_turn_that_every_door_tells_of() -> None:
    async with running() as hand, hand.show.events(None) as events:
        line = hand.show.chat(Line("Ana", "hello there"))
        assert not hand.show.is_quiet
        await anyio.sleep(1)
        assert hand.status()["cue"] == {"author": "Ana", "text": "hello there"}
        await anyio.sleep(30)
        assert hand.show.is_quiet
        types = []
        async for event in events:
            types.append(event.type)
            if event.type == "turn.ended":
                break
    (turn,) = hand.show.turns(5)
    assert turn.cue.event is not None
    assert turn.cue.event.id == line
    assert turn.cue.event.author.id == "ana"
    assert types == ["chat.received", "chat.chosen", "turn.started", "turn.ended"]
    assert 'spark_vtuber_turns_total{outcome="completed"} 1' in hand.show.metrics()


async def test_a_mute_cuts_everybody_and_the_next_answer_is_not_heard() -> None:
    async with running() as hand:
        hand.show.chat(Line("ana", "hi spark"))
        hand.show.chat(Line("ben", "hi ember"))
        await anyio.sleep(1)
        await hand.show.mute(None)
        assert [record.reason for record in hand.show.turns(5)] == ["muted", "muted"]
        assert hand.mutes.muted == (SPARK.id, EMBER.id)
        assert hand.hall.muted == {SPARK.id, EMBER.id}
        spoken = len(hand.rig.voice.asked)
        hand.show.chat(Line("ana", "can you hear me"))
        await anyio.sleep(30)
        assert len(hand.rig.voice.asked) == spoken
        await hand.show.unmute(EMBER.id)
        assert hand.status()["muted"]
        assert not hand.status(EMBER.id)["muted"]


async def test_muting_one_leaves_the_other_and_muting_twice_is_told_once() -> None:
    async with running() as hand:
        hand.show.chat(Line("ana", "hi spark"))
        await anyio.sleep(1)
        before = hand.events.last
        await hand.show.mute(EMBER.id)
        await hand.show.mute(EMBER.id)
        assert hand.events.last == before + 1
        assert hand.status()["turn"] == "t1"


async def test_an_interrupt_tells_which_turn_it_cut() -> None:
    async with running() as hand:
        assert await hand.show.interrupt(None) is None
        hand.show.chat(Line("ana", "hi spark"))
        await anyio.sleep(1)
        assert await hand.show.interrupt(None) == "t1"


async def test_a_panic_drops_what_waits_until_it_is_ended() -> None:
    async with running() as hand:
        hand.show.chat(Line("ana", "hi spark"))
        await hand.show.panic("the dog")
        hand.show.chat(Line("ben", "hi spark"))
        await anyio.sleep(10)
        assert hand.show.status()["panic"]
        assert hand.show.status()["dropped"] == {"panic": 2}
        assert hand.show.turns(5) == ()
        await hand.show.resume()
        hand.show.chat(Line("eve", "hi spark"))
        await anyio.sleep(30)
        assert [record.cue.author for record in hand.show.turns(5)] == ["eve"]


async def test_what_the_door_drops_is_counted_as_received_and_dropped() -> None:
    hand = Stagehand()
    hand.show.door_dropped("rate")
    assert (hand.show.status()["received"], hand.show.status()["dropped"]) == (1, {"rate": 1})


async def test_with_chat_switched_to_the_page_other_sources_are_not_heard() -> None:
    hand = Stagehand()
    await hand.show.fall_back("chat", "page")
    hand.show.receive(ChatEvent("1", "twitch", ChatKind.MESSAGE, Author("a", "a"), "hi"))
    hand.show.chat(Line("ana", "hi"))
    assert hand.show.status()["received"] == 1
    with pytest.raises(SparkError):
        await hand.show.fall_back("chat", "pigeons")


@pytest.mark.parametrize(
    ("kind", "state", "whole"),
    [
        ("tts", "failed", "degraded"),
        ("pipeline", "failed", "failed"),
        ("llm", "degraded", "degraded"),
        ("", "ok", "ok"),
    ],
)
async def test_the_show_has_failed_only_when_nothing_can_be_answered_or_seen(kind: str, state: Any, whole: str) -> None:
    hand = Stagehand()
    hand.board.set("part", kind, state)
    health = hand.show.health()
    assert (health.status, health.version, health.session) == (whole, "1.2.3", hand.show.session)
    assert health.components == hand.show.components


async def test_a_page_is_welcomed_on_the_stage() -> None:
    hand = Stagehand()
    assert hand.show.personas == (SPARK, EMBER)
    async with hand.show.stage() as peer:
        async for frame in peer.frames():
            assert '"welcome"' in str(frame)
            break
