"""Look-alikes fold to what a reader sees; other scripts stay themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.text.fold import fold, fold_with_map, unleet, unstretch


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hello World", "hello world"),
        ("Ｓｐ\u0430r\u200bk", "spark"),
        ("fu\u0441k", "fuck"),
        ("\u0455\u0440\u0430", "spa"),
        ("n\u00adope", "nope"),
        ("𝓗𝓮𝓵𝓵𝓸 ⓗⓘ", "hello hi"),
        ("b\u0336a\u0336d", "bad"),
        ("Ñandú Łódź Straße Œuvre", "nandu lodz strasse oeuvre"),
        ("İ", "i"),
        ("H\u0435ll\u03bf \u043aind", "hello kind"),
        ("привет мир", "привет мир"),
        ("йод", "йод"),
        ("が हिन्दी สวัสดี 한국어 שלום", "が हिन्दी สวัสดี 한국어 שלום"),
        ("καλημέρα", "καλημερα"),
        ("a\u202eb\ufe0fc", "abc"),
    ],
)
def test_text_folds_to_what_a_reader_sees(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_the_map_leads_back_to_the_original() -> None:
    folded, places = fold_with_map("\u200bStra\u0301ße")
    assert folded == "strasse"
    assert places == (1, 2, 3, 4, 6, 6, 7)


@given(text=st.text(max_size=80))
def test_the_map_has_one_ordered_place_for_each_character(text: str) -> None:
    folded, places = fold_with_map(text)
    assert len(folded) == len(places)
    assert list(places) == sorted(places)
    assert all(0 <= place < len(text) for place in places)


@given(text=st.text(alphabet="abcXYZ \u0430\u0435\u200bé1", max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("sh1t", "shit"),
        ("a$$hole", "asshole"),
        ("h4t3", "hate"),
        ("5pm", "5pm"),
        ("mp3", "mp3"),
        ("$20", "$20"),
        ("1337", "1337"),
    ],
)
def test_figures_in_a_word_are_read_as_letters_and_numbers_stay(word: str, read: str) -> None:
    assert unleet(word) == read


def test_letters_three_times_in_a_row_are_cut() -> None:
    assert unstretch("noooo waaay book") == "no way book"
    assert unstretch("noooo", 2) == "noo"


@given(text=st.text(max_size=80))
def test_no_text_grows_much(text: str) -> None:
    assert len(fold(text)) <= 6 * len(text)


def test_a_ligature_of_a_whole_phrase_stays_one_character() -> None:
    assert fold("\ufdfa" * 3) == "\ufdfa" * 3
