"""`spark-vtuber run`: the show."""

import logging
import random
import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from spark_vtuber import engines
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.cli import link
from spark_vtuber.cli.console import complain, console
from spark_vtuber.cli.greeting import greet
from spark_vtuber.config import Settings, load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError

WRONG_USE = 2
"""The exit code after which the watch does not start the show again."""

STAND_INS: Mapping[str, Any] = {
    "llm": {"use": "understudy"},
    "tts": {"use": "espeak"},
    "fallback": {"llm": "understudy", "tts": "espeak", "stage": "puppet", "chat": "page"},
    "discovery": {"on": False},
}


def run(
    config: Annotated[Path | None, typer.Option(help="The configuration file.", show_default="spark.toml")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages.", show_default="8080")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page in a browser.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Where the show keeps its state.")] = None,
    twitch: Annotated[str | None, typer.Option(help="Read this Twitch channel's chat; no account needed.")] = None,
    replay: Annotated[Path | None, typer.Option(help="Play back a recorded chat (JSON lines).")] = None,
    speed: Annotated[float | None, typer.Option(help="How much faster than recorded.", show_default="1")] = None,
    safe: Annotated[bool, typer.Option("--safe", help="Use every built-in stand-in, nothing that can fail.")] = False,
    no_watch: Annotated[bool, typer.Option("--no-watch", help="Run without the watch, for debugging.")] = False,
    watched: Annotated[bool, typer.Option("--watched", hidden=True)] = False,
    muted: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the show: a page with the character, a chat box and the stage for OBS.

    Without configuration it looks for a model server on this machine (Ollama, llama.cpp, vLLM, LM Studio) and speaks
    with espeak-ng; where there is none, a scripted understudy answers. Stop with Ctrl-C.
    """
    del no_watch
    flags = _flags(
        server={"host": host, "port": port, "browser": False if no_browser else None},
        data={"dir": str(data_dir) if data_dir else None},
        chat={"twitch": {"channel": twitch}, "replay": {"file": str(replay) if replay else None, "speed": speed}},
    )
    if safe:
        flags |= STAND_INS
    start(config, flags, is_watched=watched, muted_reason=muted or "")


def start(config: Path | None, flags: Mapping[str, Any], *, is_watched: bool, muted_reason: str = "") -> None:
    """Load the configuration and run the show until it is stopped; wrong use ends with exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    errors: list[SparkError] = []
    try:
        settings = load(engines.spec, config, flags)
    except SparkError as error:
        errors.append(error)
    else:
        try:
            anyio.run(_perform, settings, is_watched, muted_reason)
        except* SparkError as group:
            errors.extend(_leaves(group))
        except* KeyboardInterrupt:
            console.print("Good night.")
    for mistake in errors:
        complain(mistake)
    if errors:
        raise typer.Exit(WRONG_USE)


async def _perform(settings: Settings, is_watched: bool, muted_reason: str) -> None:
    around = Surroundings(SystemClock(), random.Random(), logging.getLogger("spark_vtuber"))
    async with anyio.create_task_group() as tasks:
        stop = tasks.cancel_scope.cancel
        if sys.platform != "win32":
            tasks.start_soon(_stop_on_signal, stop)
        opened: Opened = await tasks.start(partial(run_show, settings, around, is_muted=bool(muted_reason)))
        greet(opened, settings, muted_reason)
        if is_watched:
            link.tell({"type": "ready", "url": opened.url, "door": opened.port + 1})
            tasks.start_soon(link.beat)
            tasks.start_soon(link.obey, stop, partial(opened.show.panic, "panic door"))
        if settings.config.server.browser and sys.stderr.isatty():
            webbrowser.open(opened.url)


async def _stop_on_signal(stop: Callable[[], None]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            stop()
            return


def _flags(**sections: Any) -> dict[str, Any]:
    """The given options as a layer of the configuration: what is None is left out."""
    kept: dict[str, Any] = {}
    for name, value in sections.items():
        inner = _flags(**value) if isinstance(value, dict) else value
        if inner not in (None, {}):
            kept[name] = inner
    return kept


def _leaves(group: BaseExceptionGroup[SparkError]) -> Iterator[SparkError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
