"""Keeps a model server running: waits until it is ready, looks after it, starts it again when it dies or hangs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import anyio

from spark_vtuber.serving.job import State

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
CALM_S: Final = 120.0
"""A server that was ready for so long starts again with the shortest pause."""

MOST_FAILED_STARTS: Final = 2
"""So often in a row a server may die before it is ready; then its command line is wrong, or it does not fit."""

LOOK_S: Final = 0.2
WATCH_S: Final = 5.0
MOST_MISSED: Final = 6
"""Looks in a row without an answer after which a server counts as hung."""


class Served(Protocol):
    """A server that was started."""

    async def wait(self) -> int:
        """Its exit code, once it ended."""
        ...

    async def stop(self) -> None:
        """End it with everything it started; it is gone afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How a keeper waits, in seconds. `ready_s` is the longest time a model may take to load."""

    ready_s: float = 600.0
    look_s: float = LOOK_S
    watch_s: float = WATCH_S
    first_pause_s: float = FIRST_PAUSE_S


class Keeper:
    """Runs one server until it is cancelled or gives up. `tell(state, detail, restarts)` hears of every change."""

    def __init__(
        self,
        start: Callable[[], Awaitable[Served]],
        is_ready: Callable[[], Awaitable[bool]],
        tell: Callable[[State, str, int], None],
        pace: Pace | None = None,
    ) -> None:
        """`start()` may raise `OSError`; `is_ready()` answers within a few seconds whatever the server does."""
        self._start = start
        self._is_ready = is_ready
        self._tell = tell
        self._pace = pace or Pace()
        self._ready_at: float | None = None
        self._restarts = 0

    async def run(self) -> None:
        """Until cancelled, which stops the server; returns where it gives up, with the state `failed`."""
        pause_s, failures = self._pace.first_pause_s, 0
        while True:
            self._ready_at = None
            why = await self._life()
            ready_s = self._ready_s()
            failures = failures + 1 if ready_s is None else 0
            if failures >= MOST_FAILED_STARTS:
                self._tell("failed", why, self._restarts)
                return
            if ready_s is not None and ready_s > CALM_S:
                pause_s = self._pace.first_pause_s
            self._restarts += 1
            self._tell("restarting", why, self._restarts)
            await anyio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    def _ready_s(self) -> float | None:
        """How long it was ready; None where it never was."""
        return None if self._ready_at is None else anyio.current_time() - self._ready_at

    async def _life(self) -> str:
        """Start the server and stay with it; gives why it is over."""
        self._tell("starting", "", self._restarts)
        try:
            server = await self._start()
        except OSError as error:
            return f"it cannot be started: {error.strerror or error}"
        why = ""
        try:
            async with anyio.create_task_group() as tasks:

                async def until_it_ends() -> None:
                    nonlocal why
                    why = f"it ended with exit code {await server.wait()}"
                    tasks.cancel_scope.cancel()

                tasks.start_soon(until_it_ends)
                why = await self._watch()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await server.stop()
        return why

    async def _watch(self) -> str:
        """Wait until it is ready, then look after it; gives why it must be ended."""
        with anyio.move_on_after(self._pace.ready_s) as loading:
            await self._until_ready()
        if loading.cancelled_caught:
            return f"it was not ready after {self._pace.ready_s:g} s"
        self._ready_at = anyio.current_time()
        self._tell("ready", "", self._restarts)
        missed = 0
        while missed < MOST_MISSED:
            await anyio.sleep(self._pace.watch_s)
            missed = 0 if await self._is_ready() else missed + 1
        return f"it hung: no answer {missed} times in a row"

    async def _until_ready(self) -> None:
        while not await self._is_ready():  # noqa: ASYNC110 - another process is watched by looking again
            await anyio.sleep(self._pace.look_s)
