"""The last sentence of a show that closes."""

from collections.abc import Callable
from typing import Final

import anyio

from spark_vtuber.pipeline.heard import HeardLog
from spark_vtuber.stage.port import Stage

LOOK_S: Final = 0.05
"""Between two looks whether the voice has made the end of the sentence; only while a show closes."""


async def finish_sentence(heard: HeardLog, stage: Stage, is_over: Callable[[], bool]) -> None:
    """Wait until the sentence that is being heard is over, also while its end is still being made, or the turn is."""
    while not is_over():
        if (end := heard.sentence_end(stage.position())) is not None:
            await stage.reached(end)
            return
        await anyio.sleep(LOOK_S)
