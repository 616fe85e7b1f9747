"""Other platforms at the door of a real show: a foreign WebSocket client and curl, commands and all."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import pytest
from anyio import to_thread
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from spark_vtuber.config.environment import child_environment
from spark_vtuber.testing.live import LiveShow, live_show

pytestmark = pytest.mark.real

TOKEN = "a-bridge-shows-this"
CONFIG = """
[discovery]
on = false
[ingest]
token = "secret:ingest"
trust_roles = true
[inbox]
viewer_burst = 20
[commands.hello]
reply = "hello {name}!"
viewer_cooldown_s = 60.0
[rewards."Say hello"]
cue = "Say hello to everybody, please!"
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that all of it shares one show."""
    return "asyncio"


@pytest.fixture(scope="module")
async def show(anyio_backend: str) -> AsyncIterator[LiveShow]:
    async with live_show(CONFIG, environ=child_environment({"SPARK_SECRET_INGEST": TOKEN})) as show:
        yield show


def line(id: str, text: str, *roles: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "author": {"id": "u1", "name": "Ana", "roles": roles}, "text": text, **more}


class Bridge:
    """A program at the socket; keeps the frames that were not asked for yet."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: list[dict[str, Any]] = []

    async def send(self, *events: dict[str, Any]) -> dict[str, Any]:
        """Push events; gives the receipt."""
        await self._socket.send(json.dumps({"type": "events", "events": events}))
        return await self.frame("receipt")

    async def frame(self, type: str, **fields: Any) -> dict[str, Any]:
        """The next frame of a type with these fields."""

        def is_it(frame: dict[str, Any]) -> bool:
            return frame["type"] == type and all(frame.get(name) == value for name, value in fields.items())

        with anyio.fail_after(20):
            while True:
                found = next((frame for frame in self._waiting if is_it(frame)), None)
                if found is not None:
                    self._waiting.remove(found)
                    return found
                self._waiting.append(json.loads(await self._socket.recv()))


def address(show: LiveShow) -> str:
    return f"ws://127.0.0.1:{show.port}/api/ingest"


async def test_a_bridge_hears_what_was_answered_and_what_commands_say(show: LiveShow) -> None:
    async with connect(address(show)) as socket, show.listening():
        bridge = Bridge(socket)
        await socket.send(
            json.dumps({"type": "hello", "token": TOKEN, "source": "kick", "outcomes": True, "says": True})
        )
        assert (await bridge.frame("welcome"))["version"] == 1

        receipt = await bridge.send(line("1", "hello spark, how are you?"), line("1", "again"), {"text": "nobody"})
        assert [one.get("code", "") for one in receipt["results"]] == ["", "duplicate", "bad_event"]
        assert (await bridge.frame("outcome", id="1"))["outcome"] == "answered"
        said = await bridge.frame("say", reply_to="1")
        assert said["persona"] == "main"
        assert said["text"]

        await bridge.send(line("2", "!hello"), line("3", "!hello"), line("4", "!mute"), line("5", "!nothing"))
        assert (await bridge.frame("say", reply_to=None))["text"] == "hello Ana!"
        for number in "2345":
            assert (await bridge.frame("outcome", id=number))["reason"] == "command"
        assert not (await muted(show))
        await bridge.send(line("6", "!mute", "moderator"))
        with anyio.fail_after(10):
            while not await muted(show):
                await anyio.sleep(0.02)
        await bridge.send(
            line("7", "!unmute", "moderator"), line("8", "", kind="reward", reward={"title": "say HELLO"})
        )
        assert (await bridge.frame("outcome", id="8"))["outcome"] == "answered"

    metrics = (await show.http.get("/metrics")).text
    for name, outcome in (("hello", "done"), ("hello", "cooldown"), ("mute", "refused"), ("mute", "done")):
        assert f'spark_vtuber_commands_total{{name="{name}",outcome="{outcome}"}} 1' in metrics
    acts: set[tuple[str, str]] = set()
    with anyio.fail_after(10):
        while not {(f"command.{name}", "moderator Ana of kick") for name in ("mute", "unmute")} <= acts:
            audit = (await show.http.get("/api/audit")).json()["entries"]
            acts = {(one["act"], one["actor"]) for one in audit}
    assert TOKEN not in (await show.http.get("/api/settings")).text


async def muted(show: LiveShow) -> bool:
    return bool((await show.http.get("/api/status")).json()["personas"][0]["muted"])


@pytest.mark.needs("curl")
async def test_curl_pushes_a_donation_with_the_token_in_a_header_or_in_the_body(show: LiveShow) -> None:
    batch = {"source": "donations", "events": [line("d1", "for you", kind="super_chat", amount=5, currency="EUR")]}
    by_header = await curl(show, batch, f"Authorization: Bearer {TOKEN}")
    assert (by_header["status"], by_header["accepted"]) == (202, 1)
    by_body = await curl(show, {**batch, "token": TOKEN})
    assert (by_body["status"], by_body["results"][0]["code"]) == (202, "duplicate")
    without = await curl(show, batch)
    assert (without["status"], without["error"]["code"]) == (401, "token_needed")
    wrong = await curl(show, batch, "Authorization: Bearer nonsense")
    assert (wrong["status"], wrong["error"]["code"]) == (401, "wrong_token")
    foreign = await curl(show, batch, f"Authorization: Bearer {TOKEN}", "Origin: https://evil.example")
    assert foreign["status"] == 403
    lines = (await show.http.get("/api/lines")).json()["lines"]
    assert ("donations", 5.0, "EUR") in {(one["source"], one["amount"], one["currency"]) for one in lines}


async def curl(show: LiveShow, batch: dict[str, Any], *headers: str) -> dict[str, Any]:
    """The answer of the show, with its status."""
    words = [shutil.which("curl") or "curl", "--silent", "--max-time", "10", "--write-out", "\n%{http_code}"]
    for header in ("Content-Type: application/json", *headers):
        words += ["--header", header]
    words += ["--data", json.dumps(batch), f"http://127.0.0.1:{show.port}/api/ingest"]
    run = partial(subprocess.run, words, capture_output=True, text=True, check=True)
    body, _, status = (await to_thread.run_sync(run)).stdout.rpartition("\n")
    return {**json.loads(body), "status": int(status)}


async def read_to_the_end(socket: ClientConnection) -> list[dict[str, Any]]:
    """What comes until the show closes the socket, however it does."""
    told = []
    with anyio.fail_after(10), suppress(ConnectionClosed):
        while True:
            told.append(json.loads(await socket.recv()))
    return told


async def test_nobody_comes_in_without_the_token_and_garbage_ends_the_socket(show: LiveShow) -> None:
    for hello in ('{"type": "hello", "token": "nonsense"}', "{", "x" * 70_000):
        async with connect(address(show)) as socket:
            await socket.send(hello)
            assert all(frame["type"] == "error" for frame in await read_to_the_end(socket))
    for headers in ({"Authorization": "Bearer nonsense"}, {"Origin": "https://evil.example"}):
        with pytest.raises(InvalidStatus):
            await connect(address(show), additional_headers=headers)
    assert (await show.health())["status"] != "failed"
