import pytest

from spark_vtuber.llm.brain.load import load_brain
from spark_vtuber.llm.brain.reader import LONGEST_WORD, MAX_SENTENCES, MAX_WORDS

READER = load_brain().reader


def read(text: str, *names: str) -> list[str]:
    return [sentence.text for sentence in READER.read(text, names or ("Spark",))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heyyyyy", "hey"),
        ("HELLOOOO", "hello"),
        ("gooood", "good"),
        ("waaaaat", "what"),
        ("hmpfooooo", "hmpfo"),
        ("hahahaha", "lol"),
        ("asdfghjkl", "smash"),
        ("wtf", "wow"),
        ("i'm so tired rn", "i am tired"),
        ("u r cute :)", "you are cute"),
        ("tihs is my freind", "tihs is my friend"),
        ("faevorite", "favorite"),
        ("streaaaam", "stream"),
        ("привет", "hello"),
        ("José", "jose"),
        ("лукошко", "dots"),
    ],
)
def test_words_are_read_as_they_were_meant(text: str, words: str) -> None:
    assert read(text) == [words]


def test_a_name_is_read_as_it_stands_where_it_is_told() -> None:
    assert read("my name is Alice") == ["my name is alice"]
    assert read("my cat is called Kek") == ["my cat is called kek"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spark", "callname"),
        ("hey Spark how are you", "hey how are you"),
        ("how are you, spark?", "how are you"),
        ("i love spark <3", "i love you"),
        ("spark is the best", "you is best"),
        ("what does spark think of it", "what does you think of it"),
        ("spark, sing", "sing"),
    ],
)
def test_a_call_is_left_out_and_talk_about_her_is_talk_to_her(text: str, words: str) -> None:
    assert read(text) == [words]


def test_a_line_is_read_sentence_by_sentence() -> None:
    sentences = READER.read("Hi! How are you? I ate ramen.\nIt was good. And more.")

    assert [sentence.text for sentence in sentences] == ["hi", "how are you", "i ate ramen"]
    assert [sentence.is_question for sentence in sentences] == [False, True, False]


@pytest.mark.parametrize(("text", "word"), [("???", "qmark"), ("...", "dots"), ("!!", "dots"), ("(¬_¬)", "dots")])
def test_marks_alone_are_a_word_of_their_own(text: str, word: str) -> None:
    assert read(text) == [word]


def test_nothing_is_read_from_nothing() -> None:
    assert read("") == read("   ") == []


def test_what_is_read_is_bounded() -> None:
    sentences = read("word " * 500 + "x" * 500)
    many = read("cats run. " * 50)

    assert sum(len(sentence.split()) for sentence in sentences) <= MAX_WORDS
    assert len(many) == MAX_SENTENCES
    assert max(map(len, read("y z" + "q7" * 100)[0].split())) <= LONGEST_WORD
