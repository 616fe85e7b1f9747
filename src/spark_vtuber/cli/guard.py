"""`spark-vtuber guard`: what the guard makes of a text, and of a running show its ledger and its lists."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, get_args
from urllib.parse import quote

import typer

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.cli.running import ask
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.moderation.chain import Chain, ChainOptions, Level
from spark_vtuber.moderation.ruling import Ruling

app = typer.Typer(
    help="See what the guard makes of texts, and change its lists.", no_args_is_help=True, rich_markup_mode="rich"
)

LONGEST_BYTES = 65_536
"""Of a line; the guard reads less, and what is longer is not kept."""

STANDARD_INPUT = "-"
MOST_ENTRIES = 500

Phrase = Annotated[str, typer.Argument(help="A word or a phrase.")]
Remove = Annotated[bool, typer.Option("--remove", help="Take it off the list.")]
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

    `decision` is allow, rewrite or block; `spans` are characters of the text;
    `score` is from 0 to 1. The options of the guard `chain` count, whichever
    guard the show uses.

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


@app.command()
def ledger(
    limit: Annotated[int, typer.Option(min=1, max=MOST_ENTRIES, help="How many entries at most.")] = 50,
    category: Annotated[str, typer.Option(help="Only of this category: slur, link …")] = "",
    port: options.Port = None,
    config: options.ConfigFile = None,
) -> None:
    """Print what the guard of the running show held back, newest first.

    One JSON object a line. The texts are kept nowhere: an entry has the rule and
    what it means, the place, the length, and a hash that is the same for the
    same text.

    [bold]Example[/]

      spark-vtuber guard ledger --category threat --limit 20
    """
    query = f"limit={limit}" + (f"&category={quote(category)}" if category else "")
    for entry in _asked(config, port, f"/api/guard/ledger?{query}")["entries"]:
        print(json.dumps(entry))


@app.command()
def allow(phrase: Phrase, remove: Remove = False, port: options.Port = None, config: options.ConfigFile = None) -> None:
    """Let a phrase pass that is harmless as a whole.

    It counts in the running show from the next line on, and in later shows.

    [bold]Example[/]

      spark-vtuber guard allow "assassin's creed"
    """
    _edited("allow", phrase, remove, port, config)


@app.command()
def block(phrase: Phrase, remove: Remove = False, port: options.Port = None, config: options.ConfigFile = None) -> None:
    """Hold a word or a phrase back, whatever its spelling.

    It counts in the running show from the next line on, and in later shows.

    [bold]Examples[/]

      spark-vtuber guard block turnip
      spark-vtuber guard block turnip --remove
    """
    _edited("block", phrase, remove, port, config)


def _edited(name: str, phrase: str, is_removed: bool, port: int | None, config: options.ConfigFile) -> None:
    body = {"list": name, "remove" if is_removed else "add": phrase}
    told = _asked(config, port, "/api/guard/lists", body)
    became = "It is so already" if not told["changed"] else "Counts from the next line on"
    count = len(told[name])
    console.print(f"{became}: the list has {count} phrase{'' if count == 1 else 's'}.")


def _asked(config: options.ConfigFile, port: int | None, path: str, body: dict[str, Any] | None = None) -> Any:
    flags = {} if port is None else {"server": {"port": port}}
    try:
        return ask(load(engines.spec, config, flags).config, path, body)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error


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
