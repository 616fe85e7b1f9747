"""The characters as they are set: presets, single values, what they are when the show starts again."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from spark_vtuber.app.casting import CastingOffice
from spark_vtuber.app.personas import Company
from spark_vtuber.config.keys import PresetSettings
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.growth import Bond
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import Temper
from spark_vtuber.core.turns import Reason
from spark_vtuber.personality.growth import newborn
from spark_vtuber.testing.crews import EMBER, SPARK, Notes
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.virtual import VirtualClock


class Stagehand:
    """A company over a keepsake in memory."""

    def __init__(self, kept: Any = None, **presets: PresetSettings) -> None:
        self.notes = Notes()
        self.keepsake = MemoryKeepsake(kept)
        self.company = Company((SPARK, EMBER), self.keepsake, self.notes, presets)
        self.casting = CastingOffice(self.company.tempers, VirtualClock())
        self.changes = 0
        self.company.on_change = self._count

    def _count(self) -> None:
        self.changes += 1

    def temper(self, persona: PersonaId = SPARK.id) -> Temper:
        return next(temper for view, temper in self.company.tempers() if view.id == persona)


def cue(text: str, kind: ChatKind = ChatKind.MESSAGE) -> Cue:
    return Cue(CueId("c"), CueKind.CHAT, text, "ana", ChatEvent("1", "page", kind, Author("a", "ana"), text))


async def test_everybody_starts_as_the_card_says() -> None:
    hand = Stagehand()
    assert hand.temper() == Temper()
    assert [view for view, _ in hand.company.tempers()] == [SPARK, EMBER]
    assert hand.keepsake.writes == 0


async def test_one_character_is_set_and_the_other_stays() -> None:
    hand = Stagehand()
    await hand.company.change(SPARK.id, None, {"mood": "sad", "energy": 0.9})
    assert (hand.temper().mood, hand.temper().energy) == ("sad", 0.9)
    assert hand.temper(EMBER.id) == Temper()
    assert [data["id"] for data in hand.notes.of("persona")] == ["main"]
    assert hand.notes.of("persona")[0]["energy"] == 0.9
    assert hand.changes == 1
    assert "sad" in hand.casting.cast(cue("hello")).persona.manner


async def test_everybody_is_set_at_once() -> None:
    hand = Stagehand()
    await hand.company.change(None, "hype", {})
    assert {hand.temper(name).preset for name in (SPARK.id, EMBER.id)} == {"hype"}
    assert hand.company.talkers() == (SPARK.id, EMBER.id)


async def test_what_is_the_same_already_changes_nothing() -> None:
    hand = Stagehand()
    await hand.company.change(SPARK.id, None, {"energy": 0.5})
    assert (hand.changes, hand.keepsake.writes, len(hand.notes.events)) == (1, 1, 1)
    await hand.company.change(SPARK.id, None, {"energy": 0.5})
    assert (hand.changes, hand.keepsake.writes, len(hand.notes.events)) == (1, 1, 1)


async def test_a_value_beside_a_preset_wins_and_the_preset_has_no_name_any_more() -> None:
    hand = Stagehand()
    await hand.company.change(SPARK.id, "calm", {"energy": 0.6})
    assert (hand.temper().energy, hand.temper().preset) == (0.6, "")
    await hand.company.change(SPARK.id, "calm", {"energy": 0.25})
    assert hand.temper().preset == "calm"


async def test_another_preset_ends_reading_donations() -> None:
    hand = Stagehand()
    await hand.company.change(None, "reading-donations", {})
    assert hand.casting.decline(cue("hello")) is Reason.UNPAID
    assert hand.casting.decline(cue("hello", ChatKind.BITS)) is None
    await hand.company.change(None, "calm", {})
    assert hand.casting.decline(cue("hello")) is None


async def test_who_becomes_talkative_talks_by_themselves_unless_told_not_to() -> None:
    hand = Stagehand()
    await hand.company.change(SPARK.id, None, {"talkativeness": 0.9})
    assert hand.temper().idle_talk
    await hand.company.change(SPARK.id, None, {"talkativeness": 0.5})
    assert not hand.temper().idle_talk
    await hand.company.change(SPARK.id, None, {"talkativeness": 0.9, "idle_talk": False})
    assert not hand.temper().idle_talk


async def test_own_presets_stand_beside_ours_and_leave_the_rest_as_it_is() -> None:
    hand = Stagehand(cosy=PresetSettings(title="Cosy", meaning="Late at night.", mood="smug", energy=0.2))
    own = next(preset for preset in hand.company.presets() if preset.name == "cosy")
    assert (own.title, own.is_own, dict(own.values)) == (
        "Cosy",
        True,
        {"mood": "smug", "energy": 0.2, "paid_only": False},
    )
    await hand.company.change(SPARK.id, None, {"talkativeness": 0.3})
    await hand.company.change(SPARK.id, "cosy", {})
    assert hand.temper() == Temper("smug", 0.2, 0.3, preset="cosy", held=("mood", "energy"))


@pytest.mark.parametrize(
    ("persona", "preset", "code"), [("nobody", None, "unknown_persona"), (None, "x", "unknown_preset")]
)
async def test_what_is_not_there_is_refused_and_nothing_changes(
    persona: PersonaId | None, preset: str | None, code: str
) -> None:
    hand = Stagehand()
    with pytest.raises(SparkError) as refused:
        await hand.company.change(persona, preset, {"energy": 0.9})
    assert refused.value.code == code
    assert hand.temper() == Temper()


async def test_tempers_outlive_the_show() -> None:
    first = Stagehand()
    await first.company.change(EMBER.id, "quiet", {})
    second = Stagehand(first.keepsake.value)
    assert second.temper(EMBER.id) == first.temper(EMBER.id) != Temper()


async def test_a_file_of_an_older_show_keeps_what_was_set_in_it() -> None:
    old = {name: value for name, value in asdict(Temper("sad", 0.9)).items() if name != "held"}
    assert Stagehand({"main": old}).temper() == Temper("sad", 0.9, held=("mood", "energy"))


async def test_the_main_character_is_another_one_and_stays_so() -> None:
    first = Stagehand()
    await first.company.lead(EMBER.id)
    assert [view.id for view, _ in first.company.tempers()] == [EMBER.id, SPARK.id]
    assert first.notes.of("persona.lead") == [{"id": EMBER.id}]
    assert first.changes == 1
    second = Stagehand(first.keepsake.value)
    assert second.company.main == EMBER.id
    await second.company.lead(EMBER.id)
    assert second.keepsake.writes == 0


async def test_mood_and_energy_follow_her_state_and_the_streamer_wins() -> None:
    hand = Stagehand()
    state = newborn(SPARK, 0)
    states = {SPARK.id: replace(state, mood="angry", energy=0.66), EMBER.id: newborn(EMBER, 0)}
    hand.company.follow(lambda persona: states[persona])
    assert (hand.temper().mood, hand.temper().energy) == ("angry", 0.65)
    await hand.company.change(SPARK.id, None, {"mood": "happy", "energy": 0.2})
    states[SPARK.id] = replace(state, mood="sad", energy=0.4)
    hand.company.look()
    assert (hand.temper().mood, hand.temper().energy) == ("happy", 0.2)
    await hand.company.change(SPARK.id, None, {"mood": None, "energy": None})
    assert (hand.temper().mood, hand.temper().energy) == ("sad", 0.4)
    states[SPARK.id] = replace(state, bonds={f"persona:{EMBER.id}": Bond(0.6, "Ember", 0)})
    hand.company.look()
    view = hand.company.tempers()[0][0]
    assert (view.mood, view.manner) == (SPARK.mood, "You have grown fond of Ember.")
    assert [data["mood"] for data in hand.notes.of("persona")] == ["happy", "sad", SPARK.mood]


@pytest.mark.parametrize(
    "kept",
    [
        "text",
        [1],
        {"main": 5},
        {"main": {"mood": "murderous"}},
        {"main": asdict(Temper(energy=7.0))},
        {"main": {"energy": "much"}},
    ],
)
async def test_a_damaged_file_leaves_a_character_as_its_card_says(kept: Any) -> None:
    assert Stagehand(kept).temper() == Temper()
