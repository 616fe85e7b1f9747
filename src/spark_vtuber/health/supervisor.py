"""Keeps a component running: a crash is counted, shown and followed by a restart."""

import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import State
from spark_vtuber.core.errors import EngineError

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
CALM_S: Final = 60.0
"""A component that ran this long starts again with the shortest pause."""


async def keep_running(
    start: Callable[[], Awaitable[None]],
    report: Callable[[State, str, str], None],
    clock: Clock,
    rng: random.Random,
    log: logging.Logger,
) -> None:
    """Run `start` for ever, with jittered, doubling pauses between crashes.

    `start` reports its own state while it runs. A return is the end: the component is done. An `EngineError` that
    cannot be retried ends it as failed. Every other exception is a bug: it is logged with its traceback, the
    component starts again, and its detail tells how often that happened.
    """
    pause_s = FIRST_PAUSE_S
    crashes = 0
    crash = ""
    while True:
        started_s = clock.now()
        if crash:
            report("ok", f"restarted after a crash, {crashes} so far: {crash}", "")
            crash = ""
        try:
            await start()
        except EngineError as error:
            report("failed" if not error.retryable else "degraded", error.message, error.fix)
            if not error.retryable:
                return
        except Exception as error:
            log.exception("a component crashed")
            crashes += 1
            crash = ", ".join(dict.fromkeys(_names(error)))
            report("failed", f"crashed: {crash}", "it restarts by itself; see the log for the cause")
        else:
            return
        if clock.now() - started_s > CALM_S:
            pause_s = FIRST_PAUSE_S
        await anyio.sleep(pause_s * rng.uniform(0.5, 1.0))
        pause_s = min(LONGEST_PAUSE_S, pause_s * 2)


def _names(error: BaseException) -> Iterator[str]:
    """The kinds of exceptions in a group, or of one alone. Their messages may hold what viewers wrote."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _names(inner)
    else:
        yield type(error).__name__
