"""A real show that goes on for minutes or hours while things are done to it: what was up, silent, restarted, grown."""

import json
import random
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from anyio.abc import SocketAttribute, SocketStream
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.stage import client
from spark_vtuber.testing.bench.soak_faults import FAULTS, Draw, Scene, Trace
from spark_vtuber.testing.irc import FakeConnection
from spark_vtuber.testing.live import Listener, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve
from spark_vtuber.testing.obs_fake import fake_obs
from spark_vtuber.testing.obs_server import serve_obs
from spark_vtuber.testing.vts_server import fake_studio, serving
from spark_vtuber.testing.watched import WatchedShow, watched_show

FAULT_EVERY_S: Final = 60.0
LINE_EVERY_S: Final = 3.0
LOOK_S: Final = 1.0
SAMPLE_S: Final = 10.0
COME_BACK_S: Final = 2.0
"""A page that lost its connection tries again after this time, as ours does."""

SEEN_S: Final = 120.0
"""A fault shows in the journal within this time: a hang is found within 90 s."""

RAID: Final = 5_000
RAID_EVERY_S: Final = 1 / 18
"""The evening begins with a raid of so many lines, just slow enough that each is told by itself: it fills whatever
keeps the last so many lines, words or events. What grows after it, leaks.
"""

JOINS_S: Final = 2.0
"""A client that is connected has joined the channel by then."""

ANSWER: Final = "Oh good evening, how nice of you to come."
"""Two seconds of speech: many turns an hour."""

CHANNEL: Final = "soak"
JOURNAL: Final = "journal.sqlite3"


@dataclass(frozen=True, slots=True)
class Sample:
    """What one life of the show holds, `at_s` seconds into the soak, `turns` of this life; sizes in kB."""

    at_s: float
    turns: int
    session: str
    resident_kb: float
    descriptors: int
    threads: int
    wal_kb: float
    temporary_files: int


@dataclass(frozen=True, slots=True)
class Restart:
    """A part, or the whole show, was away for `took_s`."""

    name: str
    why: str
    took_s: float


@dataclass(slots=True)
class Soaked:
    """What was seen. `looks` are once a second; `sounds_s` the instants at which sound came; `struck` what was done.

    `unseen` are those of them that the journal does not show; `turns_before` how many turns there were when each
    session began.
    """

    duration_s: float
    looks: int = 0
    up: int = 0
    sessions: list[str] = field(default_factory=list)
    turns_before: list[int] = field(default_factory=list)
    sounds_s: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    restarts: list[Restart] = field(default_factory=list)
    struck: list[tuple[float, str]] = field(default_factory=list)
    expected_show_restarts: int = 0
    unseen: list[str] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    lines: int = 0


class ChatServer:
    """A chat server on loopback that answers as Twitch does."""

    def __init__(self) -> None:
        self.port = 0
        self._links: list[tuple[FakeConnection, SocketStream]] = []
        self._came = anyio.Event()

    def say(self, number: int) -> None:
        """A viewer writes to everybody who is connected."""
        who = f"viewer{number}"
        line = f":{who}!{who}@{who}.tmi.twitch.tv PRIVMSG #{CHANNEL} :hello number {number}, how is it going tonight?"
        for link, _ in self._links:
            link.say(line)

    async def joined(self) -> None:
        """Return once somebody reads the channel."""
        await self._came.wait()
        await anyio.sleep(JOINS_S)

    def drop(self) -> None:
        """Close every connection."""
        for link, _ in self._links:
            link.drop()

    async def hold(self, stream: SocketStream) -> None:
        """One connection until either side closes it."""
        link = FakeConnection()
        entry = (link, stream)
        self._links.append(entry)
        self._came.set()
        try:
            async with stream, anyio.create_task_group() as tasks:
                tasks.start_soon(self._speak, link, stream, tasks.cancel_scope)
                with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                    while True:
                        await link.send(await stream.receive())
                tasks.cancel_scope.cancel()
        finally:
            self._links.remove(entry)

    async def _speak(self, link: FakeConnection, stream: SocketStream, scope: anyio.CancelScope) -> None:
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            while True:
                await stream.send(await link.receive())
        scope.cancel()


@asynccontextmanager
async def chatting() -> AsyncIterator[ChatServer]:
    """A chat server for as long as the context is open."""
    server = ChatServer()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        server.port = listener.extra(SocketAttribute.local_port)
        tasks.start_soon(listener.serve, server.hold)
        yield server
        tasks.cancel_scope.cancel()


