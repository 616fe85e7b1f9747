"""One connection to Twitch's EventSub, from the welcome to its end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import urlsplit

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from spark_vtuber.chat.twitch_eventsub import LONGEST_BYTES, Inbound, Moving, Notification, Revoked, Welcome
from spark_vtuber.chat.twitch_irc_link import Link, Pace
from spark_vtuber.core.errors import EngineError, ProtocolError

CLOSE_S: Final = 0.5
GRACE_S: Final = 5.0
"""How much longer than promised a connection may be silent."""

_CLOSED: Final = {
    4000: "it has trouble of its own",
    4002: "it did not hear from us",
    4003: "nothing was subscribed to in time",
    4004: "we did not move in time",
    4005: "its network was too slow",
    4006: "its network broke",
    4007: "we moved to a wrong address",
}
"""Source: Twitch, "Handling WebSocket events", close codes."""


class Lost(Exception):
    """A connection could not be made, or has ended; says why."""


class Wire(Protocol):
    """An open WebSocket on which only the other side speaks."""

    async def receive(self) -> str:
        """The next text. Raises `Lost`."""
        ...


OpenWire = Callable[[str], AbstractAsyncContextManager[Wire]]
"""Connects to an address; entering raises `Lost`."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What a connection needs and whom it tells.

    `subscribe` asks for everything under a session, and raises `EngineError`; `refuse` hears of one that a retry cannot
    mend. Neither `tell` nor `revoked` waits.
    """

    open: OpenWire
    subscribe: Callable[[str], Awaitable[None]]
    tell: Callable[[Notification], None]
    revoked: Callable[[Revoked], None]
    refuse: Callable[[EngineError], None]


@dataclass(slots=True)
class Line:
    """A connection as others see it. Where it goes on from another one, Twitch keeps the subscriptions."""

    url: str
    goes_on: bool = False
    moving_to: str = ""
    link: Link = field(default_factory=Link)


async def hold(line: Line, inbound: Inbound, ties: Ties, pace: Pace) -> None:
    """Hold one connection until it breaks or `line.link.scope` is cancelled. Never raises: see `line.link.ending`."""
    link = line.link
    try:
        with link.scope:
            await _live(line, inbound, ties, pace)
    except Lost as lost:
        link.ending = str(lost)
    except EngineError as error:
        link.ending, link.fix = error.message, error.fix
        if not error.retryable:
            link.is_refused = True
            ties.refuse(error)
    finally:
        link.is_over = True
        link.change()


async def _live(line: Line, inbound: Inbound, ties: Ties, pace: Pace) -> None:
    async with AsyncExitStack() as stack:
        wire: Wire | None = None
        with anyio.move_on_after(pace.join_s):
            wire = await stack.enter_async_context(ties.open(line.url))
        if wire is None:
            raise Lost(f"no connection within {pace.join_s:g} s")
        welcome = await _welcomed(wire, inbound, pace)
        failure: EngineError | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen, line, wire, inbound, ties, welcome.keepalive_s)
            try:
                if not line.goes_on:
                    await ties.subscribe(welcome.session)
                line.link.is_joined = True
                line.link.change()
            except EngineError as error:
                failure = error
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure


async def _welcomed(wire: Wire, inbound: Inbound, pace: Pace) -> Welcome:
    with anyio.move_on_after(pace.answer_s):
        while True:
            said = _read(inbound, await wire.receive())
            if isinstance(said, Welcome):
                return said
    raise Lost(f"no welcome within {pace.answer_s:g} s")


async def _listen(line: Line, wire: Wire, inbound: Inbound, ties: Ties, keepalive_s: float) -> None:
    """Until the connection is lost; then the whole of it ends."""
    link = line.link
    try:
        while True:
            match _read(inbound, await _heard(wire, keepalive_s + GRACE_S)):
                case Notification() as note:
                    ties.tell(note)
                case Moving(url):
                    line.moving_to = _checked(url, line.url)
                    link.is_moving = True
                    link.change()
                case Revoked() as revoked:
                    ties.revoked(revoked)
                case _:
                    continue
    except Lost as lost:
        link.ending = str(lost)
        link.scope.cancel()


async def _heard(wire: Wire, silence_s: float) -> str:
    with anyio.move_on_after(silence_s):
        return await wire.receive()
    raise Lost(f"it has been silent for {silence_s:g} s")


def _read(inbound: Inbound, text: str) -> Welcome | Notification | Moving | Revoked | None:
    try:
        return inbound.read(text)
    except ProtocolError as error:
        raise Lost(error.message) from error


def _checked(url: str, old: str) -> str:
    """An address to move to: not less private than the one before."""
    if url.startswith("wss://") or (url.startswith("ws://") and old.startswith("ws://")):
        return url
    raise Lost("it wants to go on without encryption")


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def receive(self) -> str:
        try:
            frame = await self._socket.recv()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 0
            raise Lost(_CLOSED.get(code, "it closed the connection")) from closed
        return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")


@asynccontextmanager
async def open_socket(url: str) -> AsyncIterator[Wire]:
    """A WebSocket to `url`, which answers pings and says nothing else: Twitch hangs up on who speaks."""
    try:
        socket = await connect(
            url,
            open_timeout=None,
            close_timeout=CLOSE_S,
            ping_interval=None,
            max_size=LONGEST_BYTES,
            proxy=None if _is_loopback(url) else True,
        )
    except (OSError, ValueError, WebSocketException) as error:
        raise Lost(f"there is no way to it ({error})") from error
    try:
        async with socket:
            yield _Socket(socket)
    finally:
        socket.transport.abort()  # where it was cancelled while it closed, it would stay open


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
