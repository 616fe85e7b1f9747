"""Two characters talk to each other: step by step, ahead of what is heard, and behind what the room wants."""

import itertools

import anyio
import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.duets import DuetEnd, DuetPhase, DuetPlan
from spark_vtuber.core.ids import CueId, TurnId
from spark_vtuber.core.turns import Mark, Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.duet import Conductor, NextStep
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.duets import NOVA, RUST, Theatre


async def test_a_duet_alternates_has_a_way_out_and_leaves_no_gap() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.duet(exchanges=3)
        await anyio.sleep(120)
    said = [record for record in theatre.records if record.outcome is Outcome.COMPLETED]
    assert [record.persona for record in said] == [NOVA.id, RUST.id] * 3
    steps = [record.cue.duet for record in said]
    assert [step.number for step in steps if step] == [1, 2, 3, 4, 5, 6]
    assert steps[-1] is not None
    assert steps[-1].is_last
    for before, after in itertools.pairwise(said):
        assert after.cue.text == before.heard
        assert after.cue.author == ("Nova" if before.persona == NOVA.id else "Rust")
        assert after.marks[Mark.FIRST_PLAYED] - before.marks[Mark.LAST_PLAYED] < 0.3
    assert theatre.rig.notes.of("duet.ended")[0]["reason"] == "completed"
    assert theatre.director.is_idle


def plan(exchanges: int = 2) -> DuetPlan:
    return DuetPlan("tea", NOVA.id, RUST.id, "one hates it", exchanges)


def record_of(
    step: NextStep, turn: str, heard: str, outcome: Outcome = Outcome.COMPLETED, reason: Reason | None = None
) -> TurnRecord:
    cue = Cue(CueId(turn), CueKind.DUET, step.text, persona=step.persona, duet=step.step)
    return TurnRecord(TurnId(turn), step.persona, cue, outcome, heard, heard, {}, reason=reason or "")


class Score:
    """A conductor whose steps are begun and ended by hand."""

    def __init__(self, exchanges: int = 3) -> None:
        self.notes = Notes()
        self.conductor = Conductor(self.notes)
        self.conductor.start(plan(exchanges))
        self.turns = 0

    def begin(self) -> tuple[NextStep, str]:
        step = self.conductor.next()
        assert step is not None
        self.turns += 1
        self.conductor.began(step, TurnId(f"t{self.turns}"))
        return step, f"t{self.turns}"

    @property
    def ends(self) -> list[str]:
        return [note["reason"] for note in self.notes.of("duet.ended")]


def test_the_second_gets_ready_on_what_will_be_heard() -> None:
    score = Score()
    _, turn = score.begin()
    assert score.conductor.next() is None
    score.conductor.written(TurnId(turn), "Kettles are loud.")
    following = score.conductor.next()
    assert following is not None
    assert (following.persona, following.text, following.is_expected) == (RUST.id, "Kettles are loud.", True)


def test_a_step_prepared_on_other_words_than_were_heard_is_thought_again() -> None:
    score = Score()
    first, turn = score.begin()
    score.conductor.written(TurnId(turn), "Kettles are loud, and so are trains.")
    second, prepared = score.begin()
    score.conductor.ended(record_of(first, turn, "Kettles are loud,"))
    score.conductor.ended(record_of(second, prepared, "", Outcome.SUPERSEDED, Reason.MISHEARD))
    again = score.conductor.next()
    assert again is not None
    assert (again.step.number, again.text, again.is_expected) == (2, "Kettles are loud,", False)


def test_what_was_prepared_behind_a_misheard_step_is_not_wanted() -> None:
    score = Score()
    first, t1 = score.begin()
    score.conductor.written(TurnId(t1), "Kettles are loud, and so are trains.")
    second, t2 = score.begin()
    score.conductor.written(TurnId(t2), "So is my cactus.")
    score.conductor.ended(record_of(first, t1, "Kettles"))
    _, t3 = score.begin()
    score.conductor.ended(record_of(second, t2, "", Outcome.SUPERSEDED, Reason.MISHEARD))
    assert not score.conductor.wants(TurnId(t3), is_speaking=False)
    again = score.conductor.next()
    assert again is not None
    assert again.step.number == 2


def test_words_of_a_turn_that_is_no_step_foretell_nothing() -> None:
    score = Score()
    score.begin()
    score.conductor.written(TurnId("t99"), "Something else.")
    score.conductor.written(TurnId("t1"), "")
    assert score.conductor.next() is None


