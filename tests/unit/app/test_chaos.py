"""Ten hours in which everything fails, on the virtual clock."""

import asyncio
import json
import logging
import math
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from spark_vtuber.app import journal
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.desk import Health
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.healing import DeadLetter
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.telemetry import process
from spark_vtuber.testing.chaos import BrokenError, Fault, Misfortune, Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.stages import ScriptedPage, page_on
from spark_vtuber.testing.virtual import VirtualClock

FAULT_EVERY_S = 120.0
LINE_EVERY_S = 50.0
"""While an engine is out of order somebody writes."""

LOOK_S = 10.0
VISIBLE_S = 100.0
"""A fault shows in this time: a hang in 90 s, everything else earlier."""

LONGEST_AWAY_S = 30.0


class House:
    """The show of the test, and the parts of it that a test reaches into to break them."""

    def __init__(self, troupe: Troupe) -> None:
        self.troupe = troupe
        self.directors: list[Director] = []
        self.receptions: list[Reception] = []
        self.bugs: Counter[str] = Counter()
        self.page: ScriptedPage | None = None
        self.page_gone = anyio.Event()
        self.events: list[tuple[float, str, dict[str, Any]]] = []

    @property
    def strikes(self) -> dict[str, Any]:
        """Everything that can fail, by name."""
        troupe = self.troupe
        return {
            **{
                f"voice {fault}": partial(troupe.workers.fail, fault)
                for fault in (Fault.CRASH, Fault.HANG, Fault.GARBLE)
            },
            **{
                f"model {fault}": partial(self._break_model, fault)
                for fault in (Fault.CRASH, Fault.HANG, Fault.GARBLE, Fault.ERROR)
            },
            **{f"guard {fault}": partial(self._break_guard, fault) for fault in (Fault.CRASH, Fault.HANG, Fault.ERROR)},
            **{f"chat {fault}": partial(troupe.chat.fail, fault) for fault in (Fault.CRASH, Fault.ERROR)},
            "director crash": partial(self._plant, "director"),
            "director hang": self._hang_director,
            "reception hang": self._hang_reception,
            "page gone": self._lose_page,
            "page hang": self._hang_page,
            "page garbles": self._garble_page,
        }

    def mend(self) -> None:
        """The model server is started again by somebody; the guard's author ships a fix."""
        self.troupe.model.fault = Fault.NONE
        self.troupe.guard.fault = Fault.NONE

    def _break_model(self, fault: Fault) -> None:
        self.troupe.model.fault = fault

    def _break_guard(self, fault: Fault) -> None:
        self.troupe.guard.fault = fault

    def _plant(self, part: str) -> None:
        self.bugs[part] += 1
        self.directors[-1].stir()

    def _hang_director(self) -> None:
        self.directors[-1]._wake = anyio.Event()  # a wake-up that the loop does not wait for

    def _hang_reception(self) -> None:
        self.receptions[-1]._arrived = anyio.Event()  # a wake-up that the loop does not wait for

    def _hang_page(self) -> None:
        if self.page is not None:
            self.page.is_mute = True

    def _lose_page(self) -> None:
        self.page_gone.set()

    def _garble_page(self) -> None:
        if self.page is not None:
            self.page.is_mute = False
            with pytest.raises(ProtocolError):
                self.page.say("{nonsense")
        self.page_gone.set()


@pytest.fixture
def house(troupe: Troupe, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(troupe)
    next_turn, keep_director, keep_reception = Director._next_turn, Director.__init__, Reception.__init__

    def buggy(director: Director) -> Any:
        if house.bugs["director"]:
            house.bugs["director"] -= 1
            raise BrokenError
        return next_turn(director)

    def direct(director: Director, *args: Any, **kwargs: Any) -> None:
        keep_director(director, *args, **kwargs)
        house.directors.append(director)

    def receive(reception: Reception, *args: Any, **kwargs: Any) -> None:
        keep_reception(reception, *args, **kwargs)
        house.receptions.append(reception)

    monkeypatch.setattr(Director, "_next_turn", buggy)
    monkeypatch.setattr(Director, "__init__", direct)
    monkeypatch.setattr(Reception, "__init__", receive)
    return house


def settings_of(house: House, tmp_path: Path, more: str) -> Settings:
    text = """
[llm]
use = "openai"
[chat.twitch]
channel = "ana"
[discovery]
on = false
[inbox]
stale_s = 600.0
"""
    file = tmp_path / "spark.toml"
    file.write_text(text + more, encoding="utf-8")
    return load(house.troupe.spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})


@asynccontextmanager
async def opened(settings: Settings, house: House) -> AsyncIterator[Opened]:
    log = logging.getLogger("test.chaos")
    around = Surroundings(VirtualClock(), random.Random(1), log, house.troupe.workers, aside=inline)
    async with anyio.create_task_group() as tasks:
        opened: Opened = await tasks.start(partial(run_show, settings, around))
        tasks.start_soon(follow, opened, house)
        tasks.start_soon(keep_a_page, opened, house)
        yield opened
        tasks.cancel_scope.cancel()


async def follow(opened: Opened, house: House) -> None:
    async with opened.show.events(None) as events:
        async for event in events:
            assert event.type != "gap"
            house.events.append((anyio.current_time(), event.type, dict(event.data)))


