"""Every line that a character may say, read as a listener, a guard and a parser would."""

import itertools
import random
import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView
from spark_vtuber.llm.brain.load import load_brain
from spark_vtuber.llm.brain.talk import Talk
from spark_vtuber.llm.brain.voice import MAX_CHARS, Voice, filled, line
from spark_vtuber.moderation.profanity import Profanity
from spark_vtuber.text.markup import Markup, Tag, Text

BRAIN = load_brain()
PERSONAS = {"spark": PersonaView(PersonaId("main"), "Spark"), "ember": PersonaView(PersonaId("twin"), "Ember", "ember")}
KNOWN = dict.fromkeys(
    ("who", "name", "pet", "pet_kind", "like", "home", "job", "word", "star1", "star2", "topic"), "Miso"
) | {"amount": "500 bits", "count": "41"}  # fmt: skip
DUET = "duet_"
"""How the names of lines begin that `Banter` looks for; their own tests are in test_banter."""


def all_lines() -> Iterator[tuple[str, str, str]]:
    for name, lines in BRAIN.voices.items():
        for intent, options in lines.items():
            for option in options:
                yield name, intent, option.text


ALL = list(all_lines())


def intents() -> set[str]:
    """What the triggers can mean, and what is made of it."""
    root = files("spark_vtuber.llm.brain") / "understand"
    replies = [
        found[1]
        for file in root.iterdir()
        if file.name not in ("words.rive", "duet.rive", "opinions.rive")
        for found in re.finditer(r"^\s*- (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    unknown = {f"recall_{fact}_unknown" for fact in ("name", "pet", "home", "me")}
    made = {"greet_again", "fallback_question", "sum", "sum_impossible", "idle", "bridge", "duet", "interjection"}
    made |= {"opinion_for", "opinion_against"}
    return (set(replies) | unknown | made) - {"nothing"}


@pytest.mark.parametrize("name", list(BRAIN.voices))
def test_every_intent_has_lines_of_its_own_or_of_its_family(name: str) -> None:
    lines = BRAIN.voices[name]

    families = {intent.split("_")[0] for intent in intents()}
    strangers = {family for family in families if not any(key.split("_")[0] == family for key in lines)}

    assert not strangers


def test_no_lines_wait_for_an_intent_that_cannot_come() -> None:
    families = {intent.rsplit("_", depth)[0] for intent in intents() for depth in range(3)}

    unused = {intent for _, intent, _ in ALL if intent not in families and not intent.startswith(("event", DUET))}

    assert not unused


@pytest.mark.parametrize("name", list(BRAIN.voices))
def test_every_intent_has_three_lines_and_two_that_need_nothing_known(name: str) -> None:
    for intent, options in BRAIN.voices[name].items():
        if intent.startswith(DUET):
            continue
        free = [option for option in options if not option.slots & {"pet", "like", "home", "job", "word"}]
        nameless = [option for option in free if "who" not in option.slots]
        assert len(options) >= 3, intent
        assert intent.startswith(("event", "name", "pet_name", "recall")) or len(nameless) >= 2, intent


@pytest.mark.parametrize("name", list(BRAIN.voices))
def test_lines_are_short_whole_and_plain(name: str) -> None:
    for _, intent, text in (one for one in ALL if one[0] == name):
        spoken = "".join(part.text for part in parsed(filled(text, KNOWN)) if isinstance(part, Text))
        assert len(text) <= 190, text
        assert spoken.rstrip()[-1] in ".!?", (intent, text)
        assert spoken.isascii(), text
        assert not re.search(r"[*_`#<>{}\[\]|]", spoken), text


def parsed(text: str) -> list[Text | Tag]:
    markup = Markup(EXPRESSIONS)
    return [*markup.feed(text), *markup.close()]


def test_only_known_expressions_are_used() -> None:
    used = {tag for *_, text in ALL for tag in re.findall(r"\[(.*?)\]", text)}

    assert used <= set(EXPRESSIONS)
    assert {"happy", "sad", "angry", "surprised", "smug", "thinking"} <= used


def test_no_line_is_taken_for_profanity() -> None:
    profanity = Profanity(["english"])

    caught = [text for *_, text in ALL if profanity.spans(filled(re.sub(r"\[\w+\] ?", "", text), KNOWN))]

    assert not caught


def test_no_line_stands_twice_in_a_voice() -> None:
    for name in BRAIN.voices:
        texts = [text for one, _, text in ALL if one == name]
        assert len(texts) == len(set(texts))


def test_there_is_enough_to_say() -> None:
    spark, ember = BRAIN.voices["spark"], BRAIN.voices["ember"]

    assert len(spark["joke"]) >= 30
    assert len(spark["fallback"]) >= 25
    assert len(ember["joke"]) >= 20


def test_triggers_have_one_reply_each_and_no_programs() -> None:
    for file in (files("spark_vtuber.llm.brain") / "understand").iterdir():
        text = file.read_text(encoding="utf-8")
        blocks = list(re.split(r"^\s*\+ ", text, flags=re.MULTILINE)[1:])
        assert all(len(re.findall(r"^\s*- ", block, re.MULTILINE)) == 1 for block in blocks), file.name
        assert "> object" not in text
        assert "<call>" not in text


CHAT = st.sampled_from(
    ["hi", "lol", "tell me a joke", "what is 2+2", "flip a coin", "xyzzy", "are you an ai", "thanks", "?", "bye", "f"]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CHAT, st.sampled_from(["Tom", "Ann", ""])), min_size=2, max_size=30), st.integers(0, 99))
