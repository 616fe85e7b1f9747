"""Our side of a Twitch chat connection, without I/O: bytes in any split go in, what to do comes out.

Anyone may read along as `justinfan` and digits, without a password. What Twitch does not need and ordinary IRC servers
do (USER, CAP END, JOIN only after the welcome) is sent too, so that the same reader runs against both. A server that
refuses the capabilities is read without tags.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from spark_vtuber.chat.irc_protocol import Message, MessageReader, encode
from spark_vtuber.chat.twitch_irc_room import Room
from spark_vtuber.core.events import ChatEvent

CAPABILITIES: Final = "twitch.tv/tags twitch.tv/commands"

_ROOM_GONE: Final = {
    "msg_banned": "banned",
    "msg_channel_blocked": "channel_gone",
    "msg_channel_suspended": "channel_gone",
    "msg_room_not_found": "channel_gone",
    "tos_ban": "channel_gone",
}
"""Twitch's ids of notices after which no line will come, with the code of the refusal."""

_NOT_LET_IN: Final = frozenset(
    {"Improperly formatted auth", "Invalid NICK", "Login authentication failed", "Login unsuccessful"}
)
"""Notices that Twitch sends without an id before it closes the connection."""

_REFUSALS: Final = {
    "403": "channel_gone",
    "465": "banned",
    "473": "banned",
    "474": "banned",
    "475": "banned",
    "476": "channel_gone",
}
"""Numeric replies of IRC servers (RFC 2812, section 5.2) that another attempt would not change."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes at once."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Joined:
    """Lines of the room come from now on."""


@dataclass(frozen=True, slots=True)
class Moving:
    """The server goes down soon: connect again now, and read here until then."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The room cannot be read and will not be later: `banned`, `channel_gone` or `not_let_in`."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Closing:
    """The server ends the connection and says why."""

    message: str


Step = ChatEvent | Send | Joined | Moving | Refused | Closing


class Conversation:
    """One connection to the room of a channel (its name in lower case, without `#`)."""

    __slots__ = ("_channel", "_is_joined", "_nick", "_random", "_reader", "_room")

    def __init__(self, channel: str, room: Room, rng: random.Random) -> None:
        self._channel = f"#{channel}"
        self._room = room
        self._random = rng
        self._reader = MessageReader()
        self._nick = self._new_nick()
        self._is_joined = False

    @property
    def skipped(self) -> int:
        """Lines that could not be read."""
        return self._reader.skipped

    def hello(self) -> bytes:
        """What to send first."""
        return (
            encode("CAP", "REQ", CAPABILITIES)
            + encode("NICK", self._nick)
            + encode("USER", self._nick, "0", "*", self._nick)
        )

    def ping(self) -> bytes:
        """A question that a living server answers; any bytes that come are an answer."""
        return encode("PING", self._nick)

    def bye(self) -> bytes:
        """What to send before closing."""
        return encode("QUIT")

    def feed(self, data: bytes) -> Iterator[Step]:
        """What the bytes ask for, in order. Lines that cannot be read are left out."""
        for message in self._reader.feed(data):
            yield from self._steps(message)

    def _steps(self, message: Message) -> Iterator[Step]:
        match message.command:
            case "PING":
                yield Send(encode("PONG", *message.params[-1:]))
            case "CAP":
                if message.param(1).upper() in ("ACK", "NAK"):
                    yield Send(encode("CAP", "END"))
            case "001":
                yield Send(encode("JOIN", self._channel))
            case "433":
                self._nick = self._new_nick()
                yield Send(encode("NICK", self._nick))
            case "JOIN" | "ROOMSTATE" | "366":
                yield from self._join(message)
            case "RECONNECT":
                yield Moving()
            case "ERROR":
                yield Closing(message.param(0))
            case "NOTICE":
                yield from self._notice(message)
            case _:
                yield from self._other(message)

    def _join(self, message: Message) -> Iterator[Step]:
        """Whichever line tells first that we are in; the joins of others tell nothing."""
        is_ours = message.command != "JOIN" or message.nick.casefold() == self._nick
        is_here = self._channel in (param.casefold() for param in message.params)
        if is_ours and is_here and not self._is_joined:
            self._is_joined = True
            yield Joined()

    def _notice(self, message: Message) -> Iterator[Step]:
        text = message.param(1)
        code = _ROOM_GONE.get(message.tags.get("msg-id", ""))
        if code is None and text in _NOT_LET_IN and not self._is_joined:
            code = "not_let_in"
        if code:
            yield Refused(code, text)
        else:
            yield from self._other(message)

    def _other(self, message: Message) -> Iterator[Step]:
        if message.command in _REFUSALS:
            yield Refused(_REFUSALS[message.command], " ".join(message.params[-1:]))
            return
        event = self._room.read(message)
        if event is not None:
            yield event

    def _new_nick(self) -> str:
        return f"justinfan{self._random.randrange(10_000, 100_000_000)}"
