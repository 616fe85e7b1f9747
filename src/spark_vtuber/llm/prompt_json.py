"""Prompts as JSON, at the cost of what is new in them.

A prompt grows by two messages a turn and is otherwise the one of the turn before. Encoding all of it every time costs
more with every turn; here only messages that the last prompt of the same persona did not hold at the same place are
encoded.
"""

import json
from dataclasses import dataclass
from typing import Any

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.llm.port import Message


@dataclass(frozen=True, slots=True)
class _Encoded:
    messages: tuple[Message, ...]
    pieces: tuple[bytes, ...]


class PromptEncoder:
    """Encodes the prompts of several personas, remembering the last one of each."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: dict[PersonaId, _Encoded] = {}

    def encode(self, persona: PersonaId, messages: tuple[Message, ...]) -> bytes:
        """`messages` as a JSON array of objects with `role` and `content`."""
        last = self._last.get(persona, _Encoded((), ()))
        same = 0
        for old, new in zip(last.messages, messages, strict=False):
            if old is not new and old != new:
                break
            same += 1
        pieces = last.pieces[:same] + tuple(encode_message(message) for message in messages[same:])
        self._last[persona] = _Encoded(messages, pieces)
        return b"[" + b",".join(pieces) + b"]"


def encode_message(message: Message) -> bytes:
    """One message as a JSON object; calls of tools and their results as OpenAI's interface has them."""
    encoded: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        encoded["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.role == "tool":
        encoded["tool_call_id"] = message.answers
    return json.dumps(encoded, separators=(",", ":")).encode()
