"""What happenings make of a character: over thirty shows, over anything, and one by one."""

import math
import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.growth import Bond, Disposition, Move, TraitNow
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import STIRS, PersonaView, Stir, Trait
from spark_vtuber.personality import card
from spark_vtuber.personality.growth import (
    BOND_DAILY,
    DAY_MS,
    ENERGY_BAND,
    LATEST_BONDS,
    MOST_SPENT,
    NEW_DAY,
    STEPS_A_DAY,
    STRONGEST_BONDS,
    Happening,
    fitted,
    grow,
    newborn,
)

START_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
WARMTH = Trait("warmth", 0.7, 0.5, 0.8, 0.05, rises=("thanks", "gift"), falls=("insult",))
PATIENCE = Trait("patience", 0.5, 0.45, 0.95, 0.2, rises=("question",), falls=("interrupted", "crowd"))
STONE = Trait("pride", 0.9, 0.9, 0.9, 0.1, rises=("gift", "raid"), falls=("insult",))
STILL = Trait("calm", 0.3, 0.0, 1.0, 0.0, falls=("chat",))
CAST = (
    PersonaView(PersonaId("main"), "Spark", mood="happy", traits=(WARMTH, PATIENCE, STONE, STILL)),
    PersonaView(
        PersonaId("ember"),
        "Ember",
        mood="smug",
        traits=(Trait("scorn", 0.6, 0.2, 1.0, 0.5, rises=tuple(STIRS[:6]), falls=tuple(STIRS[6:])),),
    ),
)
SPARK, EMBER = CAST


def check_limits(persona: PersonaView, moves: list[Move]) -> None:
    """The moves of each trait chain up, have a cause, stay in the band, and any 24 hours hold the daily limit."""
    for trait in persona.traits:
        own = [move for move in moves if move.part == "trait" and move.name == trait.name]
        assert all(move.cause for move in own)
        assert all(trait.low <= move.new <= trait.high for move in own)
        assert all(one.new == other.old for one, other in pairwise(own))
        first = 0
        total = 0.0
        for move in own:
            total += abs(move.new - move.old)
            while own[first].at_ms <= move.at_ms - DAY_MS:
                total -= abs(own[first].new - own[first].old)
                first += 1
            assert total <= trait.daily + 1e-9


def check_state(persona: PersonaView, state: Disposition) -> None:
    for trait in persona.traits:
        assert trait.low <= state.traits[trait.name].value <= trait.high
        assert len(state.traits[trait.name].spent) <= MOST_SPENT
    assert -1 <= state.spirits <= 1
    assert ENERGY_BAND[0] <= state.energy <= ENERGY_BAND[1]
    assert len(state.bonds) <= STRONGEST_BONDS + LATEST_BONDS
    assert all(-1 <= bond.value <= 1 for bond in state.bonds.values())


SHIPPED = tuple(card.load(PersonaId(name), name) for name in card.shipped())


@pytest.mark.parametrize("persona", [SPARK, *SHIPPED], ids=("made for this", *card.shipped()))
def test_over_thirty_shows_every_trait_stays_in_its_band_and_its_daily_limit(persona: PersonaView) -> None:
    rng = random.Random(5)
    state = newborn(persona, START_MS)
    moves: list[Move] = []
    seen = {trait.name: {trait.value} for trait in persona.traits}
    at_ms = START_MS
    for show in range(30):
        at_ms = START_MS + show * DAY_MS + rng.randrange(2 * HOUR_MS)
        end_ms = at_ms + 8 * HOUR_MS
        # Every show has a temper of its own, so that a trait is pushed one way for hours.
        weights = [rng.random() ** 3 for _ in STIRS]
        while at_ms < end_ms:
            at_ms += rng.randrange(8_000, 100_000)
            stirs = tuple(rng.choices(STIRS, weights, k=rng.choice((1, 1, 2))))
            grown = grow(state, persona, Happening(at_ms, stirs, f"viewer:{rng.randrange(500)}", "ana"))
            state = grown.disposition
            moves += grown.moves
        check_state(persona, state)
        for name, now in state.traits.items():
            seen[name].add(now.value)
    check_limits(persona, moves)
    assert all(move.cause for move in moves)
    for trait in persona.traits:
        can_move = trait.daily > 0 and trait.low < trait.high
        assert (len(seen[trait.name]) > 1) is can_move