class Page:
    """A page that plays what it hears at once, and comes back when it lost its connection."""

    def __init__(self, port: int, soaked: Soaked, began_s: float) -> None:
        self._port = port
        self._soaked = soaked
        self._began_s = began_s
        self._scope: anyio.CancelScope | None = None

    def drop(self) -> None:
        """Lose the connection."""
        if self._scope is not None:
            self._scope.cancel()

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            with (
                anyio.CancelScope() as self._scope,
                suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError),
            ):
                async with connect(f"ws://127.0.0.1:{self._port}/api/stage", max_size=None, open_timeout=2) as page:
                    listener = _Ear(self._soaked, self._began_s)
                    await page.send(client.hello("obs", has_audio=True))
                    await listener.follow(page)
            await anyio.sleep(COME_BACK_S)


class _Ear(Listener):
    """Notes when sound came and forgets the sound."""

    def __init__(self, soaked: Soaked, began_s: float) -> None:
        super().__init__(messages=_Nothing(), sounds=_Instants(soaked, began_s))


class _Nothing(list[Any]):
    def append(self, _: Any) -> None:
        """Keep nothing."""


class _Instants(list[Any]):
    """Keeps the last sound, and of the others their instants."""

    def __init__(self, soaked: Soaked, began_s: float) -> None:
        super().__init__()
        self._soaked = soaked
        self._began_s = began_s

    def append(self, sound: Any) -> None:
        self[:] = [sound]
        self._soaked.sounds_s.append(time.monotonic() - self._began_s)


async def soak(
    duration_s: float,
    folder: Path,
    *,
    has_faults: bool = False,
    rng: random.Random | None = None,
    progress: Callable[[float, str], None] = lambda _s, _what: None,
) -> Soaked:
    """Run a watched show so long in `folder`, with a fault a minute where `has_faults`.

    Raises:
        TimeoutError: the show did not get ready.
    """
    soaked = Soaked(duration_s)
    async with (
        fake_obs() as obs,
        fake_studio(SystemClock()) as studio,
        serve(Script(text=ANSWER, ttft_ms=100, tokens_per_s=100)) as model,
        chatting() as chat,
        serve_obs(obs) as address,
        serving(studio) as studio_port,
    ):
        config = model_config(model.base_url) + _config(chat.port, address.port, studio_port)
        file = folder / "spark.toml"
        file.write_text(config, encoding="utf-8")
        async with watched_show("run", "--config", str(file), folder=folder) as show:
            began_s = time.monotonic()
            page = Page(show.port, soaked, began_s)
            scene = Scene(show.http, model, chat, page, obs, studio)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(page.run)
                tasks.start_soon(_follow, show, soaked)
                tasks.start_soon(_look, show, soaked)
                tasks.start_soon(_sample, show, soaked, began_s)
                tasks.start_soon(_write, chat, soaked)
                if has_faults:
                    tasks.start_soon(
                        _strike, scene, soaked, Draw(rng or random.Random(1), duration_s), began_s, progress
                    )
                await anyio.sleep(duration_s)
                tasks.cancel_scope.cancel()
            soaked.unseen.extend(_unseen(show.data, soaked, time.time() - (time.monotonic() - began_s)))
    return soaked


def _unseen(data: Path, soaked: Soaked, began_at_s: float) -> Iterator[str]:
    """The faults that left no trace in the journal; one at the very end had no time to."""
    with closing(sqlite3.connect(f"file:{data / JOURNAL}?mode=ro", uri=True)) as journal:
        for at_s, name in soaked.struck:
            if at_s + SEEN_S > soaked.duration_s:
                continue
            from_ms, to_ms = (1000 * (began_at_s + at_s + later_s) for later_s in (-1, SEEN_S))
            window = {"from": from_ms, "to": to_ms}
            if not any(_shows(journal, trace, window) for trace in FAULTS[name].traces):
                yield f"{name} at {at_s:.0f} s"


def _shows(journal: sqlite3.Connection, trace: Trace, window: dict[str, float]) -> bool:
    table, what = trace
    query = {
        "health": "SELECT 1 FROM health WHERE component = :what AND at BETWEEN :from AND :to",
        "events": "SELECT 1 FROM events WHERE kind = :what AND at BETWEEN :from AND :to",
        "shows": "SELECT 1 FROM shows WHERE started BETWEEN :from AND :to",
    }[table]
    return journal.execute(query, {"what": what, **window}).fetchone() is not None


