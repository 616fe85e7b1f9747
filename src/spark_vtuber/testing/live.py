"""The real show as a child process, and a listener on its stage. For tests that meet the world."""

import json
import random
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from anyio.abc import Process
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage import client
from spark_vtuber.stage.port import Position

START_LIMIT_S: Final = 30.0
STOP_LIMIT_S: Final = 10.0
LOOK_AGAIN_S: Final = 0.02

PORTS: Final = (16_384, 32_768)
"""Below the ephemeral ports of every system."""

_DICE: Final = random.SystemRandom()
"""Tests beside each other, whatever seeds they set, do not draw the same port."""

IMPATIENT: Final = '\n[health]\non_stop = "cut"\n'
"""Nobody listens to the last sentence of a test."""


@dataclass(slots=True)
class Listener:
    """A page without a page: it hears everything at once, or in real time, and keeps what came and when."""

    messages: list[tuple[float, client.Message]] = field(default_factory=list)
    sounds: list[tuple[float, client.Sound]] = field(default_factory=list)

    def of(self, type: str) -> list[tuple[float, client.Message]]:
        """All text frames of a type, with their instants."""
        return [(at_s, message) for at_s, message in self.messages if message.type == type]

    def captions(self) -> str:
        """All captions that were shown, joined."""
        return " ".join(message["text"] for _, message in self.of("caption"))

    async def follow(self, page: ClientConnection) -> None:
        """Read the socket until it closes; answers as an audio owner that hears sound when it arrives."""
        try:
            async for frame in page:
                now_s = anyio.current_time()
                heard = client.read(frame)
                if isinstance(heard, client.Sound):
                    self.sounds.append((now_s, heard))
                    await page.send(client.playback(Position(heard.utterance, heard.end)))
                    continue
                self.messages.append((now_s, heard))
                if heard.type == "speech.cancel":
                    await page.send(client.flushed(TurnId(heard["turn"]), self._last()))
        except ConnectionClosed:
            return

    def _last(self) -> Position:
        last = self.sounds[-1][1] if self.sounds else None
        return Position(last.utterance, last.end) if last else Position(0, 0)


class LiveShow:
    """A running show. `http` is bound to its address."""

    def __init__(self, process: Process, http: httpx.AsyncClient, port: int) -> None:
        self.process = process
        self.http = http
        self.port = port

    @property
    def pid(self) -> int:
        """The show's process id."""
        return self.process.pid

    async def write(self, author: str, text: str, **more: Any) -> str:
        """Write a line as a viewer; gives its id."""
        answer = await self.http.post("/api/chat", json={"author": author, "text": text, **more})
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def turns(self, limit: int = 50) -> list[dict[str, Any]]:
        """The last turns, newest first."""
        turns: list[dict[str, Any]] = (await self.http.get("/api/turns", params={"limit": limit})).json()
        return turns

    async def health(self) -> dict[str, Any]:
        """How the show is."""
        health: dict[str, Any] = (await self.http.get("/api/health")).json()
        return health

    async def component(self, name: str) -> dict[str, Any]:
        """One component of the health report."""
        return next(one for one in (await self.health())["components"] if one["name"] == name)

    async def wait_for_turns(self, count: int, limit_s: float = 30.0) -> list[dict[str, Any]]:
        """The turns once there are `count` of them, newest first."""
        with anyio.fail_after(limit_s):
            while len(turns := await self.turns(max(count, 50))) < count:
                await anyio.sleep(LOOK_AGAIN_S)
        return turns

    @asynccontextmanager
    async def listening(self, name: str = "obs") -> AsyncIterator[Listener]:
        """Connect a listener that is the audio owner."""
        listener = Listener()
        async with (
            connect(f"ws://127.0.0.1:{self.port}/api/stage", max_size=None) as page,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(listener.follow, page)
            await page.send(client.hello(name, has_audio=True))
            await until(lambda: bool(listener.of("audio.owner")))
            yield listener
            tasks.cancel_scope.cancel()


async def until(is_true: Callable[[], bool], limit_s: float = 20.0) -> None:
    """Wait for a condition; `TimeoutError` when it does not come true in time."""
    with anyio.fail_after(limit_s):
        while not is_true():
            await anyio.sleep(LOOK_AGAIN_S)


@asynccontextmanager
async def live_show(
    config: str = "",
    *flags: str,
    data_dir: Path | None = None,
    port: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[LiveShow]:
    """Run `spark-vtuber run --no-watch` with the text of a configuration file, on `port` or a free one.

    Raises:
        TimeoutError: it was not ready in time; its terminal output is in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        file, output = Path(folder, "spark.toml"), Path(folder, "terminal.txt")
        file.write_text(config if "[health]" in config else config + IMPATIENT, encoding="utf-8")
        port = port or free_port()
        command = [sys.executable, "-m", "spark_vtuber", "run", "--no-watch", "--no-browser", "--port", str(port)]
        command += ["--config", str(file), "--data-dir", str(data_dir or Path(folder, "data")), *flags]
        with output.open("wb") as terminal:
            async with (
                await anyio.open_process(command, stdin=None, stdout=terminal, stderr=terminal, env=environ) as process,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http,
            ):
                show = LiveShow(process, http, port)
                try:
                    await _ready(show, output)
                    yield show
                finally:
                    with anyio.CancelScope(shield=True):
                        await end_process(process)


def free_port() -> int:
    """A port of the loopback device that nobody listens on, with the next one free as well.

    It is none that the system gives to connections: those come and go before whoever asked has bound it.
    """
    while True:
        port = _DICE.randrange(*PORTS, 2)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


async def _ready(show: LiveShow, output: Path) -> None:
    with anyio.move_on_after(START_LIMIT_S):
        while show.process.returncode is None:
            try:
                if (await show.http.get("/api/health")).status_code == 200:
                    return
            except httpx.TransportError:
                await anyio.sleep(LOOK_AGAIN_S)
    raise TimeoutError(f"the show was not ready: {output.read_text(errors='replace')[-2000:]}")


async def end_process(process: Process) -> None:
    """Ask a process to end, and kill it where it does not in time."""
    if process.returncode is None:
        process.terminate()
        with anyio.move_on_after(STOP_LIMIT_S):
            await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()


def model_config(base_url: str, **keys: Any) -> str:
    """A configuration whose model is the server at `base_url`, without the limits that a test would run into."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
    return "\n".join(
        (
            "[llm]",
            'use = "openai"',
            f'base_url = "{base_url}"',
            'model = "script"',
            *lines,
            "[inbox]",
            "viewer_per_s = 1000.0",
            "viewer_burst = 1000",
            "duplicate_s = 0.0",
            "repeat_s = 0.0",
            "",
        )
    )
