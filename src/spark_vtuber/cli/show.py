"""Runs a show in the foreground until somebody stops it or it has nothing more to do."""

import logging
import os
import random
import signal
import sys
import webbrowser
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import typer

from spark_vtuber import engines
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.show import Show
from spark_vtuber.cli.changes import tell_changes
from spark_vtuber.cli.choices import tell_choices
from spark_vtuber.cli.console import complain, console, errors_in
from spark_vtuber.cli.greeting import greet
from spark_vtuber.cli.hangup import Terminal
from spark_vtuber.cli.link import WatchLink
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError

log = logging.getLogger(__name__)

WRONG_USE = 2
"""The exit code after which the watch does not start the show again."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a show is to be run.

    `is_watched`: a watch holds our standard input and output. `muted_reason`: why it starts without a voice, empty
    where it does not. `is_held`: it starts in hold mode. `is_dry`: it chooses lines and says nothing. `until`: ends the
    show when it returns.
    """

    is_watched: bool = False
    muted_reason: str = ""
    is_held: bool = False
    is_dry: bool = False
    until: Callable[[Opened], Awaitable[None]] | None = None


def start(config: Path | None, flags: Mapping[str, Any], wishes: Wishes) -> None:
    """Load the configuration and run the show until it is stopped; wrong use ends with exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    errors: list[SparkError] = []
    try:
        settings = load(engines.spec, config, flags)
    except SparkError as error:
        errors.append(error)
    else:
        try:
            anyio.run(_perform, settings, wishes)
        except* SparkError as group:
            errors.extend(errors_in(group))
        except* KeyboardInterrupt:
            pass
    for mistake in errors:
        complain(mistake)
    if errors:
        raise typer.Exit(WRONG_USE)
    console.print("Good night.")


async def _perform(settings: Settings, wishes: Wishes) -> None:
    around = Surroundings(
        SystemClock(),
        random.Random(),
        logging.getLogger("spark_vtuber"),
        watch_pid=os.getppid() if wishes.is_watched else None,
    )
    curtain = _Curtain()
    async with anyio.create_task_group() as tasks:
        ending = _Ending(tasks.cancel_scope)
        stop = ending.ask
        reload = partial(tasks.start_soon, curtain.reload)
        tasks.start_soon(ending.run)
        if sys.platform != "win32":
            await tasks.start(_obey_signals, stop, reload)
        link = WatchLink() if wishes.is_watched else None
        if link is not None:
            tasks.start_soon(link.obey, stop, curtain.panic, reload)
        opened: Opened = await tasks.start(
            partial(run_show, settings, around, muted_reason=wishes.muted_reason, is_dry=wishes.is_dry)
        )
        if wishes.is_held and opened.doors.steering is not None:
            opened.doors.steering.hold(is_on=True)
        curtain.rise(opened)
        ending.farewell = opened.farewell
        greet(opened, settings, wishes.muted_reason, is_dry=wishes.is_dry)
        if wishes.is_dry:
            tasks.start_soon(tell_choices, opened.show)
        if link is not None:
            farewell_s = settings.config.health.stop_limit_s
            link.tell({"type": "ready", "url": opened.url, "door": opened.port + 1, "farewell_s": farewell_s})
            tasks.start_soon(link.beat, partial(_state, opened.show, around), opened.safety)
        if settings.config.server.browser and sys.stderr.isatty():
            webbrowser.open(opened.url)
        if wishes.until is not None:
            await wishes.until(opened)
            stop()


class _Ending:
    """The end of the show: the first request lets it say farewell, the second ends it at once."""

    def __init__(self, show: anyio.CancelScope) -> None:
        self._show = show
        self._asked = anyio.Event()
        self.farewell: Callable[[], Awaitable[None]] | None = None

    def ask(self) -> None:
        """Ask for the end."""
        if self._asked.is_set() or self.farewell is None:
            self._show.cancel()
        self._asked.set()

    async def run(self) -> None:
        """Wait for the first request, and end the show after its farewell."""
        await self._asked.wait()
        if self.farewell is not None:
            await self.farewell()
        self._show.cancel()


def _state(show: Show, around: Surroundings) -> dict[str, Any]:
    """What the watch must know to start the show again as it was, and to end what it leaves behind."""
    workers = [entry.pid for entry in around.roster.entries]
    return {"silent": show.is_silent, "held": show.is_holding, "workers": workers}


class _Curtain:
    """What is asked of the show while it is still being opened waits for it."""

    def __init__(self) -> None:
        self._opened: Opened | None = None
        self._is_up = anyio.Event()

    def rise(self, opened: Opened) -> None:
        self._opened = opened
        self._is_up.set()

    async def panic(self) -> None:
        await self._is_up.wait()
        if self._opened is not None:
            self._opened.doors.audit("panic", actor="panic door")
            await self._opened.show.panic("panic door")

    async def reload(self) -> None:
        """Read the configuration again, as a signal asks, and say what came of it."""
        await self._is_up.wait()
        if self._opened is None or self._opened.doors.settings is None:
            return
        try:
            changes = await self._opened.doors.settings.reload()
        except SparkError as error:
            log.warning("the configuration was not read again: %s", error.message)
            complain(error)
            return
        except Exception:
            # A bug of an engine that was tried must not end the show.
            log.exception("the configuration was not read again, by a bug")
            return
        for one in changes:
            self._opened.doors.audit("settings.reload", actor="signal", target=one.key, old=one.old, new=one.value)
        tell_changes(changes)


async def _obey_signals(
    stop: Callable[[], None],
    reload: Callable[[], object],
    *,
    task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """SIGHUP reads the configuration again, unless the terminal was closed; that and other signals end the show."""
    if sys.platform == "win32":
        return
    terminal = Terminal()
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        task_status.started()
        async for number in signals:
            if number == signal.SIGHUP and not terminal.is_gone:
                reload()
            else:
                stop()
