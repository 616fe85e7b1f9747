"""The chat-completions interface, without I/O: bytes of an answer in any split go in, its parts come out.

Written against the OpenAI chat completions reference (streaming chunks, `usage` at the end) and what servers with that
interface do differently: a whole completion although a stream was asked for, an error object in a 200 body or inside
the stream, `reasoning_content` (vLLM, llama.cpp) or `reasoning` (Ollama) beside the text, cumulative text, repeated
events, no `[DONE]`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.llm.call_pieces import Calls
from spark_vtuber.llm.port import Usage
from spark_vtuber.llm.repeats import Deltas, RepeatFilter
from spark_vtuber.llm.sse_protocol import Event, EventReader
from spark_vtuber.text.characters import mended

MAX_BODY_BYTES: Final = 4 << 20
"""A body that is no event stream may be so long."""

LONGEST_NAME: Final = 500
"""Characters of a model's name."""

_DONE: Final = "[DONE]"


@dataclass(frozen=True, slots=True)
class Text:
    """New text of the answer, never empty; given exactly once."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """The model reasons in a field of its own; this is progress, never text to speak."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The server says what went wrong. `status` is the HTTP-like number it gave, 0 where it gave none."""

    message: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete: `stop`, `length`, `tool_calls`, …; empty where the server only said `[DONE]`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The body ended before the answer was finished: the connection was lost."""


Part = Text | Thought | Usage | Failure | Finish | Cut


class AnswerReader:
    """Decodes one answer to a chat completion request.

    `max_chars` bounds text, thoughts and tool calls together: where a server goes on beyond it, the answer is finished
    with the reason `length`. Text and thoughts come first, then `Finish`, then `Usage` where the server counts.
    `is_finished`: all text was given; `is_done`: nothing more will come, the connection can be closed.
    """

    def __init__(self, max_chars: int) -> None:
        self._events = EventReader()
        self._repeats = RepeatFilter()
        self._deltas = Deltas()
        self._body: bytearray | None = None
        self._is_at_start = True
        self._is_answering = False
        self._chars_left = max_chars
        self._usage: Usage | None = None
        self._calls = Calls()
        self.is_finished = False
        self.is_done = False

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the answer so far, put together from their pieces."""
        return self._calls.whole()

    def feed(self, data: bytes) -> Iterator[Part]:
        """The parts that `data` completes.

        Raises:
            ProtocolError: the server sent something that is no answer; the reader must not be used any more.
        """
        if self._is_at_start:
            data = data.lstrip(b" \t\r\n")
            if not data:
                return
            self._is_at_start = False
            if data.startswith(b"{"):
                self._body = bytearray()
        if self._body is not None:
            self._body += data
            if len(self._body) > MAX_BODY_BYTES:
                raise ProtocolError(f"the body is longer than {MAX_BODY_BYTES} bytes")
            return
        for event in self._events.feed(data):
            yield from self._event(event)

    def close(self) -> Iterator[Part]:
        """The parts that were waiting for the end of the body.

        Raises:
            ProtocolError: the body held nothing of an answer.
        """
        if self._body is not None:
            yield from self._decode(self._body.decode("utf-8", "replace"), is_whole=True)
        else:
            for event in self._events.close():
                yield from self._event(event)
        if self.is_done:
            return
        for data in self._repeats.close():
            yield from self._decode(data)
        if self.is_finished:
            yield from self._end()
        elif self._is_at_start or self._is_answering:
            yield from self._say(self._deltas.close())
            yield Cut()
        else:
            raise ProtocolError("the body is no answer of a chat model")

    def _event(self, event: Event) -> Iterator[Part]:
        if self.is_done:
            return
        if event.name == "error":
            yield self._fail(event.data)
        elif event.data == _DONE:
            for data in self._repeats.close():
                yield from self._decode(data)
            yield from self._finish("")
            yield from self._end()
        else:
            for data in self._repeats.feed(event):
                yield from self._decode(data)

    def _decode(self, data: str, *, is_whole: bool = False) -> Iterator[Part]:
        chunk = _parse(data)
        if (failure := _failure(chunk)) is not None:
            self.is_finished = self.is_done = True
            yield failure
            return
        self._count(chunk)
        for choice in _objects(chunk.get("choices")):
            self._is_answering = True
            if not self.is_finished and choice.get("index", 0) == 0:
                yield from self._choice(choice, is_whole=is_whole)

    def _choice(self, choice: dict[str, Any], *, is_whole: bool) -> Iterator[Part]:
        delta = choice.get("message" if is_whole else "delta")
        if isinstance(delta, dict):
            for call in _objects(delta.get("tool_calls")):
                self._chars_left -= self._calls.add(call)
            thought = delta.get("reasoning_content") or delta.get("reasoning")
            if isinstance(thought, str) and thought:
                self._chars_left -= len(thought)
                yield Thought(thought)
            yield from self._say(self._deltas.feed(_content(delta.get("content"))))
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            yield from self._finish(reason)
        elif is_whole:
            yield from self._finish("")
        elif self._chars_left <= 0:
            yield from self._finish("length")
            yield from self._end()

    def _say(self, text: str) -> Iterator[Part]:
        if text:
            self._chars_left -= len(text)
            yield Text(text)

    def _finish(self, reason: str) -> Iterator[Part]:
        if not self.is_finished:
            self.is_finished = True
            yield from self._say(self._deltas.close())
            yield Finish(reason)

    def _end(self) -> Iterator[Part]:
        self.is_done = True
        if self._usage is not None:
            yield self._usage

    def _fail(self, data: str) -> Failure:
        self.is_finished = self.is_done = True
        try:
            return _failure({"error": _parse(data)}) or Failure(data)
        except ProtocolError:
            return Failure(data)

    def _count(self, chunk: dict[str, Any]) -> None:
        """Keep the newest counts: `usage` as the reference has it, and what llama.cpp adds in `timings`."""
        usage, timings = chunk.get("usage"), chunk.get("timings")
        if isinstance(usage, dict):
            self._usage = _both(_usage(usage), self._usage)
        if isinstance(timings, dict):
            self._usage = _both(self._usage or Usage(), _timings(timings))


