import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.board import Board
from spark_vtuber.health.renewal import LEAVE_S, Renewable
from spark_vtuber.health.supervisor import Pauses
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.virtual import VirtualClock


class Engine:
    """Something that is opened and closed."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_closed = False
        self.crash = anyio.Event()

    async def answer(self) -> int:
        await anyio.sleep(10)
        return self.number


class Works:
    """Opens engines; `errors` are raised first. `slow_s` is what an opening takes."""

    def __init__(self) -> None:
        self.engines: list[Engine] = []
        self.errors: list[Exception] = []
        self.slow_s = 0.0
        self.notes = Notes()
        self.board = Board(VirtualClock(), self.notes)
        self.renewable = Renewable[Engine](
            self.open,
            self.board.reporter("tts:fake", "tts"),
            summary="a fake",
            clock=VirtualClock(),
            pauses=Pauses(VirtualClock(), random.Random(1)),
            log=logging.getLogger("test"),
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Engine]:
        await anyio.sleep(self.slow_s)
        if self.errors:
            raise self.errors.pop(0)
        engine = Engine(len(self.engines) + 1)
        self.engines.append(engine)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._crash, engine)
                yield engine
                tasks.cancel_scope.cancel()
        finally:
            engine.is_closed = True

    async def _crash(self, engine: Engine) -> None:
        await engine.crash.wait()
        raise ZeroDivisionError

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Renewable[Engine]]:
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.renewable.run)
            yield self.renewable
            tasks.cancel_scope.cancel()

    async def ask(self, got: list[object]) -> None:
        try:
            with self.renewable.using() as lease:
                got.append(await lease.wait(lease.engine.answer()))
        except EngineError as error:
            got.append(error.code)

    @property
    def state(self) -> str:
        return self.board.components[0].state


async def test_a_fresh_engine_is_ready_before_the_old_one_leaves_and_nobody_is_cut_off() -> None:
    works, got = Works(), list[object]()
    works.slow_s = 3
    async with works.kept() as engine, anyio.create_task_group() as tasks:
        tasks.start_soon(works.ask, got)
        await anyio.sleep(1)
        assert await engine.renew("it is old")
        old, new = works.engines
        assert not old.is_closed
        tasks.start_soon(works.ask, got)
        await anyio.sleep(8)
        assert got == [1]
        assert old.is_closed
        assert not new.is_closed
    assert got == [1, 2]
    assert all(one.is_closed for one in works.engines)
    assert [one["why"] for one in works.notes.of("component.restarted")] == ["it is old"]


async def test_an_old_engine_does_not_wait_for_ever_for_those_who_use_it() -> None:
    works = Works()
    async with works.kept() as engine:
        with engine.using():
            await engine.renew("it is old")
            await anyio.sleep(LEAVE_S + 1)
            assert works.engines[0].is_closed


async def test_who_waits_for_a_hung_engine_is_told_when_it_is_replaced() -> None:
    works, got = Works(), list[object]()
    async with works.kept() as engine, anyio.create_task_group() as tasks:
        tasks.start_soon(works.ask, got)
        await anyio.sleep(1)
        assert engine.ask("hung")
        assert not engine.ask("hung")
        assert not engine.is_open
        await anyio.sleep(1)
        assert got == ["restarted"]
        assert works.engines[0].is_closed
        assert engine.is_open
    assert works.board.components[0].restarts == 1


async def test_while_no_engine_is_there_the_caller_hears_so_at_once() -> None:
    works, got = Works(), list[object]()
    works.errors = [EngineError("not_installed", "it is missing", fix="install it")]
    async with works.kept() as engine:
        await works.ask(got)
        assert got == ["restarting"]
        assert (works.state, works.board.components[0].fix) == ("failed", "install it")
        await anyio.sleep(1000)
        assert not engine.is_open
        engine.ask("installed")
        await anyio.sleep(1)
        assert (engine.is_open, works.state) == (True, "ok")


async def test_an_engine_that_may_come_back_is_tried_again_by_itself() -> None:
    works = Works()
    works.errors = [EngineError("worker_failed", "it died", retryable=True), ZeroDivisionError()]
    async with works.kept() as engine:
        assert not engine.is_open
        await engine.in_place(5)
        assert engine.is_open


async def test_a_renewal_that_fails_leaves_the_old_engine_in_place() -> None:
    works = Works()
    async with works.kept() as engine:
        works.errors = [EngineError("no_memory", "too little memory")]
        assert not await engine.renew("it is old")
        assert engine.is_open
        assert (works.state, works.board.components[0].last_error) == ("degraded", "too little memory")
        assert not works.engines[0].is_closed


async def test_an_engine_that_crashes_is_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    works = Works()
    async with works.kept() as engine:
        works.engines[0].crash.set()
        await anyio.sleep(0.01)
        assert (engine.is_open, works.state) == (False, "failed")
        await engine.in_place(5)
        assert (len(works.engines), works.state) == (2, "ok")
        assert works.board.components[0].last_error == "crashed: ZeroDivisionError"
    assert "ended with an error" in caplog.text
