import io
import itertools
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.frames import MAX_BODY_BYTES, MAX_HEADER_BYTES, Frame, FrameReader, encode, read_frame

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
HEADERS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner), max_leaves=8
    ),
    max_size=4,
)
MESSAGES = st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=5)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, cut at `places` (taken modulo its length)."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(MESSAGES, st.lists(st.integers(min_value=0), max_size=12))
def test_any_split_of_the_stream_gives_the_same_frames(messages: list[Any], places: list[int]) -> None:
    stream = b"".join(encode(header, body) for header, body in messages)
    reader = FrameReader()
    frames = [frame for part in cut(stream, places) for frame in reader.feed(part)]
    assert frames == [Frame(header, body) for header, body in messages]


@given(MESSAGES)
def test_a_blocking_stream_gives_the_same_frames(messages: list[Any]) -> None:
    stream = io.BytesIO(b"".join(encode(header, body) for header, body in messages))
    assert [read_frame(stream) for _ in messages] == [Frame(header, body) for header, body in messages]
    assert read_frame(stream) is None


@given(st.binary(max_size=400), st.lists(st.integers(min_value=0), max_size=6))
def test_garbage_raises_only_protocol_errors(garbage: bytes, places: list[int]) -> None:
    reader = FrameReader()
    with suppress(ProtocolError):
        for part in cut(garbage, places):
            list(reader.feed(part))
    stream = io.BytesIO(garbage)
    with suppress(ProtocolError):
        while read_frame(stream) is not None:
            pass


class Dribble(io.RawIOBase):
    """A stream that gives one byte a read, as a pipe may."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        self._at += 1
        return self._data[self._at - 1 : self._at] if size else b""


def test_a_stream_that_gives_less_than_asked_is_read_to_the_end_of_the_frame() -> None:
    stream = Dribble(encode({"id": 7}, b"body"))
    assert read_frame(stream) == Frame({"id": 7}, b"body")  # type: ignore[arg-type]  # read is all it needs


def test_text_of_any_language_passes() -> None:
    header = {"text": "naïve 日本語 😀"}
    assert list(FrameReader().feed(encode(header))) == [Frame(header)]


def test_an_incomplete_frame_waits_for_its_rest() -> None:
    data = encode({"id": 1}, b"1234")
    reader = FrameReader()
    assert list(reader.feed(data[:-1])) == []
    assert list(reader.feed(data[-1:])) == [Frame({"id": 1}, b"1234")]


@pytest.mark.parametrize(("header", "body"), [({"x": "y" * MAX_HEADER_BYTES}, b""), ({}, bytes(MAX_BODY_BYTES + 1))])
def test_a_frame_over_the_limit_is_not_encoded(header: dict[str, Any], body: bytes) -> None:
    with pytest.raises(ProtocolError, match="over the limit"):
        encode(header, body)


@pytest.mark.parametrize("sizes", [(MAX_HEADER_BYTES + 1, 0), (2, MAX_BODY_BYTES + 1)])
def test_a_frame_over_the_limit_is_refused_before_its_bytes_come(sizes: tuple[int, int]) -> None:
    prefix = struct.pack("<II", *sizes)
    with pytest.raises(ProtocolError, match="over the limit"):
        list(FrameReader().feed(prefix))
    with pytest.raises(ProtocolError, match="over the limit"):
        read_frame(io.BytesIO(prefix))


@pytest.mark.parametrize(("text", "reason"), [(b"{", "not JSON"), (b"\xff\xfe", "not JSON"), (b"[1]", "not an object")])
def test_a_header_must_be_a_json_object(text: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        list(FrameReader().feed(struct.pack("<II", len(text), 0) + text))


@pytest.mark.parametrize("kept", [3, 8, 10])
def test_a_stream_that_ends_inside_a_frame_is_an_error(kept: int) -> None:
    with pytest.raises(ProtocolError, match="inside a frame"):
        read_frame(io.BytesIO(encode({"id": 1}, b"body")[:kept]))
