"""The journal of a show, from its first event to its last turn."""

import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import anyio
import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app import journal
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.journal import Journal, open_journal
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.records import ExportForm, ExportKind
from spark_vtuber.journal.schema import FILE, connect_to_read
from spark_vtuber.testing.journal import a_turn, inline
from spark_vtuber.testing.virtual import VirtualClock

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "threads", lambda _: inline)


def house_of(folder: Path, stack: AsyncExitStack, *, is_on: bool = True) -> House:
    settings = load(engines.spec, None, {"data": {"dir": str(folder)}, "journal": {"on": is_on}}, {})
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)
    return House(settings, around, httpx.AsyncClient(), stack, ())


def asked(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = connect_to_read(folder / FILE)
    try:
        return list(connection.execute(query))
    finally:
        connection.close()


async def play(house: House) -> Journal:
    """A show of a second that ends in order."""
    house.events("before", mood="calm")
    async with house.open():
        opened = open_journal(house, "0.1.0")
        await anyio.sleep(1)
        house.events("panic", reason="operator")
        house.events("machine", cpu_percent=3)
        opened.keep(a_turn().record)
        opened.audit("panic", actor="desk ::1", new="operator")
        await anyio.sleep(1)
        house._tasks.cancel_scope.cancel()
    return opened


async def test_a_show_is_kept_from_its_first_event_to_its_end(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        house = house_of(tmp_path, stack)
        opened = await play(house)
        opened.keep(a_turn(2).record)
    assert [kind for (kind,) in asked(tmp_path, "SELECT kind FROM events")] == ["before", "panic"]
    assert asked(tmp_path, "SELECT turn FROM turns ORDER BY n") == [("t1",), ("t2",)]
    assert asked(tmp_path, "SELECT actor, act, new FROM audit") == [("desk ::1", "panic", '"operator"')]
    assert asked(tmp_path, "SELECT component, state FROM health")[-1] == ("journal", "ok")
    assert asked(tmp_path, "SELECT is_estimated, turns FROM shows WHERE ended > started") == [(0, 2)]


async def test_a_question_that_comes_before_the_file_is_made_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowDisk:
        """The first call, which makes the file, takes a second."""

        is_first = True

        async def __call__(self, call: Callable[[], T], /) -> T:
            if self.is_first:
                self.is_first = False
                await anyio.sleep(1)
            return call()

    threads = iter([SlowDisk(), inline])
    monkeypatch.setattr(journal, "threads", lambda _: next(threads))
    async with AsyncExitStack() as stack:
        house = house_of(tmp_path, stack)
        async with house.open():
            opened = open_journal(house, "0.1.0")
            assert opened.records is not None
            assert (await opened.records.latency(0)).turns == 0
            assert [one async for one in opened.records.export(ExportKind.CHAT, ExportForm.JSONL)] == []
            house._tasks.cancel_scope.cancel()


async def test_a_journal_that_cannot_be_opened_is_said_soon(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    async with AsyncExitStack() as stack:
        house = house_of(tmp_path, stack)
        async with house.open():
            opened = open_journal(house, "0.1.0")
            assert opened.records is not None
            with pytest.raises(EngineError) as caught, anyio.fail_after(5):
                await opened.records.shows(1)
            assert caught.value.code == "no_journal"
            house._tasks.cancel_scope.cancel()


async def test_its_records_answer_while_it_runs_and_its_size_is_measured(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        house = house_of(tmp_path, stack)
        opened = await play(house)
        assert opened.records is not None
        assert (await opened.records.latency(0)).turns == 1
        pieces = [piece async for piece in opened.records.export(ExportKind.TURNS, ExportForm.JSONL)]
        assert '"turn":"t1"' in "".join(pieces)
        lines = house.metrics.render().splitlines()
        size = next(float(line.split()[1]) for line in lines if line.startswith("spark_vtuber_journal_bytes"))
        assert size > 4_096
        assert 'spark_vtuber_queue_depth{queue="journal"} 0' in lines
        assert "spark_vtuber_journal_lost_notes_total 0" in lines


async def test_a_journal_that_is_off_writes_nothing(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        opened = await play(house_of(tmp_path, stack, is_on=False))
        assert opened.records is None
    assert not (tmp_path / FILE).exists()


async def test_a_data_directory_that_cannot_be_written_does_not_stop_the_show(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands where the directory should be", encoding="utf-8")
    async with AsyncExitStack() as stack:
        house = house_of(tmp_path / "data", stack)
        await play(house)
        (component,) = house.board.components
        assert component.state == "degraded"
        assert "notes wait" in component.detail
        assert component.fix
