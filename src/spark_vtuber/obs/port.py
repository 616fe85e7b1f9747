"""The port to one running OBS: requests of obs-websocket 5, and the events it sends."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pydantic import SecretStr

from spark_vtuber.core.errors import EngineError

NOT_FOUND: Final = 600
EXISTS: Final = 601


@dataclass(frozen=True, slots=True)
class Address:
    """Where an OBS listens, and what it asks for."""

    host: str
    port: int
    password: SecretStr = field(default=SecretStr(""))

    def __str__(self) -> str:
        """Without the password."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Refused(EngineError):
    """OBS understood a request and said no; `status` is the code of its protocol."""

    def __init__(self, request: str, status: int, comment: str) -> None:
        super().__init__("obs_refused", f"OBS refused {request}: {comment or status}")
        self.status = status


class Remote(Protocol):
    """An identified connection."""

    async def call(self, request: str, data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Ask one thing; gives the data of the answer, empty where it has none.

        Raises `Refused`, `EngineError("obs_timeout", retryable=True)` after the time for an answer, or
        `EngineError("obs_lost", retryable=True)` where the connection is over. Cancelling leaves it usable.
        """
        ...

    async def run(self) -> str:
        """Carry messages until the connection is over; says why. Calls are answered and events told while it runs."""
        ...


Tell = Callable[[str, Mapping[str, Any]], None]
"""Takes an event, by type and data, without waiting. Events come in the order in which OBS sent them."""


class OpenRemote(Protocol):
    """Connects: entering the context = OBS let us in.

    Entering raises `EngineError`: `obs_unreachable` or `obs_timeout` (both retryable), or `obs_wrong_password`.
    """

    def __call__(self, address: Address, tell: Tell) -> AbstractAsyncContextManager[Remote]: ...
