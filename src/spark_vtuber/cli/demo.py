"""`spark-vtuber demo`: a show that plays itself, from a chat that comes with the package, or of two who talk."""

import random
from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Final

import anyio
import typer

from spark_vtuber.app.assemble import Opened
from spark_vtuber.cli import demo_duet, options
from spark_vtuber.cli.console import console
from spark_vtuber.cli.show import Wishes, start

LAST_ANSWERS_S: Final = 45.0
"""How long answers may go on once the recorded chat has ended."""

PROGRAMME: Final = """  [bold]What to look at[/] (about two minutes, then it ends by itself)
    the mouth      follows the sound that is heard, not the text
    the captions   a line cut off stops at the word that was heard
    the chat       bits and a raid come first, a rude line is never answered
    the waterfall  tab Latency: where the milliseconds of a turn went"""


def demo(
    duet: Annotated[bool, typer.Option("--duet", help="Both shipped characters talk to each other instead.")] = False,
    minutes: Annotated[float, typer.Option(min=0.05, max=600, help="How long they do.", metavar="MINUTES")] = 2.0,
    speed: options.Speed = None,
    config: options.ConfigFile = None,
    host: options.Host = None,
    port: options.Port = None,
    no_browser: options.NoBrowser = False,
    data_dir: options.DataDir = None,
    no_watch: options.NoWatch = False,
    watched: options.Watched = False,
    muted: options.Muted = None,
    held: options.Held = False,
) -> None:
    """Play a show of two minutes from a recorded chat, then end.

    Nothing needs to be set up: without a model server the scripted understudy
    answers. Open the page that it names and watch; write a line if you like.

    [bold]Examples[/]

      spark-vtuber demo
      spark-vtuber demo --speed 2 --no-browser
      spark-vtuber demo --duet --minutes 5
    """
    del no_watch
    with recorded_chat() as chat:
        flags = options.layer(
            server=options.server(host, port, no_browser=no_browser),
            data={"dir": str(data_dir) if data_dir else None},
            chat=None if duet else {"replay": {"file": str(chat), "speed": speed}},
            **(demo_duet.layer() if duet else {}),
        )

        async def until(opened: Opened) -> None:
            if duet:
                await demo_duet.play(opened, minutes, random.Random())
            else:
                await _last_answer(opened)

        start(config, flags, Wishes(is_watched=watched, muted_reason=muted or "", is_held=held, until=until))


def recorded_chat() -> AbstractContextManager[Path]:
    """The chat that comes with the package, as a file."""
    return as_file(files("spark_vtuber.testing") / "demo_chat.jsonl")


async def _last_answer(opened: Opened) -> None:
    """Return when the chat has been played back and everything in it was answered."""
    console.print(PROGRAMME + "\n")
    show = opened.show
    async with show.events(None) as events:
        while not _has_ended(opened):
            await anext(events)
        with anyio.move_on_after(LAST_ANSWERS_S):
            while not show.is_quiet:
                await anext(events)
    answered = sum(1 for turn in show.turns(100) if turn.heard)
    console.print(f"  The demo is over: {answered} answers. [bold]spark-vtuber run[/] starts a show of your own.")


def _has_ended(opened: Opened) -> bool:
    return any(one.name == "chat:replay" and one.state in ("off", "failed") for one in opened.show.components)