def failure_in(body: bytes) -> Failure | None:
    """The server's own words in the body of an error response, or None where it has none."""
    try:
        return _failure(_parse(body.decode("utf-8", "replace")))
    except ProtocolError:
        return None


def models_in(body: bytes) -> tuple[str, ...]:
    """The names in an answer to `GET /models`, in its order.

    Raises:
        ProtocolError: it is no list of models.
    """
    return models_of(json_in(body))


def models_of(answer: Any) -> tuple[str, ...]:
    """As `models_in`, of an answer that was decoded; names that nobody could type are left out."""
    if not isinstance(answer, dict) or "data" not in answer:
        raise ProtocolError("the answer is no list of models")
    names = (entry.get("id") for entry in _objects(answer["data"]))
    return tuple(
        name for name in names if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable()
    )


def json_in(body: bytes) -> Any:
    """A body as JSON.

    Raises:
        ProtocolError: it is none.
    """
    return _decoded(body.decode("utf-8", "replace"))


def _decoded(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the server sent something that is not JSON") from error


def _parse(data: str) -> dict[str, Any]:
    value = _decoded(data)
    if not isinstance(value, dict):
        raise ProtocolError("the server sent JSON that is no object")
    return value


def _failure(chunk: dict[str, Any]) -> Failure | None:
    error = chunk if chunk.get("object") == "error" else chunk.get("error")
    if isinstance(error, dict):
        status = next((value for key in ("code", "status") if isinstance(value := error.get(key), int)), 0)
        message = error.get("message")
        return Failure(message if isinstance(message, str) and message else "no reason given", status)
    return Failure(error) if isinstance(error, str) and error else None


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(_count(usage.get("prompt_tokens")), _count(cached), _count(usage.get("completion_tokens")))


def _timings(timings: dict[str, Any]) -> Usage:
    """llama.cpp's own counts: of the prompt `cache_n` were at hand and `prompt_n` computed."""
    cached, computed = _count(timings.get("cache_n")), _count(timings.get("prompt_n"))
    return Usage(
        tokens_in=None if cached is None or computed is None else cached + computed,
        tokens_cached=cached,
        tokens_out=_count(timings.get("predicted_n")),
        tokens_drafted=_count(timings.get("draft_n")),
        tokens_accepted=_count(timings.get("draft_n_accepted")),
    )


def _both(first: Usage, second: Usage | None) -> Usage:
    """The counts of the first, and of the second those that it lacks."""
    if second is None:
        return first
    pairs = ((getattr(first, field.name), getattr(second, field.name)) for field in fields(Usage))
    return Usage(*(one if one is not None else other for one, other in pairs))


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _content(content: object) -> str:
    """The text of a message's content: a string, or a list of typed parts (Mistral's interface)."""
    if isinstance(content, list):
        parts = (part.get("text") for part in _objects(content) if part.get("type") == "text")
        content = "".join(part for part in parts if isinstance(part, str))
    return mended(content) if isinstance(content, str) else ""
