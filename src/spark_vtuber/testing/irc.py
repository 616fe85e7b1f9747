"""A chat server without sockets: connections that a test speaks into, answering as Twitch does."""

from collections import deque
from collections.abc import Callable

import anyio
import anyio.lowlevel
from anyio.abc import ByteStream

from spark_vtuber.chat.irc_protocol import MessageReader

SERVER = "tmi.twitch.tv"


class FakeConnection(ByteStream):
    """One connection, seen from the server.

    `heard` are the lines it was sent. A connection that is not `is_polite` answers nothing by itself; one that
    `is_deaf` takes nothing. `is_left` once the other side closed it.
    """

    def __init__(self, *, is_polite: bool = True, accepts: bool = True) -> None:
        self.heard: list[str] = []
        self.is_polite = is_polite
        self.is_deaf = False
        self.is_left = False
        self._accepts = accepts
        self._nick = ""
        self._reader = MessageReader()
        self._pieces: deque[bytes] = deque()
        self._is_dropped = False
        self._news = anyio.Event()

    def say(self, *lines: str) -> None:
        """Send lines to the other side."""
        self.push("".join(f"{line}\r\n" for line in lines).encode())

    def push(self, data: bytes) -> None:
        """Send bytes to the other side."""
        self._pieces.append(data)
        self._news.set()

    def drop(self) -> None:
        """Close the connection, once everything that was said is read."""
        self._is_dropped = True
        self._news.set()

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """What was said, piece by piece."""
        await anyio.lowlevel.checkpoint()
        while not self._pieces:
            if self._is_dropped:
                raise anyio.EndOfStream
            self._news = anyio.Event()
            await self._news.wait()
        piece = self._pieces.popleft()
        if len(piece) > max_bytes:
            self._pieces.appendleft(piece[max_bytes:])
        return piece[:max_bytes]

    async def send(self, item: bytes) -> None:
        """Hear bytes and answer them."""
        if self.is_left or (self._is_dropped and not self._pieces):
            raise anyio.BrokenResourceError
        if self.is_deaf:
            await anyio.sleep_forever()
        self.heard += item.decode().split("\r\n")[:-1]
        for message in self._reader.feed(item):
            if self.is_polite:
                self._answer(message.command, message.params)
        await anyio.lowlevel.checkpoint()

    async def send_eof(self) -> None:
        """Nothing more comes from the other side."""

    async def aclose(self) -> None:
        """The other side has closed the connection."""
        self.is_left = True

    def _answer(self, command: str, params: tuple[str, ...]) -> None:
        match command:
            case "CAP" if params[0] == "REQ":
                self.say(f":{SERVER} CAP * {'ACK' if self._accepts else 'NAK'} :{params[1]}")
            case "NICK":
                self._nick = params[0]
                self.say(f":{SERVER} 001 {self._nick} :Welcome, GLHF!", f":{SERVER} 376 {self._nick} :>")
            case "JOIN":
                who = f"{self._nick}!{self._nick}@{self._nick}.{SERVER}"
                self.say(f":{who} JOIN {params[0]}", f":{SERVER} 366 {self._nick} {params[0]} :End of /NAMES list")
            case "PING":
                self.say(f":{SERVER} PONG {SERVER} :{params[0]}")
            case _:
                pass


class FakeChatServer:
    """Makes a connection each time it is asked for one, and keeps them all.

    `failures` are raised by the next attempts, one each; None is an attempt that succeeds. `make` gives the next
    connections.
    """

    def __init__(self, make: Callable[[], FakeConnection] = FakeConnection) -> None:
        self.make = make
        self.connections: list[FakeConnection] = []
        self.attempts_s: list[float] = []
        self.failures: deque[Exception | None] = deque()

    async def connect(self) -> ByteStream:
        """A new connection, or the next failure."""
        await anyio.lowlevel.checkpoint()
        self.attempts_s.append(anyio.current_time())
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        self.connections.append(self.make())
        return self.connections[-1]

    @property
    def last(self) -> FakeConnection:
        """The newest connection."""
        return self.connections[-1]