def test_no_answer_is_given_twice_in_a_row(lines: list[tuple[str, str]], seed: int) -> None:
    talk = Talk(BRAIN, random.Random(seed))

    answers = [
        talk.answer(PERSONAS["spark"], Cue(CueId("c"), CueKind.CHAT, text, author=author)) for text, author in lines
    ]

    assert all(one != next_one for one, next_one in itertools.pairwise(answers))


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_no_joke_comes_again_within_ten(persona: PersonaView) -> None:
    talk = Talk(BRAIN, random.Random(5))

    jokes = [
        talk.answer(persona, Cue(CueId("c"), CueKind.CHAT, "tell me a joke", author=f"v{index % 3}"))
        for index in range(120)
    ]

    assert all(joke not in jokes[max(0, index - 10) : index] for index, joke in enumerate(jokes))
    assert len(set(jokes)) >= 20


def test_a_line_is_filled_with_a_capital_and_the_right_article() -> None:
    assert filled("[smug] <star>, no contest.", {"star1": "ramen"}) == "[smug] Ramen, no contest."
    assert filled("You are a <get job>. A <get job>!", {"job": "engineer"}) == "You are an engineer. An engineer!"
    assert filled("It's <star2>.", {"star2": "<star>"}) == "It's <star>."


def test_a_voice_with_one_line_repeats_it() -> None:
    voice = Voice({"fallback": (line("Hm."),)}, random.Random(1))

    assert [voice.say("strange_thing", {}) for _ in range(2)] == ["Hm.", "Hm."]


def test_an_intent_whose_lines_cannot_be_filled_has_those_of_its_family() -> None:
    lines = {"taste_this": (line("<star>?"),), "taste": (line("Taste."),), "fallback": (line("Hm."),)}
    voice = Voice(lines, random.Random(1))

    assert voice.say("taste_this", {}) == "Taste."
    assert voice.say("taste_this", {"star1": "Tea"}) == "Tea?"


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_a_question_whose_subject_was_not_read_is_answered(persona: PersonaView) -> None:
    talk = Talk(BRAIN, random.Random(1))

    assert talk.answer(persona, Cue(CueId("c"), CueKind.CHAT, "what music do you like?", author="Tom"))


def test_answers_stay_short_whatever_is_filled_in() -> None:
    talk = Talk(BRAIN, random.Random(1))
    long = " ".join(["incomprehensibilities"] * 20)

    for text in ("i love {}", "my cat is called {}", "{} or {}", "im from {}", "my favorite food is {}", "{}"):
        for author in ("W" * 400, "Tom"):
            for _ in range(12):
                cue = Cue(CueId("c"), CueKind.CHAT, text.replace("{}", long), author=author)
                assert len(talk.answer(PERSONAS["spark"], cue)) <= MAX_CHARS
