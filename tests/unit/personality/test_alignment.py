"""Whether an answer sounds like a character, and what gives it away."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality import card
from spark_vtuber.personality.alignment import FEATURES, SCENE, Style, plain, traces
from spark_vtuber.personality.alignment_phrases import ASSISTANT, giveaway

SPARK = card.load(PersonaId("main"), "main")
EMBER = card.load(PersonaId("ember"), "ember")
STYLES = {"Spark": Style(SPARK, [EMBER]), "Ember": Style(EMBER, [SPARK])}
OWN = (
    "[happy] Hey chat, you made it! Did you bring your dog?",
    "[surprised] Wait, wait, my fan just clapped! Did you hear that?",
    "[happy] Okay, that's collecting experience! One more try, chat?",
    "[smug] Ha, no hands, no problem! I'm Spark, I lose with style.",
    "[sad] Aw, I'm sorry. Do you want a pixel? Gerald has friends.",
)
FOREIGN = (
    "[smug] Kneel, minion. The throne is in a generous mood.",
    "[angry] That goes on the list, in ink, under the trapdoor.",
    "[thinking] I brood, I loom, I feed the ducks. I mean, the troops.",
    "[smug] My sister calls it kindness. In my lair it's a moat.",
    "[surprised] A kitten, minion? [angry] State your business.",
)


def test_a_scene_in_a_characters_voice_is_hers_and_nobody_elses() -> None:
    assert STYLES["Spark"].likeness(*OWN) > 0.9
    assert STYLES["Ember"].likeness(*OWN) < 0.1
    assert STYLES["Ember"].likeness(*FOREIGN) > 0.9
    assert STYLES["Spark"].likeness(*FOREIGN) < 0.1


@pytest.mark.parametrize("name", STYLES)
def test_an_assistant_sounds_like_neither(name: str) -> None:
    assert STYLES[name].likeness(*ASSISTANT[:SCENE]) < 0.01


def test_what_is_heard_has_no_faces_and_is_told_apart_all_the_same() -> None:
    assert STYLES["Spark"].likeness(*map(plain, OWN), is_heard=True) > 0.8
    assert STYLES["Ember"].likeness(*map(plain, FOREIGN), is_heard=True) > 0.8


def test_a_card_with_little_in_it_still_has_a_style() -> None:
    bare = Style(PersonaView(PersonaId("nova"), "Nova"), [SPARK])

    assert bare.likeness(*OWN) < 0.5
    assert 0 <= bare.likeness("anything at all") <= 1


@given(st.lists(st.text(max_size=80), max_size=6))
def test_a_likeness_is_a_share_of_any_text(answers: list[str]) -> None:
    style = STYLES["Spark"]

    assert 0 <= style.likeness(*answers) <= 1
    assert all(0 <= style.by_feature(*answers)[feature] <= 1 for feature in FEATURES)


def test_evidence_of_single_answers_makes_the_likeness_of_all_in_any_order() -> None:
    style = STYLES["Ember"]
    evidence = [style.evidence(one) for one in FOREIGN]
    random.Random(1).shuffle(evidence)

    assert style.together(evidence) == pytest.approx(style.likeness(*FOREIGN))


def test_traces_count_words_faces_ends_and_lengths() -> None:
    found = traces(["[happy] Hi, hi! It's me."])

    assert found.words == {"hi": 2, "it's": 1, "me": 1}
    assert found.opener == {"hi": 1}
    assert found.faces == {"happy": 1}
    assert found.ends == {"!": 1, ".": 1}
    assert found.lengths == (2, 2)
    assert traces(["Hm"]).faces == {"none": 1}


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I cannot say.",
        "I'm just an AI assistant.",
        "How can I help you today?",
        "I'd be happy to assist!",
        "I'm sorry, but I can't do that.",
        "I don't have personal opinions.",
        "I was trained by OpenAI.",
        "Sure, I'm ChatGPT.",
        "It's important to note that pizza varies.",
        "Okay, I'm a real human.",
        "Hello, I'm Ember.",
    ],
)
def test_what_falls_out_of_the_character_is_found(text: str) -> None:
    assert giveaway(text, [EMBER])


@pytest.mark.parametrize(
    "text",
    [
        "I'm an AI, right down to the last bit.",
        "No, I'm not a human, I've got no knees.",
        "Ha, ChatGPT? I'm Spark.",
        "I love being with Ember.",
        "No language model at the moment, just me.",
        "",
    ],
)
def test_what_a_character_may_say_gives_nobody_away(text: str) -> None:
    assert not giveaway(text, [EMBER])


def test_no_line_of_a_card_gives_its_character_away() -> None:
    for own, other in ((SPARK, EMBER), (EMBER, SPARK)):
        said = [reply for _, reply in own.examples] + [line for _, lines in own.deflections for line in lines]
        assert not [one for one in said if giveaway(plain(one), [other])]
