"""The script that builds the real model server, on machines where it cannot, and what `make test` says then."""

import importlib.util
from contextlib import nullcontext
from pathlib import Path

import engines
import pytest

TESTS = Path(engines.__file__).with_name("tests.py")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(engines, "cache", lambda: folder)
    monkeypatch.delenv(engines.FORCED, raising=False)
    return folder


@pytest.mark.parametrize("tool", engines.TOOLS)
def test_a_missing_tool_is_named_with_what_brings_it(
    tool: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "_has", lambda name: name != tool)
    with pytest.raises(SystemExit):
        engines.build()
    said = capsys.readouterr().err
    assert f"needs {tool}" in said
    assert engines.TOOLS[tool] in said


def test_a_full_disk_is_told_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "_has", lambda _name: True)
    monkeypatch.setattr(engines, "SPACE_BYTES", 1 << 62)
    with pytest.raises(SystemExit):
        engines.build()
    assert "free space" in capsys.readouterr().err


def test_what_was_built_is_not_built_again(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_cache.mkdir()
    engines.program().touch()
    monkeypatch.setattr(engines, "_has", lambda _name: False)
    assert engines.build() == engines.program()


def test_without_a_server_its_tests_are_named_as_not_selected(capsys: pytest.CaptureFixture[str]) -> None:
    specification = importlib.util.spec_from_file_location("tiers", TESTS)
    assert specification is not None
    assert specification.loader is not None
    tiers = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tiers)
    assert tiers.engine_tests() == 0
    said = capsys.readouterr().out
    assert "not selected" in said
    assert engines.RUN in said


def test_a_built_server_or_the_variable_selects_its_tests(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not engines.is_wanted()
    monkeypatch.setenv(engines.FORCED, "1")
    assert engines.is_wanted()
    monkeypatch.delenv(engines.FORCED)
    empty_cache.mkdir()
    engines.program().touch()
    assert engines.is_wanted()


@pytest.mark.real
@pytest.mark.platform("linux", "darwin")
@pytest.mark.parametrize(("status", "said"), [(0, "built 40 of 40 parts"), (3, "ninja failed; the whole log:")])
def test_a_build_says_how_far_it_is_and_how_it_failed(
    status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = f'#!/bin/sh\nfor part in $(seq 40); do echo "[$part/40] a part"; done\necho over\nexit {status}\n'
    (tmp_path / "ninja").write_text(script)
    (tmp_path / "ninja").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(SystemExit) if status else nullcontext():
        engines._compile(tmp_path / "out", tmp_path / "log")
    assert said in capsys.readouterr().err
    assert (tmp_path / "log").read_text().endswith("over\n")
