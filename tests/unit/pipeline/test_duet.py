"""Two characters talk to each other: step by step, ahead of what is heard, and behind what the room wants."""

import itertools

import anyio

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.turns import Mark, Outcome, Reason
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
    assert steps[-1] is not None and steps[-1].is_last
    for before, after in itertools.pairwise(said):
        assert after.cue.text == before.heard
        assert after.cue.author == ("Nova" if before.persona == NOVA.id else "Rust")
        assert after.marks[Mark.FIRST_PLAYED] - before.marks[Mark.LAST_PLAYED] < 0.3
    assert theatre.rig.notes.of("duet.ended")[0]["reason"] == "completed"
    assert theatre.director.is_idle
