from typing import Any

import anyio
import pytest

from spark_vtuber.core.desk import State
from spark_vtuber.core.ids import TurnId
from spark_vtuber.health.board import Board
from spark_vtuber.testing.virtual import VirtualClock


class Listener:
    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def __call__(self, type: str, /, *, turn: TurnId | None = None, **data: Any) -> None:
        assert type == "health"
        self.heard.append(data["component"])


async def test_a_change_is_announced_once() -> None:
    listener = Listener()
    board = Board(VirtualClock(), listener)
    board.set("tts:espeak", "tts", "ok", "speaks")
    board.set("tts:espeak", "tts", "ok", "speaks")
    board.set("tts:espeak", "tts", "failed", "died", "restart it")
    assert [(told["state"], told["fix"]) for told in listener.heard] == [("ok", ""), ("failed", "restart it")]


async def test_since_moves_only_with_the_state() -> None:
    board = Board(VirtualClock(), Listener())
    report = board.reporter("chat:twitch", "chat")
    report("starting")
    first_ms = board.components[0].since_ms
    await anyio.sleep(5)
    report("starting", "still connecting")
    assert board.components[0].since_ms == first_ms
    report("ok")
    assert board.components[0].since_ms == first_ms + 5000


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], "ok"),
        (["ok", "off"], "ok"),
        (["ok", "starting"], "starting"),
        (["degraded", "starting"], "degraded"),
        (["degraded", "failed"], "failed"),
    ],
)
async def test_the_whole_is_as_bad_as_its_worst_part(states: list[State], whole: str) -> None:
    board = Board(VirtualClock(), Listener())
    for number, state in enumerate(states):
        board.set(str(number), "part", state)
    assert board.status == whole


async def test_what_a_component_says_is_shown_without_secrets() -> None:
    listener = Listener()
    board = Board(VirtualClock(), listener, mask=lambda text: text.replace("hunter2", "***"))
    board.set("tts:cloud", "tts", "failed", "refused hunter2", "is hunter2 right?")
    (one,) = board.components
    assert (one.detail, one.last_error, one.fix) == ("refused ***", "refused ***", "is *** right?")
    assert "hunter2" not in str(listener.heard)
