import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.stage.port import Caption, Position
from spark_vtuber.testing.contracts.stage import PROMISES, RATE, Promise, Trial, speak
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.virtual import VirtualClock


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_fake_keeps_the_promises_of_a_stage(promise: Promise) -> None:
    await promise(Trial(FakeStage(VirtualClock()), VirtualClock()))


@pytest.mark.parametrize("promise", PROMISES)
async def test_a_late_fake_keeps_the_promises_of_a_stage(promise: Promise) -> None:
    await promise(Trial(FakeStage(VirtualClock(), lag_s=0.1, flush_s=0.05), VirtualClock(), tolerance_s=0.15))


async def test_it_tells_who_was_audible_when() -> None:
    clock = VirtualClock()
    stage = FakeStage(clock, flush_s=0.05)
    began = clock.now()
    await speak(stage, 1, 2.0)
    await stage.reached(Position(1, RATE))
    await stage.flush(TurnId("t1"))
    await stage.reached(await speak(stage, 2, 0.5, "t2"))
    first, second = stage.audible()
    assert first.end_s - began == pytest.approx(1.05)
    assert (second.turn, second.first_sample) == ("t2", 0)
    assert second.start_s >= first.end_s
    assert stage.speaker_at(began + 0.5) == "main"
    assert stage.speaker_at(began - 0.5) is None


async def test_it_fails_while_it_is_told_to() -> None:
    stage = FakeStage(VirtualClock())
    stage.failure = EngineError("stage_failed", "the stage is down")
    with pytest.raises(EngineError):
        await stage.perform(Caption(PersonaId("main"), "Hello."))
    stage.failure = None
    await stage.perform(Caption(PersonaId("main"), "Hello."))
    assert stage.taken(Caption) == [Caption(PersonaId("main"), "Hello.")]
