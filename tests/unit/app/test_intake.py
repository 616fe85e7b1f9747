"""Commands, purchases and other platforms in a whole show of fakes."""

import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from spark_vtuber import engines
from spark_vtuber.app import bridge
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Line
from spark_vtuber.core.engine import EngineEnv, EngineSpec
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward, Role
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice

TEXT = """
[discovery]
on = false
[chat.twitch]
channel = "ana"
[commands.hello]
reply = "hello {name}"
[commands.ask]
cue = "What do you think of {args}?"
[commands.lurk]
who = "subscriber"
expression = "sad"
[rewards."Flip"]
cue = "Do a flip for {name}"
[rewards."Scene"]
scene = "Live"
"""


class Channel:
    """A `ChatSource` that a test writes into; keeps what was sent and settled."""

    def __init__(self) -> None:
        self._write, self._lines = anyio.create_memory_object_stream[ChatEvent](100)
        self._count = 0
        self.sent: list[str] = []
        self.settled: list[tuple[str, bool]] = []

    async def events(self) -> AsyncIterator[ChatEvent]:
        async for event in self._lines:
            yield event

    async def send(self, text: str) -> None:
        self.sent.append(text)

    async def settle(self, event: ChatEvent, *, is_done: bool) -> None:
        if event.reward is None or not event.reward.redemption:
            raise EngineError("read_only", "nothing to settle")
        self.settled.append((event.reward.redemption, is_done))

    async def write(self, text: str, *roles: Role, author: str = "ana", **more: Any) -> None:
        """A line, and the time to deal with it."""
        self._count += 1
        kind = more.pop("kind", ChatKind.MESSAGE)
        await self._write.send(
            ChatEvent(f"m{self._count}", "twitch", kind, Author(author, author, frozenset(roles)), text, **more)
        )
        await anyio.sleep(1)


@pytest.fixture
async def channel() -> Channel:
    return Channel()


@asynccontextmanager
async def opened(
    troupe: Troupe, channel: Channel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Opened]:
    def spec(port: str, name: str) -> EngineSpec:
        made = troupe.spec(port, name)
        if port not in ("chat", "tts"):
            return made

        @asynccontextmanager
        async def open_it(options: BaseModel, env: EngineEnv) -> AsyncIterator[Any]:
            del options, env
            yield FakeVoice() if port == "tts" else channel

        return EngineSpec(made.options, open_it, made.probe, made.summary, made.licence)

    monkeypatch.setattr(engines, "spec", spec)
    monkeypatch.setattr(bridge, "FileKeepsake", lambda *_: MemoryKeepsake())
    file = folder / "spark.toml"
    file.write_text(TEXT, encoding="utf-8")
    settings = load(spec, file, {"data": {"dir": str(folder / "data")}}, {})
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)
    async with anyio.create_task_group() as tasks:
        yield await tasks.start(partial(run_show, settings, around))
        tasks.cancel_scope.cancel()


Open = Callable[[], AbstractAsyncContextManager[Opened]]


