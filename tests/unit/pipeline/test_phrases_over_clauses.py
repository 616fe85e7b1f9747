"""A clause that ends in the middle of something forbidden waits for the next one, and not for long."""

import pytest

from spark_vtuber.core.turns import Mark
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.moderation.chain import Chain, ChainGuard, ChainOptions
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.phrase import HOLD_S, LATE_S
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.stage.port import Caption
from spark_vtuber.testing.crews import DEFLECTION, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel


class Halves(FakeGuard):
    """Finds what ends in "half" unfinished, and blocks "other" after it."""

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The scripted verdict."""
        self.seen.append((text, direction, context))
        if context.released.rstrip().endswith("half,") and "other" in text:
            return Verdict(Decision.BLOCK, "", "halves", "threat")
        return Verdict(Decision.ALLOW, text, is_unfinished=text.rstrip().endswith("half,"))


def captions(rig: Rig) -> str:
    return "".join(part.text for _, part in rig.stage.parts if isinstance(part, Caption))


async def test_both_clauses_of_a_forbidden_phrase_stay_unsaid() -> None:
    rig = Rig()
    rig.guard = Halves()
    rig.model = ScriptedModel("This is good news for us all. Now here comes the one half, the other comes now.")
    record = await run_turn(rig.turn(), rig.crew())
    assert "half" not in record.said
    assert "half" not in captions(rig)
    assert record.said.endswith(DEFLECTION)
    assert record.blocked[0].rule == "halves"


async def test_a_clause_that_waited_in_vain_is_said_and_nothing_twice() -> None:
    rig = Rig()
    guard = rig.guard = Halves()
    rig.model = ScriptedModel("Now here comes the one half, then all of the rest comes too.")
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == "Now here comes the one half, then all of the rest comes too."
    assert len({text for text, _, _ in guard.seen}) == len(guard.seen)


@pytest.mark.parametrize(("token_s", "least", "most"), [(0.25, HOLD_S, HOLD_S), (0.01, 0.01, HOLD_S / 2)])
async def test_the_wait_ends_with_the_next_clause_or_its_time(token_s: float, least: float, most: float) -> None:
    rig = Rig()
    rig.guard = Halves()
    rig.model = ScriptedModel("Now here comes the one half, then all of the rest comes too.", token_s=token_s)
    record = await run_turn(rig.turn(), rig.crew())
    waited_s = record.marks[Mark.GUARDED] - record.marks[Mark.FIRST_CLAUSE]
    assert least - 1e-6 <= waited_s <= most + 1e-6


async def test_a_guard_that_never_answers_blocks_after_its_deadline() -> None:
    rig = Rig()
    rig.guard = FakeGuard(latency_s=10 * LATE_S)
    record = await run_turn(rig.turn(), rig.crew())
    assert record.said == DEFLECTION
    assert (record.blocked[0].rule, record.blocked[0].reason) == ("guard_failed", "late")


async def test_the_chain_keeps_a_threat_over_two_clauses_from_being_heard() -> None:
    rig = Rig()
    rig.guard = ChainGuard(Chain(ChainOptions()))
    rig.model = ScriptedModel(
        "Well, dear friend of mine, listen to me, I think you should go kill, yourself is what I mean."
    )
    record = await run_turn(rig.turn(), rig.crew())
    assert "yourself" not in record.said
    assert "yourself" not in captions(rig)
    assert record.blocked[0].reason == "self_harm"
