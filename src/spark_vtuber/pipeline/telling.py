"""Tells whoever watches what was heard of a turn, word by word."""

from typing import Final

import anyio

from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.turn import Turn

TELL_S: Final = 0.2
"""Five times a second: words come about three times a second."""


async def tell_heard(turn: Turn, crew: Crew) -> None:
    """Announce the words heard so far as often as they become more; ends with the turn, by cancellation."""
    told = ""
    while True:
        turn.heard.settle(crew.stage.position())
        text = turn.heard.heard().text
        if text != told:
            told = text
            crew.announce("heard", turn=turn.id, text=text)
        await anyio.sleep(TELL_S)
