"""The show as the doors see it: everything the web server may ask of it, and the events it publishes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from spark_vtuber.core.events import ChatKind
from spark_vtuber.core.ids import PersonaId, SessionId, TurnId
from spark_vtuber.core.turns import TurnRecord

State = Literal["starting", "ok", "degraded", "failed", "off"]


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the show and how it is. `since_ms` is wall time; `fix` says what would help.

    `restarts` counts those of this show, asked for or not. `last_error` stays after the recovery, with the wall time
    at which it was told, None where there was none.
    """

    name: str
    kind: str
    state: State
    detail: str
    since_ms: int
    fix: str = ""
    is_restartable: bool = False
    restarts: int = 0
    last_error: str = ""
    last_error_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How the show is: the worst of its components that matter, and all of them."""

    status: Literal["starting", "ok", "degraded", "failed"]
    uptime_s: float
    pid: int
    version: str
    session: SessionId
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as published on `/api/events`."""

    seq: int
    at_ms: int
    type: str
    turn: TurnId | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class Announce(Protocol):
    """Publishes an event to everybody who watches the show."""

    def __call__(self, type: str, /, *, turn: TurnId | None = None, **data: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a door received it, before any gate."""

    author: str
    text: str
    source: str = "page"
    kind: ChatKind = ChatKind.MESSAGE
    amount: float = 0.0
    persona: PersonaId | None = None


class StagePeer(Protocol):
    """One connected page, seen from its socket."""

    def receive(self, text: str) -> None:
        """Take a text frame of the page. Raises `ProtocolError` for anything that is not one."""
        ...

    def frames(self) -> AsyncIterator[str | bytes]:
        """What must be sent to the page, in order; ends when the page fell too far behind (close with 1013)."""
        ...


class Desk(Protocol):
    """What can be asked of the running show. All controls are idempotent."""

    @property
    def session(self) -> SessionId:
        """Changes with every start of the show."""
        ...

    def health(self) -> Health:
        """Every component and the whole."""
        ...

    def status(self) -> Mapping[str, Any]:
        """JSON-ready: per persona mood, current cue, mute; sentiment and summary where known."""
        ...

    def metrics(self) -> str:
        """Prometheus text exposition format."""
        ...

    def chat(self, line: Line) -> str:
        """Take a line; gives its id at once. Whether it is answered is told by events."""
        ...

    def turns(self, limit: int) -> Sequence[TurnRecord]:
        """The last turns, newest first."""
        ...

    async def interrupt(self, persona: PersonaId | None) -> TurnId | None:
        """Cut the current turn; gives its id, or None where nobody spoke. Waiting cues stay."""
        ...

    async def mute(self, persona: PersonaId | None) -> None:
        """Cut, then no sound; turns go on as captions. None means everybody."""
        ...

    async def unmute(self, persona: PersonaId | None) -> None:
        """Sound again from the next turn on."""
        ...

    async def panic(self, reason: str) -> None:
        """Everything stops, queues are emptied, nothing starts until `resume`."""
        ...

    async def resume(self) -> None:
        """End the panic; mutes stay."""
        ...

    async def fall_back(self, module: str, stand_in: str) -> None:
        """Switch a module (`llm`, `tts`, `stage`, `chat`, `obs`) to its embedded stand-in, or back where it is empty.

        Counts from the next turn on. Raises `SparkError` for an unknown module or stand-in.
        """
        ...

    def events(self, since: int | None) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events from now on, or after `since`; a hole is an event of type `gap`."""
        ...

    def stage(self) -> AbstractAsyncContextManager[StagePeer]:
        """Connect a page to the stage."""
        ...
