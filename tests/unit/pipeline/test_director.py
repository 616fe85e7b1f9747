import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from spark_vtuber.core.cues import Behaviour, Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.core.verdicts import Verdict
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import NAMELESS, Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel


class Stagehand:
    """A director and a reception over a rig, and what came of it."""

    def __init__(self, rig: Rig, *, capacity: int = 256, inbox: int = 200) -> None:
        self.rig = rig
        self.records: list[TurnRecord] = []
        self.counted: list[str] = []
        self.tally = Tally(rig.notes, self.counted.append)
        self.director = Director(
            rig.crew(), Inbox(("Spark",), inbox), self.tally, (SPARK.id, EMBER.id), self._cast, self.records.append
        )
        self.reception = Reception(rig.clock, Gates(rig.clock), rig.guard, self.director, self.tally, capacity)

    def _cast(self, cue: Cue) -> Casting:
        return Casting(EMBER if "ember" in cue.text else SPARK, ("by name",))

    def write(self, number: int, text: str = "hello there", author: str = "", **more: object) -> ChatEvent:
        name = author or f"viewer{number}"
        event = ChatEvent(str(number), "test", ChatKind.MESSAGE, Author(name, name), text)
        event = replace(event, **more)  # type: ignore[arg-type]  # fields of the event
        self.reception.receive(event)
        return event


@asynccontextmanager
async def running(rig: Rig, **sizes: int) -> AsyncIterator[Stagehand]:
    hand = Stagehand(rig, **sizes)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        yield hand
        tasks.cancel_scope.cancel()


async def test_a_line_is_received_chosen_answered_and_kept() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "how are you today?")
        await anyio.sleep(60)
    assert [record.outcome for record in hand.records] == [Outcome.COMPLETED]
    assert hand.records[0].cue.text == "how are you today?"
    assert rig.notes.of("chat.received")[0]["author"] == "viewer1"
    assert rig.notes.of("chat.chosen")[0]["scores"]["question"] > 0
    assert rig.notes.of("turn.started") == [{"persona": "main"}]


async def test_a_question_that_failed_unheard_may_be_asked_again() -> None:
    rig = Rig()
    rig.model = None
    rig.understudy = ScriptedModel(" ")
    async with running(rig) as hand:
        hand.write(1, "do you like frogs?")
        await anyio.sleep(5)
        hand.write(2, "do you like frogs?")
        await anyio.sleep(5)
    assert [record.outcome for record in hand.records] == [Outcome.FAILED] * 2


async def test_lines_are_answered_one_after_the_other_and_each_once() -> None:
    rig = Rig()
    async with running(rig) as hand:
        for number in range(5):
            hand.write(number, f"line number {number}")
        await anyio.sleep(120)
    assert sorted(record.cue.text for record in hand.records) == [f"line number {number}" for number in range(5)]


async def test_two_personas_prepare_at_once_and_speak_in_turn() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "hi spark")
        hand.write(2, "hi ember")
        await anyio.sleep(0.5)
        assert set(hand.director.turns) == {SPARK.id, EMBER.id}
        await anyio.sleep(60)
    heard = rig.stage.audible()
    assert {one.persona for one in heard} == {SPARK.id, EMBER.id}
    assert all(one.end_s <= other.start_s + 1e-9 for one, other in itertools.pairwise(heard))


async def test_an_interrupt_cuts_who_speaks_and_leaves_what_waits() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "first line here")
        hand.write(2, "second line here")
        await anyio.sleep(1)
        cut = await hand.director.interrupt(None, Reason.OPERATOR)
        assert cut == TurnId("t1")
        await anyio.sleep(60)
        assert await hand.director.interrupt(None, Reason.OPERATOR) is None
        assert await hand.director.interrupt(PersonaId("nobody"), Reason.OPERATOR) is None
    assert [record.outcome for record in hand.records] == [Outcome.INTERRUPTED, Outcome.COMPLETED]
    assert hand.records[0].reason == "operator"


