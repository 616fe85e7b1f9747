"""What the scripted model server says, when, and what goes wrong.

A `Script` is turned into frames of bytes once; serving them costs next to nothing, because the server shares a small
machine with the show that is measured.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from itertools import accumulate
from typing import Any, Final

TEXTS: Final[Mapping[str, str]] = {
    "comma": (
        "Oh good evening everyone, the kettle is on and the stream has finally found its feet tonight. "
        "We are going back to the lighthouse level today, because somebody dared me to finish it without a map. "
        "Write down your guesses now and I will read the best ones."
    ),
    "nocomma": (
        "Good evening my friends the kettle is on and the stream has finally found its feet tonight. "
        "We are going back to the lighthouse level because somebody dared me to finish it without a map. "
        "Write down your guesses now and I will read the best ones."
    ),
    "short": "Oh good evening everyone, the jump scared me too and I am still really shaky about it now.",
}
"""In `comma` and `short` the first comma is the fifth token; `nocomma` has none; `short` is twenty tokens long."""

THOUGHT: Final = ("The", " viewer", " is", " kind", ", so", " be", " kind.")


class Mishap(StrEnum):
    """What goes wrong. Those that happen midway happen before the token `Script.at`."""

    NONE = "none"
    HANG_HEADERS = "hang_headers"
    HANG_MIDWAY = "hang_midway"
    DROP_HEADERS = "drop_headers"
    DROP_MIDWAY = "drop_midway"
    GARBAGE = "garbage"
    GARBAGE_MIDWAY = "garbage_midway"
    ERROR_429 = "error_429"
    ERROR_500 = "error_500"
    ERROR_200 = "error_200"
    ERROR_MIDWAY = "error_midway"
    CUMULATIVE = "cumulative"
    DOUBLED = "doubled"
    REPLAYED = "replayed"
    REPEATED_IDS = "repeated_ids"
    NO_DONE = "no_done"
    NO_FINISH = "no_finish"
    COMMENTS = "comments"
    THOUGHT_FIELD = "thought_field"
    THOUGHT_TAGS = "thought_tags"
    ENDLESS = "endless"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Script:
    """One way to answer.

    `text` is a name of `TEXTS` or the answer itself; `tokens` repeats or cuts it to that many. `tokens_per_s` 0 gives
    everything at once. The mishap hits the next `times` requests, all of them where that is None.
    """

    text: str = "comma"
    tokens: int | None = None
    ttft_ms: float = 200.0
    tokens_per_s: float = 40.0
    mishap: Mishap = Mishap.NONE
    at: int = 6
    times: int | None = None

    def __post_init__(self) -> None:
        if self.ttft_ms < 0 or self.tokens_per_s < 0 or self.at < 0 or not self.text:
            raise ValueError("a script's times and counts are not negative, and its text is not empty")

    def changed(self, changes: Mapping[str, Any]) -> "Script":
        """This script with some keys replaced, as `POST /config` gives them.

        Raises:
            ValueError: an unknown key or a value that the key does not take.
        """
        if unknown := changes.keys() - {field.name for field in fields(Script)}:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        values = dict(changes)
        if "mishap" in values:
            values["mishap"] = Mishap(values["mishap"])
        try:
            return replace(self, **values)
        except TypeError as error:
            raise ValueError("a value has the wrong type") from error

    def pieces(self) -> tuple[str, ...]:
        """The tokens of the answer: words with the space before them, and marks."""
        tokens = tuple(re.findall(r"\s?\w+|[^\w\s]", TEXTS.get(self.text, self.text)))
        if self.tokens is not None:
            tokens = tuple(tokens[index % len(tokens)] for index in range(self.tokens))
        if self.mishap is Mishap.THOUGHT_TAGS:
            return ("<thi", "nk>", *THOUGHT, "</th", "ink>", *tokens)
        return tokens


@dataclass(frozen=True, slots=True)
class Plan:
    """A script in bytes: `head` (status line, headers, role), one frame a token, `tail`.

    `clause_at` is the token that completes the first clause: the one with the first comma, else the sixth.
    """

    head: bytes
    frames: tuple[bytes, ...]
    tail: bytes
    clause_at: int


def plan(script: Script) -> Plan:
    """The bytes of a streamed answer."""
    tokens = script.pieces()
    clause_at = next((index for index, token in enumerate(tokens) if token.startswith(",")), 5)
    match script.mishap:
        case Mishap.GARBAGE:
            return Plan(_HEAD + _chunk(b"<html>\xff\x00 this is no model</html>\n\n"), (), _LAST, 0)
        case Mishap.ERROR_200:
            return Plan(json_answer(_ERROR), (), b"", 0)
        case Mishap.ERROR_429:
            return Plan(json_answer(_ERROR, "429 Too Many Requests", b"Retry-After: 0\r\n"), (), b"", 0)
        case Mishap.ERROR_500:
            return Plan(json_answer(_ERROR, "500 Internal Server Error"), (), b"", 0)
        case Mishap.WHOLE:
            return Plan(json_answer(whole(tokens)), (), b"", 0)
        case _:
            events = tuple(_events(script, tokens))
            head = _HEAD + _chunk(events[0])
            tail = _chunk(_tail(script, tokens)) + _LAST
            return Plan(head, tuple(_chunk(event) for event in events[1:]), tail, clause_at)


def whole(tokens: tuple[str, ...]) -> dict[str, Any]:
    """The answer to a request that asked for no stream."""
    message = {"role": "assistant", "content": "".join(tokens)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "chatcmpl-script", "object": "chat.completion", "choices": [choice], "usage": _usage(tokens)}


def json_answer(value: object, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """A complete HTTP response with a JSON body."""
    body = json.dumps(value).encode()
    start = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n".encode()
    return start + headers + b"Connection: close\r\n\r\n" + body


_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
_LAST: Final = b"0\r\n\r\n"
_DONE: Final = b"data: [DONE]\n\n"
_ERROR: Final = {"error": {"message": "the model is out of tea", "type": "server_error"}}


def _events(script: Script, tokens: tuple[str, ...]) -> Iterator[bytes]:
    """The role, then one piece of the event stream for every token."""
    role = _delta({"role": "assistant", "content": ""})
    contents = accumulate(tokens) if script.mishap is Mishap.CUMULATIVE else iter(tokens)
    deltas = [_delta({"content": content}) for content in contents]
    at = min(script.at, len(deltas) - 1)
    match script.mishap:
        case Mishap.DOUBLED:
            yield role * 2
            yield from (delta * 2 for delta in deltas)
            return
        case Mishap.REPEATED_IDS:
            yield b"id: 0\n" + role
            for number, delta in enumerate(deltas, start=1):
                yield (b"id: %d\n" % number + delta) * (2 if number > script.at else 1)
            return
        case Mishap.COMMENTS:
            deltas = [b": still here\n\n" + delta for delta in deltas]
        case Mishap.THOUGHT_FIELD:
            role += b"".join(_delta({"reasoning_content": thought}) for thought in THOUGHT)
        case Mishap.REPLAYED:
            deltas[at] = role + b"".join(deltas[:at]) + deltas[at]
        case Mishap.GARBAGE_MIDWAY:
            deltas[at] = b'data: {"choices": [{"delta\n\n'
        case Mishap.ERROR_MIDWAY:
            deltas[at] = b"data: " + json.dumps(_ERROR).encode() + b"\n\n"
        case _:
            pass
    yield role
    yield from deltas


def _tail(script: Script, tokens: tuple[str, ...]) -> bytes:
    finish, usage = _delta({}, "stop"), _event({"choices": [], "usage": _usage(tokens)})
    match script.mishap:
        case Mishap.NO_FINISH:
            return b": bye\n\n"
        case Mishap.NO_DONE:
            return finish + usage
        case Mishap.DOUBLED:
            return finish * 2 + usage * 2 + _DONE * 2
        case _:
            return finish + usage + _DONE


def _delta(delta: dict[str, str], finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _event(fields_: dict[str, Any]) -> bytes:
    frame = {"id": "chatcmpl-script", "object": "chat.completion.chunk", "created": 0, "model": "script", **fields_}
    return b"data: " + json.dumps(frame, separators=(",", ":")).encode() + b"\n\n"


def _usage(tokens: tuple[str, ...]) -> dict[str, int]:
    return {"prompt_tokens": 10, "completion_tokens": len(tokens), "total_tokens": 10 + len(tokens)}


def _chunk(data: bytes) -> bytes:
    """A chunk of HTTP/1.1's chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n" % len(data) + data + b"\r\n"
