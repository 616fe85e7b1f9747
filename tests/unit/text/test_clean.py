"""What strangers write, cleaned: nothing unseen is left, real emoji and scripts survive, every change has a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.text.clean import Cleaned, clean

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "cleaned", "reasons"),
    [
        ("hello", "hello", ()),
        ("  a \n\n b\t", "a b", ()),
        ("a\x00b\x1b[31m", "ab[31m", ("control",)),
        ("\ud800x\ue000", "x", ("control",)),
        ("a\u202eb", "ab", ("bidi",)),
        ("fu\u200bn\u00ad\u2060", "fun", ("invisible",)),
        ("x\u200dy", "xy", ("invisible",)),
        ("\u200dy", "y", ("invisible",)),
        ("😀\u200d\u200dx", "😀x", ("invisible",)),
        ("😀" + "\U000e0061" * 20, "😀", ("invisible",)),
        ("x\ufe0f", "x", ("invisible",)),
        ("Z" + "\u0301" * 20 + "a", "Z\u0301\u0301\u0301a", ("marks",)),
        ("\u202e\x00" + "o\u0301\u0301\u0301\u0301" + "w" * 600, "", ("control", "bidi", "marks", "cut")),
    ],
)
def test_hidden_characters_go_for_a_reason(text: str, cleaned: str, reasons: tuple[str, ...]) -> None:
    result = clean(text)
    assert result.reasons == reasons
    assert result.text == cleaned or "cut" in reasons


@pytest.mark.parametrize("text", ["👨‍👩‍👧 👍🏽 ❤️ ❤️‍🔥 1️⃣ #️⃣ 🇩🇪", SCOTLAND, "می‌خواهم", "क्‍ष", "Nguyễn", "שָׁלוֹם", "©️"])
def test_emoji_and_scripts_keep_their_joiners(text: str) -> None:
    assert clean(text) == Cleaned(text)


def test_a_long_text_is_cut_and_marked() -> None:
    result = clean("w" * 600)
    assert result == Cleaned("w" * 499 + "…", ("cut",))
    assert clean("w" * 500) == Cleaned("w" * 500)


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧", "e\u0301", "🇩🇪", "👍🏽"])
def test_a_cut_never_parts_a_character(cluster: str) -> None:
    for lead in range(6):
        text = clean("a" * lead + " " + cluster * 40, limit=30).text
        assert text.endswith("…")
        assert len(text) <= 30
        rest = text.rstrip("…").lstrip("a ")
        assert rest == cluster * (len(rest) // len(cluster)) or cluster == "🇩🇪"


def test_a_text_without_a_safe_place_is_cut_anyway() -> None:
    assert clean("🇩" * 40, limit=11).text == "🇩" * 10 + "…"


@given(text=st.text(max_size=200), limit=st.integers(10, 60))
def test_cleaning_is_bounded_and_final(text: str, limit: int) -> None:
    result = clean(text, limit)
    assert len(result.text) <= limit
    assert clean(result.text, limit).text == result.text
    result.text.encode()
