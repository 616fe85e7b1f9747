import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.breaker import Breaker
from spark_vtuber.testing.virtual import VirtualClock


def breaker(changes: list[bool], threshold: int = 3) -> Breaker:
    made = Breaker(VirtualClock(), lambda: changes.append(made.is_closed), lambda: threshold)
    return made


async def test_it_opens_after_three_failures_in_a_row() -> None:
    changes: list[bool] = []
    fuse = breaker(changes)
    for _ in range(2):
        fuse.failed("timeout")
    assert fuse.is_closed
    fuse.failed("timeout")
    fuse.failed("dropped")
    assert not fuse.is_closed
    assert changes == [False]
    assert fuse.last_error == "dropped"


async def test_a_success_in_between_starts_the_count_again() -> None:
    fuse = breaker([])
    for _ in range(5):
        fuse.failed("timeout")
        fuse.failed("timeout")
        fuse.succeeded()
    assert fuse.is_closed


async def test_a_probe_closes_it_again() -> None:
    changes: list[bool] = []
    fuse = breaker(changes, threshold=1)
    tries: list[float] = []

    async def probe() -> None:
        tries.append(anyio.current_time())
        if len(tries) < 3:
            raise EngineError("unreachable", "nobody answers", retryable=True)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fuse.keep_probing, probe, lambda: 30.0)
        await anyio.sleep(1)
        start = anyio.current_time()
        fuse.failed("timeout")
        await anyio.sleep(200)
        tasks.cancel_scope.cancel()
    assert [at - start for at in tries] == [30, 60, 90]
    assert changes == [False, True]


async def test_it_opens_and_closes_again_and_again() -> None:
    changes: list[bool] = []
    fuse = breaker(changes, threshold=1)

    async def probe() -> None:
        return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fuse.keep_probing, probe)
        for _ in range(3):
            fuse.failed("timeout")
            await anyio.sleep(31)
        tasks.cancel_scope.cancel()
    assert changes == [False, True] * 3


async def test_an_engine_that_answered_meanwhile_is_not_probed() -> None:
    fuse = breaker([], threshold=1)
    tries: list[float] = []

    async def probe() -> None:
        tries.append(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fuse.keep_probing, probe)
        fuse.failed("timeout")
        await anyio.sleep(10)
        fuse.succeeded()
        await anyio.sleep(60)
        tasks.cancel_scope.cancel()
    assert tries == []
