"""An engine whose place a fresh one can take while it is in use: the new one is ready before the old one leaves."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup, TaskStatus

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.board import Board, Reporter
from spark_vtuber.health.supervisor import Pauses, kinds_of

T = TypeVar("T")
R = TypeVar("R")

OPEN_S: Final = 120.0
"""How long a fresh engine may take to get ready; large voices load for a minute."""

LEAVE_S: Final = 60.0
"""How long an old engine waits for those who still use it."""


def _nothing() -> None:
    """For an engine whose changes nobody wants to know."""


class _Life(Generic[T]):
    """One opening of the engine, and who uses it."""

    def __init__(self, engine: T, began_s: float, scope: anyio.CancelScope) -> None:
        self.engine = engine
        self.began_s = began_s
        self.is_over = False
        self.leaving = anyio.Event()
        self.unused = anyio.Event()
        self._scope = scope
        self._users = 0
        self._waits: set[anyio.CancelScope] = set()

    @contextmanager
    def use(self) -> Iterator[None]:
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            self._look()

    def leave(self, *, at_once: bool) -> None:
        """Ask it to close; `at_once` also while it is used, and without patience."""
        self.leaving.set()
        self._look()
        if at_once:
            self.end()
            self._scope.cancel()

    def end(self) -> None:
        """Nothing can be had from it any more: whoever waits for it is told."""
        self.is_over = True
        for wait in self._waits:
            wait.cancel()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        with anyio.CancelScope() as scope:
            self._waits.add(scope)
            if self.is_over:
                scope.cancel()
            try:
                yield
            finally:
                self._waits.discard(scope)

    def _look(self) -> None:
        if self._users == 0 and self.leaving.is_set():
            self.unused.set()


class Lease(Generic[T]):
    """The use of one life of an engine; it is not closed meanwhile, unless it is hung."""

    def __init__(self, life: _Life[T], blame: Callable[[Exception], None]) -> None:
        self._life = life
        self._blame = blame

    @property
    def engine(self) -> T:
        """The engine."""
        return self._life.engine

    async def wait(self, something: Awaitable[R]) -> R:
        """What the engine gives.

        Raises:
            EngineError: its own, `restarted` where it is taken away meanwhile, `crashed` where it has a bug: that is
                logged, and another takes its place.
        """
        with self._life.waiting():
            try:
                return await something
            except EngineError:
                raise
            except Exception as error:
                self._blame(error)
                raise EngineError("crashed", f"the engine crashed: {kinds_of(error)}", retryable=True) from error
        raise EngineError("restarted", "the engine was restarted meanwhile", retryable=True)


@dataclass(frozen=True, slots=True)
class _Request:
    why: str
    at_s: float


class Renewable(Generic[T]):
    """An engine that is opened again when it crashes, when it hangs, and when somebody asks.

    `open` makes a context that yields the engine: entering = ready, leaving = closed. What it is used for goes through
    `using`, so that nobody is cut off by a renewal.
    """

    def __init__(
        self,
        open_engine: Callable[[], AbstractAsyncContextManager[T]],
        report: Reporter,
        *,
        summary: str,
        clock: Clock,
        pauses: Pauses,
        log: logging.Logger,
    ) -> None:
        self._open = open_engine
        self._report = report
        self._summary = summary
        self._clock = clock
        self._pauses = pauses
        self._log = log
        self._life: _Life[T] | None = None
        self._request: _Request | None = None
        self._asked = anyio.Event()
        self._answered = anyio.Event()
        self._began_s = clock.now()
        self.changed: Callable[[], None] = _nothing
        """Called whenever there is an engine again, or none any more."""

    @property
    def board(self) -> Board:
        """Where it is shown."""
        return self._report.board

    @property
    def name(self) -> str:
        """What the board calls it."""
        return self._report.name

    @property
    def is_open(self) -> bool:
        """Whether it can be used now."""
        return self._life is not None

    @property
    def age_s(self) -> float:
        """How long the engine in place has been open; 0 while there is none."""
        return self._clock.now() - self._life.began_s if self._life else 0.0

    @contextmanager
    def using(self) -> Iterator[Lease[T]]:
        """The engine in place, until the context is left. Raises `EngineError("restarting")` where there is none."""
        if self._life is None:
            raise EngineError("restarting", f"{self.name} is not open", retryable=True)
        life = self._life
        with life.use():
            yield Lease(life, self._blame)

    def ask(self, why: str, *, is_hung: bool = True) -> bool:
        """Begin a renewal; False where one is under way.

        The old engine works on until it is replaced and unused; where it `is_hung`, it is closed at once and whoever
        waits for it is told.
        """
        if self._request is not None:
            return False
        self._request = _Request(why, self._clock.now())
        if is_hung and self._life is not None:
            self._report("starting", f"restarts: {why}")
            hung, self._life = self._life, None
            hung.leave(at_once=True)
            self.changed()
        self._asked.set()
        return True

    def _blame(self, error: Exception) -> None:
        """A call of the engine ended in a bug."""
        self._log.error("%s crashed", self.name, exc_info=error)
        self._report("failed", f"crashed: {kinds_of(error)}", "it restarts by itself; see the log for the cause")
        self.ask(f"crashed: {kinds_of(error)}")

    async def renew(self, why: str) -> bool:
        """Let a fresh engine take the place of the old one, which works on until then; whether it did."""
        answered, before = self._answered, self._life
        self.ask(why, is_hung=False)
        await answered.wait()
        return self._life is not before and self._life is not None

    async def in_place(self, limit_s: float) -> None:
        """Wait until there is an engine, so long at most."""
        with anyio.move_on_after(limit_s):
            while self._life is None:
                await self._answered.wait()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Keep an engine in place until cancelled; `started` when the first one is open or cannot be opened."""
        self._report("starting", self._summary)
        async with anyio.create_task_group() as tasks:
            error = await self._opened(tasks)
            task_status.started()
            while True:
                await self._wait(error)
                request, self._request = self._request, None
                self._asked = anyio.Event()
                error = await self._renewed(tasks, request)
                answered, self._answered = self._answered, anyio.Event()
                answered.set()

    async def _wait(self, error: EngineError | None) -> None:
        """Until there is something to do: a request, a life that ended, or another attempt after a failed one."""
        if error is None and self._life is not None:
            await self._asked.wait()
        if error is not None and not error.retryable:
            await self._asked.wait()
        elif self._life is None or error is not None:
            await anyio.sleep(self._pauses.next_s(self._began_s))

    async def _renewed(self, tasks: TaskGroup, request: _Request | None) -> EngineError | None:
        old, began_s = self._life, request.at_s if request else self._clock.now()
        error = await self._opened(tasks)
        if error is None:
            why = request.why if request else "it could not be opened before"
            self._report("ok", f"{self._summary}; restarted: {why}")
            self.board.restarted(self.name, why, self._clock.now() - began_s)
            if old is not None:
                old.leave(at_once=False)
        return error

    async def _opened(self, tasks: TaskGroup) -> EngineError | None:
        """Open a fresh engine and put it in place; gives why that failed."""
        try:
            with anyio.fail_after(OPEN_S):
                self._life = await tasks.start(self._live)
        except EngineError as error:
            failure = error
        except TimeoutError:
            failure = EngineError("not_ready", f"it was not ready after {OPEN_S:g} s", retryable=True)
        except Exception as error:  # noqa: BLE001 - a bug of an engine; it is logged, shown and tried again
            self._log.exception("%s cannot be opened", self.name)
            failure = EngineError("crashed", f"crashed: {kinds_of(error)}", retryable=True, fix="see the log")
        else:
            self._began_s = self._clock.now()
            self._report("ok", self._summary)
            self.changed()
            return None
        self._report("failed" if self._life is None else "degraded", failure.message, failure.fix)
        return failure

    async def _live(self, *, task_status: TaskStatus[_Life[T]]) -> None:
        """One life, from the opening to the close."""
        life: _Life[T] | None = None
        try:
            with anyio.CancelScope() as scope:
                async with self._open() as engine:
                    life = _Life(engine, self._clock.now(), scope)
                    task_status.started(life)
                    await life.leaving.wait()
                    with anyio.move_on_after(LEAVE_S):
                        await life.unused.wait()
        except Exception as error:
            if life is None:
                raise
            self._log.exception("%s ended with an error", self.name)
            if self._life is life:
                self._life = None
                self._report("failed", f"crashed: {kinds_of(error)}", "it restarts by itself; see the log")
                self.changed()
                self.ask(f"it crashed: {kinds_of(error)}")
        finally:
            if life is not None:
                life.end()
