"""The program's own log as the doors see it."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from spark_vtuber.core.ids import TurnId

current_turn: Final[ContextVar[TurnId | None]] = ContextVar("current_turn", default=None)
"""The turn whose steps run here; what they log belongs to it."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One structured line. `fields` are JSON-ready; neither they nor the message hold a secret."""

    at_ms: int
    level: str
    logger: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    turn: TurnId | None = None


class Log(Protocol):
    """What can be asked of the log."""

    def newest(self, limit: int) -> Sequence[LogLine]:
        """The last lines, newest first."""
        ...
