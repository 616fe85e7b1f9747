"""The model server that belongs to a show, with a keeper that is only written down."""

import json
import logging
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.serving_run import Place, place_in
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Component
from spark_vtuber.serving.job import Kept, State
from spark_vtuber.serving.processes import identity_of
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.virtual import VirtualClock

OpenShow = Callable[[str], AbstractAsyncContextManager[Opened]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = place_in(tmp_path / "data")
    place.folder.mkdir(parents=True)
    return place


@pytest.fixture
def open_show(troupe: Troupe, tmp_path: Path) -> OpenShow:
    @asynccontextmanager
    async def opened(engine: str) -> AsyncIterator[Opened]:
        file = tmp_path / "spark.toml"
        file.write_text(f'[llm]\nuse = "openai"\n[engine]\n{engine}\n[discovery]\non = false\n', encoding="utf-8")
        settings = load(troupe.spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), troupe.workers, aside=inline)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return opened


def leave(place: Place, state: State, detail: str = "", *, alive: bool = True) -> None:
    """A state as a keeper leaves it; this process stands for a keeper that is alive."""
    me = identity_of(os.getpid()) if alive else None
    kept = Kept(state, "llamacpp", "nemo", 8000, 0, me, me if state == "ready" else None, detail, 1)
    place.state.write_text(json.dumps(kept.as_json()), encoding="utf-8")


def server(show: Opened) -> Component | None:
    return next((one for one in show.show.components if one.name == "engine"), None)


CONFIGURED = 'use = "llamacpp"\nmodel = "nemo.gguf"\nwith_show = true'


async def test_a_server_that_is_kept_already_is_told_and_left_running(open_show: OpenShow, place: Place) -> None:
    leave(place, "ready")
    async with open_show(CONFIGURED) as show:
        await anyio.sleep(2)
        told = server(show)
        assert told is not None
        assert (told.state, told.detail) == ("ok", "llamacpp with nemo, started again 1 times")
        leave(place, "restarting", "it ended with exit code 7")
        await anyio.sleep(2)
        told = server(show)
        assert told is not None
        assert (told.state, told.detail) == ("degraded", "it ended with exit code 7")
        leave(place, "failed", "it ended with exit code 7", alive=False)
        await anyio.sleep(2)
        told = server(show)
        assert told is not None
        assert told.state == "failed"
    assert identity_of(os.getpid()) is not None  # whoever kept it was not ended with the show


async def test_what_cannot_be_started_is_told_and_the_show_goes_on(open_show: OpenShow) -> None:
    async with open_show(CONFIGURED) as show:
        await anyio.sleep(2)
        told = server(show)
        assert told is not None
        assert (told.state, told.detail) == ("failed", "there is no model at nemo.gguf")
        assert told.fix
        assert told.is_restartable


async def test_a_show_without_such_a_server_has_no_such_part(open_show: OpenShow) -> None:
    async with open_show('use = "llamacpp"\nmodel = "nemo.gguf"') as show:
        await anyio.sleep(2)
        assert server(show) is None
