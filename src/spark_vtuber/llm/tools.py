"""Calls of tools as text, for models whose server has none.

A server that can hold an answer to a JSON schema gets tools by an *envelope*: one JSON object with what is said and
what is called. `say` comes first in it, so that it can be spoken while the calls are still written; `EnvelopeReader`
gives it piece by piece. What a model wrote is hostile input: the arguments of its calls are unchecked here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.text.characters import mended

MAX_CALLS: Final = 4
"""In one answer."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a model wrote into an envelope. `mistake` says why it is none; `say` is then all that was written."""

    say: str
    calls: tuple[ToolCall, ...] = ()
    mistake: str = ""


def envelope_schema(tools: Iterable[Tool]) -> dict[str, Any]:
    """The JSON schema of an envelope for these tools: `say` first, then `calls`."""
    calls = [
        _object({"name": {"const": tool.name}, "arguments": dict(tool.parameters)}, ("name", "arguments"))
        for tool in tools
    ]
    listed: dict[str, Any] = {"type": "array", "maxItems": MAX_CALLS if calls else 0}
    if calls:
        listed["items"] = {"anyOf": calls}
    return _object({"say": {"type": "string"}, "calls": listed}, ("say", "calls"))


def envelope_hint(tools: Iterable[Tool]) -> str:
    """What the prompt says of the envelope and of the tools."""
    lines = [
        'Answer with one JSON object: {"say": what you say aloud, "calls": the tools you use, usually []}.',
        'A call is {"name": ..., "arguments": {...}}. The tools:',
    ]
    lines += [f"{tool.name}: {tool.description} {json.dumps(tool.parameters)}" for tool in tools]
    return "\n".join(lines)


def parse_envelope(text: str) -> Envelope:
    """An envelope, also one in a Markdown fence or with words around it. Never raises.

    Calls that have no name are left out, those beyond `MAX_CALLS` too; arguments are unchecked.
    """
    inner = text[text.find("{") : text.rfind("}") + 1]
    try:
        value = json.loads(inner, strict=False)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("say"), str):
        return Envelope(text.strip(), mistake="the answer is no JSON object with what is said")
    entries = value.get("calls")
    named = [
        (entry["name"], entry.get("arguments"))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]
    calls = tuple(
        ToolCall(f"call-{number}", mended(name), json.dumps({} if arguments is None else arguments))
        for number, (name, arguments) in enumerate(named[:MAX_CALLS])
    )
    return Envelope(mended(value["say"]), calls)


class EnvelopeReader:
    """Gives what is said while an envelope is still written. `text` is everything that was written."""

    __slots__ = ("_at", "_is_over", "text")

    def __init__(self) -> None:
        self.text = ""
        self._at = -1
        self._is_over = False

    def feed(self, piece: str) -> str:
        """What of `say` the piece completes; empty before it begins and after its end."""
        self.text += piece
        if self._at < 0:
            self._at = self._begin()
        if self._at < 0 or self._is_over:
            return ""
        said, self._at, self._is_over = _string_from(self.text, self._at)
        return said

    def close(self) -> Envelope:
        """The whole envelope."""
        return parse_envelope(self.text)

    def _begin(self) -> int:
        """Where the text of `say` begins; -1 while that is not there."""
        head, _, rest = self.text.partition('"say"')
        if not rest or head.strip().removeprefix("```json").removeprefix("```").strip() != "{":
            return -1
        value = rest.lstrip(" \t\r\n:")
        return len(self.text) - len(value) + 1 if value.startswith('"') else -1


def _string_from(text: str, at: int) -> tuple[str, int, bool]:
    """What of a JSON string is whole from a place on, where it goes on, and whether it ended."""
    end = at
    while end < len(text) and text[end] != '"':
        step = 1
        if text[end] == "\\":
            step = _escape_length(text, end)
            if end + step > len(text):
                break
        end += step
    try:
        said = json.loads(f'"{text[at:end]}"', strict=False)
    except ValueError:
        return "", end, True
    return mended(said), end, end < len(text) and text[end] == '"'


def _escape_length(text: str, at: int) -> int:
    """Characters of the escape at a place; both halves of a character beyond the first plane belong together."""
    if text[at + 1 : at + 2] != "u":
        return 2
    is_half = text[at + 2 : at + 4].lower() in {"d8", "d9", "da", "db"}
    return 12 if is_half and "\\u".startswith(text[at + 6 : at + 8]) else 6


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
