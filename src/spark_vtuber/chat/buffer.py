"""Events between a connection that must never wait and a reader that may."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio.abc import TaskGroup

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import PAID_KINDS, SPOKEN_KINDS, ChatEvent

CAPACITY: Final = 4_096


class EventBuffer:
    """Bounded, first in, first out; putting never waits.

    When `capacity` lines wait, further ones are dropped and counted. Money and what takes lines back has as much room
    again, because a deletion that got lost would leave on air what a moderator took off.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._waiting: deque[ChatEvent] = deque()
        self._changed = anyio.Event()
        self._failure: EngineError | None = None
        self.dropped = 0

    def put(self, event: ChatEvent) -> bool:
        """Whether the event found room."""
        is_ordinary = event.kind in SPOKEN_KINDS and event.kind not in PAID_KINDS
        if len(self._waiting) >= self._capacity * (1 if is_ordinary else 2):
            self.dropped += 1
            return False
        self._waiting.append(event)
        self._changed.set()
        return True

    def fail(self, failure: EngineError) -> None:
        """Raise `failure` from `get` once everything that came before was read."""
        self._failure = failure
        self._changed.set()

    async def get(self) -> ChatEvent:
        """The next event; gives control back only where none waits.

        Raises:
            EngineError: what `fail` was given.
        """
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            self._changed = anyio.Event()
            await self._changed.wait()
        return self._waiting.popleft()


@asynccontextmanager
async def own_tasks() -> AsyncIterator[TaskGroup]:
    """Tasks that end with the context; what its body raises comes out as it is, not in a group."""
    raised: Exception | None = None
    async with anyio.create_task_group() as tasks:
        try:
            yield tasks
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the task group's exception group
            raised = error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised


async def filled(
    tasks: TaskGroup, fill: Callable[[EventBuffer], Awaitable[None]], leave_s: float
) -> AsyncGenerator[ChatEvent, None]:
    """What `fill`, a task of `tasks`, puts into a buffer, whether or not the caller keeps up.

    Closing the generator cancels the task and waits up to `leave_s` for its good-bye. Raises as `EventBuffer.get`.
    """
    buffer = EventBuffer()
    scope = anyio.CancelScope()
    is_gone = anyio.Event()

    async def run() -> None:
        try:
            with scope:
                await fill(buffer)
        finally:
            is_gone.set()

    tasks.start_soon(run)
    try:
        while True:
            yield await buffer.get()
    finally:
        scope.cancel()
        with anyio.CancelScope(shield=True), anyio.move_on_after(leave_s):
            await is_gone.wait()
