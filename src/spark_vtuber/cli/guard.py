"""`spark-vtuber guard`: what the guard makes of a text, for tuning and for other programs."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, BinaryIO, get_args

import typer

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.moderation.chain import Chain, ChainOptions, Level
from spark_vtuber.moderation.ruling import Ruling

app = typer.Typer(help="See what the guard makes of a text.", no_args_is_help=True, rich_markup_mode="rich")

LONGEST_BYTES = 65_536
"""Of a line; the guard reads less, and what is longer is not kept."""

STANDARD_INPUT = "-"
LEVELS: tuple[str, ...] = get_args(Level)


@app.command()
def check(
    source: Annotated[str, typer.Argument(metavar="TEXT", help="The text; - reads standard input, one text a line.")],
    direction: Annotated[
        Direction, typer.Option(help="From the room to the character (in), or from it to the room (out).")
    ] = Direction.IN,
    level: Annotated[str | None, typer.Option(help="strict, pg-13 or off.", show_default="[guard] level")] = None,
    config: options.ConfigFile = None,
) -> None:
    r"""Print one JSON verdict for each text, as soon as it is made.

    `decision` is allow, rewrite or block; `spans` are characters of the text; `score`
    is from 0 to 1. The options of the guard `chain` count, whichever guard the show uses.

    [bold]Examples[/]

      spark-vtuber guard check "hello there"
      spark-vtuber guard check --direction out - < lines.txt
    """
    try:
        chain = Chain(_options(config, level))
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    for text in _lines(sys.stdin.buffer) if source == STANDARD_INPUT else (source,):
        print(json.dumps(_told(chain.rule(text, direction))), flush=True)


def _options(config: options.ConfigFile, level: str | None) -> ChainOptions:
    main = next(iter(load(engines.spec, config).engines.values()))["guard"].options
    chosen = main if isinstance(main, ChainOptions) else ChainOptions()
    if level is None:
        return chosen
    if level not in LEVELS:
        raise SparkError(f'there is no level "{level}"', fix=f"levels are: {', '.join(LEVELS)}")
    return ChainOptions.model_validate({**chosen.model_dump(), "level": level})


def _lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a stream of any bytes; what is no UTF-8 becomes replacement characters."""
    while line := stream.readline(LONGEST_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST_BYTES)):
            pass
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _told(ruling: Ruling) -> dict[str, object]:
    return {
        "decision": ruling.decision,
        "category": ruling.category,
        "rule": ruling.rule,
        "reason": ruling.reason,
        "score": ruling.score,
        "spans": ruling.spans,
        "language": ruling.language,
        "microseconds": round(ruling.microseconds, 1),
    }
