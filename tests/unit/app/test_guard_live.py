"""The guard's settings change under a show: the next line and the next answer are ruled by the new ones."""

import logging
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from anyio.abc import TaskStatus
from pydantic import BaseModel, ConfigDict

from spark_vtuber import engines
from spark_vtuber.app import assemble, journal
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.settings import RefusedError
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice

T = TypeVar("T")
OpenShow = Callable[[], AbstractAsyncContextManager[Opened]]

MILD = "damn, that was close"
COARSE = "what the fuck was that"
HOSTILE = "gay people are vermin"
THREAT = "i will kill you"


class Options(BaseModel):
    """Any keys."""

    model_config = ConfigDict(extra="allow", frozen=True)


async def _at_once(act: Callable[[], T]) -> T:
    return act()


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel("A fine answer.")


@pytest.fixture
def open_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: ScriptedModel) -> OpenShow:
    """A show of fakes with the real guard, which nobody gives a second opinion."""
    real = engines.spec
    fakes: dict[str, object] = {"tts": FakeVoice(), "llm": model}
    monkeypatch.setattr(engines, "spec", lambda port, name: real(port, name) if port == "guard" else _spec(fakes[port]))
    monkeypatch.setattr(assemble, "bind", lambda *_: socket.socket())
    monkeypatch.setattr(assemble, "serve", _serve_nothing)
    monkeypatch.setattr(journal, "threads", lambda _: inline)

    @asynccontextmanager
    async def run() -> AsyncIterator[Opened]:
        file = tmp_path / "spark.toml"
        file.write_text(
            '[discovery]\non = false\n[second_opinion]\non = "off"\n[guard]\nuse = "chain"\n[strikes]\non = false\n',
            "utf-8",
        )
        settings = load(engines.spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=_at_once)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return run


def _spec(engine: object) -> EngineSpec:
    @asynccontextmanager
    async def open_it(options: BaseModel, env: EngineEnv) -> AsyncIterator[object]:
        del options, env
        yield engine

    async def probe(options: BaseModel, env: EngineEnv) -> AsyncIterator[Finding]:
        del options, env
        yield Finding("fake", "ok", "a fake")

    return EngineSpec(Options, open_it, probe, "a fake", "MIT")


async def _serve_nothing(*_: object, task_status: TaskStatus[None]) -> None:
    task_status.started()
    await anyio.sleep_forever()


async def blocked(opened: Opened, *texts: str) -> list[str]:
    """Which of these lines of viewers are blocked now."""
    found = []
    for text in texts:
        before = dict(opened.show.dropped()).get("blocked", 0)
        who = Author(f"v{anyio.current_time()}", "ana")
        opened.show.receive(ChatEvent(f"e{anyio.current_time()}", "page", ChatKind.MESSAGE, who, text))
        await anyio.sleep(20)
        if dict(opened.show.dropped()).get("blocked", 0) > before:
            found.append(text)
    return found


async def change(opened: Opened, key: str, value: object) -> None:
    assert opened.doors.settings is not None
    await opened.doors.settings.change(key, value)


async def test_the_next_line_is_ruled_by_the_new_level(open_show: OpenShow) -> None:
    lines = (MILD, COARSE, HOSTILE, THREAT)
    async with open_show() as opened:
        assert await blocked(opened, *lines) == [COARSE, HOSTILE, THREAT]
        await change(opened, "guard.level", "strict")
        assert await blocked(opened, *lines) == [MILD, COARSE, HOSTILE, THREAT]
        await change(opened, "guard.level", "off")
        assert await blocked(opened, *lines) == [THREAT]


async def test_a_category_is_switched_by_itself_and_the_floor_refuses(open_show: OpenShow) -> None:
    lines = (COARSE, HOSTILE, THREAT)
    async with open_show() as opened:
        await change(opened, "guard.categories", {"profanity": False})
        assert await blocked(opened, *lines) == [HOSTILE, THREAT]
        await change(opened, "guard.categories", {"profanity": True, "hate": False})
        assert await blocked(opened, *lines) == [COARSE, THREAT]
        with pytest.raises(RefusedError):
            await change(opened, "guard.categories", {"threat": False})
        assert await blocked(opened, *lines) == [COARSE, THREAT]


async def test_the_next_answer_is_ruled_by_the_new_level(open_show: OpenShow, model: ScriptedModel) -> None:
    model.answers = ("Damn that was close, my friend.",)
    async with open_show() as opened:
        assert await blocked(opened, "hello there") == []
        await change(opened, "guard.level", "strict")
        assert await blocked(opened, "hello again") == []
        second, first = opened.show.turns(2)
    assert first.said == model.answers[0]
    assert "Damn" not in second.said
    assert second.blocked
