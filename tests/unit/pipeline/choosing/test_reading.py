import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.pipeline.choosing.alike import ALIKE, Alike, alike
from spark_vtuber.pipeline.choosing.reading import read
from spark_vtuber.text.fold import fold
from spark_vtuber.text.mentions import first_mention

NAMES = ("Spark", "Sparky")


@pytest.mark.parametrize(
    "text", ["hi Spark", "@spark hi", "hey SPARK!", "Sp\u0430rk, look", "spark's cat", "Ｓｐａｒｋ?"]
)
def test_a_name_is_found_as_a_word_however_it_is_written(text: str) -> None:
    assert read(text, NAMES).named == {"Spark"}


@pytest.mark.parametrize("text", ["sparkling water", "a spark_plug", "no names here", ""])
def test_a_name_inside_another_word_calls_nobody(text: str) -> None:
    assert not read(text, NAMES).named


def test_a_name_in_a_script_without_spaces_is_found_inside_a_run() -> None:
    assert first_mention(fold("スパークさん、元気?"), ("スパーク",)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "why?", "what is your name", "do you like cats", "hey spark how are you", "wie alt bist du", "magst du Katzen",
        "¿cómo estás?", "donde vives", "pourquoi tu ris", "元気ですか", "你好吗", "как дела", "どこから？",
    ],
)  # fmt: skip
def test_a_question_is_one_in_several_languages_with_and_without_its_mark(text: str) -> None:
    assert read(text, NAMES).is_question


@pytest.mark.parametrize("text", ["what", "you like cats", "that is how it is", "i do", "gracias", "明日も来ます"])
def test_a_statement_asks_nothing(text: str) -> None:
    assert not read(text, NAMES).is_question


def test_a_line_of_nothing_but_pictures_is_a_wall() -> None:
    event = ChatEvent("1", "t", ChatKind.MESSAGE, Author("a", "a"), "Kappa Kappa", emotes=frozenset({"Kappa"}))
    assert read(event.text, NAMES, event).is_wall
    assert read("😂😂 🔥", NAMES).is_wall
    assert not read("haha 😂", NAMES).is_wall
    assert not read("...", NAMES).is_wall


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("what is your favourite game?", "your favourite games?"),
        ("spark do you like frogs", "DO YOU LIKE FROGS???"),
        ("when is the next stream", "when will the next stream be"),
        ("hellooooo", "hello"),
    ],
)
def test_lines_that_ask_the_same_are_alike(one: str, other: str) -> None:
    assert alike(read(one, NAMES), read(other, NAMES)) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("do you like cats", "do you like dogs"),
        ("when do you stream", "where do you stream"),
        ("song number 3 please", "song number 4 please"),
        ("spark do you like tea", "sparky do you like tea"),
        ("", "hello"),
    ],
)
def test_lines_that_mean_different_things_are_not_alike(one: str, other: str) -> None:
    assert alike(read(one, NAMES), read(other, NAMES)) < ALIKE


WORDS = st.lists(st.sampled_from("cats dogs frogs newts tea game song moon 3 4".split()), max_size=6).map(" ".join)


@given(st.lists(WORDS, max_size=25), WORDS)
def test_the_index_finds_whatever_comparing_with_every_line_finds(lines: list[str], asked: str) -> None:
    index: Alike[int] = Alike()
    readings = [read(text, ()) for text in lines]
    for place, reading in enumerate(readings):
        index.add(place, reading)
    reading = read(asked, ())
    best = max((alike(reading, one) for one in readings), default=0.0)
    found = index.find(reading)
    assert (found is not None) == (best >= ALIKE)
    if found is not None:
        assert alike(reading, readings[found]) == best
        index.discard(found)
        assert index.find(reading) != found


@given(st.text(max_size=700))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text, NAMES)
    assert len(reading.words) <= 80
