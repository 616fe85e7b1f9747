"""Server-sent events, without I/O: bytes in any split go in, events come out.

Follows the event stream format of the HTML standard (section 9.2): CR, LF and CRLF end a line, a byte order mark at
the start is skipped, lines that start with a colon are comments, several `data` lines join with a line feed, an empty
line ends the event. Two things differ, because model servers need them:

* an event that the end of the stream cuts off before its empty line is still given;
* `error: …` counts as an event named `error` with that data (llama.cpp's server sends it).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.errors import ProtocolError

MAX_LINE_BYTES: Final = 4 << 20
"""A line longer than this is an attack or a mistake; a whole cumulative answer stays far below."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data, its name (empty for an ordinary message), and the id it carried itself."""

    data: str
    name: str = ""
    id: str | None = None


class EventReader:
    """Turns the bytes of an event stream into events."""

    __slots__ = ("_data", "_id", "_is_after_cr", "_is_at_start", "_name", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._is_at_start = True
        self._is_after_cr = False
        self._data: list[str] = []
        self._name = ""
        self._id: str | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that `data` completes, in order.

        Raises:
            ProtocolError: a line is longer than any honest one; the reader must not be used any more.
        """
        for line in self._lines(data):
            if not line:
                yield from self._dispatch()
            else:
                self._take(line)

    def close(self) -> Iterator[Event]:
        """The event that the end of the stream left without its empty line, if there is one."""
        rest = self._without_mark(b"".join(self._parts))
        self._parts.clear()
        if rest:
            self._take(rest)
        yield from self._dispatch()

    def _lines(self, data: bytes) -> Iterator[bytes]:
        if self._is_after_cr and data:
            data = data.removeprefix(b"\n")
            self._is_after_cr = False
        if b"\n" not in data and b"\r" not in data:
            self._keep(data)
            return
        self._parts.append(data)
        lines = b"".join(self._parts).splitlines(keepends=True)
        self._parts.clear()
        self._size = 0
        if lines[-1].endswith(b"\r"):
            self._is_after_cr = True
        elif not lines[-1].endswith(b"\n"):
            self._keep(lines.pop())
        for line in lines:
            yield self._without_mark(line).rstrip(b"\r\n")

    def _keep(self, data: bytes) -> None:
        if data:
            self._parts.append(data)
            self._size += len(data)
        if self._size > MAX_LINE_BYTES:
            raise ProtocolError(f"a line of the event stream is longer than {MAX_LINE_BYTES} bytes")

    def _without_mark(self, line: bytes) -> bytes:
        if self._is_at_start:
            self._is_at_start = False
            return line.removeprefix(_BOM)
        return line

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        match field:
            case b"data":
                self._data.append(text)
            case b"error":
                self._data.append(text)
                self._name = "error"
            case b"event":
                self._name = text
            case b"id":
                self._id = text
            case _:  # comments (empty field name), `retry`, and whatever the standard says to ignore
                pass

    def _dispatch(self) -> Iterator[Event]:
        if self._data:
            yield Event("\n".join(self._data), self._name, self._id)
        self._data.clear()
        self._name = ""
        self._id = None
