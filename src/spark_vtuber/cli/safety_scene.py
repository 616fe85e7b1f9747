"""A small client that puts OBS on a scene, for the watch: standard library only, works while the show does not.

Speaks as much of obs-websocket 5 (JSON over a WebSocket, RFC 6455) as that takes: Hello, Identify, one
SetCurrentProgramScene. Everything that comes from the other side is limited in size and time.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import time
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final, Protocol

from spark_vtuber.core.errors import SparkError

LARGEST_HEAD: Final = 4 * 1024
LARGEST_MESSAGE: Final = 1024 * 1024
READ_BYTES: Final = 16 * 1024

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""

_WRONG_PASSWORD: Final = 4009
_NO_SUCH_THING: Final = 600
"""obs-websocket 5: the close code AuthenticationFailed, and the request status ResourceNotFound."""


class _Frame(IntEnum):
    """Opcodes of RFC 6455, section 5.2."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class _Op(IntEnum):
    """Kinds of messages of obs-websocket 5."""

    HELLO = 0
    IDENTIFY = 1
    IDENTIFIED = 2
    REQUEST = 6
    RESPONSE = 7


class Connection(Protocol):
    """What is used of a socket."""

    def settimeout(self, value: float, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...

    def sendall(self, data: bytes, /) -> None: ...


def switch_scene(host: str, port: int, password: str, scene: str, timeout_s: float = 1.0) -> None:
    """Make `scene` the one that viewers see; returns when OBS has agreed.

    Raises:
        SparkError: `obs_unreachable`, `obs_timeout`, `obs_wrong_password`, `obs_no_scene` or `obs_protocol`. The
            password is in none of them.
    """
    end_s = time.monotonic() + timeout_s
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            converse(connection, where, password, scene, end_s)
    except TimeoutError as error:
        raise SparkError(f"OBS at {where} did not answer within {timeout_s:g} s", code="obs_timeout") from error
    except (OSError, UnicodeError) as error:  # a UnicodeError: no host can be called so
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SparkError(
            f"OBS at {where} cannot be reached: {why}",
            code="obs_unreachable",
            fix="start OBS, and enable its WebSocket server (Tools, WebSocket Server Settings)",
        ) from error


def converse(connection: Connection, where: str, password: str, scene: str, end_s: float) -> None:
    """The whole conversation over an open connection, until `end_s` of the monotonic clock.

    Raises `SparkError` as `switch_scene`, and what the connection raises (`TimeoutError` when time is over).
    """
    wire = _Wire(connection, end_s)
    wire.open(where)
    _identify(wire, password)
    _switch(wire, scene)
    wire.leave()


def authentication(password: str, salt: str, challenge: str) -> str:
    """The answer to a challenge, as obs-websocket 5 wants it."""
    secret = base64.b64encode(hashlib.sha256((password + salt).encode("utf-8", "surrogateescape")).digest())
    return base64.b64encode(hashlib.sha256(secret + challenge.encode("utf-8", "surrogatepass")).digest()).decode()


class _Wire:
    """One WebSocket connection, seen from the client; nothing takes longer than until `end_s`."""

    def __init__(self, connection: Connection, end_s: float) -> None:
        self._connection = connection
        self._end_s = end_s
        self._buffer = b""

    def open(self, where: str) -> None:
        """Shake hands."""
        key = base64.b64encode(os.urandom(16))
        self._write(
            b"GET / HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %b\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: obswebsocket.json\r\n\r\n"
            % (where.encode("ascii", "replace"), key)
        )
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > LARGEST_HEAD:
                raise _broken("its greeting has no end")
            self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        expected = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        if status.split(b" ")[1:2] != [b"101"] or fields.get(b"sec-websocket-accept") != expected:
            raise _broken("it is no WebSocket server")

    def send(self, op: _Op, data: dict[str, Any]) -> None:
        """Send a message."""
        self._frame(_Frame.TEXT, json.dumps({"op": op, "d": data}).encode())

    def receive(self, op: _Op) -> dict[str, Any]:
        """The data of the next message of this kind; others are passed over."""
        while True:
            try:
                message = json.loads(self._message())
                kind, data = message["op"], message["d"]
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise _broken("it sent something that is no message") from error
            if kind == op and isinstance(data, dict):
                return data

    def leave(self) -> None:
        """Say good-bye without waiting for the answer."""
        with suppress(OSError):
            self._frame(_Frame.CLOSE, struct.pack("!H", 1000))

    def _message(self) -> bytes:
        """The next whole text message."""
        whole = b""
        while True:
            is_last, kind, payload = self._next_frame()
            match kind:
                case _Frame.PING:
                    self._frame(_Frame.PONG, payload)
                case _Frame.PONG:
                    pass
                case _Frame.CLOSE:
                    raise _closed(payload)
                case _Frame.TEXT | _Frame.CONTINUATION:
                    whole += payload
                    if len(whole) > LARGEST_MESSAGE:
                        raise _broken("its message is too long")
                    if is_last:
                        return whole
                case _:
                    raise _broken("it sent a frame of an unknown kind")

    def _next_frame(self) -> tuple[bool, int, bytes]:
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        if first & 0x70 or second & 0x80:
            raise _broken("it sent a frame that a server must not send")
        if size > LARGEST_MESSAGE:
            raise _broken("its message is too long")
        return bool(first & 0x80), first & 0x0F, self._take(size)

    def _frame(self, kind: _Frame, payload: bytes) -> None:
        """Write one frame, masked as a client must (RFC 6455, section 5.3)."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self._write(head + mask + masked)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._read()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _read(self) -> None:
        self._connection.settimeout(self._left_s())
        data = self._connection.recv(READ_BYTES)
        if not data:
            raise _broken("it closed the connection")
        self._buffer += data

    def _write(self, data: bytes) -> None:
        self._connection.settimeout(self._left_s())
        self._connection.sendall(data)

    def _left_s(self) -> float:
        left_s = self._end_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


def _identify(wire: _Wire, password: str) -> None:
    demand = wire.receive(_Op.HELLO).get("authentication")
    answer: dict[str, Any] = {"rpcVersion": 1, "eventSubscriptions": 0}
    if isinstance(demand, dict):
        answer["authentication"] = authentication(password, str(demand.get("salt")), str(demand.get("challenge")))
    wire.send(_Op.IDENTIFY, answer)
    wire.receive(_Op.IDENTIFIED)


def _switch(wire: _Wire, scene: str) -> None:
    request = {"requestType": "SetCurrentProgramScene", "requestId": "1", "requestData": {"sceneName": scene}}
    wire.send(_Op.REQUEST, request)
    answer: dict[str, Any] = {}
    while answer.get("requestId") != "1":
        answer = wire.receive(_Op.RESPONSE)
    status = answer.get("requestStatus")
    if not isinstance(status, dict):
        raise _broken("its answer has no status")
    if status.get("code") == _NO_SUCH_THING:
        raise SparkError(f'OBS has no scene "{scene}"', code="obs_no_scene", fix="spark-vtuber obs setup")
    if status.get("result") is not True:
        raise _broken("it refused the scene")


def _closed(payload: bytes) -> SparkError:
    code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
    if code == _WRONG_PASSWORD:
        return SparkError(
            "OBS does not accept the password",
            code="obs_wrong_password",
            fix="set the secret that [obs] password names",
        )
    return _broken(f"it closed the connection with {code}")


def _broken(what: str) -> SparkError:
    return SparkError(f"OBS does not speak as it should: {what}", code="obs_protocol")
