"""A fake VTube Studio: the rules of `testing.vts_studio` on rendered frames, over memory or over real WebSockets.

Like the real one it looks at what it was sent once a frame, answers then, and may send events before the answer. A
test scripts what goes wrong: connections that drop or cannot be made, errors, slow answers, revoked tokens.

`python -m spark_vtuber.testing.vts_server [--port 8001]` runs one that allows every plugin.
"""

import argparse
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import anyio
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_sockets
from websockets.exceptions import ConnectionClosed

from spark_vtuber.avatar.vts_link import Lost, Wire
from spark_vtuber.core.clock import Clock, SystemClock
from spark_vtuber.testing.vts_requests import answer
from spark_vtuber.testing.vts_studio import ApiError, Ask, Guest, Later, Studio

_TOO_LATE_S: Final = 1e-6
"""What comes this short before a frame waits for the one after; instants are floats."""

API: Final = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}


@dataclass(eq=False, slots=True)
class _Visit:
    """A connection: what it sent and is not looked at yet, what it is sent, and answers that are to come."""

    guest: Guest
    inbox: deque[tuple[float, str]] = field(default_factory=deque)
    outbox: deque[str] = field(default_factory=deque)
    later: list[tuple[str, str, Later]] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)
    is_over: bool = False
    news: anyio.Event = field(default_factory=anyio.Event)


class FakeVTubeStudio:
    """A VTube Studio that works while `run` runs. `studio` is its state.

    `requests` are the types of all requests, in order. While `is_away` no connection can be made. Every answer takes
    `slow_s` longer than its frame. `is_silent`: nothing is answered at all.
    """

    def __init__(self, clock: Clock, *, frames_per_s: float = 60.0, has_vowels: bool = True) -> None:
        self.studio = Studio(has_vowels=has_vowels)
        self.requests: deque[str] = deque(maxlen=100_000)
        self.connections = 0
        self.is_away = False
        self.is_silent = False
        self.slow_s = 0.0
        self.most_in_flight = 0
        """The most injections that waited for an answer at once."""
        self._clock = clock
        self._frame_s = 1 / frames_per_s
        self._visits: list[_Visit] = []
        self._left: list[_Visit] = []
        self._errors: deque[tuple[str, int, str]] = deque()
        self._in_flight = 0
        self._woken = anyio.Event()

    # ------------------------------------------------------------------------------------------------- what goes wrong

    def fail(self, kind: str, number: int, message: str = "scripted", times: int = 1) -> None:
        """Answer the next requests of a type with an error."""
        self._errors.extend([(kind, number, message)] * times)

    def drop(self) -> None:
        """Close every connection, now."""
        for visit in list(self._visits):
            self._end(visit)

    @property
    def guests(self) -> int:
        """How many are connected."""
        return len(self._visits)

    def say(self, text: str) -> None:
        """Send everybody a frame as it stands."""
        for visit in self._visits:
            visit.outbox.append(text)
            visit.news.set()

    # ---------------------------------------------------------------------------------------------------------- frames

    async def run(self) -> None:
        """Render frames while there is something to answer, until cancelled."""
        while True:
            self._woken = anyio.Event()
            if not self._is_busy():
                with anyio.move_on_after(self._idle_s()):
                    await self._woken.wait()
            now = self._clock.now()
            wait_s = self._frame_s - now % self._frame_s
            await anyio.sleep(wait_s if wait_s > _TOO_LATE_S else wait_s + self._frame_s)
            self._render(self._clock.now())

    def _is_busy(self) -> bool:
        is_due = self.studio.hotkey_queue or self._left
        return bool(is_due) or any(visit.inbox or visit.later or visit.slow for visit in self._visits)

    def _idle_s(self) -> float | None:
        return 1.0 if any("TestEvent" in visit.guest.events for visit in self._visits) else None

    def _render(self, now: float) -> None:
        self.studio.step(now)
        for visit in [*self._visits, *self._left]:
            if self.is_silent:
                visit.inbox.clear()
            while visit.inbox:
                arrived_s, text = visit.inbox.popleft()
                self._receive(visit, text, now, arrived_s)
            self._look_again(visit, now)
            for due_s, text in [one for one in visit.slow if one[0] <= now]:
                visit.slow.remove((due_s, text))
                self._put(visit, text)
        self._left.clear()

    def _receive(self, visit: _Visit, text: str, now: float, arrived_s: float) -> None:
        id_, kind = secrets.token_hex(16), ""
        try:
            id_, kind, data = _read(text, id_)
            self.requests.append(kind)
            if kind == "InjectParameterData":
                self._in_flight -= 1
            self._fail_as_scripted(kind)
            found = answer(kind, Ask(self.studio, visit.guest, id_, data, now, arrived_s))
        except ApiError as error:
            self._answer(visit, _error(id_, error), now)
            return
        if callable(found):
            visit.later.append((id_, kind, found))
        else:
            self._answer(visit, _frame(id_, f"{kind}Response", found), now)

    def _fail_as_scripted(self, kind: str) -> None:
        if self._errors and self._errors[0][0] == kind:
            _, number, message = self._errors.popleft()
            raise ApiError(number, message)

    def _look_again(self, visit: _Visit, now: float) -> None:
        for waiting in list(visit.later):
            id_, kind, look = waiting
            try:
                data = look(now)
            except ApiError as error:
                visit.later.remove(waiting)
                self._answer(visit, _error(id_, error), now)
                continue
            if data is not None:
                visit.later.remove(waiting)
                self._answer(visit, _frame(id_, f"{kind}Response", data), now)

    def _answer(self, visit: _Visit, text: str, now: float) -> None:
        if self.slow_s:
            visit.slow.append((now + self.slow_s, text))
        else:
            self._put(visit, text)

    def _put(self, visit: _Visit, text: str) -> None:
        visit.outbox.append(text)
        visit.news.set()

    # ----------------------------------------------------------------------------------------------------- connections

    def _open(self) -> _Visit:
        visit = _Visit(Guest(lambda id_, kind, data: self._put(visit, _frame(id_, kind, data))))
        self._visits.append(visit)
        self.studio.guests.append(visit.guest)
        self.connections += 1
        return visit

    def hear(self, visit: _Visit, text: str) -> None:
        """A frame of a connection."""
        if '"InjectParameterDataRequest"' in text:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        visit.inbox.append((self._clock.now(), text))
        self._woken.set()

    def _end(self, visit: _Visit) -> None:
        if not visit.is_over:
            visit.is_over = True
            visit.news.set()
            self._visits.remove(visit)
            if visit.inbox:
                self._left.append(visit)
                self._woken.set()
            self.studio.guests.remove(visit.guest)
            self._in_flight = 0

    async def next(self, visit: _Visit) -> str | None:
        """What to send next; None when the connection is over."""
        while not visit.outbox:
            if visit.is_over:
                return None
            visit.news = anyio.Event()
            await visit.news.wait()
        return visit.outbox.popleft()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Wire]:
        """A connection in memory, for `avatar.vts_link`."""
        await anyio.lowlevel.checkpoint()
        if self.is_away:
            raise Lost("there is no VTube Studio at memory", fix="start it")
        visit = self._open()
        try:
            yield _MemoryWire(self, visit)
        finally:
            self._end(visit)

    async def talk(self, socket: ServerConnection) -> None:
        """A real connection, for `websockets.serve`."""
        visit = self._open()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read_socket, visit, socket)
                while (text := await self.next(visit)) is not None:
                    await socket.send(text)
                tasks.cancel_scope.cancel()
        except* ConnectionClosed:
            pass
        finally:
            self._end(visit)

    async def _read_socket(self, visit: _Visit, socket: ServerConnection) -> None:
        try:
            async for frame in socket:
                self.hear(visit, frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))
        except ConnectionClosed:
            pass
        self._end(visit)


