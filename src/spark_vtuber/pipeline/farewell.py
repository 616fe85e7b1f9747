"""The last sentence of a show that closes."""

from collections.abc import Callable
from typing import Final

import anyio

from spark_vtuber.pipeline.heard import HeardLog
from spark_vtuber.stage.port import Position, Stage

LOOK_S: Final = 0.05
"""Between two looks whether the voice has made the end of the sentence; only while a show closes."""


async def finish_sentence(heard: HeardLog, stage: Stage, is_over: Callable[[], bool]) -> None:
    """Wait until the sentence that is being heard is over, also while its end is still being made, or the turn is."""
    end: Position | None = None
    while end is None and not is_over():
        end = heard.sentence_end(stage.position())
        if end is None:
            await anyio.sleep(LOOK_S)
    if end is not None:
        await stage.reached(end)
