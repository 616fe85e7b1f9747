"""The set-up on machines that lack something."""

import shutil
import subprocess
import sys
from pathlib import Path

import bootstrap
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with the files that decide over an installation; the set-up works on it."""
    for name in bootstrap.SOURCES_OF_BUILD:
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(bootstrap, "BUNDLE", tmp_path / "static")
    monkeypatch.setattr(bootstrap, "version_of", lambda _python: (3, 12))
    monkeypatch.setattr(bootstrap, "pip_version", lambda: (99, 0))
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").touch()
    return tmp_path


@pytest.fixture
def pip_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(bootstrap, "pip", lambda *arguments: calls.append(arguments))
    return calls


def test_the_second_set_up_installs_nothing(copy: Path, pip_calls: list[tuple[str, ...]]) -> None:
    bootstrap.install({"test"})
    bootstrap.install({"test"})
    assert len(pip_calls) == 1


def test_fewer_groups_than_installed_install_nothing(copy: Path, pip_calls: list[tuple[str, ...]]) -> None:
    bootstrap.install({"test"})
    bootstrap.install(set())
    assert len(pip_calls) == 1


def test_changed_requirements_are_installed_with_all_groups(copy: Path, pip_calls: list[tuple[str, ...]]) -> None:
    bootstrap.install({"test"})
    with (copy / "requirements" / "constraints.txt").open("a") as constraints:
        constraints.write("something==1.0\n")
    bootstrap.install(set())
    assert pip_calls[1][-2:] == ("--group", "test")


def test_changed_front_end_sources_are_installed_again(copy: Path, pip_calls: list[tuple[str, ...]]) -> None:
    bootstrap.install(set())
    (copy / "frontend" / "src").mkdir(parents=True)
    (copy / "frontend" / "src" / "app.html").write_text("<html></html>")
    bootstrap.install(set())
    assert len(pip_calls) == 2


def test_a_failed_installation_is_tried_again(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: str) -> None:
        sys.exit("no network")

    monkeypatch.setattr(bootstrap, "pip", fail)
    with pytest.raises(SystemExit):
        bootstrap.install(set())
    assert bootstrap.installed() == ("", set())


@pytest.mark.parametrize(("version", "verdict"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)])
def test_only_supported_versions_count(
    version: tuple[int, int], verdict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "version_of", lambda _python: version)
    assert bootstrap.is_supported(["python"]) is verdict


@pytest.mark.platform("linux")
def test_a_user_without_root_is_told_the_one_line_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bootstrap, "version_of", lambda _python: (3, 12))
    with pytest.raises(SystemExit, match=r"Run: sudo apt-get install -y python3\.12 python3\.12-venv"):
        bootstrap.install_python(["python3.12"])


@pytest.mark.real
def test_an_interpreter_that_does_not_start_has_no_version() -> None:
    assert bootstrap.version_of(["a-python-that-is-not-there"]) is None
    assert bootstrap.version_of([sys.executable]) == sys.version_info[:2]


@pytest.mark.real
def test_the_set_up_reads_on_python_3_8() -> None:
    source = (ROOT / "scripts" / "bootstrap.py").read_text("utf-8")
    compile(source, "bootstrap.py", "exec", dont_inherit=True)
    check = [sys.executable, "-m", "ruff", "check", "--isolated", "--target-version", "py38", "--select", "F,E9"]
    subprocess.run([*check, str(ROOT / "scripts" / "bootstrap.py")], check=True, capture_output=True)
