"""Remarks and duets, behind what the room wants."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.duets import DuetPlan
from spark_vtuber.core.ids import CueId
from spark_vtuber.core.turns import Outcome, Reason
from spark_vtuber.pipeline.interjection import WINDOW_S, Cap
from spark_vtuber.stage.port import Position
from spark_vtuber.testing.crews import Rig
from spark_vtuber.testing.duets import NOVA, RUST, Theatre
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.virtual import START_S


@given(st.lists(st.floats(0, 600), max_size=60).map(sorted), st.integers(0, 5))
def test_no_minute_holds_more_remarks_than_the_cap(instants: list[float], most: int) -> None:
    cap = Cap(lambda: most)
    began = [at_s for at_s in instants if cap.admit(at_s)]
    assert all(sum(start <= at_s <= start + WINDOW_S for at_s in began) <= most for start in began)


def test_after_a_minute_there_is_room_again() -> None:
    cap = Cap(lambda: 1)
    assert [cap.admit(at_s) for at_s in (0.0, 30.0, 60.5)] == [True, False, True]


async def test_a_remark_from_any_door_passes_the_cap() -> None:
    theatre = Theatre(remarks_per_minute=2)
    async with theatre.open():
        for number in range(5):
            theatre.director.offer(
                Cue(CueId(f"r{number}"), CueKind.INTERJECTION, "Pizza!", "Nova", persona=RUST.id, admitted_s=START_S)
            )
        theatre.director.offer(Cue(CueId("i"), CueKind.IDLE, "", persona=NOVA.id, admitted_s=START_S))
        await anyio.sleep(40)
    kinds = [record.cue.kind for record in theatre.records]
    assert kinds.count(CueKind.INTERJECTION) == 2
    assert kinds.count(CueKind.IDLE) == 1
    assert theatre.tally.dropped[Reason.CAPPED] == 3


async def test_a_remark_is_short_and_on_what_was_heard() -> None:
    theatre = Theatre(eagerness=4)
    async with theatre.open():
        theatre.write("nova, do you like pizza?")
        await anyio.sleep(20)
    answer, remark = theatre.records
    assert remark.cue.kind is CueKind.INTERJECTION
    assert (remark.persona, remark.cue.author, remark.cue.text) == (RUST.id, "Nova", answer.heard)
    assert remark.cue.length is not None
    assert remark.cue.length.sentences == 1
    reasons = [note["reasons"] for note in theatre.rig.notes.of("chat.chosen")]
    assert "cannot pass over pizza" in reasons[1]


async def test_what_the_operator_answers_now_pauses_a_duet() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.duet(exchanges=2)
        await anyio.sleep(1)
        theatre.write("my bus is late again")
        await anyio.sleep(0.1)
        assert theatre.rig.notes.of("duet.paused") == []
        assert theatre.director.hurry("1")
        assert theatre.rig.notes.of("duet.paused")[0]["reason"] == "viewers"
        await anyio.sleep(60)
    answer = next(record for record in theatre.records if record.cue.kind is CueKind.CHAT)
    assert answer.cue.priority == Urgency.ANSWER_NOW
    assert theatre.rig.notes.of("duet.ended")[0]["reason"] == "completed"


async def test_idle_talk_that_was_offered_does_not_disturb_a_duet() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.duet(exchanges=2)
        await anyio.sleep(1)
        theatre.director.offer(Cue(CueId("i"), CueKind.IDLE, "", persona=NOVA.id, admitted_s=START_S))
        await anyio.sleep(60)
    assert [record.cue.kind for record in theatre.records] == [CueKind.DUET] * 4 + [CueKind.IDLE]


async def test_a_character_that_is_muted_before_the_duet_begins_ends_it() -> None:
    theatre = Theatre()
    theatre.rig.muted.add(RUST.id)
    async with theatre.open():
        theatre.duet(exchanges=2)
        await anyio.sleep(10)
    assert theatre.rig.notes.of("duet.ended")[0]["reason"] == "muted"
    assert theatre.records == []


async def test_a_closing_show_ends_the_duet_with_the_sentence() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.duet(exchanges=4)
        await anyio.sleep(2)
        assert not theatre.director.is_idle
        await theatre.director.close(finish_s=10)
        assert theatre.director.is_closing
    assert theatre.rig.notes.of("duet.ended")[0]["reason"] == "shutdown"
    assert theatre.records[-1].heard.endswith(".")


@pytest.mark.parametrize("is_on", [True, False])
async def test_muting_everybody_ends_the_duet(is_on: bool) -> None:
    theatre = Theatre()
    async with theatre.open():
        if is_on:
            theatre.duet(exchanges=4)
            await anyio.sleep(2)
        await theatre.director.silence(Reason.MUTED)
        await anyio.sleep(5)
        assert theatre.director.is_idle
    assert [note["reason"] for note in theatre.rig.notes.of("duet.ended")] == (["muted"] if is_on else [])


async def test_while_a_brain_is_changed_the_other_one_talks() -> None:
    theatre = Theatre()
    theatre.model.slow = {RUST.id: 7.0}
    async with theatre.open():
        theatre.write("rust, are you awake?", "ana")
        await anyio.sleep(0.1)
        theatre.write("nova, good morning", "ben")
        await anyio.sleep(1)
        theatre.write("nova, how are the stars?", "cleo")
        await anyio.sleep(30)
    assert [record.persona for record in theatre.records] == [NOVA.id, NOVA.id, RUST.id]


class QuickStage(FakeStage):
    """Says at once that everything was heard."""

    async def reached(self, position: Position) -> float:
        await anyio.sleep(0.5)
        return self._clock.now()


async def test_a_step_that_gives_way_is_cut_where_its_sentence_ends() -> None:
    rig = Rig()
    rig.stage = QuickStage(rig.clock)
    theatre = Theatre(rig)
    theatre.model.said = {CueKind.DUET: ["this for a while. And then of quite another thing, at length"]}
    async with theatre.open():
        theatre.duet(exchanges=4)
        await anyio.sleep(0.8)
        assert theatre.stop_duet()
        await anyio.sleep(20)
    assert [(record.outcome, record.reason) for record in theatre.records if record.is_answered] == [
        (Outcome.INTERRUPTED, Reason.YIELDED)
    ]


async def test_hold_mode_may_be_asked_for_twice() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.director.hold(is_on=False)
        theatre.director.hold(is_on=True)
        theatre.director.hold(is_on=True)
        assert theatre.rig.notes.of("hold") == [{"on": True}]


async def test_what_the_operator_says_waits_while_both_speak_or_get_ready() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.write("nova, hi", "ana")
        theatre.write("rust, hi", "ben")
        await anyio.sleep(0.2)
        theatre.write("nova, what now?", "cleo")
        theatre.director.say("A word from our sponsor.", NOVA.id)
        await anyio.sleep(40)
    assert [record.cue.kind for record in theatre.records].count(CueKind.SAY) == 1
    assert len(theatre.records) == 4


async def test_while_both_have_an_answer_that_waits_for_approval_a_line_waits_too() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.director.hold(is_on=True)
        for line in ("nova, hi", "rust, hi", "nova, and now?"):
            theatre.write(line)
            await anyio.sleep(5)
        queue = theatre.director.queue(3)
        assert (len(queue.held), queue.waiting) == (2, 1)


QUIET_S = 60.0


@pytest.mark.parametrize("what", ["duet", "panic", "hold", "close"])
async def test_silence_begins_no_duet_at_the_instant_in_which_something_else_began(what: str) -> None:
    theatre = Theatre(talkers=(NOVA.id,), idle=lambda _: DuetPlan("tea", NOVA.id, RUST.id))

    async def something_else() -> None:
        await anyio.sleep(QUIET_S)
        match what:
            case "duet":
                theatre.duet("coffee", exchanges=2)
            case "panic":
                await theatre.director.panic()
            case "hold":
                theatre.director.hold(is_on=True)
            case _:
                await theatre.director.close(finish_s=1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(something_else)
        async with theatre.open():
            await anyio.sleep(QUIET_S + 1)
    begun = [note["topic"] for note in theatre.rig.notes.of("duet.started")]
    assert begun == (["coffee"] if what == "duet" else [])


@pytest.mark.parametrize("reason", [Reason.OPERATOR, Reason.STRUCK])
async def test_nobody_remarks_on_an_answer_that_was_cut(reason: Reason) -> None:
    theatre = Theatre(eagerness=40)
    async with theatre.open():
        theatre.write("nova, do you like pizza?")
        await anyio.sleep(1.2)
        await theatre.director.interrupt(None, reason)
        await anyio.sleep(20)
    assert [record.outcome for record in theatre.records] == [Outcome.INTERRUPTED]
    assert theatre.records[0].is_answered


async def test_no_remark_is_left_over_from_before_a_panic() -> None:
    theatre = Theatre(eagerness=40)
    async with theatre.open():
        theatre.write("nova, do you like pizza?")
        await anyio.sleep(1.2)
        await theatre.director.panic()
        await anyio.sleep(40)
        assert theatre.director.is_idle
        theatre.director.resume()
        await anyio.sleep(20)
    assert len(theatre.records) == 1
