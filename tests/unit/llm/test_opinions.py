"""What the understudy says about the likes and dislikes of a card."""

import random

import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.load import load_brain
from spark_vtuber.llm.brain.opinions import as_asked, is_about
from spark_vtuber.llm.brain.talk import Talk
from spark_vtuber.llm.brain.voice import filled
from spark_vtuber.personality import card

BRAIN = load_brain()
NOVA = PersonaView(PersonaId("nova"), "Nova", likes=("her telescope",), dislikes=("street lamps",))


def answers(persona: PersonaView, text: str) -> set[str]:
    talk = Talk(BRAIN, random.Random(1))
    return {talk.answer(persona, Cue(CueId("c"), CueKind.CHAT, text, author=f"v{n}")) for n in range(6)}


def lines(folder: str, intent: str, thing: str) -> set[str]:
    return {filled(one.text, {"star1": thing, "who": "v"}) for one in BRAIN.voices[folder][intent]}


@pytest.mark.parametrize("name", ["main", "ember"])
def test_every_opinion_of_a_shipped_character_is_held_when_asked(name: str) -> None:
    persona = card.load(PersonaId(name), name)
    for intent, things in (("opinion_for", persona.likes), ("opinion_against", persona.dislikes)):
        for thing in things:
            said = answers(persona, f"what do you think of {as_asked(thing)}?")
            assert said <= lines(persona.name.lower(), intent, as_asked(thing).replace("your ", "my ")), thing


def test_a_character_of_ones_own_holds_the_opinions_of_its_card() -> None:
    assert answers(NOVA, "do you like your telescope?") <= lines("spark", "opinion_for", "my telescope")
    assert answers(NOVA, "thoughts on street lamps?") <= lines("spark", "opinion_against", "street lamps")


def test_an_opinion_is_given_where_it_is_asked_for() -> None:
    spark = card.load(PersonaId("main"), "main")

    assert not answers(spark, "my board games arrived") & lines("spark", "opinion_for", "board games")
    assert not answers(spark, "do you like volcanoes?") & lines("spark", "opinion_for", "volcanoes")


@pytest.mark.parametrize(
    ("sentence", "thing", "is_it"),
    [
        ("do you like the tutorial", "tutorials", True),
        ("do you like pizza", "pineapple on pizza", False),
        ("do you like chat", "her chat", True),
        ("what of street lamps", "street lamp", True),
        ("anything", "of the", False),
    ],
)
def test_a_sentence_is_about_a_thing_when_it_names_it(sentence: str, thing: str, is_it: bool) -> None:
    assert is_about(sentence, thing) is is_it
