"""The measuring client: posts lines, takes part in the stage, and notes when sound arrives."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from spark_vtuber.core.errors import SparkError
from spark_vtuber.stage import client as wire
from spark_vtuber.stage.port import Position
from spark_vtuber.testing.bench.statistics import Playing

REPORT_S: Final = 0.1
"""A page reports the position heard up to ten times a second."""

MAX_FRAME_BYTES: Final = 8 << 20
OWNER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a request, and when it was about to be sent."""

    status: int
    body: Any
    sent_s: float


async def ask(port: int, method: str, path: str, body: object = None) -> Answer:
    """One HTTP request over a connection of its own, which is there before the clock starts.

    Written by hand because an HTTP library would spend a millisecond of the time that is measured.
    Raises `OSError` where nobody answers, `SparkError` for something that is no HTTP.
    """
    payload = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
    if payload:
        head += f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
    request = head.encode() + b"\r\n" + payload
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        sent_s = time.monotonic()
        await stream.send(request)
        reply = bytearray()
        async for data in stream:
            reply += data
    first, _, rest = bytes(reply).partition(b"\r\n")
    _, _, content = rest.partition(b"\r\n\r\n")
    try:
        return Answer(int(first.split()[1]), json.loads(content), sent_s)
    except (IndexError, ValueError) as error:
        raise SparkError(f"{method} {path} was answered with {bytes(reply[:200])!r}", code="bad_answer") from error


@dataclass(slots=True)
class Sounding:
    """A turn as it arrives. `at_first` is what the client's `probe` gave at the first sound."""

    turn: str
    first_audio_s: float | None = None
    at_first: float = 0.0
    holes_ms: tuple[float, ...] = ()
    outcome: str = ""


@dataclass(slots=True)
class Listener:
    """A page with sound. `is_aloud`: it plays in real time, else all that arrives counts as heard at once."""

    socket: ClientConnection
    probe: Callable[[], float]
    is_aloud: bool
    is_owner: anyio.Event = field(default_factory=anyio.Event)
    _playing: Playing = field(default_factory=lambda: Playing(24_000))
    _turns: dict[str, Sounding] = field(default_factory=dict)
    _ended: list[Sounding] = field(default_factory=list)
    _turn_of: dict[int, str] = field(default_factory=dict)
    _reported: Position = field(default_factory=lambda: Position(0, 0))
    _news: anyio.Event = field(default_factory=anyio.Event)

    async def next_turn(self) -> Sounding:
        """The next turn that ended, whenever that is."""
        while not self._ended:
            await self._news.wait()
        return self._ended.pop(0)

    async def listen(self) -> None:
        """Take everything the stage says, until the show goes."""
        await self.socket.send(wire.hello("obs", has_audio=True))
        try:
            async for frame in self.socket:
                await self._take(wire.read(frame), time.monotonic())
        except ConnectionClosed as error:
            raise SparkError(
                "the show closed the stage", code="stage_closed", fix="read the log of the show"
            ) from error

    async def play(self) -> None:
        """Report what is heard, in real time."""
        while True:
            now_s = time.monotonic()
            heard = self._playing.position(now_s)
            if heard is not None and heard != self._reported:
                if heard.utterance != self._reported.utterance and self._reported.utterance:
                    await self._report(
                        Position(self._reported.utterance, self._playing.end_of(self._reported.utterance))
                    )
                await self._report(heard)
            next_s = self._playing.next_start_s(now_s)
            if next_s is None:
                await self._news.wait()
            else:
                await anyio.sleep(min(max(next_s - time.monotonic(), 0.0005), REPORT_S))

    async def _take(self, got: wire.Message | wire.Sound, now_s: float) -> None:
        match got:
            case wire.Sound():
                await self._sound(got, now_s)
            case wire.Message("audio.owner"):
                if got["you"]:
                    self.is_owner.set()
            case wire.Message("speech.start"):
                turn = got["turn"]
                self._turn_of = {number: name for number, name in self._turn_of.items() if name == turn}
                self._turn_of[got["utterance"]] = turn
                self._turns.setdefault(turn, Sounding(turn))
                self._playing.sample_rate = got["sample_rate"]
                self._playing.begin(turn)
            case wire.Message("speech.end"):
                if not self.is_aloud:
                    await self._report(Position(got["utterance"], got["samples"]))
            case wire.Message("turn.end"):
                ended = self._turns.pop(got["turn"], Sounding(got["turn"]))
                ended.outcome = got["outcome"]
                ended.holes_ms = tuple(self._playing.holes_ms)
                self._ended.append(ended)
                self._stir()

    async def _sound(self, sound: wire.Sound, now_s: float) -> None:
        turn = self._turns.get(self._turn_of.get(sound.utterance, ""))
        if turn is None:
            return
        is_first = turn.first_audio_s is None
        if is_first:
            turn.at_first = self.probe()
            turn.first_audio_s = now_s
        self._playing.arrive(sound.utterance, sound.first_sample, sound.end - sound.first_sample, now_s)
        if self.is_aloud:
            self._stir()
        elif sound.first_sample == 0 or sound.end - self._reported.sample > self._playing.sample_rate:
            await self._report(Position(sound.utterance, sound.end))

    async def _report(self, position: Position) -> None:
        self._reported = position
        await self.socket.send(wire.playback(position))

    def _stir(self) -> None:
        self._news.set()
        self._news = anyio.Event()


@asynccontextmanager
async def listening(port: int, probe: Callable[[], float], *, is_aloud: bool) -> AsyncIterator[Listener]:
    """A listener that holds the office of the audio owner. `probe` is read when a turn's first sound arrives.

    Raises `SparkError`, in a group, when the show closes the stage.
    """
    address = f"ws://127.0.0.1:{port}/api/stage"
    async with connect(address, compression=None, proxy=None, max_size=MAX_FRAME_BYTES) as socket:
        listener = Listener(socket, probe, is_aloud)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.listen)
            if is_aloud:
                tasks.start_soon(listener.play)
            with anyio.fail_after(OWNER_S):
                await listener.is_owner.wait()
            yield listener
            tasks.cancel_scope.cancel()
