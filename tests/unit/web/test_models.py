"""Finding models in a folder that anybody may drop files into. How they are served is tested in a running show."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.looks import checked_look, is_model_name, model_in
from spark_vtuber.stage.vrm_file import VrmError
from spark_vtuber.testing.vrm import glb, vrm
from spark_vtuber.web.models import MAX_BYTES, find, meta


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    models = tmp_path / "models"
    models.mkdir()
    (models / "Paper Fox.vrm").write_bytes(vrm())
    return models


def code_of(folder: Path, name: str) -> str:
    with pytest.raises(SparkError) as caught:
        find(folder, name)
    return caught.value.code


def test_a_model_is_found_by_its_name(folder: Path) -> None:
    assert meta(find(folder, "Paper Fox")).name == "Box"


def test_a_file_that_came_later_is_found(folder: Path) -> None:
    assert code_of(folder, "new") == "model_missing"
    (folder / "new.vrm").write_bytes(vrm(0))
    assert meta(find(folder, "new")).version == 0


@pytest.mark.parametrize("name", ["../secret", "..", "", ".", "a/b", "a\\b", "C:x", "a\0", "a\n", " a", "a.", "x" * 65])
def test_what_no_file_may_be_called_is_not_looked_for(folder: Path, name: str) -> None:
    (folder.parent / "secret.vrm").write_bytes(vrm())
    assert code_of(folder, name) == "model_missing"


@pytest.mark.platform("linux", "darwin")
def test_links_lead_nowhere_and_folders_are_no_files(folder: Path) -> None:
    outside = folder.parent / "secret.vrm"
    outside.write_bytes(vrm())
    (folder / "link.vrm").symlink_to(outside)
    (folder / "loop.vrm").symlink_to(folder / "loop.vrm")
    (folder / "folder.vrm").mkdir()
    assert {code_of(folder, name) for name in ("link", "loop", "folder")} == {"model_missing"}


@pytest.mark.platform("linux", "darwin")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.vrm")
    assert code_of(folder, "pipe") == "model_missing"


def test_a_model_that_is_too_large_is_not_opened(folder: Path) -> None:
    (folder / "huge.vrm").write_bytes(glb(b"{}"))
    os.truncate(folder / "huge.vrm", MAX_BYTES + 1)
    assert code_of(folder, "huge") == "model_too_large"


def test_a_file_that_is_something_else_is_broken(folder: Path) -> None:
    (folder / "text.vrm").write_text("hello", encoding="utf-8")
    assert code_of(folder, "text") == "model_broken"


def test_a_model_that_ends_early_tells_nothing(folder: Path) -> None:
    (folder / "cut.vrm").write_bytes(vrm()[:100])
    with pytest.raises(VrmError):
        meta(find(folder, "cut"))


def test_a_folder_that_is_not_there_has_no_models(tmp_path: Path) -> None:
    assert code_of(tmp_path / "models", "Box") == "model_missing"


@given(st.text(max_size=80))
def test_a_name_that_passes_stays_in_its_folder(name: str) -> None:
    if is_model_name(name):
        assert Path("models", f"{name}.vrm").parent == Path("models")
        assert not set(name) & set('/\\:*?"<>|\0\n')


def test_a_look_names_a_puppet_or_a_model() -> None:
    assert model_in("ember") is None
    assert model_in("vrm:Paper Fox") == "Paper Fox"
    assert checked_look("vrm:Paper Fox") == "vrm:Paper Fox"
    for look in ("vrm:", "vrm:../x", "vrm:a/b", "x" * 200):
        with pytest.raises(ValueError, match=r"look|model"):
            checked_look(look)
