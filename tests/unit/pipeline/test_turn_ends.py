"""How a turn ends when it is not simply over: a bug, a shutdown, a stage that breaks while it is silenced."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import pytest

from spark_vtuber.core.cues import Behaviour
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Clause, Mark, Outcome, TurnRecord
from spark_vtuber.pipeline.floor import Seat
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.script import Script
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.stage.port import Position, SpeechStart, TurnOver
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.stages import FakeStage


async def test_a_bug_leaves_a_record_that_says_so() -> None:
    rig = Rig()
    rig.stage.failure = ZeroDivisionError()
    turn = rig.turn()
    with pytest.raises(ExceptionGroup):
        await run_turn(turn, rig.crew())
    record = turn.record()
    assert (record.outcome, record.error, record.heard) == (Outcome.FAILED, "bug", "")


async def test_a_shutdown_leaves_a_record_of_what_was_heard() -> None:
    rig = Rig()
    turn = rig.turn()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, turn, rig.crew())
        await anyio.sleep(1.5)
        tasks.cancel_scope.cancel()
    record = turn.record()
    assert (record.outcome, record.reason) == (Outcome.INTERRUPTED, "shutdown")
    assert record.heard
    assert record.said.startswith(record.heard)


class Stuck(FakeStage):
    """A stage that breaks when it must fall silent."""

    async def flush(self, turn: TurnId) -> Position:
        raise ZeroDivisionError


async def test_a_stage_that_breaks_while_it_is_silenced_does_not_keep_the_floor() -> None:
    rig = Rig()
    rig.stage = Stuck(rig.clock)

    async def stop_in_mid_sentence() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_turn, rig.turn(), rig.crew())
            await anyio.sleep(1)
            tasks.cancel_scope.cancel()

    with pytest.raises(ExceptionGroup):
        await stop_in_mid_sentence()
    assert rig.floor.holder is None


async def test_a_turn_is_over_on_the_stages_before_the_next_one_speaks() -> None:
    rig = Rig()
    crew = rig.crew()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, rig.turn(), crew)
        tasks.start_soon(run_turn, rig.turn(persona=EMBER), crew)
    order = [part for _, part in rig.stage.parts if isinstance(part, SpeechStart | TurnOver)]
    over = next(index for index, part in enumerate(order) if isinstance(part, TurnOver))
    assert {part.utterance.turn for part in order[:over] if isinstance(part, SpeechStart)} == {TurnId("t1")}


async def test_a_turn_that_said_nothing_does_not_count_as_the_last_that_was_heard() -> None:
    rig = Rig()
    crew = rig.crew()
    crew.floor.last_heard = "What Spark said."
    await run_turn(rig.turn(rig.cue(expected="Something else.")), crew)
    assert crew.floor.last_heard == "What Spark said."


async def test_a_turn_is_superseded_by_one_of_the_same_persona_that_replaces_it() -> None:
    rig = Rig()
    crew = rig.crew()
    records: list[TurnRecord] = []

    async def play(turn: Turn) -> None:
        records.append(await run_turn(turn, crew))

    blocker = Seat(rig.turn(), PersonaId("host"), Behaviour.QUEUE, 0)
    await crew.floor.take(blocker)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(play, rig.turn())
        await anyio.sleep(1)
        tasks.start_soon(play, rig.turn(rig.cue(behaviour=Behaviour.REPLACE)))
        await anyio.sleep(1)
        crew.floor.leave(blocker)
    assert [(record.outcome, record.reason) for record in records] == [
        (Outcome.SUPERSEDED, "replaced"),
        (Outcome.COMPLETED, ""),
    ]


async def test_an_understudy_that_has_nothing_to_say_is_a_failure() -> None:
    rig = Rig()
    rig.model = None
    rig.understudy = ScriptedModel(" ")
    record = await run_turn(rig.turn(), rig.crew())
    assert (record.outcome, record.error) == (Outcome.FAILED, "empty")


async def test_the_end_of_the_sound_is_marked_once_and_never_for_a_turn_that_was_cut() -> None:
    rig = Rig()
    rig.muted.add(SPARK.id)
    rig.model = ScriptedModel("Hello there, my friend. Read this aloud to yourself.", token_s=0)
    turn = rig.turn()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_turn, turn, rig.crew())
        await anyio.sleep(1.5)
        tasks.cancel_scope.cancel()
    assert Mark.LAST_PLAYED not in turn.record().marks


async def test_an_answer_whose_end_hangs_does_not_keep_a_cut_turn() -> None:
    rig = Rig()
    turn = rig.turn()

    async def stubborn() -> AsyncGenerator[Clause, None]:
        try:
            yield Clause("Hello there.", "Hello there.", "Hello there.")
        finally:
            await anyio.sleep(3_600)

    began_s = rig.clock.now()
    async with anyio.create_task_group() as tasks, aclosing(stubborn()) as source:
        async with aclosing(Script(turn, rig.crew(), source, tasks).clauses()) as clauses:
            assert (await anext(clauses)).shown == "Hello there."
        assert rig.clock.now() - began_s < 1
