"""One connection to a Twitch chat room, and when to make the next."""

import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, assert_never

import anyio
from anyio.abc import ByteStream

from spark_vtuber.chat.twitch_irc_protocol import Closing, Conversation, Joined, Moving, Refused, Send
from spark_vtuber.core.events import ChatEvent

CHUNK_BYTES: Final = 16 * 1024
"""What is read at once: a few hundred lines, so that the loop is held for milliseconds only."""

Connect = Callable[[], Awaitable[ByteStream]]
"""Opens a connection. Raises `OSError` (of which `ssl.SSLError` is one) where that fails."""

Tell = Callable[[ChatEvent | Refused], None]
"""Takes what the connection brings, without waiting."""

_BROKEN: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass(frozen=True, slots=True)
class Pace:
    """Times, in seconds.

    A server that says nothing for `silence_s` is asked, and is dead after `answer_s` more; one that takes nothing for
    `answer_s` is dead too. Connecting may take `join_s`, and the way from there into the room as long again. Pauses
    between attempts double from `first_pause_s` to `longest_pause_s`, each shortened by chance to no less than half; a
    connection that lived for `calm_s` starts them anew. A good-bye takes at most twice `leave_s`.
    """

    silence_s: float = 60.0
    answer_s: float = 10.0
    join_s: float = 20.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    calm_s: float = 10.0
    leave_s: float = 1.0


class Pauses:
    """The pauses between attempts."""

    def __init__(self, pace: Pace, rng: random.Random) -> None:
        self._pace = pace
        self._random = rng
        self._count = 0

    @property
    def is_fresh(self) -> bool:
        """Whether no pause was taken since the last `reset`."""
        return self._count == 0

    def next_s(self) -> float:
        """How long to wait before the next attempt."""
        pause_s = min(self._pace.longest_pause_s, self._pace.first_pause_s * 2.0 ** min(self._count, 32))
        self._count += 1
        return pause_s * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start with the shortest again."""
        self._count = 0


@dataclass(slots=True)
class Link:
    """A connection from the first packet to the good-bye, as others see it."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    is_joined: bool = False
    is_moving: bool = False
    is_over: bool = False
    is_refused: bool = False
    ending: str = ""
    fix: str = ""
    _changed: anyio.Event = field(default_factory=anyio.Event)

    def change(self) -> None:
        """Tell who waits that one of the flags was raised."""
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, is_reached: Callable[["Link"], bool]) -> None:
        """Wait until the flags satisfy `is_reached`."""
        while not is_reached(self):
            await self._changed.wait()


class _Ended(Exception):
    """The connection is over; says why."""


async def hold(
    link: Link,
    connect: Connect,
    conversation: Conversation,
    pace: Pace,
    tell: Tell,
) -> None:
    """Hold one connection until it breaks or `link.scope` is cancelled; then leave politely.

    Never raises `OSError`: why it ended stands in `link.ending`, what a person can do about it in `link.fix`.
    """
    try:
        with link.scope:
            stream = await _connected(connect, pace)
            try:
                await _talk(link, stream, conversation, pace, tell)
            finally:
                await _leave(stream, conversation, pace)
    except _Ended as ended:
        link.ending = str(ended)
    except ssl.SSLCertVerificationError as error:
        link.ending = f"its certificate is not trusted ({error.verify_message})"
        link.fix = "check chat.twitch.host; something between here and there may be reading along"
    except OSError as error:
        link.ending = str(error.__cause__ if isinstance(error.__cause__, OSError) else error)
    finally:
        link.is_over = True
        link.change()


async def _connected(connect: Connect, pace: Pace) -> ByteStream:
    with anyio.move_on_after(pace.join_s):
        try:
            return await connect()
        except (anyio.EndOfStream, *_BROKEN):
            raise _Ended("it closed the connection") from None
    raise _Ended(f"no connection within {pace.join_s:g} s")


async def _talk(
    link: Link,
    stream: ByteStream,
    conversation: Conversation,
    pace: Pace,
    tell: Tell,
) -> None:
    join_by_s = anyio.current_time() + pace.join_s
    await _send(stream, conversation.hello(), pace)
    while True:
        wait_s = pace.silence_s if link.is_joined else join_by_s - anyio.current_time()
        data = await _received(stream, wait_s)
        if data is None and not link.is_joined:
            raise _Ended(f"not let into the room within {pace.join_s:g} s")
        if data is None:
            await _send(stream, conversation.ping(), pace)
            data = await _received(stream, pace.answer_s)
        if data is None:
            raise _Ended(f"it has been silent for {pace.silence_s + pace.answer_s:g} s")
        for step in conversation.feed(data):
            if isinstance(step, Send):
                await _send(stream, step.data, pace)
            else:
                _take(link, step, tell)


def _take(link: Link, step: ChatEvent | Joined | Moving | Refused | Closing, tell: Tell) -> None:
    match step:
        case ChatEvent():
            tell(step)
        case Joined():
            link.is_joined = True
            link.change()
        case Moving():
            link.is_moving = True
            link.change()
        case Refused():
            link.is_refused = True
            tell(step)
            raise _Ended(step.message)
        case Closing():
            raise _Ended(step.message or "it closed the connection")
        case _:
            assert_never(step)


async def _received(stream: ByteStream, wait_s: float) -> bytes | None:
    """What came, or None where nothing came in time."""
    with anyio.move_on_after(wait_s):
        try:
            return await stream.receive(CHUNK_BYTES)
        except anyio.EndOfStream:
            raise _Ended("it closed the connection") from None
        except _BROKEN as error:
            raise _Ended("the connection broke") from error
    return None


async def _send(stream: ByteStream, data: bytes, pace: Pace) -> None:
    with anyio.move_on_after(pace.answer_s):
        try:
            return await stream.send(data)
        except _BROKEN as error:
            raise _Ended("the connection broke") from error
    raise _Ended(f"it took nothing for {pace.answer_s:g} s")


async def _leave(stream: ByteStream, conversation: Conversation, pace: Pace) -> None:
    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(pace.leave_s), suppress(*_BROKEN, OSError):
            await stream.send(conversation.bye())
        with anyio.move_on_after(pace.leave_s), suppress(*_BROKEN, OSError):
            await stream.aclose()