def test_the_end_of_a_turn_of_an_earlier_duet_changes_nothing() -> None:
    score = Score()
    step, _ = score.begin()
    score.conductor.ended(record_of(step, "t77", "Hello."))
    assert score.conductor.state.number == 1
    assert score.notes.of("duet.step") == []


@pytest.mark.parametrize(
    ("outcome", "reason", "end"),
    [
        (Outcome.FAILED, None, "failed"),
        (Outcome.COMPLETED, None, "failed"),
        (Outcome.INTERRUPTED, Reason.OPERATOR, "cut"),
        (Outcome.INTERRUPTED, Reason.SHUTDOWN, "shutdown"),
        (Outcome.INTERRUPTED, Reason.MUTED, "muted"),
    ],
)
def test_a_step_of_which_nothing_was_heard_ends_the_duet(outcome: Outcome, reason: Reason | None, end: str) -> None:
    score = Score()
    step, turn = score.begin()
    score.conductor.ended(record_of(step, turn, "", outcome, reason))
    assert score.ends == [end]
    assert not score.conductor.is_on
    assert not score.conductor.finish(DuetEnd.STOPPED)


def test_one_runs_at_a_time() -> None:
    score = Score()
    with pytest.raises(RuntimeError, match="runs already"):
        score.conductor.start(plan())


def test_a_duet_that_does_not_wait_cannot_be_resumed() -> None:
    score = Score()
    score.conductor.resume()
    assert score.notes.of("duet.resumed") == []
    assert score.conductor.deadline_s is None


def test_a_way_out_that_is_next_anyway_is_no_early_one() -> None:
    score = Score(exchanges=2)
    for said in ("One.", "Two.", "Three."):
        step, turn = score.begin()
        score.conductor.ended(record_of(step, turn, said))
    score.conductor.leave(DuetEnd.VIEWERS)
    step, turn = score.begin()
    assert step.step.is_last
    score.conductor.ended(record_of(step, turn, "Four."))
    assert score.ends == ["completed"]


def test_a_way_out_is_looked_for_once() -> None:
    score = Score(exchanges=8)
    score.begin()
    score.conductor.leave(DuetEnd.VIEWERS)
    score.conductor.leave(DuetEnd.LOOP)
    assert score.conductor.state.reason == "viewers"
    assert score.conductor.state.of == 2


def test_a_duet_that_waits_finds_its_way_out_after_the_pause() -> None:
    score = Score(exchanges=8)
    step, turn = score.begin()
    score.conductor.ended(record_of(step, turn, "One."))
    score.conductor.pause("viewers", 0.0)
    score.conductor.leave(DuetEnd.VIEWERS)
    assert score.conductor.next() is None
    score.conductor.resume()
    assert score.conductor.state.phase is DuetPhase.LEAVING
    last = score.conductor.next()
    assert last is not None
    assert last.step.is_last


def test_what_cuts_in_at_once_does_so_also_while_the_duet_waits_already() -> None:
    score = Score()
    _, turn = score.begin()
    score.conductor.pause("viewers", 0.0)
    assert score.conductor.wants(TurnId(turn), is_speaking=True)
    score.conductor.pause("viewers", 1.0, is_urgent=True)
    assert not score.conductor.wants(TurnId(turn), is_speaking=True)


async def test_the_words_of_a_duet_are_in_the_cue() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.duet("tea or coffee", exchanges=2, tension="Nova loves tea.")
        await anyio.sleep(60)
    steps = [request.cue.duet for request in theatre.model.requests]
    assert {(step.topic, step.tension) for step in steps if step} == {("tea or coffee", "Nova loves tea.")}
    assert theatre.model.requests[0].cue.text == ""
    assert all(request.cue.text for request in theatre.model.requests[1:])


async def test_a_prepared_step_is_superseded_when_something_else_was_heard() -> None:
    theatre = Theatre()
    async with theatre.open():
        theatre.duet(exchanges=2)
        await anyio.sleep(2)
        speaking = theatre.director.turns[NOVA.id]
        assert theatre.director.turns[RUST.id].cue.expected
        speaking.interrupt(Reason.YIELDED)
        await anyio.sleep(60)
    misheard = [record for record in theatre.records if record.reason == Reason.MISHEARD]
    assert [record.persona for record in misheard] == [RUST.id]
    second = next(record for record in theatre.records if record.persona == RUST.id and record.is_answered)
    first = next(record for record in theatre.records if record.persona == NOVA.id)
    assert second.cue.text == first.heard
    assert second.cue.expected is None
    assert theatre.rig.notes.of("duet.ended")[0]["reason"] == "completed"
