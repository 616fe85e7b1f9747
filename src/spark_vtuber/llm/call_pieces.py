"""Tool calls of a streamed answer, put together from their pieces, without I/O.

The reference numbers calls by `index`, gives `id` and `name` once, and `arguments` in pieces. Servers differ: no
`index`, the same for every call, `id` and `name` again in each piece, `arguments` as an object, no `id` at all.
"""

import json
from typing import Any

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.text.characters import mended


class Calls:
    """The calls of one answer, in the order of their numbers, under one number in that of their beginning."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[int, list[_Call]] = {}

    def add(self, piece: dict[str, Any]) -> int:
        """Take one piece; gives the number of characters it added.

        Raises:
            ProtocolError: its index is no number.
        """
        index = piece.get("index")
        if index is not None and not isinstance(index, int):
            raise ProtocolError("a tool call has no number")
        function = piece.get("function")
        fields = function if isinstance(function, dict) else {}
        name, arguments, id_ = fields.get("name"), fields.get("arguments"), piece.get("id")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, separators=(",", ":"))
        call = self._of(index or 0, _text(id_))
        return call.add(_text(id_), _text(name), _text(arguments))

    def whole(self) -> tuple[ToolCall, ...]:
        """What was put together; a call without an id gets one, one without a name is left out."""
        named = [call for index in sorted(self._calls) for call in self._calls[index] if call.name]
        return tuple(
            ToolCall(mended(call.id) or f"call-{n}", mended(call.name), mended(call.arguments))
            for n, call in enumerate(named)
        )

    def _of(self, index: int, id_: str) -> "_Call":
        """The call that a piece belongs to: another id under the same index begins another."""
        calls = self._calls.setdefault(index, [])
        if not calls or (id_ and calls[-1].id and id_ != calls[-1].id):
            calls.append(_Call())
        return calls[-1]


class _Call:
    __slots__ = ("arguments", "id", "name")

    def __init__(self) -> None:
        self.id = self.name = self.arguments = ""

    def add(self, id_: str, name: str, arguments: str) -> int:
        self.id = self.id or id_
        if name != self.name:
            self.name += name
        self.arguments += arguments
        return len(id_) + len(name) + len(arguments)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
