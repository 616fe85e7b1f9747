"""What a character says instead of what the guard held back."""

import random
from itertools import pairwise

import pytest

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import Chain, ChainOptions
from spark_vtuber.moderation.ruling import Category
from spark_vtuber.personality.card import load, shipped
from spark_vtuber.personality.deflect import ANY, PLAIN, deflector
from spark_vtuber.text.speakable import speakable

REASONS = (*(category.value for category in Category), "prompt", "doubtful", "guard_failed", ANY)


def persona(**deflections: tuple[str, ...]) -> PersonaView:
    return PersonaView(id=PersonaId("main"), name="Spark", deflections=tuple(deflections.items()))


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_character_has_three_lines_of_its_own_for_every_reason(name: str) -> None:
    lines = dict(load(PersonaId(name), name).deflections)
    assert set(lines) == set(REASONS)
    for reason in REASONS:
        assert len(set(lines[reason])) >= 3, reason
    everything = [line for own in lines.values() for line in own]
    assert len(set(everything)) == len(everything)


def test_no_two_characters_share_a_line() -> None:
    said = [{line for _, own in load(PersonaId(name), name).deflections for line in own} for name in shipped()]
    assert len(set.union(*said)) == sum(map(len, said))


@pytest.mark.parametrize("name", shipped())
def test_the_strictest_guard_lets_every_deflection_through_as_it_is(name: str) -> None:
    chain = Chain(ChainOptions(level="strict"))
    for reason, lines in load(PersonaId(name), name).deflections:
        for line in lines:
            for before in ("", "So anyway, I was about to say. "):
                ruling = chain.rule(line, Direction.OUT, before, speakable(line, "en").spoken)
                assert ruling.decision is Decision.ALLOW, (reason, line, ruling.rule)


def test_the_lines_of_the_reason_come_first() -> None:
    deflect = deflector(random.Random(1))
    one = persona(threat=("No fights.",), any=("Hm.",))
    assert deflect(one, "threat") == "No fights."
    assert deflect(one, "link") == "Hm."


@pytest.mark.parametrize(("reason", "like"), [("slur", "hate"), ("doxxing", "personal"), ("injection", "prompt")])
def test_a_reason_without_lines_borrows_from_a_near_one(reason: str, like: str) -> None:
    assert deflector(random.Random(1))(persona(**{like: ("Near.",), ANY: ("Far.",)}), reason) == "Near."


@pytest.mark.parametrize("reason", ["guard_failed", "guard_hung", "guard_down", "late"])
def test_a_guard_that_could_not_tell_is_no_reason_to_speak_of_rules(reason: str) -> None:
    deflect = deflector(random.Random(1))
    assert deflect(persona(guard_failed=("Where was I?",), any=("No.",)), reason) == "Where was I?"


def test_a_character_without_any_lines_still_says_something() -> None:
    assert deflector(random.Random(1))(persona(), "threat") in PLAIN
    assert deflector(random.Random(1))(persona(threat=()), "threat") in PLAIN


def test_the_same_line_never_comes_twice_in_a_row() -> None:
    deflect = deflector(random.Random(1))
    one = persona(any=("a", "b", "c"))
    said = [deflect(one, "link") for _ in range(50)]
    assert all(first != second for first, second in pairwise(said))
    assert set(said) == {"a", "b", "c"}
