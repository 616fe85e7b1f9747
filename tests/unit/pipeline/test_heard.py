from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.audio import WordTime
from spark_vtuber.core.turns import Clause, Span
from spark_vtuber.pipeline.heard import HeardLog
from spark_vtuber.stage.port import Position

RATE = 1000


def clause(shown: str, spoken: str | None = None, spans: tuple[Span, ...] = ()) -> Clause:
    return Clause(raw=shown, shown=shown, spoken=shown if spoken is None else spoken, spans=spans)


def words_of(text: str, ms: float = 100) -> tuple[tuple[WordTime, ...], tuple[Span, ...]]:
    words, spans, at = [], [], 0
    for index, word in enumerate(text.split()):
        start = text.index(word, at)
        at = start + len(word)
        words.append(WordTime(index * ms, (index + 1) * ms, word, start, at))
        spans.append(Span(start, at, start, at))
    return tuple(words), tuple(spans)


def log_of(text: str, number: int = 1, *, with_words: bool = True) -> HeardLog:
    words, spans = words_of(text)
    log = HeardLog()
    log.begin(clause(text, spans=spans), number)
    log.sound(len(words) * 100, RATE, words if with_words else ())
    log.complete()
    return log


def test_an_utterance_heard_to_its_end_counts_as_a_whole() -> None:
    log = log_of("Hello there, chat! ")
    log.settle(Position(1, 300))
    assert log.heard().text == "Hello there, chat!"
    assert log.said() == "Hello there, chat!"


def test_a_cut_clause_counts_the_words_that_had_ended() -> None:
    log = log_of("Hello there, chat! ")
    log.settle(Position(1, 250))
    assert log.heard().text == "Hello there,"
    assert not log.heard().is_estimated


def test_nothing_is_heard_before_the_first_word_has_ended() -> None:
    log = log_of("Hello there")
    log.settle(Position(1, 99))
    assert log.heard().text == ""


def test_nothing_is_heard_of_an_utterance_that_did_not_begin() -> None:
    log = log_of("Hello there", number=7)
    log.settle(Position(6, 10_000))
    assert log.heard().text == ""


def test_nothing_is_heard_of_a_clause_that_has_no_sound_yet() -> None:
    log = HeardLog()
    log.begin(clause("Hello"), 1)
    log.settle(Position(1, 0))
    assert log.heard().text == ""


def test_without_word_times_the_share_of_the_sound_counts_and_is_marked() -> None:
    log = log_of("one two three four", with_words=False)
    log.settle(Position(1, 200))
    assert log.heard().text == "one two"
    assert log.heard().is_estimated


def test_a_share_that_ends_inside_the_first_word_is_nothing() -> None:
    log = log_of("extraordinary day", with_words=False)
    log.settle(Position(1, 50))
    assert log.heard().text == ""


def test_a_shown_word_that_needs_several_spoken_words_counts_with_the_last_of_them() -> None:
    shown, spoken = "It is $5 now", "It is five dollars now"
    words, _ = words_of(spoken)
    spans = (Span(0, 2, 0, 2), Span(3, 5, 3, 5), Span(6, 10, 6, 8), Span(11, 18, 6, 8), Span(19, 22, 9, 12))
    log = HeardLog()
    log.begin(Clause(shown, shown, spoken, spans), 1)
    log.sound(500, RATE, words)
    log.settle(Position(1, 300))
    assert log.heard().text == "It is"
    log.settle(Position(1, 400))
    assert log.heard().text == "It is $5"


def test_clauses_before_the_position_count_and_those_after_it_do_not() -> None:
    log = HeardLog()
    for number, text in enumerate(("One. ", "Two. ", "Three. "), start=4):
        log.begin(clause(text), number)
        log.sound(100, RATE, ())
        log.complete()
    log.settle(Position(5, 100))
    assert log.heard().text == "One. Two."


def test_a_silent_clause_counts_once_it_was_shown() -> None:
    log = HeardLog()
    log.begin(clause("Quiet words here"))
    log.complete()
    assert log.heard().text == "Quiet words here"


def test_a_silent_clause_that_was_cut_counts_by_its_share_of_time() -> None:
    log = HeardLog()
    log.begin(clause("Quiet words here"))
    assert log.heard().text == ""
    log.shown(0.5)
    assert log.heard().text == "Quiet"
    log.shown(1.0)
    assert log.heard().text == log.said() == "Quiet words here"


def test_a_voice_without_word_times_that_is_cut_in_the_making_counts_by_the_usual_speed() -> None:
    log = HeardLog()
    log.begin(clause("one two three four five six "), 1)
    log.sound(400, RATE, ())
    log.settle(Position(1, 400))
    assert log.heard().text == "one"
    assert log.heard().is_estimated


def test_a_clause_whose_sound_broke_off_counts_as_what_it_came_to() -> None:
    log = HeardLog()
    log.begin(clause("All of it"), 1)
    log.sound(100, RATE, ())
    log.complete(cut=clause("All of"))
    log.settle(Position(1, 100))
    assert log.said() == "All of"


def test_after_a_freeze_nothing_more_counts() -> None:
    log = log_of("Hello there, chat!")
    log.freeze(Position(1, 100))
    log.settle(Position(1, 300))
    assert log.heard().text == "Hello"


@given(st.lists(st.text("ab ,", min_size=1, max_size=12), max_size=5), st.integers(0, 6), st.integers(0, 2_000))
def test_heard_is_always_a_prefix_of_what_was_said(texts: list[str], number: int, sample: int) -> None:
    log = HeardLog()
    for index, text in enumerate(texts, start=1):
        words, spans = words_of(text)
        log.begin(clause(text, spans=spans), index)
        log.sound(max(len(words), 1) * 100, RATE, words if index % 2 else ())
        log.complete()
    log.settle(Position(number, sample))
    assert log.said().startswith(log.heard().text)


def test_a_sentence_ends_with_its_clause_where_a_mark_says_so() -> None:
    log = log_of("Hello there, chat!")
    assert log.sentence_end(Position(1, 120)) == Position(1, 300)
    assert log_of("Hello there, chat").sentence_end(Position(1, 120)) is None


def test_a_sentence_that_ends_inside_a_clause_is_known_once_the_next_one_sounds() -> None:
    text = "Hello chat. How are you"
    assert log_of(text).sentence_end(Position(1, 20)) == Position(1, 200)
    words, spans = words_of(text)
    log = HeardLog()
    log.begin(clause(text, spans=spans), 1)
    log.sound(200, RATE, words[:2])
    assert log.sentence_end(Position(1, 20)) is None


def test_a_sentence_that_is_over_leads_to_the_next_one() -> None:
    log = log_of("Hello chat.")
    log.begin(clause("How are you?"), 2)
    log.sound(300, RATE, ())
    log.complete()
    assert log.sentence_end(Position(1, 200)) == Position(2, 300)
    assert log.sentence_end(Position(2, 300)) is None
