import pytest

from spark_vtuber.core.ids import SessionId
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.testing.contracts.stage import PROMISES, Promise, Trial
from spark_vtuber.testing.stages import page_on
from spark_vtuber.testing.virtual import VirtualClock

CLOCK = VirtualClock()


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_hall_keeps_the_promises_of_a_stage_without_a_page(promise: Promise) -> None:
    await promise(Trial(StageHall(CLOCK, SessionId("s"), ()), CLOCK))


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_hall_keeps_the_promises_of_a_stage_with_a_page(promise: Promise) -> None:
    hall = StageHall(CLOCK, SessionId("s"), ())
    async with page_on(hall.connect, CLOCK):
        await promise(Trial(hall, CLOCK))


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_hall_keeps_the_promises_of_a_stage_with_a_late_page(promise: Promise) -> None:
    hall = StageHall(CLOCK, SessionId("s"), ())
    async with page_on(hall.connect, CLOCK, lag_s=0.04):
        await promise(Trial(hall, CLOCK, tolerance_s=0.1))
