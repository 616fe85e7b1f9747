"""Keeps components running: a crash or a hang is counted, shown and followed by a restart."""

import logging
import math
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.board import Board, Reporter

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 20.0
"""A component is back within half a minute of whatever befell it."""

CALM_S: Final = 60.0
"""A component that ran this long starts again with the shortest pause."""


class Supervisor:
    """Starts components again, by themselves when they crash and by name when somebody asks."""

    def __init__(self, board: Board, clock: Clock, rng: random.Random, log: logging.Logger) -> None:
        self._board = board
        self._clock = clock
        self._rng = rng
        self._log = log
        self._restarts: dict[str, Callable[[str], bool]] = {}

    def add(self, name: str, restart: Callable[[str], bool]) -> None:
        """A component that restarts itself: `restart(why)` gives whether one was begun."""
        self._restarts[name] = restart
        self._board.offer_restart(name)

    def forget(self, name: str) -> None:
        """A component cannot be restarted any more."""
        self._restarts.pop(name, None)
        self._board.offer_restart(name, is_restartable=False)

    def can_restart(self, name: str) -> bool:
        """Whether there is such a component."""
        return name in self._restarts

    def restart(self, name: str, why: str) -> bool:
        """Restart a component; False where there is none of that name, or its restart is under way."""
        restart = self._restarts.get(name)
        return restart is not None and restart(why)

    def pauses(self) -> "Pauses":
        """The pauses of one component."""
        return Pauses(self._clock, self._rng)

    async def keep(self, report: Reporter, start: Callable[[], Awaitable[None]]) -> None:
        """Run `start` until cancelled, with jittered, doubling pauses between crashes.

        `start` reports its own state while it runs. When it returns, the component is done and waits to be asked for
        a restart; so it does after an `EngineError` that cannot be retried. Every other exception is a bug: it is
        logged with its traceback, and the component starts again. A restart that is asked for cancels it first.
        """
        post = _Post(self._clock)
        self.add(report.name, post.ask)
        pauses, crashes = self.pauses(), 0
        while True:
            began_s = self._clock.now()
            why, is_final = "", True
            with post.life():
                try:
                    await start()
                except EngineError as error:
                    why, is_final = error.message, not error.retryable
                    report("failed" if is_final else "degraded", error.message, error.fix)
                except Exception as error:  # noqa: BLE001 - a bug; it is logged, shown and followed by a restart
                    self._log.exception("a component crashed: %s", report.name)
                    crashes += 1
                    why, is_final = kinds_of(error), False
                    report("failed", f"crashed: {why}", "it restarts by itself; see the log for the cause")
                    why = f"after a crash, {crashes} so far: {why}"
            over_s = self._clock.now()
            await post.pause(math.inf if is_final else pauses.next_s(began_s))
            asked = post.take()
            if asked is not None:
                over_s, why = asked
            if asked is not None or crashes:
                report("ok", f"restarted {why}" if asked is None else f"restarted: {why}")
            self._board.restarted(report.name, why, self._clock.now() - over_s)


class Pauses:
    """Between attempts: jittered, doubling, short again after a calm time."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._pause_s = FIRST_PAUSE_S

    def next_s(self, began_s: float) -> float:
        """How long to wait after an attempt that began at `began_s` and is over now."""
        if self._clock.now() - began_s > CALM_S:
            self._pause_s = FIRST_PAUSE_S
        pause_s = self._pause_s * self._rng.uniform(0.5, 1.0)
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        return pause_s


class _Post:
    """One component's place: whether it runs, and whether somebody asked for its restart."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scope: anyio.CancelScope | None = None
        self._asked = anyio.Event()
        self._request: tuple[float, str] | None = None

    def ask(self, why: str) -> bool:
        """Ask for a restart; False where that was done already."""
        if self._request is not None:
            return False
        self._request = (self._clock.now(), why)
        self._asked.set()
        if self._scope is not None:
            self._scope.cancel()
        return True

    def take(self) -> tuple[float, str] | None:
        """When and why a restart was asked for; forgets it."""
        request, self._request = self._request, None
        self._asked = anyio.Event()
        return request

    @contextmanager
    def life(self) -> Iterator[None]:
        """While the context is open, a request cancels what runs in it."""
        with anyio.CancelScope() as self._scope:
            yield
        self._scope = None

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until somebody asks."""
        with anyio.move_on_after(seconds):
            await self._asked.wait()


def kinds_of(error: BaseException) -> str:
    """The kinds of exceptions in a group, or of one alone. Their messages may hold what viewers wrote."""
    return ", ".join(dict.fromkeys(_names(error)))


def _names(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _names(inner)
    else:
        yield type(error).__name__
