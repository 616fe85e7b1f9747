"""Hold mode: answers are prepared, and nothing is heard or seen of them until somebody approves."""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from spark_vtuber.core.cues import Behaviour, Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.turns import Clause, Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.script import Script
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.stage.port import Caption, Emote, Part, SpeechStart, TurnOver
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel

ANSWER = "Well hello there, dear chat. I was practicing the boss fight all week long. Do you want to see it?"


class Stagehand:
    """A director and a reception over a rig, and what came of it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.crew: Crew = rig.crew()
        self.records: list[TurnRecord] = []
        self.tally = Tally(rig.notes, lambda _: None)
        self.inbox = Inbox(("Spark",))
        self.director = Director(
            self.crew, self.inbox, self.tally, (SPARK.id, EMBER.id), self._cast, self.records.append
        )
        self.reception = Reception(rig.clock, Gates(rig.clock), rig.guard, self.director, self.tally)

    def _cast(self, cue: Cue) -> Casting:
        return Casting(EMBER if "ember" in cue.text or cue.persona == EMBER.id else SPARK, ("by name",))

    def write(self, number: int, text: str = "hello there") -> None:
        author = Author(f"id{number}", f"viewer{number}")
        self.reception.receive(ChatEvent(str(number), "test", ChatKind.MESSAGE, author, text))

    def retract(self, target: str) -> None:
        moderator = Author("mod", "mod")
        self.reception.receive(ChatEvent(f"-{target}", "test", ChatKind.DELETION, moderator, target=target))

    def turn(self) -> TurnId:
        return self.director.queue(0).held[0].turn


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Stagehand]:
    hand = Stagehand(rig)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        yield hand
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def holding(rig: Rig) -> AsyncIterator[Stagehand]:
    """A stagehand with one answer that waits for approval."""
    async with running(rig) as hand:
        hand.director.hold(is_on=True)
        hand.write(1)
        await anyio.sleep(10)
        yield hand


@pytest.fixture
async def rig() -> Rig:
    rig = Rig()
    rig.model = ScriptedModel(ANSWER)
    return rig


def visible(rig: Rig) -> list[Part]:
    return [part for _, part in rig.stage.parts if not isinstance(part, TurnOver)]


async def test_a_held_answer_is_whole_and_nothing_of_it_is_heard_or_seen(rig: Rig) -> None:
    async with holding(rig) as hand:
        (held,) = hand.director.queue(3).held
        assert (held.text, held.is_complete, held.persona) == (ANSWER, True, SPARK.id)
        assert held.cue.text == "hello there"
        assert visible(rig) == []
        assert rig.voice.asked == []
        assert rig.floor.holder is None
        assert hand.director.queue(3).is_held


async def test_the_held_text_is_told_as_it_grows(rig: Rig) -> None:
    async with holding(rig):
        told = rig.notes.of("turn.held")
    texts = [event["text"] for event in told]
    assert len(told) >= 3
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    assert [event["complete"] for event in told] == [False] * (len(told) - 1) + [True]
    assert told[-1] == {
        "persona": "main",
        "author": "viewer1",
        "cue": "hello there",
        "text": ANSWER,
        "complete": True,
    }


async def test_an_approved_answer_is_spoken_whole(rig: Rig) -> None:
    async with holding(rig) as hand:
        assert hand.director.approve(hand.turn())
        assert hand.director.queue(3).held == ()
        await anyio.sleep(30)
    assert [(record.outcome, record.heard) for record in hand.records] == [(Outcome.COMPLETED, ANSWER)]
    assert hand.records[0].durations_ms["held_ms"] > 5_000
    assert ("turn.released", TurnId("t1"), {}) in rig.notes.events


async def test_an_answer_that_is_approved_while_it_is_written_begins_at_once(rig: Rig) -> None:
    rig.model = ScriptedModel(ANSWER, token_s=0.5)
    async with running(rig) as hand:
        hand.director.hold(is_on=True)
        hand.write(1)
        await anyio.sleep(4)
        assert not hand.director.queue(3).held[0].is_complete
        approved_s = rig.clock.now()
        hand.director.approve(hand.turn())
        await anyio.sleep(40)
    assert rig.stage.audible()[0].start_s - approved_s < 0.1
    assert hand.records[0].heard == ANSWER


async def test_a_rejected_answer_is_dropped_unheard(rig: Rig) -> None:
    async with holding(rig) as hand:
        assert hand.director.reject(hand.turn())
        await anyio.sleep(1)
        assert hand.director.is_idle
        assert hand.director.queue(3).held == ()
    (record,) = hand.records
    assert (record.outcome, record.reason, record.heard) == (Outcome.INTERRUPTED, "rejected", "")
    assert visible(rig) == []


async def test_only_a_held_answer_can_be_approved_or_rejected(rig: Rig) -> None:
    async with holding(rig) as hand:
        assert not hand.director.approve(TurnId("t9"))
        assert not hand.director.reject(TurnId("t9"))
        hand.director.approve(TurnId("t1"))
        assert not hand.director.approve(TurnId("t1"))
        assert not hand.director.reject(TurnId("t1"))


async def test_the_end_of_hold_mode_releases_what_waits(rig: Rig) -> None:
    async with holding(rig) as hand:
        hand.director.hold(is_on=False)
        assert not hand.director.is_holding
        await anyio.sleep(30)
    assert hand.records[0].heard == ANSWER
    assert rig.notes.of("hold") == [{"on": True}, {"on": False}]


async def test_what_was_released_is_not_stopped_by_a_hold_right_after_it(rig: Rig) -> None:
    async with holding(rig) as hand:
        hand.director.hold(is_on=False)
        hand.director.hold(is_on=True)
        await anyio.sleep(30)
    assert hand.records[0].heard == ANSWER


async def test_who_speaks_already_speaks_on_and_the_next_answer_is_held(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1)
        hand.write(2, "another line")
        await anyio.sleep(1)
        hand.director.hold(is_on=True)
        await anyio.sleep(60)
        assert [record.heard for record in hand.records] == [ANSWER]
        assert [held.turn for held in hand.director.queue(3).held] == ["t2"]


async def test_an_answer_that_waited_for_the_floor_when_the_hold_began_is_held(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1, "hi spark")
        hand.write(2, "hi ember")
        await anyio.sleep(1)
        hand.director.hold(is_on=True)
        await anyio.sleep(60)
        (held,) = hand.director.queue(3).held
        assert (held.text, held.is_complete) == (ANSWER, True)
        assert {one.turn for one in rig.stage.audible()} == {hand.records[0].id}
        hand.director.approve(held.turn)
        await anyio.sleep(60)
    assert [record.heard for record in hand.records] == [ANSWER, ANSWER]


async def test_two_characters_are_held_and_approved_one_by_one(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.director.hold(is_on=True)
        hand.write(1, "hi spark")
        hand.write(2, "hi ember")
        await anyio.sleep(10)
        of = {held.persona: held.turn for held in hand.director.queue(3).held}
        assert set(of) == {SPARK.id, EMBER.id}
        hand.director.approve(of[EMBER.id])
        await anyio.sleep(30)
        assert [record.persona for record in hand.records] == [EMBER.id]
        hand.director.reject(of[SPARK.id])
        await anyio.sleep(1)
    assert [(record.persona, record.heard) for record in hand.records] == [(EMBER.id, ANSWER), (SPARK.id, "")]


async def test_two_approved_answers_never_overlap(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.director.hold(is_on=True)
        hand.write(1, "hi spark")
        hand.write(2, "hi ember")
        await anyio.sleep(10)
        hand.director.hold(is_on=False)
        await anyio.sleep(60)
    heard = rig.stage.audible()
    assert {one.persona for one in heard} == {SPARK.id, EMBER.id}
    assert all(one.end_s <= other.start_s + 1e-9 for one, other in itertools.pairwise(heard))


async def test_a_panic_ends_a_held_turn_and_the_hold_stays(rig: Rig) -> None:
    async with holding(rig) as hand:
        with anyio.fail_after(0.3):
            await hand.director.panic()
        assert hand.director.queue(3).held == ()
        hand.director.resume()
        assert hand.director.is_holding
        hand.write(2, "back again")
        await anyio.sleep(10)
        assert [held.cue.text for held in hand.director.queue(3).held] == ["back again"]
    assert [(record.reason, record.heard) for record in hand.records][:1] == [("panic", "")]
    assert visible(rig) == []


async def test_an_interrupt_ends_a_held_turn_at_once(rig: Rig) -> None:
    async with holding(rig) as hand:
        with anyio.fail_after(0.3):
            assert await hand.director.interrupt(None, Reason.OPERATOR) == TurnId("t1")
    assert hand.records[0].reason == "operator"


async def test_silence_for_a_mute_does_not_wait_for_approval(rig: Rig) -> None:
    async with holding(rig) as hand:
        with anyio.fail_after(0.3):
            await hand.director.silence(Reason.MUTED)
    assert (hand.records[0].reason, visible(rig)) == ("muted", [])


async def test_a_muted_character_shows_no_caption_before_it_was_approved(rig: Rig) -> None:
    rig.muted.add(SPARK.id)
    rig.model = ScriptedModel(f"[happy] {ANSWER}")
    async with holding(rig) as hand:
        assert visible(rig) == []
        hand.director.approve(hand.turn())
        await anyio.sleep(60)
    assert [type(part) for part in visible(rig)][:2] == [Emote, Caption]
    assert hand.records[0].heard == ANSWER


async def test_a_deleted_line_takes_its_held_answer_with_it(rig: Rig) -> None:
    async with holding(rig) as hand:
        turn = hand.turn()
        hand.retract("1")
        await anyio.sleep(0.1)
        assert hand.director.queue(3).held == ()
        assert not hand.director.approve(turn)
    assert (hand.records[0].reason, visible(rig)) == ("deleted", [])


async def test_a_held_answer_outlives_the_lines_that_grow_stale_behind_it(rig: Rig) -> None:
    async with holding(rig) as hand:
        hand.write(2, "a line that waits behind")
        await anyio.sleep(1)
        assert hand.director.queue(3).waiting == 1
        await anyio.sleep(600)
        queue = hand.director.queue(3)
        assert (queue.waiting, [held.text for held in queue.held]) == (0, [ANSWER])
        assert rig.notes.of("chat.dropped")[-1]["reason"] == "stale"
        hand.director.approve(hand.turn())
        await anyio.sleep(60)
    assert hand.records[0].heard == ANSWER


async def test_the_models_answer_stays_bounded_while_it_is_held(rig: Rig) -> None:
    rig.model = ScriptedModel("so on and so forth " * 2_000, token_s=0)
    async with holding(rig) as hand:
        (held,) = hand.director.queue(1).held
        assert held.is_complete
        assert len(held.text.split()) <= rig.limits.max_tokens


async def test_the_guard_sees_a_held_answer_before_anybody_does(rig: Rig) -> None:
    rig.guard = FakeGuard(("boss",))
    async with holding(rig) as hand:
        assert "boss" not in hand.director.queue(1).held[0].text
    assert all("boss" not in event["text"] for event in rig.notes.of("turn.held"))


async def test_the_operators_words_are_said_beside_a_held_answer(rig: Rig) -> None:
    async with holding(rig) as hand:
        hand.director.say("One moment, please.", SPARK.id)
        await anyio.sleep(10)
        assert [record.heard for record in hand.records] == ["One moment, please."]
        assert hand.director.turns[SPARK.id].id == TurnId("t1")
        hand.director.approve(TurnId("t1"))
        await anyio.sleep(30)
    assert [record.heard for record in hand.records] == ["One moment, please.", ANSWER]


async def test_a_model_that_fails_under_a_hold_is_covered_and_held(rig: Rig) -> None:
    rig.model = ScriptedModel(ANSWER, fail_at=0)
    async with holding(rig) as hand:
        assert hand.director.queue(1).held[0].text == "My big brain is not plugged in."


async def test_an_interrupting_cue_is_held_without_cutting_who_speaks(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1, "hi spark")
        await anyio.sleep(1)
        hand.director.hold(is_on=True)
        hand.director.offer(rig.cue("ember, quick", behaviour=Behaviour.INTERRUPT))
        await anyio.sleep(60)
        assert [record.outcome for record in hand.records] == [Outcome.COMPLETED]
        assert len(hand.director.queue(1).held) == 1


async def test_a_show_that_ends_ends_its_held_turns(rig: Rig) -> None:
    async with holding(rig) as hand:
        pass
    assert [(record.reason, record.heard) for record in hand.records] == [("shutdown", "")]
    assert not any(isinstance(part, SpeechStart) for part in visible(rig))


async def test_without_a_hold_an_answer_is_not_read_ahead_of_the_voice(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.director.offer(rig.cue("say it", kind=CueKind.SAY))
        await anyio.sleep(20)
    assert rig.notes.of("turn.held") == []
    assert "held_ms" not in hand.records[0].durations_ms


async def test_an_answer_that_is_asked_for_twice_is_read_once(rig: Rig) -> None:
    crew = rig.crew()
    turn = Turn(TurnId("t1"), SPARK, rig.cue(), rig.clock)
    read = []

    async def source() -> AsyncGenerator[Clause, None]:
        for text in ("Well ", "hello."):
            read.append(text)
            yield Clause(text, text, text)

    crew.approvals.hold()
    async with anyio.create_task_group() as tasks:
        script = Script(turn, crew, source(), tasks)
        tasks.start_soon(script.approved)
        tasks.start_soon(script.approved)
        await anyio.sleep(1)
        assert read == ["Well ", "hello."]
        assert len(rig.notes.of("turn.held")) == 4
        crew.approvals.approve(turn.id)
