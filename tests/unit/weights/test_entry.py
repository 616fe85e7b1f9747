from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.weights.entry import EntryError, Kind, is_safe_path, read_entry

FILE = {"path": "a.gguf", "sha256": "A" * 64, "size": 12}
GOOD: dict[str, Any] = {"id": "one", "kind": "model", "repo": "some/where", "file": [FILE]}


def test_an_entry_of_a_repository_gives_the_address_of_its_files_below_the_hub() -> None:
    entry = read_entry({**GOOD, "revision": "v1", "file": [{**FILE, "at": "sub folder/x.gguf"}]}, "entry 1")
    assert entry.kind is Kind.MODEL
    assert entry.title == "one"
    assert entry.files[0].url("http://mirror/") == "http://mirror/some/where/resolve/v1/sub%20folder/x.gguf"
    assert entry.files[0].sha256 == "a" * 64
    assert entry.size_bytes == 12


def test_a_file_with_an_address_of_its_own_is_not_asked_of_a_mirror() -> None:
    entry = read_entry({**GOOD, "repo": "", "file": [{"path": "a", "url": "https://x.example/a?b=c"}]}, "entry 1")
    assert entry.files[0].url("http://mirror") == "https://x.example/a?b=c"
    assert entry.size_bytes is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "../x"}, "`id`"),
        ({"id": "Con"}, "`id`"),
        ({"id": "con"}, "`id`"),
        ({"id": "x."}, "`id`"),
        ({"id": 7}, "`id`"),
        ({"kind": "game"}, "`kind`"),
        ({"repo": "https://elsewhere/x"}, "`repo`"),
        ({"revision": "../../x"}, "`revision`"),
        ({"page": "javascript:alert(1)"}, "`page`"),
        ({"page": "http://[::1"}, "`page`"),
        ({"title": "two\nlines"}, "`title`"),
        ({"title": "x" * 301}, "`title`"),
        ({"file": []}, "[[entry.file]]"),
        ({"file": [FILE] * 201}, "[[entry.file]]"),
        ({"file": "a.gguf"}, "[[entry.file]]"),
        ({"file": ["a.gguf"]}, "no table"),
        ({"file": [FILE, {**FILE, "path": "A.gguf"}]}, "twice"),
        ({"file": [{**FILE, "path": "/etc/passwd"}]}, "cannot be the path"),
        ({"file": [{**FILE, "path": "a/../../b"}]}, "cannot be the path"),
        ({"file": [{**FILE, "path": "a.part"}]}, "cannot be the path"),
        ({"file": [{**FILE, "path": "nul"}]}, "cannot be the path"),
        ({"file": [{**FILE, "url": "file:///etc/passwd"}]}, "`url`"),
        ({"file": [{**FILE, "url": "https://me:secret@x.example/a"}]}, "`url`"),
        ({"file": [{**FILE, "at": "/absolute"}]}, "`at`"),
        ({"file": [{**FILE, "at": "../../other/repo"}]}, "`at`"),
        ({"file": [{**FILE, "size": True}]}, "`size`"),
        ({"file": [{**FILE, "size": -1}]}, "`size`"),
        ({"file": [{**FILE, "sha256": "abc"}]}, "`sha256`"),
        ({"file": [{**FILE, "md5": "abc"}]}, 'no key "md5"'),
        ({"repo": ""}, "no `repo`"),
        ({"owner": "x"}, 'no key "owner"'),
    ],
)
def test_a_wrong_entry_is_told_with_its_key(change: dict[str, Any], told: str) -> None:
    with pytest.raises(EntryError) as raised:
        read_entry({**GOOD, **change}, "entry 1")
    assert told in raised.value.message


@given(st.text(max_size=40))
def test_a_safe_path_never_leaves_its_folder(path: str) -> None:
    if is_safe_path(path):
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert "\\" not in path
        assert ":" not in path


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, *FILE, "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_catalogue_holds_only_an_entry_error_comes_of_it(value: Any) -> None:
    try:
        read_entry(value, "entry 1")
    except EntryError as error:
        assert error.code == "catalogue"  # noqa: PT017 - any other error fails the test
