"""Answers of the YouTube Data API as values, without I/O.

Source: the discovery document of the API (v3), the reference of `liveChatMessages`, and its pages on errors. Nothing
that comes in is trusted: a field of the wrong type is as one that is missing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from spark_vtuber.core.errors import ProtocolError

Json = Mapping[str, Any]

LONGEST_TEXT: Final = 1_000
"""YouTube allows 200 characters for a line and 320 for a Super Chat."""

QUOTA: Final = frozenset({"quotaExceeded", "dailyLimitExceeded"})
HURRIED: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
ENDED: Final = frozenset({"liveChatEnded", "liveChatNotFound"})
DISABLED: Final = frozenset({"liveChatDisabled"})
BAD_KEY: Final = frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_EXPIRED"})
NOT_ENABLED: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
BAD_TOKEN: Final = frozenset({"pageTokenInvalid", "invalidPageToken"})


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a chat: its messages, oldest first, where to go on, and when (0 where the server does not say)."""

    messages: tuple[Json, ...]
    token: str
    interval_s: float
    is_over: bool
    poll: Json | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error: HTTP status, Google's reasons and its words."""

    status: int
    reasons: frozenset[str]
    message: str


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A video that is, was or will be live. `chat` is empty where nobody can chat now."""

    video: str
    title: str
    chat: str
    has_begun: bool
    is_over: bool

    @property
    def is_on(self) -> bool:
        """Whether it is live now."""
        return bool(self.chat) and self.has_begun and not self.is_over


def read_page(answer: Json) -> Page:
    """A page of a chat, from `liveChatMessages.list` or one step of the stream.

    Raises:
        ProtocolError: it is something else.
    """
    if "error" in answer or not isinstance(answer.get("items", []), list):
        raise ProtocolError("the answer is no page of a chat")
    messages = tuple(objects(answer.get("items")))
    interval_ms = number(answer.get("pollingIntervalMillis"))
    is_over = bool(text(answer.get("offlineAt"))) or any(kind_of(one) == "chatEndedEvent" for one in messages)
    poll = answer.get("activePollItem")
    return Page(
        messages,
        text(answer.get("nextPageToken"), 4_096),
        min(interval_ms / 1000, 600.0),
        is_over,
        poll if isinstance(poll, dict) else None,
    )


def read_refusal(status: int, body: bytes) -> Refusal:
    """What an answer with an error status says; a body that is no error of Google's has no reasons."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, list) and answer:
        answer = answer[0]
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return Refusal(status, frozenset(), "")
    found = [text(one.get("reason")) for key in ("errors", "details") for one in objects(error.get(key))]
    return Refusal(status, frozenset(filter(None, found)), text(error.get("message")))


def read_broadcasts(answer: Json) -> tuple[Broadcast, ...]:
    """The live videos of `videos.list`; others are left out."""
    return tuple(
        Broadcast(
            text(one.get("id")),
            text(inside(one, "snippet").get("title"), 100),
            text(live.get("activeLiveChatId"), 4_096),
            "actualStartTime" in live,
            "actualEndTime" in live,
        )
        for one in objects(answer.get("items"))
        if (live := inside(one, "liveStreamingDetails"))
    )


def read_ids(answer: Json, *path: str) -> tuple[str, ...]:
    """A text of every item of a list, found along `path`; items without it are left out."""
    found = []
    for one in objects(answer.get("items")):
        for name in path[:-1]:
            one = inside(one, name)  # noqa: PLW2901 - walks down into the item
        found.append(text(one.get(path[-1])))
    return tuple(filter(None, found))


def kind_of(message: Json) -> str:
    """The type of a chat message."""
    return text(inside(message, "snippet").get("type"))


def inside(value: Json, name: str) -> Json:
    """An object within an object; empty where there is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def objects(value: object) -> Sequence[Json]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """A text, cut; empty where it is none. Halves of characters are replaced."""
    if not isinstance(value, str):
        return ""
    return value[:longest].encode("utf-8", "replace").decode()


def number(value: object) -> int:
    """A whole number that is not negative, also one that is written as text (64 bits are in JSON); else 0."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    return value if type(value) is int and value >= 0 else 0


def unix_ms(value: object) -> int:
    """A time of RFC 3339 in Unix milliseconds; 0 where it is none."""
    try:
        when = datetime.fromisoformat(text(value, 40))
        return round(when.timestamp() * 1000) if when.tzinfo else 0
    except (ValueError, OverflowError, OSError):
        return 0
