"""Requests to a worker and what becomes of them, over the lives of its processes."""

import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.core.frames import Frame, encode
from spark_vtuber.health.children import Child

FINAL_TYPES: Final = frozenset({"end", "error", "cancelled"})

MAX_FRAMES: Final = 4_096
"""Frames of one answer that may wait to be taken; a worker that exceeds it is out of control and killed."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """How patient the host is; seconds.

    `ready_s` until a started worker says `ready`, also what a request waits for a restart; `silence_s` between two
    frames of an answer; `cancel_s` from a cancel to the final frame. Back-off: `backoff_s` times 0.5..1.5, doubled
    with each failure in a row up to `backoff_max_s`; a worker that lived `steady_s` starts the row anew.
    """

    ready_s: float = 10.0
    silence_s: float = 10.0
    cancel_s: float = 0.2
    backoff_s: float = 0.1
    backoff_max_s: float = 10.0
    steady_s: float = 30.0


class Life:
    """One process from its start to its end, and the answers it owes."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.over = anyio.Event()
        self.answers: dict[int, MemoryObjectSendStream[Frame]] = {}

    def deliver(self, frame: Frame) -> None:
        """Give a frame to its request; those of forgotten requests are thrown away.

        Raises:
            ProtocolError: the frame has no id, or the answer is without measure.
        """
        number = frame.header.get("id")
        if not isinstance(number, int):
            raise ProtocolError("a frame without an id")
        if (answer := self.answers.get(number)) is not None:
            try:
                answer.send_nowait(frame)
            except anyio.WouldBlock as error:
                raise ProtocolError("an answer of too many frames") from error

    def end(self) -> None:
        """The process is gone: answers that are not complete break off."""
        self.over.set()
        for answer in self.answers.values():
            answer.close()


class Link:
    """The `Worker` that outlives its processes."""

    def __init__(self, name: str, log: logging.Logger, limits: WorkerLimits) -> None:
        self.name = name
        self.log = log
        self.limits = limits
        self._turn = anyio.Semaphore(1)
        self._life: Life | None = None
        self._is_alive = anyio.Event()
        self._requests = 0

    @property
    def pid(self) -> int | None:
        """The process id, or None while no process is ready."""
        return self._life.child.pid if self._life is not None else None

    def begin(self, life: Life) -> None:
        """A process is ready for requests."""
        self._life = life
        self._is_alive.set()

    def kill(self, life: Life) -> None:
        """End a process that does not do what it must; nobody is given to it any more."""
        life.child.kill()
        if self._life is life:
            self.over()

    def over(self) -> None:
        """No process runs."""
        if self._life is not None:
            self._life = None
            self._is_alive = anyio.Event()

    async def request(self, header: dict[str, Any], body: bytes = b"") -> AsyncGenerator[Frame, None]:
        """The frames of an answer; requests take their turns, one at a time."""
        await self._turn.acquire()
        try:
            life = await self._alive()
            self._requests += 1
            number = self._requests
            sender, receiver = anyio.create_memory_object_stream[Frame](MAX_FRAMES)
            life.answers[number] = sender
            is_final = False
            try:
                await self._send(life, {**header, "id": number}, body)
                while not is_final:
                    frame = await self._next(life, receiver)
                    is_final = frame.header.get("type") in FINAL_TYPES
                    if not is_final:
                        yield frame
                    elif frame.header["type"] != "end":
                        raise _refused(self.name, frame)
            finally:
                if not is_final:
                    await self._cancel(life, number, receiver)
                del life.answers[number]
                sender.close()
                receiver.close()
        finally:
            self._turn.release()

    async def _alive(self) -> Life:
        with anyio.move_on_after(self.limits.ready_s):
            while self._life is None:
                await self._is_alive.wait()
        if self._life is None:
            raise EngineError("worker_failed", f"{self.name} does not come back", retryable=True)
        return self._life

    async def _send(self, life: Life, header: dict[str, Any], body: bytes = b"") -> None:
        """Write a whole frame, also when the caller is cancelled meanwhile: half a frame would break the pipe."""
        with anyio.move_on_after(self.limits.cancel_s, shield=True) as scope:
            try:
                await life.child.send(encode(header, body))
            except anyio.BrokenResourceError as error:
                self.kill(life)
                raise EngineError("worker_failed", f"{self.name} died", retryable=True) from error
        if scope.cancelled_caught:
            self.kill(life)
            raise EngineError("worker_failed", f"{self.name} does not read its requests", retryable=True)

    async def _next(self, life: Life, receiver: MemoryObjectReceiveStream[Frame]) -> Frame:
        try:
            with anyio.fail_after(self.limits.silence_s):
                return await receiver.receive()
        except TimeoutError as error:
            self.kill(life)
            raise EngineError("worker_failed", f"{self.name} fell silent and was killed", retryable=True) from error
        except anyio.EndOfStream as error:
            raise EngineError(
                "worker_failed", f"{self.name} died in the middle of an answer", retryable=True
            ) from error

    async def _cancel(self, life: Life, number: int, receiver: MemoryObjectReceiveStream[Frame]) -> None:
        """Throw away the rest of an answer; a worker that does not obey in time is killed."""
        if life.over.is_set():
            return
        with anyio.move_on_after(self.limits.cancel_s, shield=True):
            try:
                await life.child.send(encode({"op": "cancel", "id": number}))
                while (await receiver.receive()).header.get("type") not in FINAL_TYPES:
                    pass
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                return
            return
        self.log.warning("%s did not obey a cancel and is killed", self.name)
        self.kill(life)


def _refused(name: str, frame: Frame) -> EngineError:
    code, message = frame.header.get("code", "worker_failed"), frame.header.get("message", "no reason given")
    return EngineError("worker_failed", f"{name} answered {code}: {message}", retryable=True)