@pytest.fixture
def open_show(troupe: Troupe, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    return partial(opened, troupe, channel, tmp_path, monkeypatch)


def muted(show: Opened) -> list[bool]:
    return [one["muted"] for one in show.show.status()["personas"]]


def answered(show: Opened) -> list[str]:
    return [turn.cue.text for turn in reversed(show.show.turns(20))]


def dropped(show: Opened) -> Mapping[str, int]:
    return show.show.dropped()


async def test_only_a_moderator_silences_the_show_from_the_chat(open_show: Open, channel: Channel) -> None:
    async with open_show() as show:
        await channel.write("!mute", Role.SUBSCRIBER, Role.VIP)
        assert muted(show) == [False]
        await channel.write("!mute", Role.MODERATOR)
        assert muted(show) == [True]
        await channel.write("!unmute spark", Role.BROADCASTER)
        assert muted(show) == [False]
        assert (answered(show), channel.sent, dropped(show)) == ([], [], {"command": 3})


async def test_a_style_counts_from_the_next_turn_on(open_show: Open, channel: Channel) -> None:
    async with open_show() as show:
        await channel.write("!style hype", Role.MODERATOR)
        (persona,) = show.show.status()["personas"]
        assert (persona["preset"], persona["mood"]) == ("hype", "happy")


async def test_whoever_gives_is_remembered_by_who_answered(open_show: Open, channel: Channel) -> None:
    async with open_show() as show:
        for _ in range(3):
            await channel.write("thanks spark, this is for the fan", kind=ChatKind.BITS, amount=100)
            await anyio.sleep(30)
        growth = show.doors.growth
        assert growth is not None
        ((_, state),) = growth.dispositions()
        assert [(bond.name, round(bond.value, 2)) for bond in state.bonds.values()] == [("ana", 0.1)]
        assert {(move.part, move.cause) for move in growth.moves(50)} >= {("bond", "gift"), ("trait", "thanks")}
        assert state.spirits > 0


async def test_replies_go_into_the_chat_that_asked_and_cues_are_answered(open_show: Open, channel: Channel) -> None:
    async with open_show() as show:
        await channel.write("!hello")
        await channel.write("!ask tea")
        await channel.write("!unknown thing")
        await channel.write("!persona spark how are you?", author="ben")
        await anyio.sleep(60)
        assert channel.sent == ["hello ana"]
        assert answered(show) == ["What do you think of tea?", "how are you?"]


async def test_a_redeem_is_answered_and_fulfilled_and_one_that_fails_gives_the_points_back(
    open_show: Open, channel: Channel
) -> None:
    async with open_show() as show:
        await channel.write("", kind=ChatKind.REWARD, reward=Reward("1", "flip", "r1"))
        await channel.write("please", kind=ChatKind.REWARD, reward=Reward("2", "Scene", "r2"))
        await anyio.sleep(60)
        assert answered(show) == ["Do a flip for ana", "please"]
        assert channel.settled == [("r1", True), ("r2", False)]


async def test_lines_of_the_page_have_no_role_whoever_they_say_they_are(open_show: Open) -> None:
    async with open_show() as show:
        for text in ("!mute", "!style hype", "!redeem Flip", "!lurk"):
            show.show.chat(Line("ana", text))
        await anyio.sleep(10)
        assert muted(show) == [False]
        assert answered(show) == []
        metrics = show.show.metrics()
        for name in ("mute", "style", "redeem", "lurk"):
            assert f'spark_vtuber_commands_total{{name="{name}",outcome="refused"}} 1' in metrics


async def test_with_chat_switched_to_the_page_no_other_chat_commands_and_nothing_comes_in(
    open_show: Open, channel: Channel
) -> None:
    async with open_show() as show:
        await show.show.fall_back("chat", "page")
        await channel.write("!mute", Role.BROADCASTER)
        assert muted(show) == [False]
        assert show.doors.ingest is not None
        batch = {"source": "kick", "events": [{"author": {"name": "a"}, "text": "hi"}]}
        assert [one.code for one in show.doors.ingest.post(batch).receipts] == ["chat_off"]


async def test_during_a_panic_nothing_is_done(open_show: Open, channel: Channel) -> None:
    async with open_show() as show:
        await show.show.panic("test")
        await channel.write("!style hype", Role.MODERATOR)
        await show.show.resume()
        assert show.show.status()["personas"][0]["preset"] == ""


async def test_commands_work_while_more_is_written_than_can_be_read(open_show: Open, channel: Channel) -> None:
    async with open_show() as show:
        for number in range(2_000):
            text = "!nothing" if number % 2 else f"line {number} of small talk"
            show.show.receive(ChatEvent(f"x{number}", "twitch", ChatKind.MESSAGE, Author(f"v{number}", "v"), text))
        await channel.write("!mute", Role.MODERATOR)
        assert muted(show) == [True]
