import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.tts.speakable import has_sound, neutral, pause_ms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set \x0150S the rate", "set  50S the rate"),
        ("<prosody rate='x'>hi</prosody>", " prosody rate='x' hi /prosody "),
        ("[[h@'loU]]", "  h@'loU  "),
        ("nul\x00byte\nline", "nul byte line"),
        ("private \ue000 and \ud800 and \u0530", "private   and   and  "),
        ("bidi \u202etext", "bidi  text"),
        ("می\u200cخواهم, 日本語 and 😀", "می\u200cخواهم, 日本語 and 😀"),
    ],
)
def test_nothing_that_an_engine_could_obey_is_left(text: str, expected: str) -> None:
    assert neutral(text) == expected


@given(st.text())
def test_neutral_text_is_as_long_as_the_text_and_can_be_encoded(text: str) -> None:
    plain = neutral(text)
    assert len(plain) == len(text)
    assert plain.encode().decode() == plain
    assert not any(unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"} for character in plain)


@pytest.mark.parametrize("text", ["hi", "7", "日本", "😀", "$"])
def test_letters_digits_and_signs_have_a_sound(text: str) -> None:
    assert has_sound(text)


@pytest.mark.parametrize("text", ["", "  ", "...", "?!", "—", "\x01", "(*)"])
def test_marks_alone_have_no_sound(text: str) -> None:
    assert not has_sound(text)


def test_sentences_rest_longer_than_clauses_and_clauses_longer_than_cuts() -> None:
    assert pause_ms("Done.") > pause_ms("then,") > pause_ms("and then") > 0


@pytest.mark.parametrize("closed", ['He said "stop."', "(stop.)", "stop. ", "*stop.*"])
def test_the_rest_looks_through_closing_quotes(closed: str) -> None:
    assert pause_ms(closed) == pause_ms("stop.")


def test_dots_of_hesitation_rest_longer_than_a_full_stop() -> None:
    assert pause_ms("well...") == pause_ms("well…") > pause_ms("well.")


def test_text_of_closing_marks_only_rests_as_if_cut() -> None:
    assert pause_ms('")') == pause_ms("") == pause_ms("cut")
