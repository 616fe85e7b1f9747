"""How an engine is found, built and closed.

An engine is named by an entry point of the group `spark_vtuber.<port>`; the object behind the name is an
`EngineSpec`. A spec's module imports with the base install; a missing extra shows as
`EngineError("not_installed")` when the engine is opened, with the install line as its fix.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.frames import Frame

if TYPE_CHECKING:
    import logging
    import random

    import httpx
    from pydantic import BaseModel

Severity = Literal["ok", "note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: what was looked at, what was seen, and the fix where something is wrong."""

    name: str
    severity: Severity
    detail: str
    fix: str = ""


class Worker(Protocol):
    """A child process that speaks the worker protocol; restarted when it crashes or does not obey."""

    def request(self, header: dict[str, Any], body: bytes = b"") -> AsyncGenerator[Frame, None]:
        """The frames that answer one request, without the final `end`.

        Closing the generator or cancelling the caller cancels the request at the worker. Raises
        `EngineError("worker_failed", retryable=True)` when the process died or answered `error`.
        """
        ...

    @property
    def pid(self) -> int | None:
        """The process id, or None while no process runs."""
        ...


class OpenWorker(Protocol):
    """Starts `python -m module *argv`; entering the context = the worker said `ready`."""

    def __call__(self, module: str, argv: Sequence[str] = ()) -> AbstractAsyncContextManager[Worker]: ...


async def _keeps_nothing(name: str, value: str = "") -> None:
    """For an engine that is opened where no secret can be kept."""
    del value
    raise SparkError(f'the secret "{name}" cannot be kept here', code="no_vault", fix="start a show")


@dataclass(frozen=True, slots=True)
class EngineEnv:
    """Everything an engine may touch.

    `secret(name)` gives a secret's value or raises `EngineError("no_secret")`. `keep_secret(name, value)` keeps one for
    the next show too, and `forget_secret(name)` forgets it; both raise `SparkError`. `ports` are other ports that the
    application hands over (`llm`, `embedder`): `report(state, detail, fix)` says how an engine that keeps a connection
    is, `keepsake(name)` is a small file of the data directory, `measure(name, meaning, value)` a number of the metrics,
    `slots(name)` a place that several models share, `announce(type, **data)` an event; these are there in a show only.
    `personas` are the characters of the show.
    """

    clock: Clock
    random: "random.Random"
    data_dir: Path
    secret: Callable[[str], str]
    log: "logging.Logger"
    worker: OpenWorker
    http: "httpx.AsyncClient"
    ports: Mapping[str, Any] = field(default_factory=dict)
    personas: tuple[Any, ...] = field(default=())
    sample_rate: int = 24_000
    keep_secret: Callable[[str, str], Awaitable[None]] = _keeps_nothing
    forget_secret: Callable[[str], Awaitable[None]] = _keeps_nothing


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """An engine as an entry point offers it.

    `options` is the pydantic model of the engine's own configuration keys. `open(options, env)` is an async
    context manager that yields the port: entering = ready, leaving = closed. `probe(options, env)` looks, without
    side effects, whether the engine could work here and says what is missing. `licence` is the SPDX expression
    of what the engine runs.
    """

    options: "type[BaseModel]"
    open: Callable[[Any, EngineEnv], AbstractAsyncContextManager[Any]]
    probe: Callable[[Any, EngineEnv], "AsyncIterator[Finding]"]
    summary: str
    licence: str
    api: int = 1
