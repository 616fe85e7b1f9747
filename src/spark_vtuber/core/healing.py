"""Healing as the doors see it: components are restarted by name, failed cues are tried again or dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from spark_vtuber.core.desk import Component
from spark_vtuber.core.ids import PersonaId


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A cue that could not be answered. `error` is a code; `attempts` counts the turns that tried."""

    id: str
    at_ms: int
    persona: PersonaId
    author: str
    text: str
    error: str
    attempts: int


class Healing(Protocol):
    """What can be asked of the part of the show that mends the others."""

    def restart(self, name: str) -> bool:
        """Restart a component; False where a restart is under way already.

        Raises:
            SparkError: `unknown_component`, or `not_restartable`.
        """
        ...

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Cues that could not be answered, newest first."""
        ...

    def retry(self, id: str) -> bool:
        """Let the cue of a dead letter wait for an answer again; False where there is no such letter."""
        ...

    def drop(self, id: str) -> bool:
        """Forget a dead letter; False where there is none."""
        ...


def component_view(component: Component) -> dict[str, Any]:
    """A component as `GET /api/health` and the events `health` show it; times are Unix time in milliseconds."""
    return {
        "name": component.name,
        "kind": component.kind,
        "state": component.state,
        "detail": component.detail,
        "since": component.since_ms,
        "fix": component.fix,
        "restartable": component.is_restartable,
        "restarts": component.restarts,
        "last_error": component.last_error,
        "last_error_at": component.last_error_ms,
    }