class _MemoryWire:
    def __init__(self, server: FakeVTubeStudio, visit: _Visit) -> None:
        self._server = server
        self._visit = visit

    async def send(self, text: str) -> None:
        await anyio.lowlevel.checkpoint()
        if self._visit.is_over:
            raise Lost("VTube Studio closed the connection")
        self._server.hear(self._visit, text)

    async def receive(self) -> str:
        text = await self._server.next(self._visit)
        if text is None:
            raise Lost("VTube Studio closed the connection")
        return text


@asynccontextmanager
async def fake_studio(clock: Clock, **options: Any) -> AsyncIterator[FakeVTubeStudio]:
    """A fake that works while the context is open; connect to it in memory."""
    fake = FakeVTubeStudio(clock, **options)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fake.run)
        yield fake
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def serving(fake: FakeVTubeStudio, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Take real connections as well; gives the port."""
    async with serve_sockets(fake.talk, host, port, ping_interval=None, compression=None) as server:
        number: int = next(iter(server.sockets)).getsockname()[1]
        yield number


def _read(text: str, id_: str) -> tuple[str, str, Mapping[str, Any]]:
    """The id, the type without `Request` and the data of a request."""
    try:
        message = json.loads(text)
    except ValueError as error:
        raise ApiError(2, "JSON invalid") from error
    if not isinstance(message, dict) or message.get("apiName") != API["apiName"]:
        raise ApiError(3, "apiName invalid")
    if message.get("apiVersion") != API["apiVersion"]:
        raise ApiError(4, "apiVersion invalid")
    given = message.get("requestID")
    if given:
        if not isinstance(given, str) or len(given) > 64 or not given.isascii():
            raise ApiError(5, "requestID invalid")
        id_ = given
    kind = message.get("messageType")
    if not isinstance(kind, str) or not kind:
        raise _WithId(id_, 6, "messageType missing")
    if not kind.endswith("Request"):
        raise _WithId(id_, 7, f"Request type {kind} unknown")
    data = message.get("data")
    return id_, kind.removesuffix("Request"), data if isinstance(data, dict) else {}


class _WithId(ApiError):
    """An error about a request whose id is known already."""

    def __init__(self, id_: str, number: int, message: str) -> None:
        super().__init__(number, message)
        self.id = id_


def _error(id_: str, error: ApiError) -> str:
    id_ = error.id if isinstance(error, _WithId) else id_
    return _frame(id_, "APIError", {"errorID": error.number, "message": str(error)})


def _frame(id_: str, kind: str, data: Mapping[str, Any]) -> str:
    timestamp = SystemClock().unix_ms()
    return json.dumps({**API, "timestamp": timestamp, "messageType": kind, "requestID": id_, "data": data})


async def _main(host: str, port: int) -> None:
    async with fake_studio(SystemClock()) as fake, serving(fake, host, port) as number:
        print(f"a fake VTube Studio on ws://{host}:{number}", flush=True)  # noqa: T201 - a program says where it is
        await anyio.sleep_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A fake VTube Studio that allows every plugin.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    arguments = parser.parse_args()
    anyio.run(partial(_main, arguments.host, arguments.port))
