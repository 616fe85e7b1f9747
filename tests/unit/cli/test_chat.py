"""`spark-vtuber chat` where no show runs and nobody is signed in."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli.main import app
from spark_vtuber.testing.live import free_port

pytestmark = pytest.mark.real  # a show is looked for at its port


def status(folder: Path, configuration: str) -> Result:
    file = folder / "spark.toml"
    file.write_text(configuration, encoding="utf-8")
    options = ["--config", str(file), "--data-dir", str(folder / "data"), "--port", str(free_port())]
    return CliRunner().invoke(app, ["chat", "status", *options], env={"COLUMNS": "200"})


def test_an_account_that_is_needed_says_how_to_sign_in(tmp_path: Path) -> None:
    told = status(tmp_path, '[chat.twitch]\naccount = true\nclient_id = "abc"\n[secrets]\nsystem = false\n')
    assert told.exit_code == 1
    assert [line for line in told.output.splitlines() if "chat login" in line] == [
        "  fix: spark-vtuber chat login twitch"
    ]


def test_an_account_that_nothing_uses_asks_for_nothing(tmp_path: Path) -> None:
    told = status(tmp_path, "[secrets]\nsystem = false\n")
    assert (told.exit_code, "fix" in told.output) == (0, False)
