"""`guard ledger`, `guard allow` and `guard block`, with a show that is only an answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli import guard
from spark_vtuber.cli.main import app
from spark_vtuber.config.keys import Config
from spark_vtuber.core.errors import SparkError


class FakeShow:
    """Answers every question with `told`, or with `error`; `asked` keeps them."""

    def __init__(self) -> None:
        self.told: Any = {}
        self.error: SparkError | None = None
        self.asked: list[tuple[int, str, Any]] = []

    def ask(self, config: Config, path: str, body: Any = None) -> Any:
        self.asked.append((config.server.port, path, body))
        if self.error is not None:
            raise self.error
        return self.told


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> FakeShow:
    fake = FakeShow()
    monkeypatch.setattr(guard, "ask", fake.ask)
    return fake


def run(tmp_path: Path, *arguments: str) -> Result:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n', encoding="utf-8")
    return CliRunner().invoke(app, ["guard", *arguments, "--config", str(file)])


def test_the_ledger_comes_as_one_object_a_line(tmp_path: Path, show: FakeShow) -> None:
    show.told = {"entries": [{"id": 2}, {"id": 1}], "more": False}
    told = run(tmp_path, "ledger", "--limit", "9", "--category", "a&b", "--port", "9001")
    assert [json.loads(line) for line in told.stdout.splitlines()] == [{"id": 2}, {"id": 1}]
    assert show.asked == [(9001, "/api/guard/ledger?limit=9&category=a%26b", None)]


@pytest.mark.parametrize("name", ["allow", "block"])
def test_a_phrase_goes_on_a_list_and_off_again(tmp_path: Path, show: FakeShow, name: str) -> None:
    show.told = {"changed": True, "allow": ["x", "y"], "block": ["x", "y"]}
    assert "2 phrases" in run(tmp_path, name, "moby dick").stderr
    show.told = {**show.told, "changed": False}
    assert "already" in run(tmp_path, name, "moby dick", "--remove").stderr
    assert [(path, body) for _, path, body in show.asked] == [
        ("/api/guard/lists", {"list": name, "add": "moby dick"}),
        ("/api/guard/lists", {"list": name, "remove": "moby dick"}),
    ]


def test_without_a_show_the_fix_is_told(tmp_path: Path, show: FakeShow) -> None:
    show.error = SparkError("no show answers", code="no_show", fix="start it")
    told = run(tmp_path, "allow", "moby dick")
    assert told.exit_code == 2
    assert "start it" in told.stderr