async def test_an_interrupt_cuts_who_speaks_and_not_who_waits_for_the_floor() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "hi spark")
        hand.write(2, "hi ember")
        await anyio.sleep(1)
        speaking = rig.floor.holder.persona if rig.floor.holder else None
        await hand.director.interrupt(None, Reason.OPERATOR)
        await anyio.sleep(60)
    assert [(record.persona == speaking, record.outcome) for record in hand.records] == [
        (True, Outcome.INTERRUPTED),
        (False, Outcome.COMPLETED),
    ]


async def test_silencing_everybody_cuts_also_who_waits_for_the_floor() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "hi spark")
        hand.write(2, "hi ember")
        await anyio.sleep(1)
        at_s = rig.clock.now()
        await hand.director.silence(Reason.MUTED)
        await anyio.sleep(60)
    assert [record.reason for record in hand.records] == ["muted", "muted"]
    assert all(heard.end_s <= at_s + 0.1 for heard in rig.stage.audible())


async def test_a_bug_in_a_turn_propagates_and_every_turn_it_ends_is_kept() -> None:
    rig = Rig()
    hand = Stagehand(rig)

    async def break_the_stage() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hand.director.run)
            tasks.start_soon(hand.reception.run)
            hand.write(1, "hi spark")
            hand.write(2, "hi ember")
            await anyio.sleep(0.1)
            rig.stage.failure = ZeroDivisionError()

    with pytest.raises(ExceptionGroup):
        await break_the_stage()
    assert sorted((record.outcome, record.error) for record in hand.records) == [
        (Outcome.FAILED, "bug"),
        (Outcome.INTERRUPTED, ""),
    ]
    rig.stage.failure = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        hand.write(3, "are you still there?")
        await anyio.sleep(30)
        tasks.cancel_scope.cancel()
    assert hand.records[-1].outcome is Outcome.COMPLETED


async def test_a_panic_stops_everything_until_it_is_lifted() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "first line here")
        hand.write(2, "second line here")
        await anyio.sleep(1)
        at_s = rig.clock.now()
        await hand.director.panic()
        assert hand.director.is_stopped
        hand.write(3, "a line in the panic")
        await anyio.sleep(30)
        assert len(hand.records) == 1
        hand.director.resume()
        hand.write(4, "a line after it")
        await anyio.sleep(30)
    assert [record.cue.text for record in hand.records] == [hand.records[0].cue.text, "a line after it"]
    assert hand.records[0].reason == "panic"
    assert all(heard.end_s <= at_s + 0.1 or heard.start_s > at_s + 29 for heard in rig.stage.audible())
    assert hand.tally.dropped[Reason.PANIC] == 2


async def test_after_a_panic_nothing_more_counts_as_heard() -> None:
    rig = Rig()
    rig.stage = type(rig.stage)(rig.clock, flush_s=0.15)
    rig.model = ScriptedModel("one two three four five six seven eight nine ten", token_s=0)
    async with running(rig) as hand:
        hand.write(1)
        await anyio.sleep(1.2)
        while rig.stage.position().sample < 5_000:
            await anyio.sleep(0.01)
        at = rig.stage.position()
        await hand.director.panic()
    assert rig.stage.position() > at
    assert len(hand.records[0].heard) < len("one two three four five six seven eight nine ten")


async def test_a_deleted_line_leaves_and_is_cut_off_when_it_is_being_answered() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "first line here")
        hand.write(2, "second line here")
        await anyio.sleep(1)
        for target in ("1", "2", "unknown"):
            hand.write(10, "", kind=ChatKind.DELETION, target=target)
        await anyio.sleep(30)
    assert [record.reason for record in hand.records] == ["deleted"]
    assert hand.tally.dropped[Reason.DELETED] == 1


