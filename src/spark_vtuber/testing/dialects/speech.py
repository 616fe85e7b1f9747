"""What a fake model server says, as bytes of the chat completions interface, with the quirks of real servers."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.core.tools import ToolCall
from spark_vtuber.testing.models import pieces

THOUGHT: Final = "The viewer is kind, so be kind."


class Quirk(Flag):
    """How servers differ in what they stream; they may be combined."""

    NONE = 0
    THOUGHT_FIELD = auto()
    """Thoughts in `reasoning_content`."""
    THOUGHT_SHORT_FIELD = auto()
    """Thoughts in `reasoning`."""
    THOUGHT_TAGS = auto()
    """Thoughts in the text, between `<think>` tags."""
    COMMENTS = auto()
    NO_DONE = auto()
    USAGE_IN_EVERY_CHUNK = auto()
    NO_USAGE = auto()
    CALLS_WITHOUT_INDEX = auto()
    CALLS_WITH_OBJECTS = auto()
    """Arguments of calls as JSON objects, not as text."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One answer: a text or calls, the prompt's tokens, how many of them were at hand, and further keys at the end."""

    text: str
    tokens_in: int = 10
    tokens_cached: int | None = None
    calls: tuple[ToolCall, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The answer in pieces."""
        return pieces(self.text)

    @property
    def finish(self) -> str:
        """Why it ends."""
        return "tool_calls" if self.calls else "stop"

    def usage(self, tokens_out: int) -> dict[str, Any]:
        """Its counts after so many pieces."""
        counts: dict[str, Any] = {
            "prompt_tokens": self.tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": self.tokens_in + tokens_out,
        }
        if self.tokens_cached is not None:
            counts["prompt_tokens_details"] = {"cached_tokens": self.tokens_cached}
        return counts


@dataclass(frozen=True, slots=True)
class Tempo:
    """When the pieces come, in seconds."""

    first_s: float = 0.2
    token_s: float = 0.02


def streamed(speech: Speech, tempo: Tempo, quirks: Quirk = Quirk.NONE) -> httpx.Response:
    """The answer as an event stream."""
    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=_Events(speech, tempo, quirks))


async def whole(speech: Speech, tempo: Tempo) -> httpx.Response:
    """The answer to a request that asked for no stream."""
    await anyio.sleep(tempo.first_s + len(speech.tokens) * tempo.token_s)
    message: dict[str, Any] = {"role": "assistant", "content": speech.text}
    if speech.calls:
        message["tool_calls"] = [_call(call, index) for index, call in enumerate(speech.calls)]
    choice = {"index": 0, "message": message, "finish_reason": speech.finish}
    frame = _frame({"choices": [choice], "usage": speech.usage(len(speech.tokens)), **speech.extra}, "chat.completion")
    return httpx.Response(200, json=frame)


def fault(status: int, message: str, **fields: Any) -> httpx.Response:
    """An error as the reference has it."""
    return httpx.Response(status, json={"error": {"message": message, "code": status, **fields}})


class _Events(httpx.AsyncByteStream):
    def __init__(self, speech: Speech, tempo: Tempo, quirks: Quirk) -> None:
        self._speech = speech
        self._tempo = tempo
        self._quirks = quirks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        speech, tempo, quirks = self._speech, self._tempo, self._quirks
        yield _event({"choices": [_choice({"role": "assistant", "content": ""})]})
        await anyio.sleep(tempo.first_s)
        for delta in _thoughts(quirks):
            yield _event({"choices": [_choice(delta)]})
        for number, token in enumerate(() if speech.calls else speech.tokens, start=1):
            if Quirk.COMMENTS in quirks:
                yield b": still here\n\n"
            chunk: dict[str, Any] = {"choices": [_choice({"content": token})]}
            if Quirk.USAGE_IN_EVERY_CHUNK in quirks:
                chunk["usage"] = speech.usage(number)
            yield _event(chunk)
            await anyio.sleep(tempo.token_s)
        for delta in _call_deltas(speech, quirks):
            yield _event({"choices": [_choice(delta)]})
            await anyio.sleep(tempo.token_s)
        yield _event({"choices": [_choice({}, speech.finish)]})
        if Quirk.NO_USAGE not in quirks:
            yield _event({"choices": [], "usage": speech.usage(len(speech.tokens)), **speech.extra})
        if Quirk.NO_DONE not in quirks:
            yield b"data: [DONE]\n\n"


def _thoughts(quirks: Quirk) -> list[dict[str, str]]:
    words = pieces(THOUGHT)
    if Quirk.THOUGHT_FIELD in quirks:
        return [{"reasoning_content": word} for word in words]
    if Quirk.THOUGHT_SHORT_FIELD in quirks:
        return [{"reasoning": word, "content": ""} for word in words]
    if Quirk.THOUGHT_TAGS in quirks:
        return [{"content": word} for word in ("<thi", "nk>", *words, "</thi", "nk>")]
    return []


def _call_deltas(speech: Speech, quirks: Quirk) -> list[dict[str, Any]]:
    """The calls: name first, arguments in three pieces; or as the quirk has them."""
    deltas = []
    for index, call in enumerate(speech.calls):
        if Quirk.CALLS_WITH_OBJECTS in quirks:
            function = {"name": call.name, "arguments": json.loads(call.arguments)}
            deltas.append({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]})
            continue
        third = max(1, len(call.arguments) // 3)
        parts = (call.arguments[:third], call.arguments[third : 2 * third], call.arguments[2 * third :])
        head = {**_call(call, index), "function": {"name": call.name, "arguments": ""}}
        tails = [{"index": index, "function": {"arguments": part}} for part in parts]
        for piece in (head, *tails):
            if Quirk.CALLS_WITHOUT_INDEX in quirks:
                piece.pop("index")
            deltas.append({"tool_calls": [piece]})
    return deltas


def _call(call: ToolCall, index: int) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": index, "id": call.id, "type": "function", "function": function}


def _choice(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _frame(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": 0, "model": "fake", **fields}


def _event(fields: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(_frame(fields, "chat.completion.chunk"), separators=(",", ":")).encode() + b"\n\n"
