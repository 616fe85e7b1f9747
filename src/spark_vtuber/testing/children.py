"""Child processes without processes: what a host of workers sees, driven by a script."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import anyio

from spark_vtuber.core.frames import Frame, FrameReader, encode

Reaction = Callable[["FakeChild", Frame], None]


class FakePipe:
    """The reading end of a pipe that a test writes to; without bound."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._is_closed = False
        self._news = anyio.Event()

    def write(self, data: bytes) -> None:
        """Give `data` to the reader; after `close` it is lost, as in a broken pipe."""
        if not self._is_closed:
            self._pieces.append(data)
            self._news.set()

    def close(self) -> None:
        """End of the stream for the reader, once it has read everything."""
        self._is_closed = True
        self._news.set()

    async def receive(self) -> bytes:
        """One piece as it was written."""
        while not self._pieces:
            if self._is_closed:
                raise anyio.EndOfStream
            self._news = anyio.Event()
            await self._news.wait()
        return self._pieces.popleft()


class FakeChild:
    """A `Child` that answers requests by `react`.

    It says `ready` when it is started unless `ready` is False. `requests` holds everything it was sent; `killed`
    and `ended` say what was done to it. `is_deaf`: it never takes what is sent.
    """

    def __init__(
        self, react: Reaction | None = None, *, pid: int = 1, ready: bool = True, is_deaf: bool = False
    ) -> None:
        self.pid = pid
        self.stdout = FakePipe()
        self.stderr = FakePipe()
        self.requests: list[Frame] = []
        self.killed = False
        self.ended = False
        self._react = react
        self._is_deaf = is_deaf
        self._is_alive = True
        self._reader = FrameReader()
        if ready:
            self.write({"type": "ready"})

    def write(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Write a frame to its standard output."""
        self.stdout.write(encode(header, body))

    def die(self) -> None:
        """Be gone."""
        self._is_alive = False
        self.stdout.close()
        self.stderr.close()

    async def send(self, data: bytes) -> None:
        """Take a request and react to it."""
        if self._is_deaf:
            await anyio.sleep_forever()
        if not self._is_alive:
            raise anyio.BrokenResourceError
        for frame in self._reader.feed(data):
            self.requests.append(frame)
            if self._react is not None:
                self._react(self, frame)

    def kill(self) -> None:
        """Die at once."""
        self.killed = True
        self.die()

    async def end(self) -> None:
        """Die in peace."""
        self.ended = True
        self.die()


def starting(children: Sequence[FakeChild | OSError]) -> Callable[[Sequence[str]], Awaitable[FakeChild]]:
    """A way to start processes that gives `children` one after another, and then no more (`OSError`)."""
    waiting: Iterator[FakeChild | OSError] = iter(children)

    async def start(command: Sequence[str]) -> FakeChild:
        del command
        child = next(waiting, OSError("no child is left"))
        if isinstance(child, OSError):
            raise child
        return child

    return start
