"""Characters in programs that show models, as the doors see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from spark_vtuber.core.ids import PersonaId

AvatarState = Literal["off", "connecting", "waiting", "denied", "connected", "lost"]
"""`waiting` is for somebody to press Allow, `lost` that it is tried again by itself."""


@dataclass(frozen=True, slots=True)
class AvatarView:
    """How the model of a character is. `model` is its name, empty while it is not known; `fix` says what would help."""

    persona: PersonaId
    state: AvatarState
    model: str
    port: int
    detail: str
    fix: str = ""


class Avatars(Protocol):
    """The models of the show."""

    def avatars(self) -> Sequence[AvatarView]:
        """One for every character that is shown by such a program."""
        ...


def avatar_view(view: AvatarView) -> dict[str, Any]:
    """JSON-ready, as `GET /api/avatars` and the event `avatar` show it."""
    return {
        "persona": view.persona,
        "state": view.state,
        "model": view.model,
        "port": view.port,
        "detail": view.detail,
        "fix": view.fix,
    }
