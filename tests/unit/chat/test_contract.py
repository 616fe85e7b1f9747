"""The promises of the port `ChatSource`, kept by the engines that need no account."""

import json
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.chat import replay, youtube
from spark_vtuber.chat.oauth import Tokens
from spark_vtuber.chat.twitch import TwitchOptions, reading
from spark_vtuber.chat.youtube_account import SCOPES, SECRET
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError
from spark_vtuber.testing.contracts.chat import LINES, PROMISES, Promise, Trial
from spark_vtuber.testing.irc import FakeChatServer
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.youtube_fake import FakeYouTube
from spark_vtuber.testing.youtube_server import YouTubeTransport

OWNER = "UCstreamer______________"


def env(http: httpx.AsyncClient | None = None, **secrets: str) -> EngineEnv:
    def unused(*_: Any, **__: Any) -> Any:
        raise AssertionError

    def secret(name: str) -> str:
        if name not in secrets:
            raise EngineError("no_secret", name)
        return secrets[name]

    return EngineEnv(
        clock=VirtualClock(),
        random=random.Random(5),
        data_dir=Path("nowhere"),
        secret=secret,
        log=logging.getLogger("test"),
        worker=unused,
        http=http or httpx.AsyncClient(),
    )


async def silent(_lines: Sequence[str]) -> None:
    """A record speaks for itself."""


@asynccontextmanager
async def a_replay(tmp_path: Path) -> AsyncIterator[Trial]:
    file = tmp_path / "chat.jsonl"
    file.write_text("\n".join(json.dumps({"at": 10.0, "author": "ana", "text": line}) for line in LINES), "utf-8")
    async with replay.SPEC.open(replay.ReplayOptions(file=str(file)), env()) as source:
        yield Trial(source, silent, lambda: True, list)


@asynccontextmanager
async def a_twitch_channel(_tmp_path: Path) -> AsyncIterator[Trial]:
    server = FakeChatServer()

    async def speak(lines: Sequence[str]) -> None:
        server.last.say(*(f"@id={server.attempts_s[-1]}-{line[5:]} :ana!ana@h PRIVMSG #chan :{line}" for line in lines))

    def sent() -> list[str]:
        return [line for line in server.last.heard if line.startswith("PRIVMSG")]

    async with reading(TwitchOptions(channel="chan"), env(), server.connect) as source:
        yield Trial(source, speak, lambda: all(one.is_left for one in server.connections), sent)


@asynccontextmanager
async def a_youtube_chat(*, refuses_streams: bool, account: bool) -> AsyncIterator[Trial]:
    fake = FakeYouTube(VirtualClock().unix_ms, keys={"key"}, refuses_streams=refuses_streams)
    transport, chat = YouTubeTransport(fake), fake.go_live("video123456", OWNER)
    access, refresh = fake.accounts.give(OWNER)
    now_ms = VirtualClock().unix_ms()
    tokens = Tokens(access, refresh, now_ms + 3_600_000, SCOPES, fake.accounts.client_id, now_ms)

    async def speak(lines: Sequence[str]) -> None:
        for line in lines:
            chat.says("ana", line)
            await anyio.sleep(0.1)

    def sent() -> list[str]:
        return [one["snippet"]["displayMessage"] for one in chat.messages if one["authorDetails"]["isChatOwner"]]

    options = youtube.YouTubeOptions(channel=OWNER, api_key="secret:youtube", account=account)
    room = env(httpx.AsyncClient(transport=transport), youtube="key", **{SECRET: tokens.to_json()})
    async with youtube.SPEC.open(options, room) as source:
        yield Trial(source, speak, lambda: transport.streams == 0, sent)


def a_stream(_tmp_path: Path) -> Any:
    return a_youtube_chat(refuses_streams=False, account=True)


def pages(_tmp_path: Path) -> Any:
    return a_youtube_chat(refuses_streams=True, account=False)


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("opened", [a_replay, a_twitch_channel, a_stream, pages])
async def test_a_chat_source_keeps_its_promises(
    opened: Callable[[Path], Any], promise: Promise, tmp_path: Path
) -> None:
    async with opened(tmp_path) as trial:
        await promise(trial)
