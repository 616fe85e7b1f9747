"""Objects out of a JSON text that is still growing, without I/O: bytes in any split go in, whole objects come out.

A server-streamed answer of a Google API is one array that is never finished (`[{…}`, then `,{…}`, …); other servers
write one object after the other. Both are read, and a single object as well.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError

MAX_OBJECT_BYTES: Final = 8 << 20
"""The largest page of a chat, 2,000 messages with everything, stays below half of it."""

_MARK: Final = re.compile(rb'["\\{}\[\]]')
_IN_STRING: Final = re.compile(rb'["\\]')
_BETWEEN: Final = b" \t\r\n,[]"


class ObjectReader:
    """Cuts a stream of bytes into its outermost objects."""

    __slots__ = ("_data", "_depth", "_is_escaped", "_is_string", "_scanned")

    def __init__(self) -> None:
        self._data = bytearray()
        self._scanned = 0
        self._depth = 0
        self._is_string = False
        self._is_escaped = False

    @property
    def is_between(self) -> bool:
        """Whether no object is begun: an end of the stream here loses nothing."""
        return self._depth == 0

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The objects that `data` completes, in order.

        Raises:
            ProtocolError: what came is no JSON, or an object is longer than any honest one; the reader must not be
                used any more.
        """
        self._data += data
        while (end := self._end()) is not None:
            whole = bytes(self._data[:end])
            del self._data[:end]
            self._scanned = 0
            yield _parsed(whole)
        if len(self._data) > MAX_OBJECT_BYTES:
            raise ProtocolError(f"an object of the answer is longer than {MAX_OBJECT_BYTES} bytes")

    def _end(self) -> int | None:
        """Where the first object ends; None while it is not whole."""
        if self._depth == 0 and not self._begin():
            return None
        while self._scanned < len(self._data):
            if self._is_escaped:
                self._is_escaped = False
                self._scanned += 1
                continue
            mark = (_IN_STRING if self._is_string else _MARK).search(self._data, self._scanned)
            if mark is None:
                self._scanned = len(self._data)
                return None
            self._scanned = mark.end()
            if self._take(mark[0]):
                return self._scanned
        return None

    def _begin(self) -> bool:
        """Throw away what stands between two objects; whether one begins."""
        rest = self._data.lstrip(_BETWEEN)
        del self._data[: len(self._data) - len(rest)]
        if not self._data:
            return False
        if self._data[0] != ord("{"):
            raise ProtocolError("the answer is no list of JSON objects")
        self._depth, self._scanned = 1, 1
        return True

    def _take(self, mark: bytes) -> bool:
        """Follow one mark; whether it ends the object."""
        match mark:
            case b'"':
                self._is_string = not self._is_string
            case b"\\":
                self._is_escaped = True
            case b"{" | b"[":
                self._depth += 1
            case _:
                self._depth -= 1
        return self._depth == 0


def _parsed(whole: bytes) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(whole)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the answer is no JSON") from error
    return value
