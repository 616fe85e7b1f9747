"""Whoever paid is thanked; and what the director makes of policies, merged lines and dry runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio

from spark_vtuber.core.cues import Cue, Length
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.steering import LineState
from spark_vtuber.core.turns import DRY_RUN, Outcome, Reason, TurnRecord
from spark_vtuber.llm.lines import cue_line
from spark_vtuber.pipeline.choosing.lengths import Pressure, length
from spark_vtuber.pipeline.choosing.policy import POLICIES
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.dry import pretend
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.inbox import Inbox, Rules
from spark_vtuber.pipeline.lines import Lines
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import SPARK, Rig
from spark_vtuber.testing.models import ScriptedModel

LONG = " ".join(f"This is sentence number {number} of a very long answer." for number in range(1, 9))


class Stagehand:
    def __init__(self, rig: Rig, rules: Rules | None = None) -> None:
        self.rig = rig
        self.records: list[TurnRecord] = []
        self.lines = Lines(rig.clock)
        self.tally = Tally(rig.notes, lambda _: None, self.lines, clock=rig.clock)
        self.inbox = Inbox(("Spark",), rules=rules)
        habits = Habits(length=length)
        self.director = Director(
            rig.crew(), self.inbox, self.tally, (SPARK.id,), self._cast, self.records.append, habits
        )
        self.reception = Reception(rig.clock, Gates(rig.clock), rig.guard, self.director, self.tally)

    def _cast(self, _cue: Cue) -> Casting:
        return Casting(SPARK, ("alone",))

    def write(self, name: str, text: str, kind: ChatKind = ChatKind.MESSAGE) -> ChatEvent:
        amount = 100.0 if kind is ChatKind.BITS else 0.0
        event = ChatEvent(name, "test", kind, Author(f"id {name}", f"Viewer {name}"), text, amount)
        self.reception.receive(event)
        return event

    def states(self) -> dict[str, LineState]:
        page, _ = self.lines.page(100, None, "")
        return {line.id: line.state for line in page}


@asynccontextmanager
async def running(rig: Rig, rules: Rules | None = None) -> AsyncIterator[Stagehand]:
    hand = Stagehand(rig, rules)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        yield hand
        tasks.cancel_scope.cancel()


async def test_a_paid_line_whose_answer_was_cut_before_it_was_heard_is_answered_once_more() -> None:
    rig = Rig()
    rig.model = ScriptedModel(first_token_s=5.0)
    async with running(rig) as hand:
        hand.write("gift", "for your next song", ChatKind.BITS)
        await anyio.sleep(1)
        assert [event.id for event, _ in hand.tally.owed.lines()] == ["gift"]
        await hand.director.interrupt(None, Reason.OPERATOR)
        assert rig.notes.of("chat.returned") == [{"id": "gift", "source": "test"}]
        await anyio.sleep(60)
        assert not hand.tally.owed.lines()
    assert [record.outcome for record in hand.records] == [Outcome.INTERRUPTED, Outcome.COMPLETED]
    assert hand.states() == {"gift": LineState.ANSWERED}


async def test_a_paid_line_is_given_back_only_once_and_not_after_a_moderator_took_it_back() -> None:
    rig = Rig()
    rig.model = ScriptedModel(first_token_s=5.0)
    async with running(rig) as hand:
        hand.write("gift", "for your next song", ChatKind.BITS)
        for _ in range(2):
            await anyio.sleep(1)
            await hand.director.interrupt(None, Reason.OPERATOR)
        await anyio.sleep(30)
        assert len(hand.records) == 2
        hand.write("other", "for your last song", ChatKind.BITS)
        await anyio.sleep(1)
        hand.director.retract(Reason.DELETED, lambda event: event.id == "other")
        await anyio.sleep(30)
        assert not hand.tally.owed.lines()
    assert len(hand.records) == 3


async def test_a_line_that_nobody_paid_for_is_not_given_back() -> None:
    rig = Rig()
    rig.model = ScriptedModel(first_token_s=5.0)
    async with running(rig) as hand:
        hand.write("small", "what about frogs?")
        await anyio.sleep(1)
        await hand.director.interrupt(None, Reason.OPERATOR)
        await anyio.sleep(30)
    assert len(hand.records) == 1


async def test_lines_that_ask_the_same_are_all_answered_by_the_one_answer() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write("busy", "talk about newts please")
        await anyio.sleep(0.1)
        for number in range(4):
            hand.write(str(number), "do you like frogs?")
        await anyio.sleep(60)
        hand.write("late", "do you like frogs?")
        await anyio.sleep(60)
    assert [record.cue.asked_by for record in hand.records] == [1, 4]
    assert set(hand.states().values()) == {LineState.ANSWERED}
    assert rig.notes.of("chat.chosen")[1]["asked_by"] == 4
    assert {(one["reason"], one["joined"]) for one in rig.notes.of("chat.dropped")} == {("merged", "0")}
    line = cue_line(hand.records[1].cue, 200)
    assert line == '4 viewers write the same, "Viewer 0" and "Viewer 1" among them: "do you like frogs?"'


async def test_under_slow_there_is_a_pause_after_each_answer_that_money_does_not_wait_for() -> None:
    rig = Rig()
    async with running(rig, Rules(policy=POLICIES["slow"], slow_s=40)) as hand:
        hand.write("1", "what about frogs?")
        hand.write("2", "what about newts?")
        await anyio.sleep(20)
        assert len(hand.records) == 1
        hand.write("gift", "thanks for all", ChatKind.BITS)
        await anyio.sleep(20)
        assert len(hand.records) == 2
        await anyio.sleep(200)
    assert [record.cue.text for record in hand.records][1:] == ["thanks for all", "what about newts?"]


async def test_a_dry_turn_takes_time_says_nothing_and_counts_as_an_answer() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.director.perform = pretend
        hand.write("gift", "for your next song", ChatKind.BITS)
        await anyio.sleep(5)
        assert hand.director.turns
        await anyio.sleep(30)
    assert [(one.engine, one.outcome, one.said) for one in hand.records] == [(DRY_RUN, Outcome.COMPLETED, "")]
    assert hand.states() == {"gift": LineState.ANSWERED}
    assert not hand.tally.owed.lines()
    assert rig.stage.audible() == []


async def test_while_many_wait_an_answer_ends_with_its_first_sentence() -> None:
    rig = Rig()
    rig.model = ScriptedModel(LONG)
    async with running(rig) as hand:
        for number in range(60):
            hand.write(str(number), f"question {number} about frogs?")
        await anyio.sleep(90)
        second = hand.records[1]
    assert second.cue.length == length(Pressure(50))
    assert second.heard.strip() == "This is sentence number 1 of a very long answer."


async def test_alone_a_viewer_gets_the_whole_answer() -> None:
    rig = Rig()
    rig.model = ScriptedModel(LONG)
    async with running(rig) as hand:
        hand.write("1", "what about frogs?")
        await anyio.sleep(120)
    assert hand.records[0].heard.strip() == LONG


async def test_a_loud_room_is_told_of_in_sums() -> None:
    rig = Rig()
    hand = Stagehand(rig)
    event = ChatEvent("0", "test", ChatKind.MESSAGE, Author("a", "a"), "lol")
    for number in range(500):
        hand.tally.line_refused(replace(event, id=str(number)), Reason.FULL)
    await anyio.sleep(1.5)
    hand.tally.line_refused(replace(event, id="last"), Reason.FULL)
    assert hand.tally.dropped[Reason.FULL] == 501
    assert len(rig.notes.of("chat.dropped")) == 21
    assert [told["lines"] for told in rig.notes.of("chat.flood")] == [480]


async def test_whoever_paid_before_the_show_stopped_is_still_owed_an_answer() -> None:
    rig = Rig()
    rig.model = ScriptedModel(first_token_s=5.0)
    async with running(rig) as hand:
        hand.write("gift", "for your next song", ChatKind.BITS)
        await anyio.sleep(1)
        await hand.director.close(finish_s=0)
        assert [event.id for event, _ in hand.tally.owed.lines()] == ["gift"]
        assert not rig.notes.of("chat.returned")


async def test_a_tally_without_a_list_tells_what_came_back_and_nothing_of_what_nobody_wrote() -> None:
    rig = Rig()
    tally = Tally(rig.notes, lambda _: None)
    line = rig.cue("hello")
    tally.cue_returned(line)
    for nobodys in (replace(line, event=None),):
        tally.cue_returned(nobodys)
        tally.cue_given_up(nobodys)
    assert [told["id"] for told in rig.notes.of("chat.returned")] == [line.event.id if line.event else ""]


async def test_a_short_answer_that_reaches_its_bound_ends_with_its_last_whole_sentence() -> None:
    rig = Rig()
    said = "Frogs are lovely animals."
    rig.model = ScriptedModel(f"[happy] {said} [sad] Newts are also quite nice and so on.", first_token_s=0, token_s=0)
    turn = rig.turn(replace(rig.cue(), length=Length(max_tokens=16)))
    record = await run_turn(turn, rig.crew())
    assert record.heard.strip() == said


async def test_a_short_answer_of_one_long_sentence_is_said_as_far_as_it_goes() -> None:
    rig = Rig()
    rig.model = ScriptedModel(" ".join(f"word{number}" for number in range(30)), first_token_s=0, token_s=0)
    turn = rig.turn(replace(rig.cue(), length=Length(max_tokens=16)))
    record = await run_turn(turn, rig.crew())
    assert record.heard.split() == [f"word{number}" for number in range(16)]
