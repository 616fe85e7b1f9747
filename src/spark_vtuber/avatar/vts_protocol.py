"""Our side of a VTube Studio connection, without I/O: text frames in, what they mean out.

The public API of VTube Studio (github.com/DenchiSoft/VTubeStudio, version 1.0): every frame is one JSON object with an
`apiName`, a `messageType` and `data`. `XRequest` is answered by `XResponse` or `APIError` with the same `requestID`.
An event may carry the id of the request that subscribed to it, and come before the answer; so an answer is told by
its id *and* its type, and everything else is an event.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError

API_NAME: Final = "VTubeStudioPublicAPI"
API_VERSION: Final = "1.0"

ERROR: Final = "APIError"

LONGEST_CHARS: Final = 4 * 1024 * 1024
"""A longer frame is not read. The longest answers, lists of a big model, have a tenth of that."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to request `id`."""

    id: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that answers request `id`; `number` is VTube Studio's error id."""

    id: str
    kind: str
    number: int
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that answers nothing; `kind` is its message type, `TestEvent` for one."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Conversation:
    """One connection: numbers our requests, and knows which of them wait for an answer."""

    __slots__ = ("_asked", "_count")

    def __init__(self) -> None:
        self._count = 0
        self._asked: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._asked)

    def ask(self, kind: str, data: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """The id and the text of a request; `kind` is its message type without `Request`."""
        self._count += 1
        id_ = f"spark-{self._count:x}"
        self._asked[id_] = kind
        request = {
            "apiName": API_NAME,
            "apiVersion": API_VERSION,
            "requestID": id_,
            "messageType": f"{kind}Request",
            "data": dict(data or {}),
        }
        return id_, json.dumps(request, separators=(",", ":"), allow_nan=False)

    def forget(self, id: str) -> None:
        """Nobody waits for this answer any more; if it comes, it is an event."""
        self._asked.pop(id, None)

    def read(self, text: str) -> Answer | Refusal | Event:
        """What a frame means.

        Raises:
            ProtocolError: it is not a frame of this API.
        """
        message = _parsed(text)
        kind = message.get("messageType")
        if not isinstance(kind, str) or not kind:
            raise ProtocolError("VTube Studio sent a frame without a message type")
        data = message.get("data")
        if not isinstance(data, dict):
            data = {}
        id_ = _text(message.get("requestID"))
        asked = self._asked.get(id_)
        if asked is None or kind not in (f"{asked}Response", ERROR):
            return Event(kind, data)
        del self._asked[id_]
        if kind == ERROR:
            return Refusal(id_, asked, _number(data.get("errorID")), _text(data.get("message")))
        return Answer(id_, asked, data)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_CHARS:
        raise ProtocolError(f"VTube Studio sent a frame of {len(text)} characters")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("VTube Studio sent a frame that is not JSON") from error
    if not isinstance(message, dict) or message.get("apiName") != API_NAME:
        raise ProtocolError(f"a frame without apiName {API_NAME}: this is not VTube Studio")
    return message


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""
