import logging
import random
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, cast

import anyio
import pytest

from spark_vtuber.core.engine import Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.frames import Frame
from spark_vtuber.health.worker_link import MAX_FRAMES
from spark_vtuber.health.workers import WorkerLimits, open_worker
from spark_vtuber.testing.children import FakeChild, starting
from spark_vtuber.testing.virtual import VirtualClock

LIMITS = WorkerLimits(ready_s=5.0, silence_s=2.0, cancel_s=0.2, backoff_s=0.1, backoff_max_s=1.0, steady_s=30.0)
LOG = logging.getLogger("test.workers")


def opened(*children: FakeChild | OSError) -> AbstractAsyncContextManager[Worker]:
    return open_worker(
        "some.worker",
        ("x",),
        log=LOG,
        clock=VirtualClock(),
        rng=random.Random(7),
        limits=LIMITS,
        start=starting(children),
    )


def asking(worker: Worker, **header: Any) -> AsyncGenerator[Frame, None]:
    return cast("AsyncGenerator[Frame, None]", worker.request({"op": "count", **header}))


async def answer(worker: Worker) -> list[int]:
    async with aclosing(asking(worker)) as frames:
        return [frame.header["n"] async for frame in frames]


def counts(child: FakeChild, frame: Frame) -> None:
    """Answers with three frames and an end, cancels with an acknowledgement."""
    number = frame.header["id"]
    if frame.header["op"] == "cancel":
        child.write({"id": number, "type": "cancelled"})
        return
    for n in range(3):
        child.write({"id": number, "type": "count", "n": n})
    child.write({"id": number, "type": "end"})


def begins(child: FakeChild, frame: Frame) -> None:
    """Answers with one frame and no end; obeys a cancel."""
    kind = "cancelled" if frame.header["op"] == "cancel" else "count"
    child.write({"id": frame.header["id"], "type": kind, "n": 0})


def begins_and_disobeys(child: FakeChild, frame: Frame) -> None:
    if frame.header["op"] != "cancel":
        child.write({"id": frame.header["id"], "type": "count", "n": 0})


def dies(child: FakeChild, frame: Frame) -> None:
    begins(child, frame)
    child.die()


async def test_a_request_gets_its_frames_without_the_end() -> None:
    async with opened(FakeChild(counts, pid=42)) as worker:
        assert worker.pid == 42
        assert await answer(worker) == [0, 1, 2]
        assert await answer(worker) == [0, 1, 2]


async def test_requests_take_their_turns_in_order() -> None:
    child = FakeChild(begins)
    async with opened(child) as worker, anyio.create_task_group() as tasks:
        first = asking(worker, name="first")
        await anext(first)
        tasks.start_soon(anext, asking(worker, name="second"))
        await anyio.sleep(1)
        assert [frame.header.get("name") for frame in child.requests] == ["first"]
        await first.aclose()
        await anyio.sleep(0.1)
        assert [frame.header.get("name") for frame in child.requests][:3] == ["first", None, "second"]


async def test_leaving_ends_the_process_and_fails_what_is_in_flight() -> None:
    child = FakeChild(begins)
    async with opened(child) as worker:
        frames = asking(worker)
        await anext(frames)
    assert child.ended
    assert worker.pid is None
    with pytest.raises(EngineError, match="died in the middle"):
        await anext(frames)


async def test_closing_a_request_cancels_it_at_the_worker() -> None:
    child = FakeChild(begins)
    async with opened(child) as worker:
        async with aclosing(asking(worker)) as frames:
            await anext(frames)
        assert child.requests[-1].header == {"op": "cancel", "id": child.requests[0].header["id"]}
        assert not child.killed


async def test_cancelling_the_caller_cancels_the_request_at_the_worker() -> None:
    child = FakeChild(begins)
    async with opened(child) as worker:
        with anyio.move_on_after(0.5):
            await answer(worker)
        assert child.requests[-1].header["op"] == "cancel"
        assert not child.killed


async def test_frames_of_a_cancelled_request_are_thrown_away() -> None:
    child = FakeChild(begins)
    async with opened(child) as worker:
        frames = asking(worker)
        await anext(frames)
        stale = child.requests[0].header["id"]
        await frames.aclose()
        child.write({"id": stale, "type": "count", "n": 99})
        frames = asking(worker)
        assert (await anext(frames)).header["n"] == 0
        await frames.aclose()


