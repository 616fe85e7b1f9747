"""Keeps a component running: a crash is counted, shown and followed by a restart."""

import logging
import random
from collections.abc import Awaitable, Callable
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
    cannot be retried ends it as failed. Every other exception is a bug: it is logged with its traceback and the
    component starts again.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        started_s = clock.now()
        try:
            await start()
        except EngineError as error:
            report("failed" if not error.retryable else "degraded", error.message, error.fix)
            if not error.retryable:
                return
        except Exception as error:
            log.exception("a component crashed")
            report("failed", f"crashed: {type(error).__name__}", "it restarts by itself; see the log for the cause")
        else:
            return
        if clock.now() - started_s > CALM_S:
            pause_s = FIRST_PAUSE_S
        await anyio.sleep(pause_s * rng.uniform(0.5, 1.0))
        pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
