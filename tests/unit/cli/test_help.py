import pytest
from typer.testing import CliRunner

from spark_vtuber.cli.main import app

COMMANDS = (
    *("run", "demo", "replay", "say", "doctor", "panic", "config", "config check", "config show", "config schema"),
    *("secrets", "secrets set", "secrets list", "secrets remove"),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_in_eighty_columns(command: str, option: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), option], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


@pytest.mark.parametrize("command", ["run", "demo", "replay", "doctor", "panic", "say", "secrets set"])
def test_help_shows_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert f"  spark-vtuber {command}" in result.stdout


def test_the_marks_of_the_watch_are_not_shown() -> None:
    assert "--watched" not in CliRunner().invoke(app, ["run", "--help"]).stdout


@pytest.mark.parametrize("arguments", [["run", "--prot", "1"], ["fly"], ["replay"]])
def test_wrong_use_is_said_in_a_line_and_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "Error" in result.output
    assert "Traceback" not in result.output


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("spark-vtuber ")
