"""The worker protocol: length-prefixed frames between the show and its child processes.

A frame is `uint32 LE header length | uint32 LE body length | header (JSON object, UTF-8) | body (bytes)`.

Requests carry `op` and `id`; answers carry the `id` they belong to and a `type`. `{"op": "cancel", "id": N}` is
read by the worker's reader thread and sets a flag; frames of a cancelled id are thrown away by the show. Every
request is answered by exactly one final frame: `end`, `error` or `cancelled`. A worker writes `ready` once before
its first answer; its stdout carries frames only, its log goes to stderr, and it ends when its stdin closes.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from spark_vtuber.core.errors import ProtocolError

MAX_HEADER_BYTES: Final = 1 << 20
MAX_BODY_BYTES: Final = 16 << 20

_PREFIX: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a JSON object and optional bytes."""

    header: dict[str, Any]
    body: bytes = b""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame.

    Raises:
        ProtocolError: header or body exceed their limits.
    """
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    _check_sizes(len(text), len(body))
    return _PREFIX.pack(len(text), len(body)) + text + body


class FrameReader:
    """Turns a stream of bytes, cut anywhere, into frames."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes, in order.

        Raises:
            ProtocolError: the peer broke the protocol; the reader must not be used any more.
        """
        self._buffer += data
        while len(self._buffer) >= _PREFIX.size:
            header_size, body_size = _PREFIX.unpack_from(self._buffer)
            _check_sizes(header_size, body_size)
            end = _PREFIX.size + header_size + body_size
            if len(self._buffer) < end:
                return
            split = _PREFIX.size + header_size
            header, body = bytes(self._buffer[_PREFIX.size : split]), bytes(self._buffer[split:end])
            del self._buffer[:end]
            yield Frame(_parse(header), body)


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next frame of a blocking stream, or None at its end. For workers.

    Raises:
        ProtocolError: the stream ended inside a frame or carries something else.
    """
    prefix = _read(stream, _PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < _PREFIX.size:
        raise ProtocolError("the stream ended inside a frame")
    header_size, body_size = _PREFIX.unpack(prefix)
    _check_sizes(header_size, body_size)
    rest = _read(stream, header_size + body_size)
    if len(rest) < header_size + body_size:
        raise ProtocolError("the stream ended inside a frame")
    return Frame(_parse(rest[:header_size]), rest[header_size:])


def _read(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; fewer only at the end of the stream."""
    data = bytearray()
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            break
        data += part
    return bytes(data)


def _check_sizes(header_size: int, body_size: int) -> None:
    if header_size > MAX_HEADER_BYTES or body_size > MAX_BODY_BYTES:
        raise ProtocolError(f"a frame of {header_size} + {body_size} bytes is over the limit")


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError as error:
        raise ProtocolError("a frame's header is not JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("a frame's header is not an object")
    return header
