"""Tools for a model whose server has none: calls come in an envelope, a JSON object that the server holds it to.

What is said is given while the rest is still written. A server that does not keep to the schema, and a model that
answers in plain words all the same, is taken as it speaks: then there are no calls.
"""

import json
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from spark_vtuber.core.tools import Tool
from spark_vtuber.llm.port import LLM, Capabilities, LLMPart, LLMRequest, Message, TextDelta
from spark_vtuber.llm.tools import EnvelopeReader, envelope_hint, envelope_schema

_CODE: Final = re.compile(r"(?:```\w*\s*)?\{\s*[\"}]")
"""How JSON begins that is no envelope: nobody wants to hear it."""


class Enveloped:
    """Implements `LLM` over another model. Where that takes tools, or no schema either, requests pass as they are."""

    def __init__(self, model: LLM) -> None:
        self._model = model

    @property
    def capabilities(self) -> Capabilities:
        """Those of the model."""
        return self._model.capabilities

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """As the port says; a call comes once the envelope is complete."""
        seen = self._model.capabilities
        is_needed = bool(request.tools) and seen.takes_schema and not seen.takes_tools
        asked = _in_envelope(request) if is_needed else request
        writing = _Writing()
        async with aclosing(self._model.stream(asked)) as parts:
            async for part in parts:
                if not (is_needed and isinstance(part, TextDelta)):
                    yield part
                elif said := writing.said(part.text):
                    yield TextDelta(said)
        if is_needed:
            for last in writing.rest():
                yield last


class _Writing:
    """An envelope while it is written, or plain words."""

    def __init__(self) -> None:
        self._reader = EnvelopeReader()
        self._is_plain = False
        self._has_spoken = False

    def said(self, piece: str) -> str:
        """What of the piece is to be spoken."""
        if self._is_plain:
            return piece
        said = self._reader.feed(piece)
        if not said and not self._has_spoken and self._reader.text.lstrip()[:1] not in ("", "{", "`"):
            self._is_plain = True
            return self._reader.text
        self._has_spoken = self._has_spoken or bool(said)
        return said

    def rest(self) -> Iterator[LLMPart]:
        """What is left at the end: words that could not be given before, and the calls."""
        if self._is_plain:
            return
        envelope = self._reader.close()
        is_code = envelope.mistake and _CODE.match(envelope.say)
        if not self._has_spoken and envelope.say and not is_code:
            yield TextDelta(envelope.say)
        yield from envelope.calls


def _in_envelope(request: LLMRequest) -> LLMRequest:
    """The request with tools as words and a schema; calls and results of before are words too."""
    messages = tuple(_as_words(request.messages, request.tools))
    return replace(request, messages=messages, tools=(), schema=envelope_schema(request.tools))


def _as_words(messages: Sequence[Message], tools: Sequence[Tool]) -> Iterator[Message]:
    hint = envelope_hint(tools)
    if not messages or messages[0].role != "system":
        yield Message("system", hint)
    results: list[str] = []
    for message in messages:
        if message.role == "tool":
            results.append(message.content)
            continue
        if results:
            yield Message("user", "\n".join(results))
            results = []
        if message.role == "system":
            yield Message("system", f"{message.content}\n\n{hint}")
        elif message.calls:
            calls = [{"name": call.name, "arguments": _value(call.arguments)} for call in message.calls]
            yield Message("assistant", json.dumps({"say": message.content, "calls": calls}, ensure_ascii=False))
        else:
            yield message
    if results:
        yield Message("user", "\n".join(results))


def _value(arguments: str) -> object:
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
