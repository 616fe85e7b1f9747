import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.llm.repeats import HELD_CONTENTS, Deltas, RepeatFilter
from spark_vtuber.llm.sse_protocol import Event


def passed(events: list[Event]) -> list[str]:
    repeats = RepeatFilter()
    return [data for event in events for data in repeats.feed(event)] + list(repeats.close())


def plain(*data: str) -> list[Event]:
    return [Event(text) for text in data]


def texts(*contents: str) -> list[str]:
    deltas = Deltas()
    return [text for text in [*(deltas.feed(content) for content in contents), deltas.close()] if text]


def test_equal_events_without_further_evidence_are_honest() -> None:
    assert passed(plain("role", "ha", "ha", "ha", "!")) == ["role", "ha", "ha", "ha", "!"]


def test_an_honest_stream_is_never_held() -> None:
    repeats = RepeatFilter()

    for data in ("role", "ha", "ha", " you", " you", "ha"):
        assert list(repeats.feed(Event(data))) == [data]


def test_an_event_with_a_known_id_and_equal_data_is_dropped() -> None:
    events = [Event("role", id="0"), Event("ha", id="1"), Event("ha", id="1"), Event("ha", id="2")]

    assert passed(events) == ["role", "ha", "ha"]


def test_ids_that_name_the_whole_answer_say_nothing() -> None:
    events = [Event(data, id="chatcmpl-1") for data in ("role", "ha", "ha", "ha")]

    assert passed(events) == ["role", "ha", "ha", "ha"]


def test_a_doubled_stream_is_given_once() -> None:
    assert passed(plain("role", "role", "a", "a", "b", "b", "b", "b", "end", "end")) == ["role", "a", "b", "b", "end"]


def test_a_doubled_stream_that_stops_being_doubled_loses_nothing() -> None:
    assert passed(plain("role", "role", "a", "a", "b", "c", "c")) == ["role", "a", "b", "c", "c"]


@pytest.mark.parametrize(
    "data",
    [("ha", "ha"), ("ha", "ha", "ha"), ("ha", "ha", " you"), ("ha", "ha", " you", "!"), ("ha",), ()],
)
def test_a_stream_that_begins_with_a_repeated_word_loses_nothing(data: tuple[str, ...]) -> None:
    assert passed(plain(*data)) == list(data)


def test_a_replay_from_the_start_is_dropped() -> None:
    start = ("role", "a", "b", "c")

    assert passed(plain(*start, *start, "d", *start, "d", "e")) == [*start, "d", "e"]


def test_a_replay_that_turns_out_to_be_none_loses_nothing() -> None:
    data = ("one", "two", "three", "four", "one", "two", "five")

    assert passed(plain(*data)) == list(data)


def test_a_replay_that_the_end_cuts_off_loses_nothing() -> None:
    data = ("one", "two", "three", "four", "one", "two")

    assert passed(plain(*data)) == list(data)


def test_an_answer_of_few_words_may_repeat_itself() -> None:
    data = ("na", " na") * 8

    assert passed(plain(*data)) == list(data)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcde"), max_size=30))
def test_after_a_role_an_answer_that_never_comes_back_to_it_loses_nothing(data: list[str]) -> None:
    assert passed(plain("role", *data)) == ["role", *data]


def test_deltas_are_given_as_they_come() -> None:
    deltas = Deltas()

    assert [deltas.feed(content) for content in ("", "Hi", " there", " there", "")] == [
        "",
        "Hi",
        " there",
        " there",
        "",
    ]
    assert deltas.close() == ""


def test_cumulative_text_is_given_once() -> None:
    assert "".join(texts("Oh", "Oh hey", "Oh hey you", "Oh hey you all")) == "Oh hey you all"


def test_cumulative_text_of_two_contents_is_given_once() -> None:
    assert texts("Hi", "Hi there!") == ["Hi", " there!"]


def test_a_repeated_first_word_is_no_cumulative_text() -> None:
    assert "".join(texts("ha", "ha", "!")) == "haha!"
    assert "".join(texts("ha", "ha")) == "haha"
    assert "".join(texts(*["ha"] * (HELD_CONTENTS + 3))) == "ha" * (HELD_CONTENTS + 3)


def test_a_word_that_begins_like_the_first_is_no_cumulative_text() -> None:
    assert "".join(texts("\n", "\n\n", "Hi")) == "\n\n\nHi"


def test_cumulative_text_may_pause_and_lag() -> None:
    assert "".join(texts("a", "a", "ab", "abc", "abc", "ab", "abcd")) == "abcd"


def test_cumulative_text_that_changes_is_refused() -> None:
    with pytest.raises(ProtocolError, match="changed text"):
        texts("a", "ab", "abc", "axc")


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=5), min_size=4, max_size=20))
def test_growing_text_is_given_exactly_once(pieces: list[str]) -> None:
    whole = "".join(pieces)
    contents = ["".join(pieces[: count + 1]) for count in range(len(pieces))]

    assert "".join(texts(*contents)) == whole


@settings(deadline=None)
@given(st.lists(st.sampled_from([" a", " b", "c", "d"]), max_size=20))
def test_deltas_that_do_not_begin_with_the_first_word_are_all_given(pieces: list[str]) -> None:
    assert "".join(texts("Oh", *pieces)) == "Oh" + "".join(pieces)
