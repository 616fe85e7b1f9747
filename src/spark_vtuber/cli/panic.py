"""`spark-vtuber panic`: silence at once, also when the show does not answer any more."""

import json

import typer

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.cli.panic_key import knock, said
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError


def panic(port: options.Port = None, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Stop everything that sounds, now.

    Goes to the watch, not to the show: a show that does not answer within half
    a second is killed and started again muted. OBS goes to the safety scene.
    Ends with "resume" on the page.

    For a global hotkey name the port: then nothing is read or imported first.

    [bold]Examples[/]

      spark-vtuber panic
      spark-vtuber panic --port 9000
    """
    try:
        pages = load(engines.spec, config, options.layer(server={"port": port})).config.server.port
        answer = knock(pages + 1)
    except SparkError as error:
        complain(error)
        raise typer.Exit(1) from error
    if as_json:
        print(json.dumps(answer))
    else:
        console.print(said(answer))
