"""Child processes that speak the worker protocol: started, watched, restarted and ended.

A worker is `python -m module` in a session of its own. The host always reads what it writes: frames go to the
request they belong to, lines of stderr to the log. A worker that dies, writes something else than frames, falls
silent in the middle of an answer or does not obey a cancel is killed and started again after a jittered back-off.
"""

import logging
import math
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio.abc import TaskStatus

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.engine import Worker
from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.core.frames import Frame, FrameReader
from spark_vtuber.health.children import Child, Output, start_child
from spark_vtuber.health.worker_link import Life, Link, WorkerLimits

__all__ = ["Told", "WorkerLimits", "open_worker", "untold"]

MAX_LINE_BYTES: Final = 4_096
"""Of a line of stderr, the end is kept."""


StartChild = Callable[[Sequence[str]], Awaitable[Child]]

Told = Callable[[Worker, EngineError | None], None]
"""Told that a process of a worker is ready, or, with the reason, that it is gone."""


def untold(_worker: Worker, _gone: EngineError | None) -> None:
    """For a worker nobody watches."""


@asynccontextmanager
async def open_worker(  # noqa: PLR0913 - all but two have one value in a show, bound where it is assembled
    module: str,
    argv: Sequence[str] = (),
    *,
    log: logging.Logger,
    clock: Clock,
    rng: random.Random,
    limits: WorkerLimits | None = None,
    start: StartChild = start_child,
    told: Told = untold,
) -> AsyncIterator[Worker]:
    """Run `python -m module *argv` for as long as the context lasts; entering it = the worker said `ready`.

    Leaving closes the worker's stdin, then terminates, then kills it; requests in flight fail. `told` hears of every
    process that is ready, and of every one that is gone, but not of the last end.

    Raises:
        EngineError: the first start failed; `code` is the worker's own where it gave one, else `worker_failed`.
    """
    link = Link(module, log, limits or WorkerLimits())
    keeper = _Keeper(link, (sys.executable, "-X", "utf8", "-P", "-m", module, *argv), start, clock, rng, told)
    raised: Exception | None = None
    async with anyio.create_task_group() as tasks:
        raised = await tasks.start(keeper.run)
        if raised is None:
            try:
                yield link
            except Exception as error:  # noqa: BLE001 - raised again below, outside of the task group's exception group
                raised = error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised


class _Keeper:
    """Starts the process, reads it, and starts it again."""

    def __init__(
        self, link: Link, command: Sequence[str], start: StartChild, clock: Clock, rng: random.Random, told: Told
    ) -> None:
        self._link = link
        self._command = command
        self._start = start
        self._clock = clock
        self._rng = rng
        self._told = told
        self._last_words = ""

    async def run(self, *, task_status: TaskStatus[EngineError | None]) -> None:
        """Keep one process running until cancelled; a first start that fails is reported and ends it."""
        failures = 0
        is_first = True

        def on_ready() -> None:
            nonlocal is_first
            self._told(self._link, None)
            if is_first:
                is_first = False
                task_status.started(None)

        while True:
            began = self._clock.now()
            failure = await self._live(on_ready)
            if is_first:
                task_status.started(failure)
                return
            self._told(self._link, failure)
            limits = self._link.limits
            failures = 1 if self._clock.now() - began >= limits.steady_s else failures + 1
            pause = min(limits.backoff_s * 2 ** min(failures - 1, 16), limits.backoff_max_s)
            pause *= self._rng.uniform(0.5, 1.5)
            self._link.log.warning("%s; started again in %.2f s", failure.message, pause)
            await anyio.sleep(pause)

    async def _live(self, on_ready: Callable[[], None]) -> EngineError:
        """One process from its start to its end; gives why it ended."""
        name = self._link.name
        try:
            child = await self._start(self._command)
        except OSError as error:
            return EngineError("worker_failed", f"{name} cannot be started: {error}", retryable=True)
        life = Life(child)
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
                self._link.over()
                life.end()
                if failure is not None:
                    child.kill()
                await child.end()
        return failure or EngineError(
            "worker_failed", f"{name} died" + (f": {self._last_words}" if self._last_words else ""), retryable=True
        )

    async def _read(self, life: Life, on_ready: Callable[[], None]) -> None:
        """Take frames until the process ends or misbehaves."""
        reader, patience_s = FrameReader(), self._link.limits.ready_s
        is_ready = False
        with anyio.CancelScope(deadline=anyio.current_time() + patience_s) as starting:
            while True:
                for frame in reader.feed(await life.child.stdout.receive()):
                    if is_ready:
                        life.deliver(frame)
                    else:
                        _check_ready(self._link.name, frame)
                        is_ready = True
                        starting.deadline = math.inf
                        self._link.begin(life)
                        on_ready()
        raise EngineError("worker_failed", f"{self._link.name} was not ready after {patience_s:g} s", retryable=True)

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
            self._link.log.warning("%s: %s", self._link.name, text)


def _check_ready(name: str, frame: Frame) -> None:
    match frame.header.get("type"):
        case "ready":
            return
        case "error":
            code, message = str(frame.header.get("code", "worker_failed")), frame.header.get("message", "")
            raise EngineError(code, f"{name} cannot start: {message}", fix=str(frame.header.get("fix", "")))
        case other:
            raise ProtocolError(f"{other!r} before `ready`")
