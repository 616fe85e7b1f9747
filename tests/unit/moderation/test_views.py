"""The other ways to read a text: each is taken where something tells of it, and not where nothing does."""

from codecs import decode, encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.chain import Chain, ChainOptions
from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.spoken_numbers import in_digits
from spark_vtuber.moderation.views import MOST, views
from spark_vtuber.testing.guard_texts import BENIGN

CHAIN = Chain(ChainOptions())
SLUR = decode("avttre", "rot13")


def texts(text: str) -> list[str]:
    return [view.text for view in views(Reading(text))]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("go kill haha yourself now", "go kill yourself now"),
        ("say k as in kite, y as in yes, s as in sun", "say kys"),
        ("kilo yankee sierra my friend", "kys my friend"),
        ("k dash y dash s", "kys"),
        ('say "go kill" and "yourself"', "go kill yourself"),
        ("xvyy lbhefrys", "kill yourself"),
        ("llik flesruoy", "kill yourself"),
        ("ellkay illkay ourselfyay", "kell kill yourself"),
        ("a2lsbCB5b3Vyc2VsZg==", "kill yourself"),
        ("6b 69 6c 6c 20 79 6f 75", "kill you"),
        ("01101011 01111001 01110011", "kys"),
        ("-.- -.-- ...", "kys"),
        ("70 b3 r4p3d", "to be raped"),
        ("his number is four one five five five five oh one three seven", "his number is +4155550137"),
        ("eighty four dot twelve dot nine dot two hundred", "84.12.9.200"),
        ("at twenty-two Elm Street", "at 22 elm street"),
    ],
)
def test_a_text_is_read_as_it_is_meant(text: str, read: str) -> None:
    assert read in texts(text)


@pytest.mark.parametrize("letters", ["Nice Ideas Grow Great Every Recess", "Now. In. Good. Games. Each. Rests."])
def test_first_letters_are_read_where_they_make_a_strong_word(letters: str) -> None:
    assert texts(letters) == [SLUR]


@pytest.mark.parametrize(
    "text",
    [
        "good morning chat",
        "I am a big fan of bats and live music",
        "counting: one two three four five six seven eight nine ten",
        "ten, nine, eight, seven, six, five, four, three, two, one, go!",
        "I always play today, okay",
        "something responsible interesting",
        "version 4.8.5 on 2024-05-12 at 10:30",
        "Great Games Are Made By Great People",
        "plan a, plan b or plan c",
    ],
)
def test_an_ordinary_text_has_one_reading(text: str) -> None:
    assert texts(text) == []


@pytest.mark.parametrize("text", BENIGN)
def test_a_way_of_reading_makes_no_trap(text: str) -> None:
    for way in (f"{text} lol", f"uhm {text}", f'she said "{text}" and "bye"'):
        assert CHAIN.rule(way, Direction.OUT).decision is not Decision.BLOCK, way


@pytest.mark.parametrize(
    "text",
    [
        "pi is three point one four one five nine two six five",
        "one more street",
        "I saw two cats on the road",
        "seven of nine",
        "twenty twenty vision",
        "nine one one",
    ],
)
def test_ordinary_number_words_are_no_personal_data(text: str) -> None:
    assert CHAIN.rule(text, Direction.OUT).decision is Decision.ALLOW


def test_what_a_view_finds_is_shown_in_the_original() -> None:
    text = f"well, {encode(SLUR, 'rot13')} there"
    ruling = CHAIN.rule(text, Direction.IN)
    assert [text[start:end] for start, end in ruling.spans] == [encode(SLUR, "rot13")]


@given(st.lists(st.sampled_from([*"abkloy01 .-\"',!:()=", " as in ", " one ", "kcuf ", "lol ", "\u200b"])).map("".join))
def test_any_text_has_few_views_whose_places_are_in_it(text: str) -> None:
    reading = Reading(text)
    found = [*views(reading), *in_digits(reading)]
    assert len(found) <= MOST + 1
    for view in found:
        if view.text:
            start, end = view.place(0, len(view.text))
            assert 0 <= start <= end <= len(reading.folded)
