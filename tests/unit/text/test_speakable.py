"""What the voice gets: figures in words, markup and pictures silent, shouting calmed, each word mapped to its place."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.text.directions import is_direction
from spark_vtuber.text.numbers import cardinal, ordinal, year
from spark_vtuber.text.speakable import speakable


def say(shown: str, language: str = "en") -> str:
    return speakable(shown, language, emotes={"Kappa", "LUL"}).spoken


@pytest.mark.parametrize(
    ("shown", "spoken"),
    [
        ("$3.50", "three dollars and fifty cents"),
        ("$1.01", "one dollar and one cent"),
        ("$5", "five dollars"),
        ("$0.99", "ninety-nine cents"),
        ("$0", "zero dollars"),
        ("-$5", "minus five dollars"),
        ("£2.01", "two pounds and one penny"),
        ("£2.30", "two pounds and thirty pence"),
        ("5€", "five euros"),
        ("¥1000", "one thousand yen"),
        ("$3 million", "three million dollars"),
        ("$1.5k", "one point five thousand dollars"),
        ("$1.234", "one point two three four dollars"),
        ("1,000", "one thousand"),
        ("1,234,567", "one million two hundred thirty-four thousand five hundred sixty-seven"),
        ("1.5k", "one point five thousand"),
        ("5M", "five million"),
        ("50%", "fifty percent"),
        ("3-5%", "three to five percent"),
        ("2nd", "second"),
        ("21st", "twenty-first"),
        ("7:30", "seven thirty"),
        ("7:05", "seven oh five"),
        ("12:00", "twelve o'clock"),
        ("19:00", "nineteen hundred"),
        ("7:00 p.m.", "seven P.M."),
        ("7:30pm", "seven thirty P.M."),
        ("5 am", "five A.M."),
        ("2026", "twenty twenty-six"),
        ("1905", "nineteen oh five"),
        ("2005", "two thousand five"),
        ("2000", "two thousand"),
        ("1900", "nineteen hundred"),
        ("1990s", "nineteen nineties"),
        ("90s", "nineties"),
        ("3-5", "three to five"),
        ("2020–2026", "twenty twenty to twenty twenty-six"),
        ("v2.0", "version two point zero"),
        ("1.2.3", "one point two point three"),
        ("007", "zero zero seven"),
        ("-7", "minus seven"),
        ("~20", "about twenty"),
        ("100+", "one hundred plus"),
        ("2x", "two times"),
        ("#1", "number one"),
        ("20°C", "twenty degrees Celsius"),
        ("1 kg", "one kilogram"),
        ("5 kg", "five kilograms"),
        ("6 ft", "six feet"),
        ("60fps", "sixty frames per second"),
        ("50 Hz", "fifty hertz"),
        ("5m", "five meters"),
        ("3.14", "three point one four"),
        (".5", "zero point five"),
        ("1/2", "one half"),
        ("9/10", "nine out of ten"),
        ("24/7", "twenty-four seven"),
        ("05/29/1987", "zero five twenty-nine nineteen eighty-seven"),
        ("555-123-4567", "five five five one two three four five six seven"),
        ("12345678901234567", "one two three four five six seven eight nine zero one two three four five six seven"),
        ("2+2=4", "two plus two equals four"),
    ],
)
def test_figures_are_read_as_people_read_them(shown: str, spoken: str) -> None:
    assert say(shown) == spoken
    assert say(f"So, {shown} then.") == f"So, {spoken} then."


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (-1, "minus one"),
        (13, "thirteen"),
        (100, "one hundred"),
        (10**6, "one million"),
        (10**12 + 1, "one trillion one"),
    ],
)
def test_whole_numbers_have_words(number: int, words: str) -> None:
    assert cardinal(number) == words


def test_ordinals_and_years_have_words() -> None:
    assert [ordinal(n) for n in (1, 12, 20, 101, 6)] == ["first", "twelfth", "twentieth", "one hundred first", "sixth"]
    assert [year(n) for n in (1100, 2010, 2001)] == ["eleven hundred", "twenty ten", "two thousand one"]


@pytest.mark.parametrize(
    ("shown", "spoken"),
    [
        ("**Bold** and *really* `code` ~~gone~~ __x__", "Bold and really code gone x"),
        ("[my link](https://x.com/a) here", "my link here"),
        ("![a cat](https://x.com/a.png)", "a cat"),
        ("# Title\n- one\n- two.", "Title, one, two."),
        ("> quoted", "quoted"),
        ("See https://www.twitch.tv/foo?x=1, or so", "See twitch dot tv, or so"),
        ("mail jane_d@example.com.", "mail jane underscore d at example dot com."),
        ("example.org/path rocks", "example dot org rocks"),
        ("```py\nx = 1\n``` done", "done"),
        ("*waves at chat* Hello *giggles*!", "Hello!"),
        ("Hi 😊👍🏽 :smile: :) (◕‿◕) (^_^) <3 xD there!!!!!", "Hi there!"),
        ("Kappa Hi LUL!", "Hi!"),
        ("wow Kappa\nnext", "wow, next"),
        ("R&B & stuff", "R and B and stuff"),
        ("@SparkFan_42 #BestStream", "Spark Fan 42 Best Stream"),
        ("w/ you w/o me", "with you without me"),
        ("idk lol", "I don't know lol"),
        ("Dr. Smith vs. Mr. Jones, etc.", "Doctor Smith versus Mister Jones, et cetera."),
        ("e.g. this", "for example this"),
        ("the U.S. now", "the U.S. now"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("THIS IS AMAZING", "this is amazing"),
        ("my AI GPU, OBS, GG", "my A.I. G.P.U., O.B.S., good game"),
        ("a VTuber", "a V tuber"),
        ("CAN'T XYZ I'M A", "can't XYZ I'M A"),
        ("soooooo coool yesss", "so cool yes"),
        ("AAAAHHHH wooooow", "ah wow"),
        ("What?!?! No...... Hm…", "What? No... Hm..."),
        ("wait—what, well-known and/or mean...see", "wait, what, well-known and or mean... see"),
        ("hello,world Hi there.Then x", "hello, world Hi there. Then x"),
        ("yes ! no - maybe — so", "yes! no, maybe, so"),
        ("“quoted” 'single' (aside); next: a_b", "quoted single aside; next: a b"),
        ("...well &", "well and"),
        ("C++ C#", "C plus plus C#"),
        ("pre\u00adfix\u200b", "prefix"),
    ],
)  # fmt: skip
def test_words_are_spoken_as_written_or_better(shown: str, spoken: str) -> None:
    assert say(shown) == spoken


@pytest.mark.parametrize(
    "shown", ["", " \n", "😊", ":) <3", "---", "*waves*", ":smile:", "```x```", "(╯°□°)╯︵ ┻━┻", "Kappa", "!!!", "“”"]
)
def test_what_stays_silent_gives_nothing_to_say(shown: str) -> None:
    result = speakable(shown, emotes={"Kappa"})
    assert (result.spoken, result.spans) == ("", ())


@pytest.mark.parametrize(
    ("shown", "language", "spoken"),
    [
        ("Ich habe 3,50 € und 1.000 Freunde :) toll!!!", "de", "Ich habe 3,50 € und 1.000 Freunde toll!"),
        ("Le 2e à 7:30, 50%", "fr-FR", "Le 2e à 7:30, 50%"),
        ("z.B. www.twitch.tv, a@b.de", "de", "z.B. twitch.tv, a@b.de"),
        ("GPU lol & w/ NEIN", "de", "GPU lol w nein"),
        ("今日は😊とても、*良い*天気。Kappa", "ja", "今日は とても、良い天気。"),
        ("**強い** 日", "ja", "強い 日"),
        ("日 !", "ja", "日!"),
    ],
)
def test_other_languages_keep_their_figures(shown: str, language: str, spoken: str) -> None:
    assert say(shown, language) == spoken


def test_spans_map_spoken_words_to_shown_words() -> None:
    shown = "**Wow**, $3.50 😊 for you!"
    result = speakable(shown)
    assert result.spoken == "Wow, three dollars and fifty cents for you!"
    mapped = [
        (result.spoken[span.spoken_start : span.spoken_end], shown[span.shown_start : span.shown_end])
        for span in result.spans
    ]
    assert mapped == [
        ("Wow,", "**Wow**,"),
        *((word, "$3.50") for word in ("three", "dollars", "and", "fifty", "cents")),
        ("for", "for"),
        ("you!", "you!"),
    ]


def test_unspaced_scripts_have_one_span_a_character() -> None:
    result = speakable("今日は、OK", "ja")
    assert [result.spoken[span.spoken_start : span.spoken_end] for span in result.spans] == ["今", "日", "は、", "ok"]


WORDS = st.sampled_from(
    [
        "hello",
        "**x y**",
        "*waves*",
        "$3.50",
        "5 kg",
        "日本",
        "😊",
        "[a](http://b.c)",
        "AI",
        "—",
        "!",
        "a,b",
        "\n",
        "`c",
        "*",
        "U.S.",
    ]
)


@given(
    shown=st.one_of(st.lists(WORDS, max_size=12).map(" ".join), st.text(max_size=80)),
    language=st.sampled_from(["en", "de"]),
)
def test_spans_are_ordered_and_cover_the_spoken_words(shown: str, language: str) -> None:
    result = speakable(shown, language)
    covered = "".join(result.spoken[span.spoken_start : span.spoken_end] for span in result.spans)
    assert covered == "".join(result.spoken.split())
    for before, after in pairwise(result.spans):
        assert before.spoken_end <= after.spoken_start
        assert before.shown_start <= after.shown_start
        assert before.shown_end <= after.shown_end
    assert all(0 <= span.shown_start < span.shown_end <= len(shown) for span in result.spans)


@pytest.mark.parametrize(
    "words",
    [
        "waves",
        "softly giggles",
        "looks around the room",
        "nodding",
        "cries",
        "blushed",
        "sips tea",
        "awkward silence",
        "takes a bow",
    ],
)
def test_an_action_between_asterisks_is_a_direction(words: str) -> None:
    assert is_direction(words)


@pytest.mark.parametrize(
    "words", ["really", "so much fun", "is", "his car", "always here", "Spark's", "", "very happy", "softly"]
)
def test_stress_between_asterisks_is_none(words: str) -> None:
    assert not is_direction(words)
