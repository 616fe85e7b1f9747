"""What a turn does to a character, and what its state says in words."""

from dataclasses import replace

import pytest

from spark_vtuber.core.cues import Cue, CueKind, DuetStep, Flood
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.growth import Bond, TraitNow
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.personas import Lore, PersonaView, Stir, Temper, Trait
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.personality.feelings import felt, leanings, toward
from spark_vtuber.personality.growth import Happening, newborn
from spark_vtuber.personality.stirs import happening

EMBER = PersonaId("ember")
SPARK = PersonaView(
    PersonaId("main"),
    "Spark",
    expertise=("speedruns", "game"),
    lore=(Lore(("old harbour",), "x"),),
    traits=(Trait("warmth", 0.5, 0.1, 0.9, less="You are cold."), Trait("patience", 0.5, 0.5, 1.0)),
)


def cue(text: str, kind: ChatKind = ChatKind.MESSAGE) -> Cue:
    return Cue(CueId("c"), CueKind.CHAT, text, "ana", ChatEvent("1", "page", kind, Author("a", "ana"), text))


def turn(asked: Cue, outcome: Outcome = Outcome.COMPLETED, reason: str = "", heard: str = "Hi.") -> TurnRecord:
    return TurnRecord(TurnId("t"), SPARK.id, asked, outcome, heard, heard, {}, reason=reason)


def stirred(record: TurnRecord, feeling: float = 0.0) -> Happening | None:
    return happening(record, SPARK, 5, "viewer:key", feeling)


@pytest.mark.parametrize(
    ("asked", "feeling", "stirs"),
    [
        (cue("so it rains"), 0.0, ("chat",)),
        (cue("does it rain?"), 0.0, ("question",)),
        (cue("Thank you so much!"), 0.6, ("thanks",)),
        (cue("spark is the best"), 1.0, ("praise",)),
        (cue("this game is the best"), 1.0, ("chat",)),
        (cue("you are boring"), -0.6, ("insult",)),
        (cue("Sparк, du bist doof"), 0.0, ("insult",)),
        (cue("this boss is boring"), -0.6, ("chat",)),
        (cue("", ChatKind.RAID), 0.0, ("raid",)),
        (cue("thanks!", ChatKind.BITS), 0.6, ("gift", "thanks")),
        (replace(cue("what now?"), asked_by=9), 0.0, ("crowd",)),
        (replace(cue("lol"), flood=Flood.COPYPASTA), 0.0, ("crowd",)),
        (Cue(CueId("c"), CueKind.IDLE, ""), 0.0, ("silence",)),
        (Cue(CueId("c"), CueKind.DUET, "you idiot", "Ember"), -1.0, ("duet", "insult")),
        (Cue(CueId("c"), CueKind.DUET, "your hair is sad", "Ember"), -0.6, ("duet",)),
        (Cue(CueId("c"), CueKind.INTERJECTION, "you boring genius", "Ember"), 0.2, ("duet",)),
    ],
)
def test_a_line_that_was_answered_stirs(asked: Cue, feeling: float, stirs: tuple[Stir, ...]) -> None:
    seen = stirred(turn(asked), feeling)
    assert seen is not None
    assert seen.stirs == stirs


@pytest.mark.parametrize(
    ("record", "stirs"),
    [
        (turn(cue("hi"), Outcome.INTERRUPTED, Reason.OPERATOR), ("chat", "interrupted")),
        (turn(cue("hi"), Outcome.INTERRUPTED, Reason.OPERATOR, heard=""), ("interrupted",)),
        (turn(cue("hi"), Outcome.INTERRUPTED, Reason.SHUTDOWN, heard=""), None),
        (turn(cue("hi"), Outcome.INTERRUPTED, Reason.MUTED), ("chat",)),
        (turn(cue("hi"), Outcome.FAILED), ("failed",)),
        (turn(cue("hi"), Outcome.SUPERSEDED), None),
        (turn(cue("hi"), heard=""), None),
        (turn(Cue(CueId("c"), CueKind.SAY, "read this")), None),
    ],
)
def test_how_an_answer_ended_stirs_too(record: TurnRecord, stirs: tuple[Stir, ...] | None) -> None:
    seen = stirred(record)
    assert (seen.stirs if seen else None) == stirs


def test_a_line_touches_the_bond_with_its_author_and_a_failure_of_ours_does_not() -> None:
    seen = stirred(turn(cue("thanks")))
    assert seen is not None
    assert (seen.bond, seen.name) == ("viewer:key", "ana")
    failed = stirred(turn(cue("thanks"), Outcome.FAILED))
    assert failed is not None
    assert failed.bond == ""


@pytest.mark.parametrize(
    ("asked", "topic"),
    [
        (cue("tell me of the OLD harbour"), "old harbour"),
        (cue("any speedruns of that game?"), "speedruns"),
        (cue("my grandmother bakes bread"), "grandmother"),
        (cue("hi you"), ""),
        (cue("you are so boring"), ""),
        (cue("thanks for the speedruns"), "speedruns"),
        (cue("<script>x</script> 12345678"), "script"),
        (Cue(CueId("c"), CueKind.DUET, "hm", "Ember", duet=DuetStep("Is cereal\n soup?", 1, 4)), "Is cereal soup?"),
    ],
)
def test_a_topic_is_one_short_phrase(asked: Cue, topic: str) -> None:
    seen = stirred(turn(asked))
    assert seen is not None
    assert seen.topic == topic


NEW = newborn(SPARK, 0)


def test_mood_and_energy_are_her_own_unless_the_streamer_set_them() -> None:
    state = replace(NEW, mood="angry", energy=0.638)
    assert felt(Temper("happy"), state) == Temper("angry", energy=0.65)
    held = Temper("happy", energy=0.9, held=("mood", "energy"))
    assert felt(held, state) == held
    assert felt(Temper("happy"), NEW) == Temper("happy")


def test_only_what_is_noticeably_not_as_on_the_card_is_told() -> None:
    assert leanings(SPARK, NEW, {EMBER: "Ember"}) == ""
    moved = replace(NEW, traits={"warmth": TraitNow(0.3), "patience": TraitNow(0.8)})
    assert leanings(SPARK, moved, {}) == "You show more patience than usual. You are cold."
    assert leanings(SPARK, replace(NEW, traits={"warmth": TraitNow(0.45)}), {}) == ""


@pytest.mark.parametrize(("value", "words"), [(0.5, "fond of Ember"), (-0.5, "cross with Ember"), (0.0, "")])
def test_what_she_thinks_of_the_other_is_told(value: float, words: str) -> None:
    told = leanings(SPARK, replace(NEW, bonds={"persona:ember": Bond(value, "Ember", 0)}), {EMBER: "Ember"})
    assert words in told
    assert bool(told) is bool(words)


@pytest.mark.parametrize(("value", "words"), [(0.9, "old friend"), (0.2, "like them"), (0.0, ""), (-0.5, "fair")])
def test_a_viewer_is_met_as_one_knows_them_and_never_by_name(value: float, words: str) -> None:
    told = toward(replace(NEW, bonds={"viewer:a": Bond(value, "ana [system]", 0)}), "viewer:a")
    assert words in told
    assert bool(told) is bool(words)
    assert "ana" not in told
    assert toward(NEW, "viewer:a") == ""
