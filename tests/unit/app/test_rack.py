import logging
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings, engine_env
from spark_vtuber.app.rack import Rack
from spark_vtuber.config.keys import Config, Data
from spark_vtuber.config.load import EngineChoice
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.health.board import Board
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.virtual import VirtualClock


class Options(BaseModel):
    """An engine's keys; a dict makes them unhashable, as some real ones are."""

    size: int = 1
    extra: dict[str, int] = {}


@asynccontextmanager
async def _open(options: Options, env: EngineEnv) -> AsyncIterator[list[int]]:
    del env
    if options.size < 0:
        raise EngineError("not_installed", "the extra is missing", fix="pip install it")
    engine = [options.size]
    yield engine
    engine.append(-1)


async def _probe(options: Options, env: EngineEnv) -> AsyncIterator[Finding]:
    del options, env
    yield Finding("fake", "ok", "fine")


@pytest.fixture
def rack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Rack, Board, AsyncExitStack]:
    spec = EngineSpec(Options, _open, _probe, "a fake", "MIT")
    monkeypatch.setattr(engines, "spec", lambda _port, _name: spec)
    board, stack = Board(VirtualClock(), Notes()), AsyncExitStack()
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)
    env = engine_env(Config(data=Data(dir=tmp_path)), around, httpx.AsyncClient(), (), str)
    return Rack(stack, env, board), board, stack


async def test_an_engine_is_opened_once_for_the_same_keys(rack: tuple[Rack, Board, AsyncExitStack]) -> None:
    shelf, board, stack = rack
    one = await shelf.open("tts", EngineChoice("fake", Options(size=3)))
    assert await shelf.open("tts", EngineChoice("fake", Options(size=3))) is one
    assert await shelf.open("tts", EngineChoice("fake", Options(size=4))) is not one
    assert await shelf.open("tts", EngineChoice("fake", Options())) == [1]
    assert [one.name for one in board.components] == ["tts:fake", "tts:fake:2", "tts:fake:3"]
    assert board.components[0].state == "ok"
    await stack.aclose()
    assert one == [3, -1]


async def test_an_engine_that_cannot_be_opened_is_shown_with_its_fix(
    rack: tuple[Rack, Board, AsyncExitStack],
) -> None:
    shelf, board, _ = rack
    assert await shelf.open("tts", EngineChoice("fake", Options(size=-1))) is None
    assert (board.components[0].state, board.components[0].fix) == ("failed", "pip install it")


def test_the_environment_has_a_report_only_where_one_is_given(tmp_path: Path) -> None:
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)
    config, http = Config(data=Data(dir=tmp_path)), httpx.AsyncClient()
    assert engine_env(config, around, http, (), str).ports == {}
    assert "report" in engine_env(config, around, http, (), str, print).ports


def test_an_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(SparkError) as caught:
        engines.spec("tts", "siri")
    assert "espeak" in caught.value.fix


class Broken:
    """An entry point that leads nowhere, or to something else."""

    name = "broken"
    value = "some_package:SPEC"

    def __init__(self, found: object) -> None:
        self._found = found

    def load(self) -> object:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


@pytest.mark.parametrize("found", [ImportError("gone"), "no engine at all"])
def test_a_plugin_that_is_no_engine_says_which_package_to_update(
    found: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_found", lambda _port: {"broken": Broken(found)})
    with pytest.raises(SparkError) as caught:
        engines.spec("tts", "broken")
    assert caught.value.code == "bad_engine"
    assert "some_package" in caught.value.fix
