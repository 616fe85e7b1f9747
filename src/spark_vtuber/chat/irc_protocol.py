"""IRC messages, without I/O: bytes in any split go in, messages come out, and messages become lines again.

Follows RFC 1459 (section 2.3; several spaces separate like one) and the message tags of IRCv3. Servers end a line with
CR LF or a bare LF. Text that is not UTF-8 is read with replacement characters.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.core.errors import ProtocolError

MAX_TAGS_BYTES: Final = 8191
"""IRCv3 message tags, "size limit": from the `@` to the space after the tags."""

MAX_BODY_BYTES: Final = 4096
"""What follows the tags. RFC 1459 says 512, but Twitch counts 500 characters of up to four bytes in a text alone."""

MAX_LINE_BYTES: Final = MAX_TAGS_BYTES + MAX_BODY_BYTES

_ESCAPE: Final = re.compile(r"\\(.?)", re.DOTALL)
_UNESCAPED: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPED: Final = str.maketrans({";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"})
_COMMAND: Final = re.compile(r"[A-Za-z]+|[0-9]{3}")
_LINE_BREAKING: Final = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Message:
    """One IRC message. `source` stands without its colon, "" where there is none; a tag without a value is ""."""

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def nick(self) -> str:
        """The name before `!` of the source; the whole source where it is a server."""
        return self.source.partition("!")[0]

    def param(self, index: int) -> str:
        """The parameter at `index`, "" where there are fewer."""
        return self.params[index] if index < len(self.params) else ""


def parse(line: str) -> Message:
    """The message of one line without its line end.

    Raises:
        ProtocolError: there is no command, or it is neither a word nor three digits.
    """
    tags: dict[str, str] = {}
    rest = line
    if rest.startswith("@"):
        block, _, rest = rest[1:].partition(" ")
        tags = _tags(block)
    rest = rest.lstrip(" ")
    source = ""
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    words, colon, last = rest.partition(" :")
    atoms = [atom for atom in words.split(" ") if atom]
    if not atoms or not _COMMAND.fullmatch(atoms[0]):
        raise ProtocolError(f"an IRC line without a command: {line[:80]!r}")
    params = (*atoms[1:], last) if colon else tuple(atoms[1:])
    return Message(atoms[0], params, source, tags)


def join(message: Message) -> str:
    """The line of a message, without its line end.

    Raises:
        ValueError: the message holds what no line can carry: a line break, or a space, an empty word or a leading
            colon anywhere but in its last parameter.
    """
    parts = []
    if message.tags:
        parts.append("@" + ";".join(_tag(key, value) for key, value in message.tags.items()))
    if message.source:
        parts.append(f":{message.source}")
    parts.append(message.command)
    *words, last = message.params or ("",)
    if message.params:
        is_word = last and " " not in last and not last.startswith(":")
        words.append(last if is_word else f":{last}")
    if any(not word or " " in word or word.startswith(":") for word in words[:-1]) or " " in message.source:
        raise ValueError("only the last parameter of an IRC message may be empty, hold spaces or start with a colon")
    line = " ".join([*parts, *words])
    if _LINE_BREAKING.search(line):
        raise ValueError("an IRC message cannot hold line breaks")
    return line


def encode(command: str, *params: str) -> bytes:
    """One command as it goes over the wire. Raises `ValueError` as `join` does."""
    return join(Message(command, params)).encode("utf-8", "replace") + b"\r\n"


def _tags(block: str) -> dict[str, str]:
    """The last of several equal keys counts."""
    tags = {}
    for item in block.split(";"):
        key, _, value = item.partition("=")
        if key:
            tags[key] = _ESCAPE.sub(_unescape, value) if "\\" in value else value
    return tags


def _unescape(found: re.Match[str]) -> str:
    return _UNESCAPED.get(found[1], found[1])


def _tag(key: str, value: str) -> str:
    return f"{key}={value.translate(_ESCAPED)}" if value else key


class MessageReader:
    """Turns the bytes of a connection into messages.

    A line that is longer than `MAX_LINE_BYTES` or that is no IRC message is left out and counted in `skipped`: one bad
    line must not cost the connection. Memory is bounded by the longest line.
    """

    __slots__ = ("_is_overlong", "_rest", "skipped")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_overlong = False
        self.skipped = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes, in order; empty lines are none."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            message = self._message(self._line(end))
            if message is not None:
                yield message
        self._keep(rest)

    def _line(self, end: bytes) -> bytes | None:
        """The line that `end` completes; None where it is too long."""
        self._keep(end)
        line = None if self._is_overlong else bytes(self._rest)
        self._rest.clear()
        self._is_overlong = False
        return line

    def _keep(self, data: bytes) -> None:
        if len(self._rest) + len(data) > MAX_LINE_BYTES:
            self._is_overlong = True
        if self._is_overlong:
            self._rest.clear()
        else:
            self._rest += data

    def _message(self, line: bytes | None) -> Message | None:
        if line is not None:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            if not text.strip(" "):
                return None
            try:
                return parse(text)
            except ProtocolError:
                pass
        self.skipped += 1
        return None
