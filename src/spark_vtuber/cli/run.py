"""`spark-vtuber run`: the show."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from spark_vtuber.cli import options
from spark_vtuber.cli.show import Wishes, start

STAND_INS: Final[Mapping[str, Any]] = {
    "llm": {"use": "understudy"},
    "tts": {"use": "espeak"},
    "fallback": {"llm": "understudy", "tts": "espeak", "stage": "puppet", "chat": "page"},
    "discovery": {"on": False},
}

SILENT: Final[Mapping[str, Any]] = {
    "llm": {"use": "understudy"},
    "tts": {"use": "espeak"},
    "fallback": {"llm": "understudy", "tts": "espeak", "obs": "off"},
    "discovery": {"on": False},
}
"""A dry run asks no model, opens no voice but the smallest, and leaves OBS alone."""


def run(
    config: options.ConfigFile = None,
    host: options.Host = None,
    port: options.Port = None,
    no_browser: options.NoBrowser = False,
    data_dir: options.DataDir = None,
    twitch: Annotated[str | None, typer.Option(help="Read this Twitch channel's chat; no account needed.")] = None,
    replay: Annotated[
        Path | None, typer.Option(help="Play back a recorded chat (JSON lines).", exists=True, dir_okay=False)
    ] = None,
    speed: options.Speed = None,
    safe: options.Safe = False,
    no_watch: options.NoWatch = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be answered, and say nothing.")] = False,
    watched: options.Watched = False,
    muted: options.Muted = None,
    held: options.Held = False,
) -> None:
    """Start the show: the panel with the character, and the stage for OBS.

    Without configuration it looks for a model server on this machine (Ollama,
    llama.cpp, vLLM, LM Studio) and speaks with espeak-ng; where there is none,
    a scripted understudy answers. Stop with Ctrl-C.

    [bold]Examples[/]

      spark-vtuber run
      spark-vtuber run --port 9000 --no-browser
      spark-vtuber run --twitch your_channel
      spark-vtuber run --safe
      spark-vtuber run --dry-run --replay evening.jsonl
    """
    del no_watch
    flags = options.layer(
        server=options.server(host, port, no_browser=no_browser),
        data={"dir": str(data_dir) if data_dir else None},
        chat={"twitch": {"channel": twitch}, "replay": {"file": str(replay) if replay else None, "speed": speed}},
    )
    if safe:
        flags |= STAND_INS
    if dry_run:
        flags |= SILENT
    start(config, flags, Wishes(is_watched=watched, muted_reason=muted or "", is_held=held, is_dry=dry_run))
