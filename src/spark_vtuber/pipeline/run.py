"""A whole turn: its steps side by side, the flush, and the record."""

import anyio

from spark_vtuber.core.logs import current_turn
from spark_vtuber.core.turns import Reason, TurnRecord
from spark_vtuber.pipeline.ahead import Ahead
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.draft import Draft
from spark_vtuber.pipeline.floor import Seat
from spark_vtuber.pipeline.perform import perform
from spark_vtuber.pipeline.phrase import Phrases, guard
from spark_vtuber.pipeline.script import UNHURRIED_S, Script
from spark_vtuber.pipeline.think import think
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.pipeline.voice import VoicePart, voice
from spark_vtuber.stage.port import Position, TurnOver
from spark_vtuber.text.clauses import ClauseSplitter
from spark_vtuber.text.markup import Markup

BUG = "bug"
"""The error of a turn that ended by an exception nobody expected."""


async def run_turn(turn: Turn, crew: Crew) -> TurnRecord:
    """Answer the turn's cue, aloud; returns when the last of it was heard, or it was cut and the stages are silent.

    Nothing of the turn runs after the return. Engines that fail make an outcome. Any other exception is a bug that
    propagates, and so does cancellation from outside; both after the flush and with the floor free. `turn.record()`
    tells of the turn in these cases too.
    """
    seat = Seat(turn, turn.persona.id, turn.cue.behaviour, turn.cue.priority)
    is_whole = has_crashed = False
    outside = current_turn.set(turn.id)
    try:
        with turn.scope:
            await _steps(turn, crew, seat)
            is_whole = True
    except Exception:
        has_crashed = True
        turn.fail(BUG)
        raise
    except anyio.get_cancelled_exc_class():
        turn.interrupt(Reason.SHUTDOWN)
        raise
    finally:
        with anyio.CancelScope(shield=True):
            try:
                await _settle(turn, crew, seat, is_whole=is_whole)
                if not has_crashed:
                    record = turn.record()
                    await crew.stage.perform(TurnOver(turn.id, record.outcome, record.heard))
            finally:
                crew.floor.leave(seat)
                current_turn.reset(outside)
                crew.approvals.forget(turn.id)
                if crew.toolbox is not None:
                    crew.toolbox.end(turn.id)
    return turn.record()


async def _settle(turn: Turn, crew: Crew, seat: Seat, *, is_whole: bool) -> None:
    """Silence what still sounds, and note how far the listener came."""
    is_speaking = crew.floor.holder is seat
    turn.heard.settle(await _flushed(turn, crew) if is_speaking and not is_whole else crew.stage.position())
    if is_speaking and turn.heard.said():
        crew.floor.last_heard = turn.heard.heard().text


async def _steps(turn: Turn, crew: Crew, seat: Seat) -> None:
    limits = crew.limits
    persona = turn.persona
    draft = Draft(
        lambda in_thought: Markup(crew.expressions, name=persona.name, starts_in_thought=in_thought),
        lambda: ClauseSplitter("live", language=persona.language),
        persona.language,
        starts_in_thought=persona.id in crew.thinkers,
    )
    ahead = Ahead(crew.stage, crew.sample_rate, limits)

    def slack_s() -> float:
        return UNHURRIED_S if script.is_unhurried else ahead.slack_s()

    to_perform, parts = anyio.create_memory_object_stream[VoicePart](limits.chunks_ahead)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(think, turn, crew, draft)
        script = Script(turn, crew, guard(turn, crew, Phrases(turn, draft, slack_s)), tasks)
        if turn.foretell is not None:
            tasks.start_soon(script.foretell, draft.closed, turn.foretell)
        tasks.start_soon(voice, turn, crew, script.clauses(), to_perform, ahead)
        await perform(turn, crew, seat, script, parts, ahead, tasks)
        tasks.cancel_scope.cancel()


async def _flushed(turn: Turn, crew: Crew) -> Position:
    """Silence the stages; after the deadline what they last said counts."""
    with anyio.move_on_after(crew.limits.flush_s):
        return await crew.stage.flush(turn.id)
    return crew.stage.position()
