from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from spark_vtuber.cli.main import app


def commands(command: Any, name: str = "") -> Iterator[str]:
    """The names of a command and of those below it that are shown."""
    for one in getattr(command, "commands", {}).values():
        if not one.hidden:
            full = f"{name} {one.name}".strip()
            yield full
            yield from commands(one, full)


ROOT: Any = get_command(app)
COMMANDS = tuple(commands(ROOT))
SHOWN = 78
"""Columns of a help text in a terminal of eighty."""


def test_all_commands_are_looked_at() -> None:
    assert {"run", "chat login", "guard check", "obs setup", "vts map", "secrets list"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_eighty_columns(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_short_option_too(command: str) -> None:
    found = ROOT
    context = found.make_context("spark-vtuber", [], resilient_parsing=True)
    for name in command.split():
        found = found.commands[name]
        context = found.make_context(name, [], parent=context, resilient_parsing=True)
    assert set(found.get_help_option(context).opts) == {"--help", "-h"}


def test_the_short_option_shows_the_same() -> None:
    long, short = (CliRunner().invoke(app, ["run", option], env={"COLUMNS": "80"}) for option in ("--help", "-h"))
    assert (short.exit_code, short.stdout) == (0, long.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_lines_below_a_summary_are_not_broken_again(command: str) -> None:
    found = ROOT
    for name in command.split():
        found = found.commands[name]
    below = (found.help or "").partition("\n\n")[2].replace("\\[", "[")
    assert [line for line in below.splitlines() if len(line) > SHOWN] == []


@pytest.mark.parametrize(
    "command",
    ["run", "demo", "replay", "doctor", "panic", "say", "secrets set", "chat login", "guard check", "guard block"],
)
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
