"""`spark-vtuber say`: a text becomes a WAV file, or shows how it would be cut into clauses."""

import json
import logging
import random
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import anyio
import typer

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.speak import speak
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.config.load import load
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.text.clauses import split


class Cut(StrEnum):
    """How a text is cut: as a live answer is spoken, or into sentences."""

    LIVE = "live"
    SENTENCES = "sentences"


def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The WAV file; its timeline goes beside it.")] = Path(
        "spark.wav"
    ),
    persona: Annotated[str, typer.Option(help="Who says it.")] = "main",
    clauses: Annotated[
        Cut | None, typer.Option(help="Speak nothing: print each line of the text as a JSON list of pieces.")
    ] = None,
    config: options.ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    r"""Say a text with a character's voice, through the same steps as a live answer.

    Expression tags work, and the timeline beside the sound holds the words, the
    visemes and the expressions with their times.

    [bold]Examples[/]

      spark-vtuber say "\[happy] Hello chat!" -o hello.wav
      spark-vtuber say --clauses live "Well, hello there, how are you?"
    """
    if clauses is not None:
        lines = sys.stdin if text == "-" else text.splitlines()
        for line in lines:
            print(json.dumps(split(line.rstrip("\n"), clauses.value), ensure_ascii=False), flush=True)
        return
    words = sys.stdin.read() if text == "-" else text
    if not words.strip():
        complain(SparkError("there is nothing to say", fix='give a text, as in: spark-vtuber say "Hello chat!"'))
        raise typer.Exit(2)
    around = Surroundings(SystemClock(), random.Random(), logging.getLogger("spark_vtuber"))
    try:
        record = anyio.run(speak, load(engines.spec, config), around, words, persona, out)
    except SparkError as error:
        complain(error)
        raise typer.Exit(2) from error
    if as_json:
        print(json.dumps({"file": str(out), "said": record.said, "outcome": record.outcome.value}))
    else:
        console.print(f"[green]✓[/] {out} and {out.with_suffix('.json').name}")