async def test_a_worker_that_does_not_obey_a_cancel_is_killed_and_replaced() -> None:
    stubborn, good = FakeChild(begins_and_disobeys, pid=1), FakeChild(counts, pid=2)
    async with opened(stubborn, good) as worker:
        frames = asking(worker)
        await anext(frames)
        before = VirtualClock().now()
        await frames.aclose()
        assert VirtualClock().now() - before == pytest.approx(LIMITS.cancel_s)
        assert stubborn.killed
        assert worker.pid is None
        assert await answer(worker) == [0, 1, 2]
        assert worker.pid == 2


async def test_a_worker_that_dies_fails_its_request_and_is_replaced() -> None:
    async with opened(FakeChild(dies), FakeChild(counts)) as worker:
        with pytest.raises(EngineError) as caught:
            await answer(worker)
        assert caught.value.code == "worker_failed"
        assert caught.value.retryable
        assert await answer(worker) == [0, 1, 2]


async def test_a_worker_that_falls_silent_is_killed_and_replaced() -> None:
    silent = FakeChild(begins_and_disobeys)
    async with opened(silent, FakeChild(counts)) as worker:
        with pytest.raises(EngineError, match="fell silent"):
            await answer(worker)
        assert silent.killed
        assert await answer(worker) == [0, 1, 2]


async def test_a_worker_that_does_not_read_is_killed_and_replaced() -> None:
    deaf = FakeChild(is_deaf=True)
    async with opened(deaf, FakeChild(counts)) as worker:
        with pytest.raises(EngineError, match="does not read"):
            await answer(worker)
        assert deaf.killed
        assert await answer(worker) == [0, 1, 2]


def gone(child: FakeChild, frame: Frame) -> None:
    raise anyio.BrokenResourceError


def gone_at_a_cancel(child: FakeChild, frame: Frame) -> None:
    if frame.header["op"] == "cancel":
        child.die()
        raise anyio.BrokenResourceError
    begins(child, frame)


async def test_a_worker_that_closed_its_stdin_is_killed_and_replaced() -> None:
    closed = FakeChild(gone)
    async with opened(closed, FakeChild(counts)) as worker:
        with pytest.raises(EngineError, match="died"):
            await answer(worker)
        assert closed.killed
        assert await answer(worker) == [0, 1, 2]


async def test_a_worker_that_dies_of_a_cancel_is_replaced() -> None:
    async with opened(FakeChild(gone_at_a_cancel), FakeChild(counts)) as worker:
        frames = asking(worker)
        await anext(frames)
        await frames.aclose()
        assert await answer(worker) == [0, 1, 2]