async def test_everything_of_a_banned_viewer_leaves_also_what_the_guard_has_not_seen() -> None:
    rig = Rig()
    rig.guard = FakeGuard(latency_s=1.0)
    async with running(rig) as hand:
        hand.write(1, "a line of eve", author="eve")
        hand.write(2, "a second of eve", author="eve")
        hand.write(3, "a line of ana", author="ana")
        hand.write(4, "", kind=ChatKind.BAN, target="eve")
        await anyio.sleep(60)
    assert [record.cue.author for record in hand.records] == ["ana"]
    assert hand.tally.dropped[Reason.BANNED] == 2


async def test_a_line_that_is_deleted_while_the_guard_looks_at_it_is_not_answered() -> None:
    rig = Rig()
    rig.guard = FakeGuard(latency_s=1.0)
    async with running(rig) as hand:
        hand.write(1, "a line to regret")
        await anyio.sleep(0.5)
        assert not hand.reception.is_empty
        hand.write(2, "", kind=ChatKind.DELETION, target="1")
        hand.write(3, "a line to stay")
        await anyio.sleep(60)
    assert [record.cue.text for record in hand.records] == ["a line to stay"]
    assert hand.tally.dropped[Reason.DELETED] == 1
    assert [data["text"] for data in rig.notes.of("chat.received")] == ["a line to stay"]


async def test_a_line_that_was_paid_for_takes_the_place_of_one_that_was_not() -> None:
    rig = Rig()
    rig.guard = FakeGuard(latency_s=1.0)
    async with running(rig, capacity=2) as hand:
        hand.write(1, "the first line")
        hand.write(2, "the second line")
        for number in range(3, 6):
            hand.write(number, f"with {number} bits", kind=ChatKind.BITS, amount=number)
        assert hand.tally.dropped[Reason.FULL] == 3
        await anyio.sleep(60)
    assert sorted(record.cue.text for record in hand.records) == ["with 3 bits", "with 4 bits"]


async def test_a_line_at_which_the_guard_broke_once_is_tried_again() -> None:
    rig = Rig()
    hand = Stagehand(rig)
    check, rig.guard.check = rig.guard.check, explode  # type: ignore[method-assign]  # the guard's bug
    hand.write(1, "the line it breaks on")
    with pytest.raises(ZeroDivisionError):
        await hand.reception.run()
    rig.guard.check = check  # type: ignore[method-assign]  # the guard is whole again
    hand.write(2, "the next line")
    with anyio.move_on_after(1):
        await hand.reception.run()
    assert [data["text"] for data in rig.notes.of("chat.received")] == ["the line it breaks on", "the next line"]


async def test_a_bug_of_the_guard_costs_the_line_and_no_other() -> None:
    rig = Rig()
    hand = Stagehand(rig)
    check, rig.guard.check = rig.guard.check, explode  # type: ignore[method-assign]  # the guard's bug
    hand.write(1, "the line it breaks on")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await hand.reception.run()
    rig.guard.check = check  # type: ignore[method-assign]  # the guard is whole again
    hand.write(2, "the next line")
    with anyio.move_on_after(1):
        await hand.reception.run()
    assert [data["text"] for data in rig.notes.of("chat.received")] == ["the next line"]
    assert rig.notes.of("chat.blocked")[0]["rule"] == "guard_failed"


async def explode(*_: object) -> Verdict:
    raise ZeroDivisionError


async def test_a_cleared_chat_forgets_all_lines_of_its_source_only() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "a line from here")
        hand.write(2, "another line from here")
        hand.write(3, "a line from elsewhere", source="page")
        hand.write(4, "", kind=ChatKind.CLEAR)
        hand.write(5, "", kind=ChatKind.NOTICE)
        await anyio.sleep(60)
    assert [record.cue.event.source for record in hand.records if record.cue.event] == ["page"]


