import random
from dataclasses import replace

import pytest

from spark_vtuber.app.rehearsal import LEAST_ANSWERS, Report, judge, script
from spark_vtuber.chat.replay import Recorded
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Mark, Outcome, TurnRecord


def turn(number: int, received_s: float, first_s: float, speech_s: float = 3.0) -> TurnRecord:
    played_s = received_s + first_s
    marks = {Mark.RECEIVED: received_s, Mark.FIRST_PLAYED: played_s, Mark.LAST_PLAYED: played_s + speech_s}
    cue = Cue(CueId(f"c{number}"), CueKind.CHAT, "hi")
    return TurnRecord(TurnId(f"t{number}"), PersonaId("main"), cue, Outcome.COMPLETED, "Hey.", "Hey.", marks)


def evening(*first_s: float) -> list[TurnRecord]:
    return [turn(number, number * 20.0, one) for number, one in enumerate(first_s)]


def judged(turns: list[TurnRecord], unplayed: tuple[str, ...] = ()) -> Report:
    return judge(turns, minutes=1, lines=len(turns), dropped={}, unplayed=unplayed)


def test_a_chat_is_as_long_as_asked_and_can_be_replayed() -> None:
    lines = [Recorded.model_validate(line) for line in script(30, random.Random(1))]
    assert 110 < len(lines) < 205
    assert lines[-1].at < 30 * 60
    assert sorted(line.at for line in lines) == [line.at for line in lines]
    assert len({line.id for line in lines}) == len(lines)
    assert {line.kind for line in lines} >= {"message", "raid", "bits"}


def test_only_lines_that_found_nobody_speaking_are_judged() -> None:
    waiting = turn(9, received_s=1.0, first_s=30.0)
    report = judged([turn(0, 0.0, 0.4), waiting, *[turn(n, 100.0 * n, 0.5) for n in range(1, 7)]])
    assert (report.answers, report.free) == (8, 7)
    assert report.p95_ms == pytest.approx(500)
    assert report.all_p95_ms is not None
    assert report.all_p95_ms > 10_000
    assert not list(report.misses())


def test_a_show_that_is_quick_enough_is_ready() -> None:
    assert not list(judged(evening(*[1.1] * 19, 1.7)).misses())


@pytest.mark.parametrize(
    ("first_s", "word"),
    [([1.3] * 20, "median"), ([0.5] * 15 + [2.5] * 5, "p95"), ([0.5] * (LEAST_ANSWERS - 1), "only")],
)
def test_one_that_is_not_says_why(first_s: list[float], word: str) -> None:
    (miss,) = judged(evening(*first_s)).misses()
    assert word in miss


def test_answers_that_no_stage_played_were_not_rehearsed() -> None:
    report = judged(evening(*[0.5] * 9), unplayed=("t3", "t4"))
    (miss,) = report.misses()
    assert miss.startswith("2 answers")
    assert not list(report.misses(needs_stage=False))


def test_a_failed_answer_is_never_ready() -> None:
    turns = evening(*[0.5] * 9)
    turns[3] = replace(turns[3], outcome=Outcome.FAILED)
    assert list(judged(turns).misses()) == ["1 answers failed"]
