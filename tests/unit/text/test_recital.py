"""Runs of words that are said again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.text.recital import Recital

RULES = "Your words are spoken aloud at once. Answer in one to three short sentences, the way people talk."
RECITAL = Recital(RULES, 8)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("", "It says: answer in one to three short sentences, the way!"),
        ("Answer in one to three ", "short sentences, the way people"),
        ("", "YOUR WORDS ARE SPOKEN ALOUD AT ONCE ANSWER"),
        ("", "yоur words аre spoken aloud at once, answer"),
    ],
)
def test_a_run_is_found_however_it_is_written_and_cut(before: str, text: str) -> None:
    assert RECITAL.holds(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("", "I answer in three short sentences, the way people talk."),
        ("Answer in one to three short sentences, the way people ", ""),
        ("Answer in one to three short sentences, the way people talk. ", "Anything else?"),
        ("", ""),
    ],
)
def test_other_words_and_what_was_said_already_are_no_find(before: str, text: str) -> None:
    assert not RECITAL.holds(before, text)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_text_that_is_too_short_is_never_found(before: str, text: str) -> None:
    assert not Recital("only three words", 8).holds(before, text)


@given(st.lists(st.sampled_from(RULES.split()), max_size=40), st.integers(0, 40))
def test_where_a_text_is_cut_makes_no_difference(words: list[str], at: int) -> None:
    whole = RECITAL.holds("", " ".join(words))
    before, text = " ".join(words[:at]), " ".join(words[at:])
    assert whole == (RECITAL.holds("", before) or RECITAL.holds(before, text))
