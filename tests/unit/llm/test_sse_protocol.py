from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.llm import sse_protocol
from spark_vtuber.llm.sse_protocol import Event, EventReader


def read(*parts: bytes) -> list[Event]:
    reader = EventReader()
    return [event for part in parts for event in reader.feed(part)] + list(reader.close())


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end_of_the_standard_ends_a_line(end: bytes) -> None:
    assert read(end.join([b"data: one", b"", b"data: two", b"", b""])) == [Event("one"), Event("two")]


def test_data_lines_of_one_event_are_joined_with_a_line_feed() -> None:
    assert read(b"data: a\ndata:b\ndata:  c\n\n") == [Event("a\nb\n c")]


def test_a_byte_order_mark_is_skipped_at_the_start_only() -> None:
    assert read(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [Event("a")]
    assert read(b"\xef\xbb", b"\xbfdata: a") == [Event("a")]


def test_comments_unknown_fields_and_retry_say_nothing() -> None:
    assert read(b": hello\n\nretry: 10\nwhatever\nunknown: x\n\ndata: a\n\n") == [Event("a")]


def test_an_event_keeps_its_name_and_its_own_id() -> None:
    events = read(b"event: ping\nid: 7\ndata: a\n\ndata: b\n\n")

    assert events == [Event("a", "ping", "7"), Event("b")]


def test_an_error_field_is_an_event_named_error() -> None:
    assert read(b'error: {"code": 500}\n\n') == [Event('{"code": 500}', "error")]


def test_the_last_event_is_given_without_its_empty_line() -> None:
    assert read(b"data: a\n\ndata: b") == [Event("a"), Event("b")]
    assert read(b"data: a\n") == [Event("a")]


def test_a_stream_without_bytes_has_no_events() -> None:
    assert read() == []
    assert read(b"", b"") == []


def test_bytes_that_are_no_utf_8_become_replacement_characters() -> None:
    assert read(b"data: \xff\n\n") == [Event("\ufffd")]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse_protocol, "MAX_LINE_BYTES", 100)

    with pytest.raises(ProtocolError, match="longer than 100 bytes"):
        read(*[b"data: " + b"x" * 40] * 3)


LINES = st.lists(
    st.sampled_from(
        [b"data: a", b"data:", b"data: \xc3\xa9", b"", b": c", b"id: 1", b"event: e", b"error: x", b"\xef\xbb\xbf"]
    ),
    max_size=12,
)


@settings(deadline=None)
@given(lines=LINES, end=st.sampled_from([b"\n", b"\r", b"\r\n"]), places=st.lists(st.integers(0, 500), max_size=8))
def test_any_split_of_a_stream_gives_the_same_events(lines: list[bytes], end: bytes, places: list[int]) -> None:
    data = end.join(lines)

    assert read(*cut(data, places)) == read(data)


@settings(deadline=None)
@given(data=st.binary(max_size=300), places=st.lists(st.integers(0, 300), max_size=5))
def test_garbage_is_survived_in_any_split(data: bytes, places: list[int]) -> None:
    assert read(*cut(data, places)) == read(data)
