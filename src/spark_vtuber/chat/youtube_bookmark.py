"""Where the reading of a chat stopped, for a show that starts again soon.

It is written when the reading ends and taken away when it begins: a show that was killed starts without one, for it
would tell twice what was told since.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

OLDEST_S: Final = 600.0
"""Lines that were written longer ago are not answered any more."""

LONGEST: Final = 4_096


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A chat, where to go on, and what was told: `ids`, and nothing published before `since_ms`; Unix time."""

    chat: str
    token: str
    since_ms: int
    ids: tuple[str, ...]
    at_ms: int

    def is_good(self, chat: str, now_ms: int) -> bool:
        """Whether this chat can be read on from here."""
        return self.chat == chat and 0 <= now_ms - self.at_ms <= OLDEST_S * 1000

    def record(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def read_bookmark(kept: Any) -> Bookmark | None:
    """What `record` gave; None for anything else."""
    match kept:
        case {
            "chat": str() as chat,
            "token": str() as token,
            "since_ms": int() as since_ms,
            "ids": [*ids],
            "at_ms": int() as at_ms,
        } if len(token) <= LONGEST and all(isinstance(one, str) for one in ids):
            return Bookmark(chat, token, since_ms, tuple(ids), at_ms)
    return None
