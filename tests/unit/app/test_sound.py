"""The sound device of a show, as keys change it."""

import logging
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import anyio
import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.sound import keep_sounding
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import SessionId
from spark_vtuber.stage import portaudio
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.testing.speakers import FakeSpeaker
from spark_vtuber.testing.virtual import VirtualClock

T = TypeVar("T")
CLOCK = VirtualClock()


class Thread:
    """Runs things aside at once, and says whether somebody is in it."""

    is_inside = False

    async def __call__(self, act: Callable[[], T], /) -> T:
        self.is_inside = True
        try:
            return act()
        finally:
            self.is_inside = False


THREAD = Thread()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = load(engines.spec, None, {"data": {"dir": str(tmp_path)}, "stage": {"device": "cable"}}, {})
    around = Surroundings(CLOCK, random.Random(1), logging.getLogger("test"), aside=THREAD)
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
        yield House(settings, around, http, stack, ())


def state(house: House) -> tuple[str, str]:
    found = next(one for one in house.board.components if one.name == "device")
    return found.state, found.detail


def choose(house: House, device: str) -> None:
    config = house.config
    stage = config.stage.model_copy(update={"device": device})
    settings = replace(house.settings, config=config.model_copy(update={"stage": stage}))
    house.live.replace(settings, ["stage.device"])


async def test_another_choice_counts_after_one_that_could_never_work(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_wanted: str, _rate: int) -> None:
        raise EngineError("not_installed", "sound devices need PortAudio", fix="install it")

    monkeypatch.setattr(portaudio, "open_speaker", missing)
    async with anyio.create_task_group() as tasks, house.open():
        keep_sounding(house, StageHall(CLOCK, SessionId("s"), ()))
        await anyio.sleep(60)
        assert state(house) == ("failed", "sound devices need PortAudio")
        choose(house, "")
        await anyio.sleep(1)
        assert state(house) == ("off", "pages make the sound")
        tasks.cancel_scope.cancel()


async def test_a_device_is_opened_and_closed_where_it_holds_nobody_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[bool] = []

    @contextmanager
    def slow(_wanted: str, _rate: int) -> Iterator[FakeSpeaker]:
        places.append(THREAD.is_inside)
        yield FakeSpeaker(CLOCK)
        places.append(THREAD.is_inside)

    monkeypatch.setattr(portaudio, "open_speaker", slow)
    async with anyio.create_task_group() as tasks, house.open():
        keep_sounding(house, StageHall(CLOCK, SessionId("s"), ()))
        await anyio.sleep(1)
        assert state(house) == ("ok", "plays on cable")
        choose(house, "")
        await anyio.sleep(1)
        assert places == [True, True]
        tasks.cancel_scope.cancel()