async def test_blocked_lines_and_names_are_told_without_their_words() -> None:
    rig = Rig()
    rig.guard = FakeGuard(("badword",))
    async with running(rig) as hand:
        hand.write(1, "such a badword here")
        hand.write(2, "an innocent line", author="badword")
        await anyio.sleep(10)
    assert hand.records == []
    assert hand.tally.dropped[Reason.BLOCKED] == 2
    assert len(rig.notes.of("chat.blocked")) == 2
    assert "badword" not in repr(rig.notes.events)


async def test_a_guard_that_fails_blocks_the_line() -> None:
    rig = Rig()
    rig.guard = FakeGuard(is_broken=True)
    async with running(rig) as hand:
        hand.write(1)
        await anyio.sleep(10)
    assert hand.records == []
    assert rig.notes.of("chat.blocked")[0]["rule"] == "guard_failed"


async def test_an_event_without_words_or_a_name_is_answered() -> None:
    rig = Rig()
    async with running(rig) as hand:
        hand.write(1, "", author="\u200b", kind=ChatKind.RAID, amount=30)
        await anyio.sleep(20)
    assert hand.records[0].cue.author == NAMELESS


async def test_what_does_not_fit_is_dropped_and_counted() -> None:
    rig = Rig()
    rig.guard = FakeGuard(latency_s=0.5)
    async with running(rig, capacity=2, inbox=1) as hand:
        for number in range(6):
            hand.write(number, f"line number {number}")
        hand.write(7, "", kind=ChatKind.BITS, amount=100)
        hand.write(8, "", author="eve")
        await anyio.sleep(60)
        hand.write(9, "one more line")
        hand.reception.clear(Reason.PANIC)
    assert hand.tally.dropped[Reason.FULL] >= 4
    assert hand.tally.dropped[Reason.EMPTY] == 1
    assert hand.tally.dropped[Reason.PANIC] == 1
    assert hand.tally.received == 9
    assert sum(hand.tally.dropped.values()) + len(hand.records) == 9
    assert len(hand.counted) == sum(hand.tally.dropped.values())


async def test_lines_that_waited_too_long_are_let_go_when_the_next_turn_is_chosen() -> None:
    rig = Rig()
    rig.voice.chunk_ms = 1_000
    rig.model = ScriptedModel(" ".join(["This is a rather long sentence of the answer."] * 60), token_s=0)
    async with running(rig) as hand:
        for number in range(3):
            hand.write(number, f"line number {number}")
        await anyio.sleep(900)
    assert hand.tally.dropped[Reason.STALE] == 1


async def test_a_turn_prepared_on_other_words_than_were_heard_is_thought_again() -> None:
    rig = Rig()
    rig.model = ScriptedModel("An answer to what was expected.")
    async with running(rig) as hand:
        cue = Cue(CueId("d1"), CueKind.DUET, "hi", persona=EMBER.id, behaviour=Behaviour.QUEUE, expected="never said")
        hand.director.offer(replace(cue, admitted_s=rig.clock.now()))
        await anyio.sleep(60)
    assert [record.outcome for record in hand.records] == [Outcome.SUPERSEDED, Outcome.COMPLETED]
    assert hand.records[0].heard == ""


async def test_a_dropped_cue_without_an_event_is_only_counted() -> None:
    rig = Rig()
    async with running(rig) as hand:
        await hand.director.panic()
        hand.director.offer(Cue(CueId("i1"), CueKind.IDLE, ""))
    assert hand.tally.dropped[Reason.PANIC] == 1
    assert rig.notes.of("chat.dropped") == []


async def test_the_director_is_idle_once_everything_was_answered() -> None:
    rig = Rig()
    async with running(rig) as hand:
        assert hand.director.is_idle
        assert hand.reception.is_empty
        hand.write(1)
        hand.write(2, "another line")
        assert not hand.reception.is_empty
        await anyio.sleep(0.1)
        assert hand.reception.is_empty
        assert not hand.director.is_idle
        await anyio.sleep(120)
        assert hand.director.is_idle
