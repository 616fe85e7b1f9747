"""What a model file says of itself, and what garbage can do."""

import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.stage.vrm_file import HEAD_BYTES, MAX_JSON_BYTES, VrmError, VrmMeta, json_size, read_meta
from spark_vtuber.testing.vrm import META, glb, vrm

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def meta_of(file: bytes) -> VrmMeta:
    return read_meta(file[HEAD_BYTES : HEAD_BYTES + json_size(file[:HEAD_BYTES])])


def described(extensions: Any, **more: Any) -> bytes:
    return json.dumps({"extensions": extensions, **more}).encode()


def test_a_model_names_its_authors_and_its_licence() -> None:
    assert meta_of(vrm()) == VrmMeta(
        version=1,
        name="Box",
        authors=("Spark VTuber",),
        licence="https://vrm.dev/licenses/1.0/",
        commercial="personalProfit",
        avatar="everyone",
    )


def test_the_older_format_says_the_same_in_other_words() -> None:
    assert meta_of(vrm(0)) == VrmMeta(0, "Box", ("Spark VTuber",), "CC0", "Allow", "Everyone")


def test_a_link_to_a_licence_counts_before_its_name() -> None:
    meta = {"licenseName": "Other", "otherLicenseUrl": "https://example.org/terms"}
    assert read_meta(described({"VRM": {"meta": meta}})).licence == "https://example.org/terms"


def test_what_is_not_said_is_empty() -> None:
    assert read_meta(described({"VRMC_vrm": {}})) == VrmMeta(1, "")
    assert read_meta(described({"VRMC_vrm": {"meta": {"name": 7, "authors": "me"}}})) == VrmMeta(1, "")


def test_texts_of_strangers_fit_on_a_line_of_a_terminal() -> None:
    hostile = {**META, "name": "\x1b[2Jhi\r\nthere" + "x" * 9_000, "authors": ["\x07a", 5, "b"] + ["c"] * 90}
    meta = meta_of(vrm(meta=hostile))
    assert meta.name.startswith("[2Jhi  there")
    assert len(meta.name) <= 200
    assert meta.authors == ("a", "b", "c", "c")


@pytest.mark.parametrize(
    "uri", ["https://example.org/a.png", "skin.png", "/api/status", "//example.org", "file:///x", 5]
)
@pytest.mark.parametrize("kind", ["images", "buffers"])
def test_a_model_that_wants_other_files_is_refused(kind: str, uri: object) -> None:
    with pytest.raises(VrmError, match="other files"):
        read_meta(described({"VRMC_vrm": {}}, **{kind: [{}, {"uri": uri}]}))


def test_data_inside_the_description_is_no_other_file() -> None:
    assert read_meta(described({"VRMC_vrm": {}}, images=[{"uri": "data:image/png;base64,AA=="}])).version == 1


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "too short"),
        (b"glTF", "too short"),
        (struct.pack("<4sIIII", b"MZ\0\0", 2, 20, 0, 0x4E4F534A), "no binary glTF"),
        (struct.pack("<4sIIII", b"glTF", 1, 20, 0, 0x4E4F534A), "no binary glTF"),
        (struct.pack("<4sIIII", b"glTF", 2, 20, 0, 0x004E4942), "no binary glTF"),
        (struct.pack("<4sIIII", b"glTF", 2, 20, MAX_JSON_BYTES + 1, 0x4E4F534A), "longer than"),
    ],
)
def test_a_file_that_is_no_model_says_why(head: bytes, reason: str) -> None:
    with pytest.raises(VrmError, match=reason):
        json_size(head)


def test_a_gltf_without_a_model_is_refused() -> None:
    with pytest.raises(VrmError, match="without a VRM"):
        meta_of(glb(b'{"asset":{"version":"2.0"}}'))


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_the_error_of_models(data: bytes) -> None:
    for attempt in (lambda: json_size(data), lambda: read_meta(data)):
        with suppress(VrmError):
            attempt()


@given(st.sampled_from(["VRMC_vrm", "VRM"]), JSON, JSON, JSON)
def test_any_json_is_a_model_or_an_error(kind: str, meta: Any, images: Any, more: Any) -> None:
    try:
        found = read_meta(described({kind: {"meta": meta, **(more if isinstance(more, dict) else {})}}, images=images))
    except VrmError:
        return
    assert found.name.isprintable()


def test_depth_without_end_is_an_error() -> None:
    with pytest.raises(VrmError, match="not JSON"):
        read_meta(b"[" * 100_000)