async def keep_a_page(opened: Opened, house: House) -> None:
    """A page that comes back a little after it was lost, as browsers do."""
    while True:
        async with page_on(opened.show.stage, VirtualClock()) as house.page:
            await house.page_gone.wait()
        house.page, house.page_gone = None, anyio.Event()
        await anyio.sleep(2)


@dataclass(frozen=True, slots=True)
class Night:
    """What became of a show in which everything failed."""

    misfortune: Misfortune
    lines: int
    uptime: float
    end: Health
    dead: Sequence[DeadLetter]
    tasks_grown: int
    files_grown: int


async def night(house: House, settings: Settings, hours: float) -> Night:
    """Play a show; every two minutes something fails, and is mended a while later."""
    async with opened(settings, house) as show:
        assert show.doors.healing is not None
        await anyio.sleep(60)
        tasks_before, files_before = len(asyncio.all_tasks()), open_files()
        misfortune = Misfortune(house.strikes, random.Random(7))
        next_line_s = next_fault_s = anyio.current_time()
        end_s = next_line_s + hours * 3_600
        mend_s, lines, looks, up = math.inf, 0, 0, 0
        while (now_s := anyio.current_time()) < end_s:
            if next_fault_s <= now_s < end_s - FAULT_EVERY_S:
                misfortune.strike()
                next_fault_s, mend_s = now_s + FAULT_EVERY_S, now_s + FAULT_EVERY_S * 0.75
            if now_s >= mend_s:
                house.mend()
                mend_s = math.inf
            if now_s >= next_line_s:
                house.troupe.chat.post(lines)
                lines += 1
                next_line_s = now_s + LINE_EVERY_S
            await anyio.sleep(LOOK_S)
            looks += 1
            up += show.show.health().status != "failed"
        house.mend()
        await anyio.sleep(180)
        return Night(
            misfortune=misfortune,
            lines=lines,
            uptime=up / looks,
            end=show.show.health(),
            dead=show.doors.healing.dead_letters(),
            tasks_grown=len(asyncio.all_tasks()) - tasks_before,
            files_grown=open_files() - files_before,
        )


@pytest.mark.timeout(240)
async def test_ten_hours_of_faults_lose_no_line_and_stop_no_show(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    was = await night(house, settings_of(house, tmp_path, "[journal]\non = false\n"), hours=10)
    assert was.uptime >= 0.99
    assert [one for one in was.end.components if one.state not in ("ok", "off")] == []
    assert_every_line_is_accounted_for(house, was)
    assert_every_fault_showed(house, was.misfortune)
    restarts = [data for _, kind, data in house.events if kind == "component.restarted"]
    assert max(data["took_s"] for data in restarts) <= LONGEST_AWAY_S
    assert {"tts:espeak", "guard:chain", "chat:twitch", "director", "reception"} <= {one["name"] for one in restarts}
    assert was.tasks_grown <= 2
    assert was.files_grown <= 0


async def test_every_fault_is_in_the_journal(house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    was = await night(house, settings_of(house, tmp_path, ""), hours=0.75)
    assert len(was.misfortune.struck) >= len(house.strikes)
    with closing(sqlite3.connect(tmp_path / "data" / journal.FILE)) as database:
        states = set(database.execute("SELECT component, state, detail FROM health"))
        rows = database.execute("SELECT data FROM events WHERE kind = 'component.restarted'").fetchall()
    told = [data["component"] for _, kind, data in house.events if kind == "health"]
    assert {(one["name"], one["state"], one["detail"]) for one in told} <= states
    restarts = [data for _, kind, data in house.events if kind == "component.restarted"]
    assert [json.loads(data) for (data,) in rows] == restarts
    assert restarts


def assert_every_line_is_accounted_for(house: House, was: Night) -> None:
    """A line is answered aloud, or kept as a dead letter because a fault cut its answer off."""
    ended = [data["record"] for _, kind, data in house.events if kind == "turn.ended"]
    heard = {record["cue"]["text"] for record in ended if record["heard"]}
    written = {f"line number {number}, hello?" for number in range(was.lines)}
    assert written - heard - {letter.text for letter in was.dead} == set()
    assert len(heard) >= 0.99 * was.lines
    whole = {record["cue"]["text"] for record in ended if record["outcome"] == "completed"}
    assert written - whole - {letter.text for letter in was.dead} == set()
    assert [data for _, kind, data in house.events if kind in ("chat.dropped", "chat.blocked")] == []


def assert_every_fault_showed(house: House, misfortune: Misfortune) -> None:
    """Within a hundred seconds the board or an event told of it, or the board still told of the fault before."""
    signs = {"component.restarted", "llm.failed", "voice.failed"}
    seen = [at_s for at_s, kind, data in house.events if kind in signs or is_bad(kind, data)]
    down = [(at_s, is_bad(kind, data)) for at_s, kind, data in house.events if is_llm(kind, data)]
    unseen = Counter(
        name
        for at_s, name in misfortune.struck
        if not name.startswith("page")
        and not any(at_s <= seen_s <= at_s + VISIBLE_S for seen_s in seen)
        and not next((was_down for told_s, was_down in reversed(down) if told_s <= at_s), False)
    )
    assert not unseen


def is_bad(kind: str, data: dict[str, Any]) -> bool:
    return kind == "health" and data["component"]["state"] not in ("ok", "off")


def is_llm(kind: str, data: dict[str, Any]) -> bool:
    return kind == "health" and data["component"]["name"] == "llm:main"


def open_files() -> int:
    return process.open_files() or 0
