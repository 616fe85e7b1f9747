from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import numpy as np
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import SessionId
from spark_vtuber.stage.device import play_on
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.testing.contracts.stage import PROMISES, Promise, Trial
from spark_vtuber.testing.speakers import FakeSpeaker
from spark_vtuber.testing.stages import page_on
from spark_vtuber.testing.virtual import VirtualClock

CLOCK = VirtualClock()


@asynccontextmanager
async def played(hall: StageHall, speaker: FakeSpeaker) -> AsyncIterator[list[str]]:
    states: list[str] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(speaker.run)
        join = partial(hall.connect, is_device=True)
        tasks.start_soon(play_on, speaker.open, join, lambda state, detail: states.append(f"{state}: {detail}"))
        await anyio.sleep(0.01)
        yield states
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_hall_keeps_the_promises_of_a_stage_with_a_device(promise: Promise) -> None:
    hall = StageHall(CLOCK, SessionId("s"), ())
    async with played(hall, FakeSpeaker(CLOCK, lag_s=0.02)):
        await promise(Trial(hall, CLOCK, tolerance_s=0.1))


async def test_the_device_is_the_owner_before_a_page_in_obs() -> None:
    hall = StageHall(CLOCK, SessionId("s"), ())
    async with page_on(hall.connect, CLOCK, name="obs") as page:
        await anyio.sleep(0.1)
        assert page.is_owner
        page.say('{"type": "hello", "client": "obs", "audio": false}')
        async with played(hall, FakeSpeaker(CLOCK)) as states:
            page.say('{"type": "hello", "client": "obs", "audio": true}')
            await anyio.sleep(0.1)
            assert states == ["ok: plays on cable"]
            assert not page.is_owner


async def test_an_unplugged_device_is_told_within_a_second_and_nobody_waits_for_it() -> None:
    hall = StageHall(CLOCK, SessionId("s"), ())
    speaker = FakeSpeaker(CLOCK)
    failures: list[EngineError] = []

    async def play() -> None:
        try:
            await play_on(speaker.open, partial(hall.connect, is_device=True), lambda *_: None)
        except EngineError as error:
            failures.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(play)
        await anyio.sleep(5)
        assert hall.audience == 1
        speaker.is_unplugged = True
        await anyio.sleep(1.1)
    assert [(failure.code, failure.retryable) for failure in failures] == [("device_lost", True)]
    assert hall.audience == 0


async def test_a_device_of_another_rate_hears_the_same_length() -> None:
    hall = StageHall(CLOCK, SessionId("s"), ())
    speaker = FakeSpeaker(CLOCK, rate=48_000)
    async with played(hall, speaker):
        await next(one for one in PROMISES if "end" in one.__name__ or "sound" in one.__name__)(
            Trial(hall, CLOCK, tolerance_s=0.1)
        )
        await anyio.sleep(1)
    assert np.concatenate(speaker.heard).dtype == np.int16
