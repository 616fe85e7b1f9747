"""What a SIGHUP means to the watch."""

import json
import os
import signal
from typing import Any

import pytest

from spark_vtuber.cli import hangup
from spark_vtuber.cli.hangup import Terminal
from spark_vtuber.cli.watch import Watch


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether there is a terminal; the last entry counts."""
    found = [True]
    monkeypatch.setattr(hangup, "_is_there", lambda: found[-1])
    return found


def test_a_terminal_that_was_there_can_be_gone(tty: list[bool]) -> None:
    terminal = Terminal()
    assert not terminal.is_gone
    tty.append(False)
    assert terminal.is_gone


def test_what_never_had_a_terminal_cannot_lose_it(tty: list[bool]) -> None:
    tty.append(False)
    assert not Terminal().is_gone


@pytest.mark.platform("linux", "darwin")
def test_a_program_that_shall_outlive_its_terminal_does(tty: list[bool]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        terminal = Terminal()
    finally:
        signal.signal(signal.SIGHUP, before)
    tty.append(False)
    assert not terminal.is_gone


class FakePipe:
    """The show's stdin."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.pipe()

    def fileno(self) -> int:
        return self.theirs

    def said(self) -> list[str]:
        os.close(self.theirs)
        with os.fdopen(self.ours) as pipe:
            return [json.loads(line)["type"] for line in pipe]


class FakeShow:
    """A child process as far as the watch's signals see it."""

    def __init__(self) -> None:
        self.stdin: Any = FakePipe()


def test_a_hangup_is_passed_on_until_the_terminal_is_gone(tty: list[bool]) -> None:
    watch, show = Watch(["run"]), FakeShow()
    watch._show = show  # type: ignore[assignment]  # only its stdin is used
    watch._on_hangup(1, None)
    assert not watch._is_stopping
    tty.append(False)
    watch._on_hangup(1, None)
    assert watch._is_stopping
    assert show.stdin.said() == ["reload", "stop"]
