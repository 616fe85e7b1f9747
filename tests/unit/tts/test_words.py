import itertools

from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.tts.words import share, words_of


def texts(text: str) -> list[str]:
    return [text[start:end] for start, end in words_of(text)]


def test_words_stand_between_spaces_and_keep_their_marks() -> None:
    assert texts('  Oh, "hey" there:\nit costs $1,000.50! ') == ["Oh,", '"hey"', "there:", "it", "costs", "$1,000.50!"]


def test_scripts_without_spaces_are_taken_character_by_character() -> None:
    assert texts("日本語。Hello 世界!") == ["日", "本", "語。", "Hello", "世", "界!"]


@given(st.text())
def test_words_cover_everything_but_white_space_in_order(text: str) -> None:
    ranges = words_of(text)
    assert "".join(texts(text)) == "".join(text.split())
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ranges))


def test_words_spoken_as_one_share_its_time_by_length() -> None:
    times = share("e.g. this", ((0, 4), (5, 9)), 100.0, 300.0)
    assert [(time.text, time.ms, time.ms_end, time.start, time.end) for time in times] == [
        ("e.g.", 100.0, 200.0, 0, 4),
        ("this", 200.0, 300.0, 5, 9),
    ]


def test_no_words_have_no_time() -> None:
    assert share("", (), 0.0, 10.0) == ()
