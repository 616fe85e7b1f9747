"""Child processes that speak the worker protocol: started, watched, restarted and ended.

A worker is `python -m module` in a session of its own. The host always reads what it writes: frames go to the
request they belong to, lines of stderr to the log. A worker that dies, writes something else than frames, falls
silent in the middle of an answer or does not obey a cancel is killed and started again after a jittered back-off.
"""

import logging
import math
import random
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio
from anyio.abc import TaskStatus
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.engine import Worker
from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.core.frames import Frame, FrameReader, encode
from spark_vtuber.health.children import Child, Output, start_child

FINAL_TYPES: Final = frozenset({"end", "error", "cancelled"})

MAX_FRAMES: Final = 4_096
"""Frames of one answer that may wait to be taken; a worker that exceeds it is out of control and killed."""

MAX_LINE_BYTES: Final = 4_096
"""Of a line of stderr, the end is kept."""


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


StartChild = Callable[[Sequence[str]], Awaitable[Child]]


@asynccontextmanager
async def open_worker(
    module: str,
    argv: Sequence[str] = (),
    *,
    log: logging.Logger,
    clock: Clock,
    rng: random.Random,
    limits: WorkerLimits | None = None,
    start: StartChild = start_child,
) -> AsyncIterator[Worker]:
    """Run `python -m module *argv` for as long as the context lasts; entering it = the worker said `ready`.

    Leaving closes the worker's stdin, then terminates, then kills it; requests in flight fail.

    Raises:
        EngineError: the first start failed; `code` is the worker's own where it gave one, else `worker_failed`.
    """
    host = _Host(module, log, limits or WorkerLimits())
    keeper = _Keeper(host, (sys.executable, "-X", "utf8", "-P", "-m", module, *argv), start, clock, rng)
    raised: Exception | None = None
    async with anyio.create_task_group() as tasks:
        raised = await tasks.start(keeper.run)
        if raised is None:
            try:
                yield host
            except Exception as error:  # noqa: BLE001 - raised again below, outside of the task group's exception group
                raised = error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised


class _Life:
    """One process from `ready` to its end."""

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
        self.over.set()
        for answer in self.answers.values():
            answer.close()


class _Host:
    """The `Worker` that outlives its processes."""

    def __init__(self, name: str, log: logging.Logger, limits: WorkerLimits) -> None:
        self.name = name
        self.log = log
        self.limits = limits
        self._turn = anyio.Semaphore(1)
        self._life: _Life | None = None
        self._is_alive = anyio.Event()
        self._requests = 0

    @property
    def pid(self) -> int | None:
        return self._life.child.pid if self._life is not None else None

    def begin(self, life: _Life) -> None:
        """A process is ready for requests."""
        self._life = life
        self._is_alive.set()

    def kill(self, life: _Life) -> None:
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

    async def _alive(self) -> _Life:
        with anyio.move_on_after(self.limits.ready_s):
            while self._life is None:
                await self._is_alive.wait()
        if self._life is None:
            raise EngineError("worker_failed", f"{self.name} does not come back", retryable=True)
        return self._life

    async def _send(self, life: _Life, header: dict[str, Any], body: bytes = b"") -> None:
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

    async def _next(self, life: _Life, receiver: MemoryObjectReceiveStream[Frame]) -> Frame:
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

    async def _cancel(self, life: _Life, number: int, receiver: MemoryObjectReceiveStream[Frame]) -> None:
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


class _Keeper:
    """Starts the process, reads it, and starts it again."""

    def __init__(
        self, host: _Host, command: Sequence[str], start: StartChild, clock: Clock, rng: random.Random
    ) -> None:
        self._host = host
        self._command = command
        self._start = start
        self._clock = clock
        self._rng = rng
        self._last_words = ""

    async def run(self, *, task_status: TaskStatus[EngineError | None]) -> None:
        """Keep one process running until cancelled; a first start that fails is reported and ends it."""
        failures = 0
        is_first = True

        def on_ready() -> None:
            nonlocal is_first
            if is_first:
                is_first = False
                task_status.started(None)

        while True:
            began = self._clock.now()
            failure = await self._live(on_ready)
            if is_first:
                task_status.started(failure)
                return
            limits = self._host.limits
            failures = 1 if self._clock.now() - began >= limits.steady_s else failures + 1
            pause = min(limits.backoff_s * 2 ** min(failures - 1, 16), limits.backoff_max_s) * self._rng.uniform(
                0.5, 1.5
            )
            self._host.log.warning("%s; started again in %.2f s", failure.message, pause)
            await anyio.sleep(pause)

    async def _live(self, on_ready: Callable[[], None]) -> EngineError:
        """One process from its start to its end; gives why it ended."""
        name = self._host.name
        try:
            child = await self._start(self._command)
        except OSError as error:
            return EngineError("worker_failed", f"{name} cannot be started: {error}", retryable=True)
        life = _Life(child)
        self._last_words = ""
        failure: EngineError | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._relay, child.stderr)
            try:
                await self._read(life, on_ready)
            except EngineError as error:
                failure = error
            except ProtocolError as error:
                failure = EngineError("worker_failed", f"{name} broke the protocol: {error.message}", retryable=True)
            except (anyio.EndOfStream, anyio.ClosedResourceError):
                failure = None
            finally:
                self._host.over()
                life.end()
                if failure is not None:
                    child.kill()
                await child.end()
        return failure or EngineError(
            "worker_failed", f"{name} died" + (f": {self._last_words}" if self._last_words else ""), retryable=True
        )

    async def _read(self, life: _Life, on_ready: Callable[[], None]) -> None:
        """Take frames until the process ends or misbehaves."""
        reader, patience_s = FrameReader(), self._host.limits.ready_s
        is_ready = False
        with anyio.CancelScope(deadline=anyio.current_time() + patience_s) as starting:
            while True:
                for frame in reader.feed(await life.child.stdout.receive()):
                    if is_ready:
                        life.deliver(frame)
                    else:
                        _check_ready(self._host.name, frame)
                        is_ready = True
                        starting.deadline = math.inf
                        self._host.begin(life)
                        on_ready()
        raise EngineError("worker_failed", f"{self._host.name} was not ready after {patience_s:g} s", retryable=True)

    async def _relay(self, stderr: Output) -> None:
        """Lines of stderr go to the log, without what a terminal could obey."""
        rest = b""
        try:
            while True:
                *lines, rest = (rest + await stderr.receive())[-MAX_LINE_BYTES:].split(b"\n")
                for line in lines:
                    self._say(line)
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            return
        finally:
            self._say(rest)

    def _say(self, line: bytes) -> None:
        text = "".join(c if c.isprintable() else " " for c in line.decode("utf-8", "replace")).strip()
        if text:
            self._last_words = text
            self._host.log.warning("%s: %s", self._host.name, text)


def _check_ready(name: str, frame: Frame) -> None:
    match frame.header.get("type"):
        case "ready":
            return
        case "error":
            code, message = str(frame.header.get("code", "worker_failed")), frame.header.get("message", "")
            raise EngineError(code, f"{name} cannot start: {message}", fix=str(frame.header.get("fix", "")))
        case other:
            raise ProtocolError(f"{other!r} before `ready`")
