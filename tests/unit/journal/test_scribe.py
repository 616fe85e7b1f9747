"""The show never waits for its journal, whatever the disk does."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.journal.backlog import Backlog
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import ActNote, Note
from spark_vtuber.journal.retention import Limits
from spark_vtuber.journal.scribe import GATHER_S, SLOW_S, TIDY_S, Scribe
from spark_vtuber.testing.journal import LIFE, NOW_MS, a_line, a_turn
from spark_vtuber.testing.virtual import VirtualClock

T = TypeVar("T")
Ask = Callable[..., list[Any]]

ACT = ActNote(NOW_MS, "desk", "mute", "everybody", None, None)


class Disk:
    """Runs the writer's calls; `wait_s` is how long each takes, `error` what it fails with, `fault` once only."""

    def __init__(self) -> None:
        self.calls = 0
        self.wait_s = 0.0
        self.error: Exception | None = None
        self.fault: Exception | None = None

    async def __call__(self, call: Callable[[], T], /) -> T:
        self.calls += 1
        await anyio.sleep(self.wait_s)
        fault, self.fault = self.fault, None
        if error := fault or self.error:
            raise error
        return call()


class Desk:
    """The board and the scribe of a test."""

    def __init__(self, path: Path) -> None:
        self.disk = Disk()
        self.told: list[tuple[str, ...]] = []
        self.scribe = Scribe(
            lambda: Ledger.open(path, LIFE), VirtualClock(), self.report, self.disk, lambda: Limits(30, 10_000_000)
        )

    def report(self, state: str, detail: str = "", fix: str = "") -> None:
        self.told.append((state, detail, fix))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Scribe]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.scribe.run)
            await anyio.sleep(0.01)
            yield self.scribe
            tasks.cancel_scope.cancel()
        await self.scribe.finish()


@pytest.fixture
def desk(path: Path) -> Desk:
    return Desk(path)


async def test_a_turn_and_an_act_are_written_at_once(desk: Desk, ask: Ask) -> None:
    async with desk.writing() as scribe:
        scribe.note(a_turn())
        scribe.note(ACT)
        await anyio.sleep(0.001)
        assert ask("SELECT COUNT(*) FROM turns") == ask("SELECT COUNT(*) FROM audit") == [1]


async def test_events_share_a_commit(desk: Desk, ask: Ask) -> None:
    async with desk.writing() as scribe:
        before = desk.disk.calls
        for number in range(20):
            scribe.note(a_line(f"e{number}"))
            await anyio.sleep(GATHER_S / 25)
        assert ask("SELECT COUNT(*) FROM lines") == [0]
        await anyio.sleep(GATHER_S)
        assert ask("SELECT COUNT(*) FROM lines") == [20]
        assert desk.disk.calls - before <= 2


async def test_an_idle_show_hardly_touches_the_disk(desk: Desk) -> None:
    async with desk.writing():
        before = desk.disk.calls
        await anyio.sleep(10 * TIDY_S)
        assert desk.disk.calls - before == 10


async def test_what_is_left_at_the_end_is_written_and_the_show_closed(desk: Desk, ask: Ask) -> None:
    async with desk.writing() as scribe:
        await anyio.sleep(1)
    scribe.note(a_turn())
    await scribe.finish()
    assert ask("SELECT COUNT(*) FROM turns") == [1]
    assert ask("SELECT is_estimated FROM shows WHERE ended IS NOT NULL") == [0]


async def test_a_disk_that_fails_is_told_tried_again_and_loses_nothing(desk: Desk, ask: Ask) -> None:
    async with desk.writing() as scribe:
        desk.disk.error = sqlite3.OperationalError("database or disk is full")
        for number in range(1_200):
            scribe.note(a_line(f"e{number}"))
        await anyio.sleep(10)
        state, detail, fix = desk.told[-1]
        assert (state, bool(fix)) == ("degraded", True)
        assert "disk is full; 1200 notes wait, 0 were dropped" in detail
        desk.disk.error = None
        await anyio.sleep(40)
        assert ask("SELECT COUNT(*) FROM lines") == [1_200]
        assert desk.told[-1] == ("ok", "", "")


async def test_a_disk_that_stays_full_costs_bounded_memory_and_the_loss_is_counted(desk: Desk, ask: Ask) -> None:
    async with desk.writing() as scribe:
        desk.disk.error = OSError("no space left on device")
        for number in range(21_000):
            scribe.note(a_line(f"e{number}"))
        scribe.note(ACT)
        await anyio.sleep(60)
        assert scribe.waiting == 20_001
        desk.disk.error = None
        await anyio.sleep(60)
        assert desk.told[-1] == ("ok", "1000 notes were lost", "")
        assert ask("SELECT COUNT(*) FROM audit") == [1]


async def test_a_disk_that_does_not_answer_is_told_while_the_show_goes_on(desk: Desk, ask: Ask) -> None:
    async with desk.writing() as scribe:
        desk.disk.wait_s = 10 * SLOW_S
        scribe.note(a_turn(1))
        await anyio.sleep(SLOW_S + 1)
        assert desk.told[-1][0] == "degraded"
        desk.disk.wait_s = 0
        scribe.note(a_turn(2))
        await anyio.sleep(10 * SLOW_S)
        assert desk.told[-1][0] == "ok"
        assert ask("SELECT turn FROM turns") == ["t1", "t2"]


async def test_a_disk_that_hangs_does_not_hold_up_the_end_of_the_show(desk: Desk) -> None:
    began_s = anyio.current_time()
    async with desk.writing() as scribe:
        desk.disk.wait_s = 3_600
        scribe.note(a_turn())
        await anyio.sleep(1)
    assert anyio.current_time() - began_s < 4


async def test_a_file_of_a_later_release_is_told_and_left_alone(desk: Desk) -> None:
    def refuse() -> Ledger:
        raise SparkError("the journal has version 9", code="newer_journal", fix="update")

    scribe = Scribe(refuse, VirtualClock(), desk.report, desk.disk, lambda: Limits(30, 1_000))
    await scribe.run()
    assert desk.told == [("failed", "the journal has version 9", "update")]
    scribe.note(a_turn())
    await scribe.finish()


async def test_a_file_that_is_damaged_in_mid_show_is_moved_aside(desk: Desk, path: Path, ask: Ask) -> None:
    async with desk.writing() as scribe:
        scribe.note(a_turn(1))
        await anyio.sleep(1)
        desk.disk.fault = sqlite3.DatabaseError("database disk image is malformed")
        desk.disk.fault.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        scribe.note(a_turn(2))
        await anyio.sleep(60)
        assert ask("SELECT turn FROM turns") == ["t2"]
        assert len(list(path.parent.glob("*.damaged-*"))) >= 1
        assert desk.told[-1][0] == "ok"


def test_a_flood_of_chat_cannot_push_out_a_turn_or_an_act() -> None:
    backlog = Backlog(turns=2, events=3, acts=2)
    turn = a_turn()
    for note in (turn, ACT, *(a_line(f"e{number}") for number in range(100))):
        backlog.add(note)
    assert backlog.dropped == 97
    taken: list[Note] = backlog.take()
    assert taken[0] is ACT
    assert taken[-1] is turn
    assert len(taken) == 5
    assert len(backlog) == 0