@pytest.mark.parametrize(
    "garbage", [b"\xff" * 8, b"Traceback (most recent call last):", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"]
)
async def test_garbage_fails_the_request_and_replaces_the_worker(garbage: bytes) -> None:
    def talks_nonsense(child: FakeChild, frame: Frame) -> None:
        del frame
        child.stdout.write(garbage)

    nonsense = FakeChild(talks_nonsense)
    async with opened(nonsense, FakeChild(counts)) as worker:
        with pytest.raises(EngineError) as caught:
            await answer(worker)
        assert caught.value.code == "worker_failed"
        assert nonsense.killed
        assert await answer(worker) == [0, 1, 2]


async def test_an_answer_without_measure_kills_the_worker() -> None:
    def floods(child: FakeChild, frame: Frame) -> None:
        for n in range(MAX_FRAMES + 1):
            child.write({"id": frame.header["id"], "type": "count", "n": n})

    flooding = FakeChild(floods)
    async with opened(flooding, FakeChild(counts)) as worker:
        with pytest.raises(EngineError):
            await answer(worker)
        assert flooding.killed
        assert await answer(worker) == [0, 1, 2]


async def test_an_error_of_the_worker_is_the_requests_error_and_leaves_the_worker_alone() -> None:
    def refuses(child: FakeChild, frame: Frame) -> None:
        child.write({"id": frame.header["id"], "type": "error", "code": "no_voice", "message": "no such voice"})

    child = FakeChild(refuses)
    async with opened(child) as worker:
        with pytest.raises(EngineError, match="no_voice: no such voice") as caught:
            await answer(worker)
        assert caught.value.code == "worker_failed"
        assert len(child.requests) == 1
        assert not child.killed


async def test_a_first_start_that_fails_says_why() -> None:
    with pytest.raises(EngineError, match="cannot be started") as caught:
        async with opened(OSError("no such program")):
            pytest.fail("it never was ready")
    assert caught.value.code == "worker_failed"


async def test_a_worker_that_dies_before_it_is_ready_leaves_its_last_words() -> None:
    child = FakeChild(ready=False)
    child.stderr.write(b"Traceback\nImportError: no module\x1b[31m named espeak\n")
    child.die()
    with pytest.raises(EngineError, match=r"died: ImportError: no module \[31m named espeak"):
        async with opened(child):
            pytest.fail("it never was ready")


async def test_the_workers_own_code_tells_what_is_missing() -> None:
    child = FakeChild(ready=False)
    child.write({"type": "error", "code": "not_installed", "message": "no espeak", "fix": "install it"})
    with pytest.raises(EngineError, match="no espeak") as caught:
        async with opened(child):
            pytest.fail("it never was ready")
    assert (caught.value.code, caught.value.fix) == ("not_installed", "install it")
    assert child.killed


async def test_a_worker_that_speaks_before_it_is_ready_is_refused() -> None:
    child = FakeChild(ready=False)
    child.write({"type": "count", "id": 1})
    with pytest.raises(EngineError, match="before `ready`"):
        async with opened(child):
            pytest.fail("it never was ready")


async def test_a_worker_that_never_is_ready_is_killed() -> None:
    child = FakeChild(ready=False)
    before = VirtualClock().now()
    with pytest.raises(EngineError, match="not ready after 5 s"):
        async with opened(child):
            pytest.fail("it never was ready")
    assert child.killed
    assert VirtualClock().now() - before == pytest.approx(LIMITS.ready_s)


async def test_restarts_back_off_and_start_anew_after_a_steady_life() -> None:
    children = [FakeChild(pid=pid) for pid in range(6)]
    pauses = []
    async with opened(*children) as worker:
        for child in children[:4]:
            child.die()
            pauses.append(await _restarted_after(worker, child.pid + 1))
        await anyio.sleep(LIMITS.steady_s)
        children[4].die()
        pauses.append(await _restarted_after(worker, 5))
    for expected, pause in zip([0.1, 0.2, 0.4, 0.8, 0.1], pauses, strict=True):
        assert 0.5 * expected <= pause <= 1.5 * expected
    assert len({round(pause, 3) for pause in pauses}) > 1


async def _restarted_after(worker: Worker, pid: int) -> float:
    clock = VirtualClock()
    before = clock.now()
    with anyio.fail_after(20):
        while worker.pid != pid:
            await anyio.sleep(0.001)
    return clock.now() - before


async def test_a_request_waits_for_a_restart_but_not_for_ever() -> None:
    child = FakeChild()
    async with opened(child) as worker:
        child.die()
        await anyio.sleep(0.01)
        before = VirtualClock().now()
        with pytest.raises(EngineError, match="does not come back") as caught:
            await answer(worker)
        assert caught.value.retryable
        assert VirtualClock().now() - before == pytest.approx(LIMITS.ready_s)


async def test_stderr_goes_to_the_log_without_what_a_terminal_could_obey(caplog: pytest.LogCaptureFixture) -> None:
    child = FakeChild(counts)
    async with opened(child) as worker:
        child.stderr.write(b"voice \x1b[31mred\x07 \xff\nhalf ")
        child.stderr.write(b"a line")
        assert await answer(worker) == [0, 1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "some.worker: voice  [31mred  \ufffd",
        "some.worker: half a line",
    ]


async def test_an_error_of_the_callers_own_passes_through_as_it_is() -> None:
    child = FakeChild()
    with pytest.raises(EngineError, match="mine"):
        async with opened(child):
            raise EngineError("mine", "mine")
    assert child.ended


async def test_a_failed_request_leaves_the_turn_to_the_next_one() -> None:
    async with opened(FakeChild(dies), FakeChild(counts)) as worker:
        results: list[Any] = []

        async def ask() -> None:
            try:
                results.append(await answer(worker))
            except EngineError as error:
                results.append(error.code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(ask)
    assert results == ["worker_failed", [0, 1, 2]]
