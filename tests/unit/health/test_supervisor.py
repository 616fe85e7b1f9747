import itertools
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from spark_vtuber.core.desk import Component
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.board import Board
from spark_vtuber.health.supervisor import CALM_S, LONGEST_PAUSE_S, Supervisor
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.virtual import VirtualClock

LOG = logging.getLogger("test")


class Post:
    """A supervisor with one component."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.board = Board(VirtualClock(), self.notes)
        self.supervisor = Supervisor(self.board, VirtualClock(), random.Random(1), LOG)

    @asynccontextmanager
    async def keeps(self, start: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        report = self.board.reporter("part", "pipeline")
        report("ok")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.supervisor.keep, report, start)
            yield
            tasks.cancel_scope.cancel()

    @property
    def part(self) -> Component:
        return self.board.components[0]

    @property
    def states(self) -> list[tuple[str, str]]:
        told = [one["component"] for one in self.notes.of("health")]
        return [(one["state"], one["detail"]) for one in told]


async def test_a_component_that_is_done_is_started_again_only_when_asked() -> None:
    starts: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())

    post = Post()
    async with post.keeps(start):
        await anyio.sleep(1000)
        assert len(starts) == 1
        assert post.supervisor.restart("part", "somebody asked")
        await anyio.sleep(1)
        assert len(starts) == 2
    assert (post.part.restarts, post.part.detail) == (1, "restarted: somebody asked")


async def test_a_crash_is_shown_and_followed_by_a_restart_with_growing_pauses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())
        if len(starts) < 12:
            raise ZeroDivisionError
        await anyio.sleep_forever()

    post = Post()
    async with post.keeps(start):
        await anyio.sleep(1000)
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert len(starts) == 12
    assert pauses[0] <= 0.25
    assert pauses[-1] > 10
    assert max(pauses) <= LONGEST_PAUSE_S
    assert post.states.count(("failed", "crashed: ZeroDivisionError")) == 11
    assert (post.part.state, post.part.detail) == ("ok", "restarted after a crash, 11 so far: ZeroDivisionError")
    assert (post.part.restarts, post.part.last_error) == (11, "crashed: ZeroDivisionError")
    assert [one["restarts"] for one in post.notes.of("component.restarted")] == list(range(1, 12))
    assert "a component crashed" in caplog.text


async def test_after_a_calm_time_the_pause_is_short_again() -> None:
    ends: list[float] = []
    starts: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())
        if len(starts) == 7:
            await anyio.sleep(CALM_S + 1)
        if len(starts) == 8:
            await anyio.sleep_forever()
        ends.append(anyio.current_time())
        raise ZeroDivisionError

    async with Post().keeps(start):
        await anyio.sleep(1000)
    assert starts[7] - ends[6] <= 0.25


async def test_an_error_that_may_pass_is_degraded_and_one_that_cannot_waits_for_somebody() -> None:
    errors = [
        EngineError("dropped", "the line broke", retryable=True),
        EngineError("banned", "we may not join", fix="ask the channel"),
    ]

    async def start() -> None:
        if errors:
            raise errors.pop(0)
        await anyio.sleep_forever()

    post = Post()
    async with post.keeps(start):
        await anyio.sleep(1000)
        assert (post.part.state, post.part.detail, post.part.restarts) == ("failed", "we may not join", 1)
        assert post.supervisor.restart("part", "they let us in")
        await anyio.sleep(0.01)
        assert post.part.state == "ok"
    assert ("degraded", "the line broke") in post.states
    assert post.part.last_error == "we may not join"


async def test_a_hung_component_is_cancelled_and_started_again_at_once() -> None:
    starts: list[float] = []
    left: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())
        try:
            await anyio.sleep_forever()
        finally:
            left.append(anyio.current_time())

    post = Post()
    async with post.keeps(start):
        await anyio.sleep(100)
        asked_s = anyio.current_time()
        assert post.supervisor.restart("part", "hung")
        assert not post.supervisor.restart("part", "hung")
        await anyio.sleep(1)
        assert starts[1:] == left == [asked_s]
    assert post.notes.of("component.restarted") == [{"name": "part", "why": "hung", "took_s": 0.0, "restarts": 1}]


async def test_a_restart_that_is_asked_for_in_a_pause_ends_the_pause() -> None:
    starts: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())
        if len(starts) < 12:
            raise ZeroDivisionError
        await anyio.sleep_forever()

    post = Post()
    async with post.keeps(start):
        while len(starts) < 11:
            await anyio.sleep(0.5)
        asked_s = anyio.current_time()
        post.supervisor.restart("part", "impatience")
        await anyio.sleep(0.01)
        assert starts[-1] == asked_s


async def test_nobody_can_restart_what_is_not_there() -> None:
    assert not Post().supervisor.restart("nothing", "why not")


async def test_a_crash_of_several_tasks_is_told_by_its_kinds_and_without_its_words() -> None:
    async def start() -> None:
        raise ExceptionGroup("", [ValueError("what ana wrote"), ExceptionGroup("", [KeyError(), ValueError()])])

    post = Post()
    async with post.keeps(start):
        await anyio.sleep(0.01)
    assert post.part.last_error == "crashed: ValueError, KeyError"
    assert "ana" not in str(post.notes.events)
