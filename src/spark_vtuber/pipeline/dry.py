"""A turn that answers nothing: it takes the time that an answer would take, and says nothing."""

import anyio

from spark_vtuber.core.cues import Length
from spark_vtuber.core.turns import DRY_RUN, Reason, TurnRecord
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.turn import Turn

PREPARING_S = 1.0
"""From the choice to the first sound, with a model of ordinary speed."""

ORDINARY = Length()


async def pretend(turn: Turn, crew: Crew) -> TurnRecord:
    """Wait for as long as the answer to the turn's cue would take; can be cut like one (`pipeline.run.run_turn`)."""
    del crew
    turn.engine = DRY_RUN
    try:
        with turn.scope:
            await anyio.sleep(PREPARING_S + (turn.cue.length or ORDINARY).seconds)
    except anyio.get_cancelled_exc_class():
        turn.interrupt(Reason.SHUTDOWN)
        raise
    return turn.record()
