import itertools
import logging
import random

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.supervisor import CALM_S, LONGEST_PAUSE_S, keep_running
from spark_vtuber.testing.virtual import VirtualClock

LOG = logging.getLogger("test")


class Reports:
    def __init__(self) -> None:
        self.states: list[tuple[str, str]] = []

    def __call__(self, state: str, detail: str, fix: str) -> None:
        self.states.append((state, detail))


async def run(start: object, reports: Reports) -> None:
    assert callable(start)
    await keep_running(start, reports, VirtualClock(), random.Random(1), LOG)


async def test_a_component_that_is_done_is_not_started_again() -> None:
    starts: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())

    await run(start, Reports())
    assert len(starts) == 1


async def test_a_crash_is_shown_and_followed_by_a_restart_with_growing_pauses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[float] = []
    reports = Reports()

    async def start() -> None:
        starts.append(anyio.current_time())
        if len(starts) < 12:
            raise ZeroDivisionError

    await run(start, reports)
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert len(starts) == 12
    assert pauses[0] <= 0.25
    assert pauses[-1] > 10
    assert max(pauses) <= LONGEST_PAUSE_S
    told = [state for state in reports.states if state[0] == "failed"]
    assert told == [("failed", "crashed: ZeroDivisionError")] * 11
    assert reports.states[-1] == ("ok", "restarted after a crash, 11 so far: ZeroDivisionError")
    assert "a component crashed" in caplog.text


async def test_after_a_calm_time_the_pause_is_short_again() -> None:
    ends: list[float] = []
    starts: list[float] = []

    async def start() -> None:
        starts.append(anyio.current_time())
        if len(starts) == 8:
            return
        if len(starts) == 7:
            await anyio.sleep(CALM_S + 1)
        ends.append(anyio.current_time())
        raise ZeroDivisionError

    await run(start, Reports())
    assert starts[7] - ends[6] <= 0.25


async def test_an_error_that_may_pass_is_degraded_and_one_that_cannot_ends_it() -> None:
    errors = [
        EngineError("dropped", "the line broke", retryable=True),
        EngineError("banned", "we may not join", fix="ask the channel"),
    ]
    reports = Reports()

    async def start() -> None:
        raise errors[len(reports.states)]

    await run(start, reports)
    assert reports.states == [("degraded", "the line broke"), ("failed", "we may not join")]


async def test_a_crash_of_several_tasks_is_told_by_its_kinds_and_without_its_words() -> None:
    reports = Reports()

    async def start() -> None:
        if not reports.states:
            raise ExceptionGroup("", [ValueError("what ana wrote"), ExceptionGroup("", [KeyError(), ValueError()])])

    await run(start, reports)
    assert reports.states[0] == ("failed", "crashed: ValueError, KeyError")
