"""`spark-vtuber duet`: has the two characters of a running show talk to each other."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.cli.running import ask
from spark_vtuber.config.load import load
from spark_vtuber.core.duets import LEAST_EXCHANGES, MOST_EXCHANGES
from spark_vtuber.core.errors import SparkError

app = typer.Typer(help="Have two characters talk to each other.", no_args_is_help=True, rich_markup_mode="rich")

Topic = Annotated[str, typer.Argument(help="What they talk about.", show_default="what they disagree on")]
Tension = Annotated[str, typer.Option(help="What they disagree on.", show_default="from their cards")]
Exchanges = Annotated[
    int | None,
    typer.Option(help="How often both speak.", min=LEAST_EXCHANGES, max=MOST_EXCHANGES, show_default="as configured"),
]
Opener = Annotated[str | None, typer.Option(help="Id of the one who begins.", show_default="the main one")]


@app.command()
def start(
    topic: Topic = "",
    tension: Tension = "",
    exchanges: Exchanges = None,
    opener: Opener = None,
    port: options.Port = None,
    config: options.ConfigFile = None,
) -> None:
    """Begin a duet in the running show; the guard looks at its topic.

    [bold]Example[/]

      spark-vtuber duet start "tea or coffee" --exchanges 4
    """
    asked = {"topic": topic, "tension": tension, "exchanges": exchanges, "opener": opener}
    told = _asked(config, port, "/api/duet", {name: value for name, value in asked.items() if value})
    console.print(f"They talk about: {told['topic']} ({told['of']} turns).", markup=False)


@app.command()
def stop(port: options.Port = None, config: options.ConfigFile = None) -> None:
    """End the duet; whoever speaks comes to the end of the sentence.

    [bold]Example[/]

      spark-vtuber duet stop
    """
    told = _asked(config, port, "/api/duet/stop", {})
    console.print("The duet ends." if told["stopped"] else "No duet runs.")


@app.command()
def show(port: options.Port = None, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Tell how far the duet is, or how the last one ended.

    [bold]Example[/]

      spark-vtuber duet show
    """
    told = _asked(config, port, "/api/duet", None)
    if as_json:
        print(json.dumps(told))
    elif told["phase"] == "none":
        last = f" The last one: {told['reason']}." if told["reason"] else ""
        console.print(f"No duet runs.{last}", markup=False)
    else:
        console.print(f"{told['topic']}: {told['phase']}, turn {told['number']} of {told['of']}.", markup=False)


def _asked(config: Path | None, port: int | None, path: str, body: Mapping[str, Any] | None) -> Any:
    flags = {} if port is None else {"server": {"port": port}}
    try:
        return ask(load(engines.spec, config, flags).config, path, body)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
