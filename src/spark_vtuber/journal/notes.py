"""What is handed to the journal: a turn that is over, something that happened, an act of somebody privileged."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.ids import SessionId
from spark_vtuber.core.turns import TurnRecord


@dataclass(frozen=True, slots=True)
class Life:
    """The show that writes: one life of the process. `started_ms` is Unix time."""

    session: SessionId
    started_ms: int
    version: str
    pid: int


@dataclass(frozen=True, slots=True)
class TurnNote:
    """A turn at its end: `now_s` on the show's clock was `at_ms` in Unix time."""

    record: TurnRecord
    now_s: float
    at_ms: int


@dataclass(frozen=True, slots=True)
class EventNote:
    """An event as the event log keeps it: JSON text of `[at_ms, kind, turn, data]`."""

    text: str


@dataclass(frozen=True, slots=True)
class ActNote:
    """A privileged act. `old` and `new` are JSON-ready."""

    at_ms: int
    actor: str
    act: str
    target: str
    old: object
    new: object


Note = TurnNote | EventNote | ActNote

LONGEST: Final = 4_096
"""Characters of one value of an event or an act; what is longer is cut."""

_SECRET_WORDS: Final = (
    "password", "passphrase", "token", "secret", "api_key", "apikey", "credential", "cookie", "authorization", "bearer",
)  # fmt: skip
_PLAIN_WORDS: Final = ("tokens",)
_LOGIN_IN_URL: Final = re.compile(r"(?<=://)[^/@\s]+@")
HIDDEN: Final = "***"

_PHRASES: Final = ("guard.allow", "guard.block")
"""Keys whose values are the words that the guard shall know; how many there are is enough to be kept."""


def masked(value: object, name: str = "") -> object:
    """A JSON-ready value with everything hidden whose name is that of a secret, and the logins in addresses.

    `name` is what the value itself is called. The names of secrets (`"secret:openai"`) are no secrets and stay.
    """
    if _is_secret(name) and value not in (None, "", False, True):
        is_reference = isinstance(value, str) and value.startswith("secret:")
        return value if is_reference else HIDDEN
    if name in _PHRASES and isinstance(value, list | tuple):
        return f"{len(value)} phrases"
    if isinstance(value, dict):
        return {str(key): masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return _LOGIN_IN_URL.sub(f"{HIDDEN}@", value) if isinstance(value, str) else value


def as_json(value: Any) -> str:
    """Compact JSON, at most `LONGEST` characters; what is longer becomes `{"cut": "its beginning"}`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= LONGEST else json.dumps({"cut": text[: LONGEST // 2]}, ensure_ascii=False)


def whole(text: str) -> str:
    """The text without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _is_secret(name: str) -> bool:
    folded = name.casefold().rpartition(".")[2]
    return any(word in folded for word in _SECRET_WORDS) and not any(word in folded for word in _PLAIN_WORDS)
