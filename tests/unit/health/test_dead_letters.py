from dataclasses import replace

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.health.dead_letters import DeadLetters
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.virtual import VirtualClock


class Office:
    def __init__(self, capacity: int = 100) -> None:
        self.offered: list[Cue] = []
        self.notes = Notes()
        self.letters = DeadLetters(VirtualClock(), self.notes, self.offered.append, capacity)

    def fail(self, number: int = 1, error: str = "bug", heard: str = "") -> None:
        self.letters.note(record(number, Outcome.FAILED, error=error, heard=heard))


def record(number: int, outcome: Outcome, *, error: str = "", reason: str = "", heard: str = "") -> TurnRecord:
    cue = Cue(CueId(f"c{number}"), CueKind.CHAT, f"line {number}", author="ana")
    return TurnRecord(TurnId("t"), PersonaId("main"), cue, outcome, heard, heard, {}, error=error, reason=reason)


async def test_a_cue_that_failed_is_tried_once_more_and_then_kept() -> None:
    office = Office()
    office.fail()
    assert [cue.text for cue in office.offered] == ["line 1"]
    assert not office.letters.letters
    office.fail()
    assert len(office.offered) == 1
    (letter,) = office.letters.letters
    assert (letter.author, letter.text, letter.error, letter.attempts) == ("ana", "line 1", "bug", 2)
    assert office.notes.of("cue.dead")[0]["error"] == "bug"
    assert "line 1" not in str(office.notes.events)


async def test_an_answer_forgets_the_failure_before_it() -> None:
    office = Office()
    for _ in range(3):
        office.fail()
        office.letters.note(record(1, Outcome.COMPLETED))
    assert not office.letters.letters


async def test_an_answer_that_a_fault_cut_off_is_not_begun_again_by_itself() -> None:
    office = Office()
    office.letters.note(record(1, Outcome.INTERRUPTED, reason=Reason.SHUTDOWN, heard="Well, I"))
    assert not office.offered
    assert office.letters.letters[0].error == "cut_by_restart"


async def test_what_somebody_cut_on_purpose_is_no_failure() -> None:
    office = Office()
    for reason in (Reason.OPERATOR, Reason.PANIC, Reason.DELETED):
        office.letters.note(record(1, Outcome.INTERRUPTED, reason=reason))
    assert not office.letters.letters
    assert not office.offered


async def test_nothing_is_tried_again_while_the_show_closes() -> None:
    office = Office()
    office.letters.note(record(1, Outcome.INTERRUPTED, reason=Reason.SHUTDOWN), is_closing=True)
    assert not office.letters.letters
    assert not office.offered


async def test_the_oldest_letters_leave_for_new_ones() -> None:
    office = Office(capacity=3)
    for number in range(5):
        office.fail(number, heard="something")
    assert [letter.text for letter in office.letters.letters] == ["line 4", "line 3", "line 2"]


async def test_a_letter_can_be_retried_or_dropped_once() -> None:
    office = Office()
    office.fail(1, heard="x")
    office.fail(2, heard="x")
    second, first = office.letters.letters
    assert office.letters.retry(first.id)
    assert not office.letters.retry(first.id)
    assert [cue.text for cue in office.offered] == ["line 1"]
    assert office.letters.drop(second.id)
    assert not office.letters.drop(second.id)
    assert not office.letters.letters


async def test_a_letter_that_is_retried_waits_as_if_it_came_now() -> None:
    office = Office()
    office.fail(1, heard="x")
    office.letters.retry(office.letters.letters[0].id)
    assert office.offered[0].admitted_s == VirtualClock().now()
    assert office.offered[0] == replace(office.offered[0], received_s=0.0)
