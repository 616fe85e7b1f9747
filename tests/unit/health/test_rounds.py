import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.rounds import Probe, RoundLimits, Rounds
from spark_vtuber.testing.virtual import VirtualClock


class Patient:
    """A component under watch."""

    def __init__(self, name: str = "patient") -> None:
        self.name = name
        self.looks: list[float] = []
        self.whys: list[tuple[float, str]] = []
        self.used_s = anyio.current_time()
        self.error: Exception | None = None
        self.is_hung = False

    @property
    def probe(self) -> Probe:
        return Probe(self.name, self.look, lambda: self.used_s, self.failed)

    async def look(self) -> None:
        self.looks.append(anyio.current_time())
        if self.is_hung:
            await anyio.sleep_forever()
        if self.error is not None:
            raise self.error

    def failed(self, why: str) -> None:
        self.whys.append((anyio.current_time(), why))


async def walked(*patients: Patient, for_s: float) -> Rounds:
    rounds = Rounds(VirtualClock(), RoundLimits())
    for patient in patients:
        rounds.add(patient.probe)
    with anyio.move_on_after(for_s):
        await rounds.run()
    return rounds


async def test_a_hang_is_found_within_ninety_seconds_though_nobody_asks() -> None:
    patient = Patient()
    patient.is_hung = True
    start_s = anyio.current_time()
    await walked(patient, for_s=100)
    at_s, why = patient.whys[0]
    assert at_s - start_s <= 90
    assert why == "hung: no answer to a probe in 10 s"


async def test_what_is_in_use_is_left_alone() -> None:
    patient = Patient()

    async def use() -> None:
        while True:
            patient.used_s = anyio.current_time()
            await anyio.sleep(30)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(use)
        await walked(patient, for_s=600)
        tasks.cancel_scope.cancel()
    assert not patient.looks


async def test_an_idle_component_is_tried_about_once_a_minute() -> None:
    patient = Patient()
    await walked(patient, for_s=620)
    assert len(patient.looks) == 10
    assert not patient.whys


async def test_one_that_failed_is_tried_again_soon_until_it_is_well() -> None:
    patient = Patient()
    patient.error = EngineError("down", "it is down", retryable=True)

    async def mend() -> None:
        await anyio.sleep(125)
        patient.error = None

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mend)
        await walked(patient, for_s=190)
    assert 4 <= len(patient.whys) <= 7
    assert patient.whys[0][1] == "a probe failed: it is down"
    assert patient.looks[-1] - patient.whys[-1][0] <= 20


@pytest.mark.parametrize("is_hung", [True, False])
async def test_one_bad_component_does_not_keep_others_from_being_tried(is_hung: bool) -> None:
    bad, good = Patient("bad"), Patient("good")
    bad.is_hung, bad.error = is_hung, ZeroDivisionError("what ana wrote")
    await walked(bad, good, for_s=300)
    assert good.looks
    assert not good.whys
    assert "ana" not in str(bad.whys)


async def test_one_that_was_taken_off_the_list_is_not_tried() -> None:
    patient = Patient()
    rounds = Rounds(VirtualClock())
    rounds.add(patient.probe)
    rounds.remove("patient")
    with anyio.move_on_after(200):
        await rounds.run()
    assert not patient.looks