def _config(chat_port: int, obs_port: int, studio_port: int) -> str:
    return f"""
[chat.twitch]
channel = "{CHANNEL}"
host = "127.0.0.1"
port = {chat_port}
tls = false
[obs]
on = true
port = {obs_port}
[avatar.vtube_studio]
on = true
port = {studio_port}
[health]
on_stop = "cut"
"""


async def _strike(
    scene: Scene, soaked: Soaked, draw: Draw, began_s: float, progress: Callable[[float, str], None]
) -> None:
    async with anyio.create_task_group() as tasks:
        while True:
            await anyio.sleep(FAULT_EVERY_S)
            at_s = time.monotonic() - began_s
            fault = draw.next(at_s)
            soaked.struck.append((at_s, fault.name))
            soaked.expected_show_restarts += fault.restarts_show
            progress(at_s, fault.name)
            tasks.start_soon(fault.strike, scene)


async def _write(chat: ChatServer, soaked: Soaked) -> None:
    await chat.joined()
    while True:
        soaked.lines += 1
        chat.say(soaked.lines)
        await anyio.sleep(RAID_EVERY_S if soaked.lines < RAID else LINE_EVERY_S)


async def _look(show: WatchedShow, soaked: Soaked) -> None:
    """Once a second: is it up, and is it still the same show?"""
    away_s: float | None = None
    while True:
        health = await show.health()
        soaked.looks += 1
        soaked.up += bool(health) and health["status"] != "failed"
        if not health:
            away_s = away_s or time.monotonic()
        else:
            session = health["session"]
            if soaked.sessions and soaked.sessions[-1] != session:
                took_s = time.monotonic() - away_s if away_s else LOOK_S
                soaked.restarts.append(Restart("show", "its watch started it again", took_s))
            if not soaked.sessions or soaked.sessions[-1] != session:
                soaked.sessions.append(session)
                soaked.turns_before.append(sum(soaked.outcomes.values()))
                await _unmute(show)
            away_s = None
        await anyio.sleep(LOOK_S)


async def _unmute(show: WatchedShow) -> None:
    """What the streamer does with a show that came back muted."""
    with suppress(httpx.TransportError):
        await show.http.post("/api/unmute", json={})


async def _follow(show: WatchedShow, soaked: Soaked) -> None:
    """The events of the show that tell of restarts and turns."""
    while True:
        with suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
            async with connect(f"ws://127.0.0.1:{show.port}/api/events", max_size=None, open_timeout=2) as events:
                async for text in events:
                    _note(json.loads(text), soaked)
        await anyio.sleep(LOOK_S)


def _note(event: dict[str, Any], soaked: Soaked) -> None:
    if event["type"] == "component.restarted":
        soaked.restarts.append(Restart(event["name"], event["why"], event["took_s"]))
    elif event["type"] == "turn.ended":
        record = event["record"]
        outcome = "degraded" if record["degraded"] and record["outcome"] == "completed" else record["outcome"]
        soaked.outcomes[outcome] = soaked.outcomes.get(outcome, 0) + 1


async def _sample(show: WatchedShow, soaked: Soaked, began_s: float) -> None:
    while True:
        with suppress(OSError, httpx.TransportError, StopIteration, ValueError):
            health = await show.health()
            if health and sys.platform == "linux":
                turns = sum(soaked.outcomes.values()) - (soaked.turns_before[-1] if soaked.turns_before else 0)
                soaked.samples.append(_measured(health, show.data, time.monotonic() - began_s, turns))
        await anyio.sleep(SAMPLE_S)


def _measured(health: dict[str, Any], data: Path, at_s: float, turns: int) -> Sample:
    process = Path(f"/proc/{health['pid']}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text(encoding="ascii").splitlines())
    files = [file for file in data.rglob("*") if file.is_file()]
    return Sample(
        at_s=at_s,
        turns=turns,
        session=health["session"],
        resident_kb=float(status["VmRSS"].split()[0]),
        descriptors=sum(1 for _ in (process / "fd").iterdir()),
        threads=int(status["Threads"]),
        wal_kb=sum(file.stat().st_size for file in files if file.name.endswith("-wal")) / 1024,
        temporary_files=sum(file.suffix in {".tmp", ".part"} for file in files),
    )
