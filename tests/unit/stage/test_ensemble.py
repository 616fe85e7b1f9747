from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.ensemble import Ensemble, Follower
from spark_vtuber.stage.port import Position
from spark_vtuber.stage.timeline import Timeline
from spark_vtuber.testing.contracts.stage import PROMISES, RATE, Promise, Trial, speak
from spark_vtuber.testing.stages import FakeStage, MemoryTape
from spark_vtuber.testing.virtual import VirtualClock

CLOCK = VirtualClock()


class Recorders:
    """Opens a recording in memory; each opening is a new tape, and fails while `failure` is set."""

    def __init__(self) -> None:
        self.tapes: list[MemoryTape] = []
        self.failure: EngineError | None = None
        self.closing: EngineError | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Follower]:
        if self.failure is not None:
            raise self.failure
        self.tapes.append(MemoryTape())
        yield Timeline(self.tapes[-1], RATE)
        if self.closing is not None:
            raise self.closing


class Reports:
    def __init__(self) -> None:
        self.lines: list[tuple[float, str, str | None]] = []

    def __call__(self, name: str, error: EngineError | None) -> None:
        self.lines.append((CLOCK.now(), name, None if error is None else error.message))

    def errors(self) -> list[str | None]:
        return [error for _, _, error in self.lines]


FULL = EngineError("stage_failed", "the disk is full")


@pytest.mark.parametrize("promise", PROMISES)
async def test_an_ensemble_keeps_the_promises_of_a_stage(promise: Promise) -> None:
    await promise(Trial(Ensemble(FakeStage(CLOCK), {}, Reports()), CLOCK))


async def test_followers_get_what_the_leader_heard() -> None:
    recorders, reports = Recorders(), Reports()
    ensemble = Ensemble(FakeStage(CLOCK), {"recorder": recorders.open}, reports)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ensemble.run)
        await anyio.sleep(0.1)
        await speak(ensemble, 1, 2.0)
        await ensemble.reached(Position(1, RATE))
        await ensemble.flush(TurnId("t1"))
        tasks.cancel_scope.cancel()
    assert len(recorders.tapes[0].pcm) == RATE * 2
    assert recorders.tapes[0].events[-1]["type"] == "cancel"
    assert reports.errors() == [None]


async def test_a_follower_that_fails_is_skipped_reported_and_opened_again() -> None:
    recorders, reports = Recorders(), Reports()
    lead = FakeStage(CLOCK)
    ensemble = Ensemble(lead, {"recorder": recorders.open}, reports)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ensemble.run)
        await anyio.sleep(0.1)
        recorders.tapes[0].failure = FULL
        await ensemble.reached(await speak(ensemble, 1, 1.0))
        await ensemble.flush(TurnId("t1"))
        await anyio.sleep(5.0)
        await ensemble.reached(await speak(ensemble, 2, 1.0, "t2"))
        await ensemble.flush(TurnId("t2"))
        tasks.cancel_scope.cancel()
    assert reports.errors() == [None, "the disk is full", None]
    assert len(recorders.tapes[1].pcm) == RATE * 2
    assert len(lead.audible()) == 2


async def test_pauses_grow_while_it_fails_and_start_anew_when_it_worked() -> None:
    recorders, reports = Recorders(), Reports()
    recorders.failure = FULL
    ensemble = Ensemble(FakeStage(CLOCK), {"recorder": recorders.open}, reports)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ensemble.run)
        await anyio.sleep(60.0)
        recorders.failure = None
        await anyio.sleep(60.0)
        recorders.tapes[0].failure = FULL
        await ensemble.flush(TurnId("t1"))
        await anyio.sleep(10.0)
        tasks.cancel_scope.cancel()
    at = [instant for instant, _, _ in reports.lines]
    pauses = [round(later - earlier) for earlier, later in pairwise(at)]
    assert pauses == [1, 2, 5, 10, 30, 30, 42, 1]


async def test_the_reason_of_a_failure_is_not_hidden_by_a_failing_close() -> None:
    recorders, reports = Recorders(), Reports()
    recorders.closing = EngineError("stage_failed", "cannot close")
    ensemble = Ensemble(FakeStage(CLOCK), {"recorder": recorders.open}, reports)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ensemble.run)
        await anyio.sleep(0.1)
        recorders.tapes[0].failure = FULL
        await ensemble.flush(TurnId("t1"))
        await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
    assert reports.errors() == [None, "the disk is full"]
