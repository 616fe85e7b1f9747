"""Paths as people write them."""

from pathlib import Path

import pytest

from spark_vtuber.core.paths import at_home, exists


def test_a_home_is_that_of_its_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert at_home("~/models") == tmp_path / "models"
    assert at_home(Path("models")) == Path("models")


def test_the_home_of_nobody_stays_a_name() -> None:
    assert at_home("~nobody-of-that-name/models").parts[-1] == "models"


@pytest.mark.parametrize("name", ["x" * 5_000, "there is none"])
def test_what_cannot_be_is_not_there(name: str, tmp_path: Path) -> None:
    assert not exists(tmp_path / name)
    assert exists(tmp_path)
