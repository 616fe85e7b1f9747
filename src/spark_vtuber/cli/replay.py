"""`spark-vtuber replay`: a show that answers a recorded chat."""

from pathlib import Path
from typing import Annotated

import typer

from spark_vtuber.cli import options
from spark_vtuber.cli.show import Wishes, start


def replay(
    file: Annotated[
        Path, typer.Argument(help="The recorded chat, in JSON lines.", show_default=False, exists=True, dir_okay=False)
    ],
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
    """Start the show and play back a recorded chat, as `run --replay FILE` does.

    Each line of the file is one object:

      {"at": 1.5, "author": "viewer_one", "text": "hello!"}

    "at" is the time in seconds from the start. Optional are "kind" (message,
    bits, subscription, raid ...), "amount", "currency", "id", "target" and
    "persona". The show goes on when the file has ended.

    [bold]Example[/]

      spark-vtuber replay evening.jsonl --speed 2
    """
    del no_watch
    flags = options.layer(
        server=options.server(host, port, no_browser=no_browser),
        data={"dir": str(data_dir) if data_dir else None},
        chat={"replay": {"file": str(file), "speed": speed}},
    )
    start(config, flags, Wishes(is_watched=watched, muted_reason=muted or "", is_held=held))
