import os
import sys
from pathlib import Path

import pytest

from spark_vtuber.avatar.mapping import MOST, SavedFaces
from spark_vtuber.avatar.vts_tokens import TokenStore


def test_a_token_is_kept_for_its_place(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    store.write("127.0.0.1:8001", "one")
    store.write("[::1]:8002", "two")

    assert TokenStore(tmp_path).read("127.0.0.1:8001") == "one"
    assert TokenStore(tmp_path).read("[::1]:8002") == "two"
    assert TokenStore(tmp_path).read("elsewhere:8001") == ""


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_only_its_owner_reads_a_token(tmp_path: Path) -> None:
    TokenStore(tmp_path).write("127.0.0.1:8001", "one")
    (file,) = (tmp_path / "vtube-studio").iterdir()

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_place_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    TokenStore(tmp_path / "data").write("../../etc:1", "one")

    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert TokenStore(tmp_path / "data").read("../../etc:1") == "one"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"token": 7}', '{"token": ""}', f'{{"token": "{"x" * 65}"}}', "\xff"]
)
def test_a_broken_file_is_as_none(tmp_path: Path, content: str) -> None:
    store = TokenStore(tmp_path)
    store.write("h:1", "one")
    (file,) = (tmp_path / "vtube-studio").iterdir()
    file.write_text(content, encoding="latin-1")

    assert store.read("h:1") == ""


def test_a_failed_write_keeps_the_old_token_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TokenStore(tmp_path)
    store.write("h:1", "old")
    monkeypatch.setattr(os, "fdopen", lambda *_args, **_kw: (_ for _ in ()).throw(OSError(28, "No space left")))

    with pytest.raises(OSError, match="No space"):
        store.write("h:1", "new")

    assert store.read("h:1") == "old"
    assert len(list((tmp_path / "vtube-studio").iterdir())) == 1


def test_faces_are_kept_by_model(tmp_path: Path) -> None:
    saved = SavedFaces(tmp_path)
    saved.save("fox", {"happy": "1", "nonsense": "2"})
    saved.save("owl", {"sad": "-"})

    assert SavedFaces(tmp_path).of("fox") == {"happy": "1"}
    assert SavedFaces(tmp_path).of("owl") == {"sad": "-"}
    assert SavedFaces(tmp_path).of("cat") == {}


def test_the_model_that_was_mapped_longest_ago_is_forgotten(tmp_path: Path) -> None:
    saved = SavedFaces(tmp_path)
    for number in range(MOST + 1):
        saved.save(f"m{number}", {"happy": "1"})

    assert saved.of("m0") == {}
    assert saved.of("m1") == {"happy": "1"}


@pytest.mark.parametrize("content", ["", "[]", '{"fox": 3}', '{"fox": {"happy": 3}}'])
def test_a_broken_file_of_faces_is_as_none(tmp_path: Path, content: str) -> None:
    saved = SavedFaces(tmp_path)
    saved.save("fox", {"happy": "1"})
    saved.file.write_text(content)

    assert saved.of("fox") == {}


def test_every_token_is_told_so_that_it_is_not_shown(tmp_path: Path) -> None:
    found: list[str] = []
    store = TokenStore(tmp_path, found.append)
    assert store.read("127.0.0.1:8001") == ""
    store.write("127.0.0.1:8001", "one")
    assert store.read("127.0.0.1:8001") == "one"
    assert found == ["one", "one"]
