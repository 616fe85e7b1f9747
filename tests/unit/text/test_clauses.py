"""The splitter's contract: lossless, the same for any chunking, soon when sound runs short, never inside a token."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.text.clauses import ClauseSplitter, Mode, Pace, split
from spark_vtuber.text.speakable import speakable
from spark_vtuber.text.wordset import word_set

COMMAS = (
    "Oh hey there everyone, welcome back to the stream and thanks for waiting. "
    "I have practiced that boss fight all week long, and honestly it still scares me. Tell me what you had for dinner!"
)

ATOMS = sorted(
    word_set(
        "hello Oh I think we you And really love 1,000 $3.50 $3 million 7:30 p.m. kg v2.0 50% 2nd 3-5 2026 Dr. "
        "Smith J. R. Tolkien U.S. e.g. etc. wait—what hello,world *really* `a` https://www.twitch.tv/foo "
        "jane.doe@example.com 😊 👨‍👩‍👧 :) :smile: Kappa AI NO WAY soooo - — ... … “quoted end” (aside done) 'tis "
        '@Name_1 #tag w/ 1. a) • 今日は、 いい天気。 the.Then Hi!There 5 am !!! ?! [laughs] " "so so"'
    )
)
PHRASES = [
    "*waves at chat*",
    "**bold text**",
    "[my link](https://x.com/a)",
    "`some code`",
    "5 kg",
    "3 - 5",
    ". . .",
    "4 :)",
]
JOINTS = [" ", " ", " ", ", ", ". ", "! ", "? ", "\n", "  ", "", ": ", "; ", " - ", ",", "\n- ", "\n# "]
ANSWERS = st.lists(st.tuples(st.sampled_from([*ATOMS, *PHRASES]), st.sampled_from(JOINTS)), max_size=40).map(
    lambda parts: "".join(atom + joint for atom, joint in parts)
)
SLACKS = st.sampled_from([0.0, 1.0, 5.0])
MODES: st.SearchStrategy[Mode] = st.sampled_from(["live", "sentences"])


def drained(splitter: ClauseSplitter, slack_s: float) -> list[str]:
    pieces: list[str] = []
    while (piece := splitter.take(slack_s)) is not None:
        pieces.append(piece)
    return pieces


def fed(text: str, slack_s: float = 0.0) -> list[str]:
    """The pieces that go before the text is closed."""
    splitter = ClauseSplitter()
    splitter.feed(text)
    return drained(splitter, slack_s)


def words_of(spoken: str) -> str:
    return re.sub(r"[\W_]", "", spoken)


@given(text=st.one_of(ANSWERS, st.text(max_size=300)), mode=MODES, slack_s=SLACKS)
def test_pieces_concatenate_to_the_text(text: str, mode: Mode, slack_s: float) -> None:
    assert "".join(split(text, mode, slack_s)) == text


@given(text=ANSWERS, mode=MODES, slack_s=SLACKS, cuts=st.lists(st.tuples(st.integers(0, 300), st.booleans())))
def test_pieces_are_the_same_for_any_chunking(
    text: str, mode: Mode, slack_s: float, cuts: list[tuple[int, bool]]
) -> None:
    splitter = ClauseSplitter(mode)
    pieces: list[str] = []
    done = 0
    for size, takes in cuts:
        splitter.feed(text[done : done + size])
        done += size
        pieces += drained(splitter, slack_s) if takes else []
    splitter.feed(text[done:])
    splitter.close()
    pieces += drained(splitter, slack_s)
    assert pieces == split(text, mode, slack_s)
    assert splitter.is_done


@given(text=ANSWERS, slack_s=SLACKS)
def test_pieces_are_spoken_as_the_whole_text_is(text: str, slack_s: float) -> None:
    whole = speakable(text, emotes={"Kappa"}).spoken
    pieces = [speakable(piece, emotes={"Kappa"}).spoken for piece in split(text, "live", slack_s)]
    assert words_of("".join(pieces)) == words_of(whole)


@given(text=ANSWERS, slacks=st.lists(st.sampled_from([0.0, 1.0, 5.0]), min_size=1))
def test_a_changing_slack_loses_nothing(text: str, slacks: list[float]) -> None:
    splitter = ClauseSplitter()
    pieces: list[str] = []
    for index, char in enumerate(text):
        splitter.feed(char)
        pieces += filter(None, [splitter.take(slacks[index % len(slacks)])])
    splitter.close()
    pieces += drained(splitter, slacks[0])
    assert "".join(pieces) == text


def test_the_first_piece_goes_at_the_comma_before_the_next_character_is_known() -> None:
    assert fed("Oh hey there everyone,") == ["Oh hey there everyone,"]


def test_a_comma_after_one_word_is_too_early() -> None:
    assert fed("Oh, hey everyone! How") == ["Oh, hey everyone! "]


def test_without_a_comma_the_first_piece_goes_as_the_seventh_word_begins() -> None:
    text = "Welcome back to the stream everyone "
    assert fed(text) == []
    assert fed(text + "i") == [text]


def test_a_mark_after_the_sixth_word_stays_with_it() -> None:
    assert split("We are all here now today! Nice.", slack_s=5)[0] == "We are all here now today! "


def test_a_one_word_sentence_goes_with_the_next() -> None:
    assert split("Yes! I love it.") == ["Yes! I love it."]


def test_a_one_word_answer_goes_alone() -> None:
    assert split("Hi.") == ["Hi."]


@pytest.mark.parametrize("opening", ['I said "well hey,', "It is 1,", "(so well,", "See http://a.b/c,d"])
def test_a_comma_that_may_go_on_is_not_cut_at_once(opening: str) -> None:
    assert fed(opening) == []


def test_a_full_width_comma_is_cut_at_once() -> None:
    assert fed("今日はとてもいい、") == ["今日はとてもいい、"]


def test_little_sound_makes_pieces_of_three_words() -> None:
    assert split("We made it to the very end of this stream today and I am glad.", slack_s=0.1)[1:] == [
        "end of this ",
        "stream today and ",
        "I am glad.",
    ]


def test_some_sound_makes_clauses() -> None:
    assert split(COMMAS, slack_s=1.0) == [
        "Oh hey there everyone,",
        " welcome back to the stream and thanks for waiting. ",
        "I have practiced that boss fight all week long, ",
        "and honestly it still scares me. ",
        "Tell me what you had for dinner!",
    ]


def test_much_sound_merges_short_sentences() -> None:
    pieces = split("Okay so, " + "This is a short one. " * 20, slack_s=5.0)
    assert pieces[0] == "Okay so,"
    assert [len(piece) for piece in pieces[1:]] == [190, 189, 42]


def test_much_sound_keeps_a_long_sentence_whole() -> None:
    sentence = "It " + "was really very long " * 10 + "indeed. "
    assert 200 < len(sentence) <= 250
    assert split("Well hello. " + sentence + "Done.", slack_s=5.0) == ["Well hello. ", sentence, "Done."]


def test_falling_slack_releases_what_has_waited_at_its_last_mark() -> None:
    splitter = ClauseSplitter()
    splitter.feed("Hello you. We went on, and on and on ")
    assert drained(splitter, 5.0) == ["Hello you. "]
    assert splitter.take(1.0) is None
    assert splitter.take(0.0) == "We went on, "
    assert splitter.pending == "and on and on "


def test_falling_slack_without_a_mark_releases_up_to_the_last_word() -> None:
    splitter = ClauseSplitter()
    splitter.feed("Hello you. We went on and on and o")
    assert drained(splitter, 5.0) == ["Hello you. "]
    assert splitter.take(0.0) == "We went on and on and "


@pytest.mark.parametrize("slack_s", [0.0, 1.0, 5.0])
@pytest.mark.parametrize(
    "kept",
    ["1,000", "$3.50", "$3 million", "7:30 p.m.", "5 kg", "v2.0.", "Dr. Smith", "J. R. R. Tolkien", "e.g. this",
     "3 - 5", "https://a.example/b?c=d,e.f", "jane.doe@example.com", "[a tag of words]", "*waves, and bows*",
     "`x = a. b`", "👨‍👩‍👧", "wait...", "No. 5", "3.14", "U.S.A."],
)  # fmt: skip
def test_what_belongs_together_stays_together(kept: str, slack_s: float) -> None:
    for before in ("", "a ", "a b ", "a b c ", "a b c d "):
        pieces = split(f"Come on friends, {before}{kept} and so it goes on for ever.", slack_s=slack_s)
        assert any(kept in piece for piece in pieces)


@pytest.mark.parametrize(("mode", "limit"), [("live", 250), ("sentences", 2_000)])
def test_no_piece_grows_without_end(mode: Mode, limit: int) -> None:
    for text in (
        "word " * 3_000,
        "[open " * 3_000,
        "* x " * 3_000,
        '"' + "so, it " * 3_000,
        "😀 " * 3_000,
        "日" * 3_000,
    ):
        pieces = split(text, mode, 5.0)
        assert max(map(len, pieces)) <= limit + 520
        assert len(pieces) >= len(text) // (limit + 520)


def test_a_token_without_end_is_cut_between_characters() -> None:
    family = "👨‍👩‍👧"
    pieces = split("Hi you. " + family * 400)
    assert len(pieces) > 3
    assert all(piece.startswith(family) for piece in pieces[2:])


def test_a_long_piece_is_cut_at_its_best_mark() -> None:
    text = "Hello you. " + "we go on and " * 12 + "stop, " + "then on and on " * 8
    assert split(text, slack_s=5.0)[1].endswith("stop, ")


def test_a_long_piece_is_cut_at_an_early_mark_only_when_there_is_no_other() -> None:
    long_word = "x" * 260
    assert split(f"Hello you. Hm, {long_word} and then some more.", slack_s=5.0)[1] == "Hm, "


def test_dashes_and_unspaced_scripts_are_clauses() -> None:
    assert split("We waited—nothing came. 今日は天気がいいね。散歩に行こう！", slack_s=1.0)[:2] == [
        "We waited—",
        "nothing came. ",
    ]
    assert split("わたしは今日もとても元気に学校へ行きましたよ", slack_s=0.0)[0] == "わたしは今日もとても元気に"


def test_the_number_of_first_words_can_be_chosen() -> None:
    splitter = ClauseSplitter(first_words=3, pace=Pace(max_chars=100))
    splitter.feed("one two three four")
    assert splitter.take() == "one two three "


def test_a_closed_splitter_takes_no_more_text() -> None:
    splitter = ClauseSplitter()
    splitter.close()
    splitter.close()
    assert splitter.is_done
    assert splitter.take() is None
    with pytest.raises(ValueError, match="closed"):
        splitter.feed("more")


def test_nothing_is_taken_twice() -> None:
    splitter = ClauseSplitter()
    splitter.feed("Hello there, you")
    assert splitter.take() == "Hello there,"
    assert splitter.take() is None
    assert not splitter.is_done
