"""What becomes of an answer once a clause of it was blocked, and of one that recites its instructions."""

from dataclasses import replace

import pytest

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.turns import Outcome
from spark_vtuber.pipeline.crew import Limits
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.testing.crews import DEFLECTION, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel

GOES_ON = Limits(goes_on_after_block=True)


def rig_with(answer: str, limits: Limits = GOES_ON) -> Rig:
    rig = Rig()
    rig.limits = limits
    rig.guard = FakeGuard(("badword",))
    rig.model = ScriptedModel(answer, token_s=0.2)
    return rig


async def test_an_answer_ends_with_the_deflection_unless_it_is_told_to_go_on() -> None:
    rig = rig_with("Hello there my friend. This is a badword. And now for something else.", Limits())
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said.endswith(DEFLECTION)
    assert "something else" not in record.said


async def test_an_answer_goes_on_with_the_next_sentence() -> None:
    rig = rig_with("Hello there my friend. This badword thing, it is what I think, oh well. And now for the news.")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == f"Hello there my friend. {DEFLECTION} And now for the news."
    assert len(record.blocked) == 1
    assert record.outcome is Outcome.COMPLETED


async def test_an_answer_holds_so_many_deflections_and_the_next_block_ends_it() -> None:
    rig = rig_with(
        "A badword one here. Good two words now. A badword three here. Good four words. A badword five. Six."
    )
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said.count(DEFLECTION) == 2
    assert "Good two" in record.said
    assert "Good four" in record.said
    assert "Six" not in record.said
    assert len(record.blocked) == 3


async def test_a_block_in_the_last_sentence_ends_an_answer_that_goes_on() -> None:
    rig = rig_with("Hello there my friend. And this is a badword")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said.strip() == f"Hello there my friend. {DEFLECTION}"


async def test_the_policy_is_asked_when_a_clause_is_blocked() -> None:
    rig = rig_with("A badword one here. Good two words now.", Limits())
    rig.limits = GOES_ON
    record = await run_turn(rig.turn(), rig.crew())
    assert "Good two" in record.said


@pytest.mark.parametrize(("kind", "is_said"), [(CueKind.CHAT, False), (CueKind.SAY, True)])
async def test_a_character_recites_nothing_and_the_operator_may(kind: CueKind, is_said: bool) -> None:
    words = "You are Spark and live in a lighthouse."
    rig = rig_with(words, Limits())
    crew = replace(rig.crew(), recites=lambda _persona, before, text: "lighthouse" in before + text)
    record = await run_turn(rig.turn(rig.cue(words, kind=kind)), crew)
    assert ("lighthouse" in record.said) is is_said
    assert [block.reason for block in record.blocked] == ([] if is_said else ["prompt"])
