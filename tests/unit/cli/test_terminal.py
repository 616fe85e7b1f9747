"""What the terminal says when a show is ready, and while one chooses without speaking."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from spark_vtuber.app.show import Show
from spark_vtuber.cli.choices import tell_choices
from spark_vtuber.cli.greeting import headline, is_told
from spark_vtuber.core.desk import Component, Event, State


@pytest.mark.parametrize(
    ("name", "kind", "state", "detail", "is_shown"),
    [
        ("llm:main", "llm", "ok", "", True),
        ("chat:twitch", "chat", "ok", "", True),
        ("commands", "chat", "ok", "", False),
        ("ingest", "chat", "ok", "0 connected", True),
        ("ingest", "chat", "off", "no token is set", False),
        ("journal", "show", "ok", "", False),
        ("journal", "show", "degraded", "the disk is full", True),
        ("accounts", "chat", "failed", "", True),
    ],
)
def test_what_works_and_says_nothing_is_no_line(
    name: str, kind: str, state: State, detail: str, *, is_shown: bool
) -> None:
    assert is_told(Component(name, kind, state, detail, 0)) is is_shown


@pytest.mark.parametrize(
    ("names", "is_dry", "told"),
    [
        (["Spark"], False, "Spark is live"),
        (["Spark", "Ember"], False, "Spark and Ember are live"),
        (["Spark"], True, "Spark chooses and says nothing: a dry run"),
        (["Spark", "Ember"], True, "Spark and Ember choose and say nothing: a dry run"),
    ],
)
def test_the_headline_says_who_does_what(names: list[str], told: str, *, is_dry: bool) -> None:
    assert headline(names, is_dry=is_dry) == told


class Room:
    """Tells what happens in a show."""

    def __init__(self, *happened: tuple[str, dict[str, Any]]) -> None:
        self._happened = happened

    @asynccontextmanager
    async def events(self, _since: int | None) -> AsyncIterator[AsyncIterator[Event]]:
        async def tell() -> AsyncIterator[Event]:
            for seq, (kind, data) in enumerate(self._happened):
                yield Event(seq, 0, kind, data=data)

        yield tell()


async def test_a_dry_run_tells_of_commands_and_blocked_lines_without_their_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    room = Room(
        ("chat.received", {"id": "a", "author": "ana", "text": "[hi] spark?", "kind": "message"}),
        ("chat.blocked", {"id": "b", "source": "replay", "rule": "urging", "reason": "self_harm"}),
        ("chat.dropped", {"id": "c", "source": "replay", "reason": "command"}),
        ("command", {"id": "c", "source": "replay", "name": "mute", "outcome": "failed", "reason": "dry_run"}),
        ("chat.chosen", {"id": "a", "persona": "main", "scores": {"question": 8.0}, "among": 1}),
        ("chat.dropped", {"id": "gone", "source": "replay", "reason": "rate_limit"}),
    )
    await tell_choices(cast("Show", room))
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == [
        "blocked  by the rule urging",
        "command  mute: dry run",
        "8  ana: [hi] spark?",
        "+8 question · best of 1 · main",
        "rate limit  gone",
    ]