HAPPENINGS = st.lists(
    st.tuples(
        st.integers(-HOUR_MS, 30 * HOUR_MS),
        st.lists(st.sampled_from(STIRS), max_size=4),
        st.sampled_from(("", "viewer:a", "viewer:b", "persona:ember")),
    ),
    max_size=60,
)
SHARES = st.floats(0, 1)


@st.composite
def traits(draw: st.DrawFn) -> Trait:
    low, value, high = sorted(draw(st.tuples(SHARES, SHARES, SHARES)))
    stirs = draw(st.permutations(STIRS))
    return Trait("it", value, low, high, draw(st.floats(0, 0.5)), rises=tuple(stirs[:5]), falls=tuple(stirs[5:9]))


@settings(max_examples=80, deadline=None)
@given(traits(), HAPPENINGS, st.booleans())
def test_whatever_happens_no_trait_leaves_its_band_or_its_daily_limit(
    trait: Trait, happenings: list[tuple[int, list[Stir], str]], is_restarted: bool
) -> None:
    persona = PersonaView(PersonaId("main"), "N", traits=(trait,))
    state, at_ms, moves = newborn(persona, START_MS), START_MS, list[Move]()
    for later_ms, stirs, bond in happenings:
        at_ms += later_ms
        # Many at once, for one alone seldom tips a trait.
        for _ in range(8):
            grown = grow(state, persona, Happening(at_ms, tuple(stirs), bond, "x"))
            state = grown.disposition
            moves += grown.moves
        if is_restarted:
            state = fitted(state, persona, max(at_ms, state.at_ms))
        check_state(persona, state)
    check_limits(persona, moves)
    assert [move.at_ms for move in moves] == sorted(move.at_ms for move in moves)


def lived(
    persona: PersonaView, *stirs: Stir, state: Disposition | None = None, each_ms: int = 1_000
) -> tuple[Disposition, list[Move]]:
    """What these stirs, one after the other, make of a character."""
    state = state or newborn(persona, START_MS)
    moves: list[Move] = []
    for stir in stirs:
        grown = grow(state, persona, Happening(state.at_ms + each_ms, (stir,), "viewer:a", "ana"))
        state = grown.disposition
        moves += grown.moves
    return state, moves


def of(moves: list[Move], part: str) -> list[Move]:
    return [move for move in moves if move.part == part]


def test_a_trait_moves_after_several_causes_and_names_the_last() -> None:
    state, moves = lived(SPARK, *["thanks"] * 5)
    assert (state.traits["warmth"].value, of(moves, "trait")) == (0.7, [])
    state, moves = lived(SPARK, "thanks", state=state)
    (move,) = of(moves, "trait")
    assert (move.name, move.old, move.cause) == ("warmth", 0.7, "thanks")
    assert move.new == pytest.approx(0.7 + 0.05 / STEPS_A_DAY)


def test_what_pulls_both_ways_moves_nothing() -> None:
    _, moves = lived(SPARK, *["thanks", "thanks", "insult"] * 20)
    assert of(moves, "trait") == []


def test_the_same_day_moves_a_trait_no_further_than_its_limit_and_the_next_one_does() -> None:
    state, _ = lived(SPARK, *["insult"] * 200)
    assert state.traits["warmth"].value == pytest.approx(0.65)
    later = replace(state, at_ms=state.at_ms + DAY_MS)
    state, moves = lived(SPARK, *["insult"] * 200, state=later)
    assert state.traits["warmth"].value == pytest.approx(0.65 + 0.0125 - 0.0375)
    assert of(moves, "trait")[0].cause == NEW_DAY


def test_a_new_day_draws_a_trait_back_towards_its_card() -> None:
    state, _ = lived(SPARK, *["insult"] * 200)
    state, moves = lived(SPARK, "chat", state=replace(state, at_ms=state.at_ms + DAY_MS))
    (move,) = of(moves, "trait")
    assert (move.cause, move.new) == (NEW_DAY, pytest.approx(0.65 + 0.05 / 4))


