"""The host of workers with real processes."""

import logging
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, cast

import anyio
import psutil
import pytest

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.engine import Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.frames import Frame, read_frame
from spark_vtuber.health.workers import WorkerLimits, open_worker

pytestmark = pytest.mark.real

UNRULY = "spark_vtuber.testing.unruly"
ESPEAK = "spark_vtuber.tts.workers.espeak"
PATIENT = WorkerLimits(ready_s=20.0, silence_s=20.0, cancel_s=2.0, backoff_s=0.01, backoff_max_s=0.1)
DEADLINE_S = 20.0


def opened(*argv: str, limits: WorkerLimits = PATIENT, module: str = UNRULY) -> AbstractAsyncContextManager[Worker]:
    log = logging.getLogger("test.workers")
    return open_worker(module, argv, log=log, clock=SystemClock(), rng=random.Random(7), limits=limits)


def asking(worker: Worker, **header: Any) -> AsyncGenerator[Frame, None]:
    return cast("AsyncGenerator[Frame, None]", worker.request(header))


async def counted(worker: Worker, **header: Any) -> list[int]:
    async with aclosing(asking(worker, **({"op": "count", "n": 3} | header))) as frames:
        return [frame.header["n"] async for frame in frames]


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(DEADLINE_S):
        while not condition():
            await anyio.sleep(0.01)


async def test_requests_are_answered_by_one_process() -> None:
    async with opened() as worker:
        pid = worker.pid
        assert await counted(worker) == [0, 1, 2]
        assert await counted(worker) == [0, 1, 2]
        assert worker.pid == pid


async def test_a_large_answer_arrives_whole_while_nobody_takes_it() -> None:
    async with opened() as worker, aclosing(asking(worker, op="count", n=3_000)) as frames:
        first = await anext(frames)
        await anyio.sleep(0.2)
        assert [first.header["n"], *[frame.header["n"] async for frame in frames]] == list(range(3_000))


async def test_a_cancelled_request_stops_and_the_process_stays() -> None:
    async with opened() as worker:
        pid = worker.pid
        async with aclosing(asking(worker, op="count", n=1_000, pause_s=0.05)) as frames:
            await anext(frames)
        assert await counted(worker) == [0, 1, 2]
        assert worker.pid == pid


@pytest.mark.parametrize("habit", ["die", "garbage"])
async def test_a_worker_that_breaks_off_fails_its_request_and_is_replaced(habit: str) -> None:
    async with opened() as worker:
        pid = worker.pid
        with pytest.raises(EngineError) as caught:
            await counted(worker, op=habit)
        assert caught.value.code == "worker_failed"
        assert caught.value.retryable
        assert await counted(worker) == [0, 1, 2]
        assert worker.pid != pid
        assert not is_running(cast("int", pid))


async def test_a_worker_killed_while_it_is_idle_is_replaced() -> None:
    async with opened() as worker:
        pid = cast("int", worker.pid)
        psutil.Process(pid).kill()
        await until(lambda: worker.pid not in {pid, None})
        assert await counted(worker) == [0, 1, 2]


async def test_a_worker_that_hangs_is_killed_and_replaced_when_its_request_is_cancelled() -> None:
    limits = WorkerLimits(ready_s=20.0, silence_s=20.0, cancel_s=0.2, backoff_s=0.01)
    async with opened(limits=limits) as worker:
        pid = cast("int", worker.pid)
        async with aclosing(asking(worker, op="hang")) as frames:
            await anext(frames)
        assert await counted(worker) == [0, 1, 2]
        assert worker.pid != pid
        assert not is_running(pid)


async def test_a_worker_that_falls_silent_is_killed_and_replaced() -> None:
    limits = WorkerLimits(ready_s=20.0, silence_s=0.3, cancel_s=2.0, backoff_s=0.01)
    async with opened(limits=limits) as worker:
        with pytest.raises(EngineError, match="fell silent"):
            await counted(worker, op="hang")
        assert await counted(worker) == [0, 1, 2]


@pytest.mark.parametrize(
    ("habit", "code", "words"),
    [("crash", "worker_failed", "told to crash"), ("refuse", "not_installed", "told to refuse")],
)
async def test_a_worker_that_cannot_start_says_why(habit: str, code: str, words: str) -> None:
    with pytest.raises(EngineError, match=words) as caught:
        async with opened(habit):
            pytest.fail("it never was ready")
    assert caught.value.code == code


async def test_a_module_that_is_not_there_cannot_start() -> None:
    with pytest.raises(EngineError, match="No module named"):
        async with opened(module="spark_vtuber.no.such.worker"):
            pytest.fail("it never was ready")


async def test_a_worker_that_never_is_ready_is_killed() -> None:
    with pytest.raises(EngineError, match="not ready"):
        async with opened("mute", limits=WorkerLimits(ready_s=0.5)):
            pytest.fail("it never was ready")
    assert not [child for child in psutil.Process().children() if "mute" in child.cmdline()]


@pytest.mark.parametrize("habit", ["", "stay"])
async def test_leaving_ends_the_process_whether_it_wants_or_not(habit: str) -> None:
    async with opened(habit) as worker:
        pid = cast("int", worker.pid)
        assert await counted(worker) == [0, 1, 2]
    assert not is_running(pid)


@pytest.mark.platform("linux", "darwin")
async def test_a_worker_has_a_process_group_of_its_own() -> None:
    async with opened() as worker, aclosing(asking(worker, op="group")) as frames:
        assert (await anext(frames)).header["group"] == worker.pid
        assert worker.pid != os.getpgrp()


def started(module: str, *argv: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-X", "utf8", "-P", "-m", module, *argv]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    ready = read_frame(process.stdout)  # type: ignore[arg-type]  # a pipe reads like a BinaryIO
    assert ready == Frame({"type": "ready"})
    return process


@pytest.mark.parametrize(("module", "argument"), [(UNRULY, ""), (ESPEAK, "en-us")])
def test_a_worker_ends_when_its_stdin_closes(module: str, argument: str) -> None:
    with started(module, argument) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0


@pytest.mark.platform("linux", "darwin")
@pytest.mark.parametrize(("module", "argument"), [(UNRULY, ""), (ESPEAK, "en-us")])
def test_a_worker_ignores_a_ctrl_c_that_reaches_it(module: str, argument: str) -> None:
    with started(module, argument) as process:
        assert process.stdin is not None
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0


HOST = """
import logging, random, sys
import anyio
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.health.workers import open_worker

async def main():
    log, clock = logging.getLogger("host"), SystemClock()
    async with open_worker(sys.argv[1], sys.argv[2:], log=log, clock=clock, rng=random.Random(1)) as worker:
        print(worker.pid, flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(("module", "argument"), [(UNRULY, ""), (ESPEAK, "en-us")])
async def test_nothing_survives_a_kill_of_the_show(module: str, argument: str) -> None:
    async with await anyio.open_process([sys.executable, "-c", HOST, module, argument], stderr=None) as host:
        assert host.stdout is not None
        pid = int(await host.stdout.receive())
        assert is_running(pid)
        host.kill()
        await until(lambda: not is_running(pid))
