"""Twitch's EventSub over a WebSocket, without I/O: a text comes in, what it says comes out.

Source: Twitch's page "Handling WebSocket events". Names of message types are Twitch's.
"""

import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError

LONGEST_BYTES: Final = 1 << 20
SEEN: Final = 4_000
"""Ids of messages that are remembered: Twitch sends a message again when it is not sure that it arrived."""

LONGEST_KEEPALIVE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Welcome:
    """The session is open: subscribe under its id; a silence longer than `keepalive_s` means that it is dead."""

    session: str
    keepalive_s: float


@dataclass(frozen=True, slots=True)
class Notification:
    """Something happened. `raw` is the whole message, as twitchio's models read it: what is not in it reads as None."""

    id: str
    topic: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moving:
    """The server wants the session to go on at another address, within half a minute."""

    url: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """A subscription has ended; `status` says why, as `authorization_revoked`."""

    topic: str
    status: str


def told(id: str, topic: str, event: Mapping[str, Any]) -> Notification:
    """What was found out by asking, as if it had been told."""
    raw = {"metadata": {}, "payload": {"event": event, "subscription": {}}}
    return Notification(id, topic, json.loads(json.dumps(raw), object_pairs_hook=_Sparse))


class Seen:
    """Bounded memory of ids: each is new once."""

    __slots__ = ("_capacity", "_ids")

    def __init__(self, capacity: int = SEEN) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, id: str) -> bool:
        """False for an id that was asked about before and not too long ago."""
        is_new = id not in self._ids
        self._ids[id] = None
        if len(self._ids) > self._capacity:
            self._ids.popitem(last=False)
        return is_new


class Inbound:
    """Reads what one connection brings; `seen` is shared by all connections of an account."""

    __slots__ = ("_seen",)

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def read(self, text: str) -> Welcome | Notification | Moving | Revoked | None:
        """What a message says; None for keep-alives, repetitions and kinds that are not known.

        Raises:
            ProtocolError: the message is no EventSub.
        """
        try:
            message = json.loads(text, object_pairs_hook=_Sparse)
            about, payload = message["metadata"], message["payload"]
            kind, name = about["message_type"], _name(about["message_id"])
            if kind == "session_keepalive" or not self._seen.is_new(name):
                return None
            match kind:
                case "session_welcome":
                    return Welcome(_name(payload["session"]["id"]), _silence_s(payload["session"]))
                case "session_reconnect":
                    return Moving(_name(payload["session"]["reconnect_url"]))
                case "notification":
                    return Notification(name, _name(about["subscription_type"]), message)
                case "revocation":
                    return Revoked(_name(payload["subscription"]["type"]), _name(payload["subscription"]["status"]))
                case _:
                    return None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ProtocolError("Twitch sent what is no EventSub message") from error


class _Sparse(dict[str, Any]):
    """An object of JSON in which a field that is missing reads as null: Twitch leaves out what does not apply."""

    def __missing__(self, key: str) -> None:
        return None


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a name was expected")
    return value


def _silence_s(session: Mapping[str, Any]) -> float:
    seconds = float(session["keepalive_timeout_seconds"] or 10)
    if not math.isfinite(seconds):
        raise ValueError("not a time")
    return min(max(seconds, 1.0), LONGEST_KEEPALIVE_S)
