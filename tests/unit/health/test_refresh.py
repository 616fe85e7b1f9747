from collections.abc import Callable

import anyio

from spark_vtuber.health.refresh import LOOK_S, MB, PATIENCE_S, Refresh, RefreshPlan
from spark_vtuber.testing.virtual import VirtualClock

HOUR_S = 3_600.0


class Worker:
    """Something that grows old."""

    def __init__(self, name: str, renewals: list[tuple[str, str, float]], takes_s: float = 5.0) -> None:
        self.name = name
        self.born_s = anyio.current_time()
        self._renewals = renewals
        self._takes_s = takes_s

    @property
    def age_s(self) -> float:
        return anyio.current_time() - self.born_s

    async def renew(self, why: str) -> bool:
        await anyio.sleep(self._takes_s)
        self._renewals.append((self.name, why, anyio.current_time()))
        self.born_s = anyio.current_time()
        return True


class Stable:
    def __init__(self, plan: RefreshPlan, resident: Callable[[str], int | None] = lambda _: None) -> None:
        self.renewals: list[tuple[str, str, float]] = []
        self.is_speaking = False
        self.workers: list[Worker] = []
        self.refresh = Refresh(VirtualClock(), lambda: plan, lambda: self.workers, resident, self._pause)

    def add(self, name: str) -> None:
        self.workers.append(Worker(name, self.renewals))

    async def _pause(self) -> None:
        while self.is_speaking:
            await anyio.sleep(1)

    async def for_hours(self, hours: float) -> None:
        with anyio.move_on_after(hours * HOUR_S):
            await self.refresh.run()


async def test_old_workers_are_renewed_one_after_the_other() -> None:
    stable = Stable(RefreshPlan(after_s=2 * HOUR_S))
    stable.add("one")
    stable.add("two")
    await stable.for_hours(5)
    assert [name for name, _, _ in stable.renewals] == ["one", "two", "one", "two"]
    (_, why, first_s), (_, _, second_s) = stable.renewals[:2]
    assert why == "it is 2.0 hours old"
    assert second_s - first_s >= 5


async def test_nobody_is_renewed_for_its_age_where_that_is_off() -> None:
    stable = Stable(RefreshPlan(after_s=0))
    stable.add("one")
    await stable.for_hours(100)
    assert not stable.renewals


async def test_a_worker_whose_memory_grows_is_renewed() -> None:
    start_s = anyio.current_time()

    def resident(name: str) -> int:
        hours = (anyio.current_time() - start_s) / HOUR_S
        return round((100 + (300 * hours if name == "fat" else 1 * hours)) * MB)

    stable = Stable(RefreshPlan(after_s=0, growth_mb_per_h=200), resident)
    stable.add("thin")
    stable.add("fat")
    await stable.for_hours(0.9)
    assert [(name, why) for name, why, _ in stable.renewals] == [("fat", "its memory grows by 300 MB an hour")]


async def test_a_break_of_the_stream_renews_what_would_be_due_soon() -> None:
    stable = Stable(RefreshPlan(after_s=6 * HOUR_S, break_after_s=HOUR_S))
    stable.add("one")

    async def breaks() -> None:
        await anyio.sleep(0.5 * HOUR_S)
        stable.refresh.take_break("an ad runs")
        await anyio.sleep(HOUR_S)
        stable.refresh.take_break("an ad runs")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(breaks)
        await stable.for_hours(2)
    ((_, why, at_s),) = stable.renewals
    assert why == "an ad runs, and it is 1.5 hours old"
    assert at_s == 1_000 + 1.5 * HOUR_S + 5


async def test_a_renewal_waits_for_a_pause_between_turns_but_not_for_ever() -> None:
    stable = Stable(RefreshPlan(after_s=HOUR_S))
    stable.add("one")
    stable.is_speaking = True

    async def stop() -> None:
        await anyio.sleep(HOUR_S + 90)
        stable.is_speaking = False

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop)
        await stable.for_hours(1.5)
    assert HOUR_S + 90 <= stable.renewals[0][2] - 1_000 <= HOUR_S + 90 + LOOK_S
    stable.is_speaking = True
    await stable.for_hours(1.5)
    assert len(stable.renewals) == 2
    assert PATIENCE_S > 90
