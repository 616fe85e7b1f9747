"""The characters of a show as they change: what a turn does to them, and what outlives the show."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from spark_vtuber.app.growth import Growing
from spark_vtuber.app.personas import Company
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.growth import Growth
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import PersonaView, Trait
from spark_vtuber.core.turns import DRY_RUN, Outcome, TurnRecord
from spark_vtuber.testing.contracts.growth import GROWTH
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.growth import GROWN, FakeGrowth
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.virtual import VirtualClock

SPARK = PersonaView(
    PersonaId("main"), "Spark", mood="happy", traits=(Trait("warmth", 0.7, 0.5, 0.9, 0.08, rises=("gift", "thanks")),)
)
EMBER = PersonaView(PersonaId("ember"), "Ember", mood="smug", traits=(Trait("scorn", 0.5, falls=("duet",)),))


def line(text: str = "thanks spark!", kind: ChatKind = ChatKind.SUPER_CHAT) -> Cue:
    return Cue(CueId("c"), CueKind.CHAT, text, "ana", ChatEvent("1", "page", kind, Author("secret-id", "ana"), text))


def duet(author: str = "Spark") -> Cue:
    return Cue(CueId("c"), CueKind.DUET, "well", author)


class Life:
    """Characters that change, over a keepsake in memory."""

    def __init__(self, kept: Any = None) -> None:
        self.notes = Notes()
        self.keepsake = MemoryKeepsake(kept)
        self.company = Company((SPARK, EMBER), MemoryKeepsake(), self.notes)
        self.growing = Growing(lambda: self.company.cards, self.keepsake, self.notes, VirtualClock(), self.company.look)
        self.company.follow(self.growing.state)

    def live(self, cue: Cue, times: int = 1, persona: PersonaView = SPARK, engine: str = "") -> None:
        for _ in range(times):
            record = TurnRecord(TurnId("t"), persona.id, cue, Outcome.COMPLETED, "Hi.", "Hi.", {}, engine=engine)
            self.growing.hear(record)

    def warmth(self) -> float:
        return self.growing.state(SPARK.id).traits["warmth"].value


@pytest.mark.parametrize("promise", GROWTH)
async def test_the_fake_keeps_the_contract(promise: Callable[[Growth], Awaitable[None]]) -> None:
    await promise(FakeGrowth(GROWN, EMBER))


@pytest.mark.parametrize("promise", GROWTH)
async def test_what_grows_keeps_the_contract(promise: Callable[[Growth], Awaitable[None]]) -> None:
    life = Life()
    life.live(line(), 12)
    await promise(life.growing)


async def test_a_turn_moves_whoever_spoke_and_every_move_is_told_with_its_cause() -> None:
    life = Life()
    life.live(line(), 2)
    (trait,) = [data for data in life.notes.of("persona.moved") if data["part"] == "trait"]
    assert (trait["persona"], trait["name"], trait["cause"]) == ("main", "warmth", "thanks")
    assert life.warmth() == pytest.approx(0.7 + 0.08 / 8)
    assert [move.part for move in life.growing.moves(9) if move.persona == EMBER.id] == []


async def test_a_dry_run_moves_nobody() -> None:
    life = Life()
    life.live(line(), 20, engine=DRY_RUN)
    assert life.growing.moves(9) == ()


async def test_a_duet_touches_the_bond_with_the_other() -> None:
    life = Life()
    life.live(duet(), 3, EMBER)
    life.live(duet("somebody else"), 1, EMBER)
    state = life.growing.state(EMBER.id)
    assert {key: bond.name for key, bond in state.bonds.items()} == {"persona:main": "Spark"}


async def test_what_she_feels_reaches_the_company() -> None:
    life = Life()
    life.live(line("you are so boring", ChatKind.MESSAGE), 3)
    temper = life.company.tempers()[0][1]
    assert temper.mood == "angry"
    assert "angry" in life.company.tempers()[0][0].manner


async def test_a_regular_is_met_as_one_without_a_name_or_an_id_in_it() -> None:
    life = Life()
    spark = life.company.tempers()[0][0]
    assert life.growing.facing(spark, line()) == spark
    life.live(line(), 9)
    facing = life.growing.facing(spark, line())
    assert facing.manner.endswith("like them.")
    assert "ana" not in facing.manner
    assert "secret-id" not in repr(life.growing.dispositions())


async def test_states_outlive_the_show_and_settle_meanwhile() -> None:
    first = Life()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.growing.run)
        first.live(line(), 12)
        await anyio.sleep(61)
        assert first.keepsake.writes == 1
        first.live(line())
        tasks.cancel_scope.cancel()
    assert first.keepsake.writes == 2
    second = Life(first.keepsake.value)
    assert second.warmth() == first.warmth() > 0.7
    assert second.growing.state(SPARK.id).bonds == first.growing.state(SPARK.id).bonds


async def test_who_is_not_in_this_show_is_as_before_in_the_next() -> None:
    life = Life({"somebody else": {"spirits": 0.5}})
    life.live(line())
    await life.growing.freeze(None, is_on=False)
    assert life.keepsake.value["somebody else"] == {"spirits": 0.5}
    assert set(life.keepsake.value) == {"somebody else", "main", "ember"}


async def test_time_alone_calms_her_down() -> None:
    life = Life()
    life.live(line(), 9)
    before = life.growing.state(SPARK.id).spirits
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(life.growing.run)
        await anyio.sleep(3_600)
        tasks.cancel_scope.cancel()
    assert life.growing.state(SPARK.id).spirits < before / 8


async def test_freezing_is_told_and_holds() -> None:
    life = Life()
    await life.growing.freeze(None, is_on=True)
    assert [data["frozen"] for data in life.notes.of("persona.disposition")] == [True, True]
    life.live(line(), 20)
    assert life.warmth() == 0.7
    assert life.keepsake.writes == 1


@pytest.mark.parametrize(
    "kept",
    ["text", [1], {"main": 5}, {"main": {"spirits": "high"}}, {"main": {"traits": {"warmth": {"value": 9e999}}}}],
)
async def test_a_damaged_file_leaves_a_character_as_its_card_says(kept: Any) -> None:
    assert Life(kept).warmth() == 0.7
