import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat import json_objects
from spark_vtuber.chat.json_objects import ObjectReader
from spark_vtuber.core.errors import ProtocolError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"', "\\", "}{", '\\"', "[", "😂"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=5)


def read(pieces: list[bytes]) -> list[object]:
    reader = ObjectReader()
    return [value for piece in pieces for value in reader.feed(piece)]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(place, len(data)) for place in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


@given(
    objects=OBJECTS,
    cuts=st.lists(st.integers(0, 400), max_size=20),
    is_array=st.booleans(),
    is_ascii=st.booleans(),
    gap=st.sampled_from(["", "\n", ",\r\n", "  "]),
)
def test_any_split_of_the_bytes_gives_the_same_objects(
    objects: list[dict[str, object]], cuts: list[int], is_array: bool, is_ascii: bool, gap: str
) -> None:
    texts = [json.dumps(one, ensure_ascii=is_ascii) for one in objects]
    text = "[" + ",\n".join(texts) + "]" if is_array else gap.join(texts)
    assert read(cut(text.encode("utf-8", "surrogatepass"), cuts)) == objects


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_garbage_raises_nothing_but_a_protocol_error(data: bytes, cuts: list[int]) -> None:
    try:
        read(cut(data, cuts))
    except ProtocolError:
        return


def test_an_object_comes_as_soon_as_its_last_byte_is_there() -> None:
    reader = ObjectReader()
    assert list(reader.feed(b'[{"a": "}')) == []
    assert not reader.is_between
    assert list(reader.feed(b'"}')) == [{"a": "}"}]
    assert reader.is_between
    assert list(reader.feed(b"\n,")) == []
    assert list(reader.feed(b'{"b": [1]}]')) == [{"b": [1]}]


def test_an_object_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_objects, "MAX_OBJECT_BYTES", 100)
    reader = ObjectReader()
    assert list(reader.feed(b'{"a": "' + b"x" * 93)) == []
    with pytest.raises(ProtocolError, match="longer than"):
        list(reader.feed(b"x"))


def test_a_deep_nest_is_refused_and_does_not_crash() -> None:
    with pytest.raises(ProtocolError):
        read([b'{"a":' * 100_000 + b"1" + b"}" * 100_000])