def test_insults_make_angry_sorrow_makes_sad_and_both_pass() -> None:
    state, moves = lived(SPARK, "insult", "insult")
    assert state.mood == "angry"
    assert [(move.name, move.cause) for move in of(moves, "mood")] == [("angry", "insult")]
    state, _ = lived(SPARK, *["failed"] * 5)
    assert state.mood == "sad"
    calmed = grow(state, SPARK, Happening(state.at_ms + HOUR_MS))
    assert calmed.disposition.mood == ""
    assert [(move.name, move.cause) for move in calmed.moves if move.part == "mood"] == [("happy", "calming down")]


def test_gifts_please_everybody_in_their_own_way() -> None:
    assert [lived(persona, *["gift"] * 3)[0].mood for persona in CAST] == ["happy", "smug"]


def test_energy_rises_with_a_full_room_and_settles_again() -> None:
    state, moves = lived(SPARK, *["raid"] * 10)
    assert state.energy == ENERGY_BAND[1]
    assert {move.cause for move in of(moves, "energy")} == {"raid"}
    settled = grow(state, SPARK, Happening(state.at_ms + 4 * HOUR_MS)).disposition
    assert settled.energy == pytest.approx(0.5, abs=0.01)


def test_a_bond_grows_by_a_tenth_a_day_at_most() -> None:
    state, moves = lived(SPARK, *["gift"] * 10)
    assert state.bonds["viewer:a"].value == pytest.approx(BOND_DAILY)
    assert len(of(moves, "bond")) == 2
    state, _ = lived(SPARK, *["gift"] * 10, state=replace(state, at_ms=state.at_ms + DAY_MS))
    assert state.bonds["viewer:a"].value == pytest.approx(2 * BOND_DAILY)


def test_of_too_many_bonds_the_strongest_and_the_latest_stay() -> None:
    bonds = {f"viewer:{n}": Bond(0.5, "x", START_MS) for n in range(STRONGEST_BONDS)}
    bonds |= {f"viewer:new{n}": Bond(0.01, "x", START_MS + n) for n in range(LATEST_BONDS)}
    bonds["persona:ember"] = Bond(0.0, "Ember", 0)
    state = replace(newborn(SPARK, START_MS + HOUR_MS), bonds=bonds)
    state, _ = lived(SPARK, "thanks", state=state)
    assert len(state.bonds) == STRONGEST_BONDS + LATEST_BONDS
    assert {"viewer:a", "persona:ember", "viewer:new49"} <= set(state.bonds)
    assert "viewer:new0" not in state.bonds


def test_who_is_frozen_does_not_move_and_does_not_leap_afterwards() -> None:
    frozen = replace(newborn(SPARK, START_MS), is_frozen=True, spirits=0.8, mood="happy")
    state, moves = lived(SPARK, *["insult"] * 50, state=frozen, each_ms=HOUR_MS)
    assert moves == []
    assert replace(state, at_ms=START_MS, homed_ms=START_MS) == frozen
    thawed = grow(replace(state, is_frozen=False), SPARK, Happening(state.at_ms + 1_000))
    assert thawed.disposition.spirits == pytest.approx(0.8, abs=0.01)


def test_topics_are_the_last_ones_each_once() -> None:
    state = newborn(SPARK, START_MS)
    for topic in ("cats", "boss", "cats", "", *"abcdefg"):
        state = grow(state, SPARK, Happening(state.at_ms, ("chat",), topic=topic)).disposition
    assert state.topics == ("g", "f", "e", "d", "c", "b", "a", "cats")


@pytest.mark.parametrize(
    "broken",
    [
        {"spirits": math.nan, "energy": math.inf},
        {"traits": {"warmth": TraitNow(7.0, 99.0, ((START_MS * 2, -3.0),) * 90), "unknown": TraitNow(0.5)}},
        {"bonds": {f"viewer:{n}": Bond(9.0, "x" * 900, START_MS * 2, spent=-4.0) for n in range(900)}},
        {"topics": ("x",) * 90, "at_ms": START_MS * 2, "homed_ms": START_MS * 2},
    ],
)
def test_a_state_that_makes_no_sense_is_fitted_to_the_card(broken: dict[str, Any]) -> None:
    state = fitted(replace(newborn(SPARK, START_MS), **broken), SPARK, START_MS)
    check_state(SPARK, state)
    assert set(state.traits) == {trait.name for trait in SPARK.traits}
    assert state.at_ms <= START_MS
    assert len(state.topics) <= 8
    grown = grow(state, SPARK, Happening(START_MS + 1, ("thanks",)))
    check_state(SPARK, grown.disposition)
