"""The shipped characters on the understudy, by the real director over fakes; ten minutes of them are in test_banter."""

import random
from dataclasses import replace

import anyio

from spark_vtuber.cli.demo_duet import TOPICS
from spark_vtuber.core.duets import DuetPlan
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Outcome
from spark_vtuber.llm.brain.load import load_brain
from spark_vtuber.llm.understudy import Understudy
from spark_vtuber.personality import card
from spark_vtuber.testing.duets import Theatre

LOOK_S = 0.5
DUETS = 3


async def test_duets_on_air_find_their_way_out_and_say_nothing_twice() -> None:
    personas = tuple(
        replace(card.load(PersonaId(name), shipped), id=PersonaId(name))
        for name, shipped in (("main", "main"), ("twin", "ember"))
    )
    theatre = Theatre(personas=personas, remarks_per_minute=0)
    theatre.model.stream = Understudy(load_brain(), random.Random(3)).stream
    async with theatre.open():
        for number in range(DUETS):
            opener, second = personas[number % 2], personas[1 - number % 2]
            theatre.director.start_duet(DuetPlan(TOPICS[number], opener.id, second.id, exchanges=2))
            while not theatre.director.is_idle:
                await anyio.sleep(LOOK_S)

    said = [record for record in theatre.records if record.outcome is Outcome.COMPLETED]
    assert [note["reason"] for note in theatre.rig.notes.of("duet.ended")] == ["completed"] * DUETS
    assert [record.persona for record in said] == ["main", "twin"] * 2 + ["twin", "main"] * 2 + ["main", "twin"] * 2
    assert len({record.heard for record in said}) == len(said)
