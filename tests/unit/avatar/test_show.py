"""Models in VTube Studio as a part of the whole show, with fakes for everything outside of it."""

import logging
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import TaskStatus
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from spark_vtuber import engines
from spark_vtuber.app import assemble, journal
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.avatar import AvatarRoom
from spark_vtuber.app.avatar_probe import findings
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.avatar.vts_link import Wire
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.avatars import avatar_view
from spark_vtuber.core.desk import Line
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import ConfigError
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice
from spark_vtuber.testing.vts_server import FakeVTubeStudio, fake_studio
from spark_vtuber.web.routes import avatars

ON = "[avatar.vtube_studio]\non = true\nmotion = 0.0\n"
TWO = f'{ON}[persona.main]\n[persona.twin]\ncard = "ember"\n[persona.twin.avatar]\nport = 8002\n'


class Options(BaseModel):
    """Any keys."""

    model_config = ConfigDict(extra="allow")


def spec(port: str, name: str) -> EngineSpec:
    made = {"tts": FakeVoice(), "llm": ScriptedModel("A model speaks here. It has much to say."), "guard": FakeGuard()}

    @asynccontextmanager
    async def open_it(_options: BaseModel, _env: EngineEnv) -> AsyncIterator[Any]:
        yield made[port]

    async def probe(_options: BaseModel, _env: EngineEnv) -> AsyncIterator[Finding]:
        yield Finding(name, "ok", "a fake")

    return EngineSpec(Options, open_it, probe, f"a fake {port}", "MIT")


class Stage:
    """A show with VTube Studios at ports, all on the virtual clock."""

    def __init__(self, opened: Opened, studios: dict[int, FakeVTubeStudio], events: list[dict[str, Any]]) -> None:
        self.show = opened.show
        self.doors = opened.doors
        self.studios = studios
        self.events = events

    def state(self, name: str) -> str:
        return next((one.state for one in self.show.components if one.name == name), "")

    async def until(self, is_so: Callable[[], bool], within_s: float = 30.0) -> None:
        with anyio.fail_after(within_s):
            while not is_so():
                await anyio.sleep(0.01)

    def opens(self, port: int) -> bool:
        """Whether a mouth opened since the last time this was asked."""
        injections = self.studios[port].studio.injections
        is_open = any(one.values["MouthOpen"] > 0.3 for one in injections)
        injections.clear()
        return is_open


Open = Callable[[str], AbstractAsyncContextManager[Stage]]


@pytest.fixture
def configure(tmp_path: Path) -> Callable[[str], Settings]:
    def settings(text: str) -> Settings:
        file = tmp_path / "spark.toml"
        file.write_text("[discovery]\non = false\n" + text, encoding="utf-8")
        return load(spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})

    return settings


@pytest.fixture
def a_show(configure: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch) -> Open:
    async def serve_nothing(*_: object, task_status: TaskStatus[None]) -> None:
        task_status.started()
        await anyio.sleep_forever()

    monkeypatch.setattr(engines, "spec", spec)
    monkeypatch.setattr(assemble, "bind", lambda *_: socket.socket())
    monkeypatch.setattr(assemble, "serve", serve_nothing)
    monkeypatch.setattr(journal, "threads", lambda _: inline)

    @asynccontextmanager
    async def open_show(text: str) -> AsyncIterator[Stage]:
        async with AsyncExitStack() as stack:
            clock = VirtualClock()
            studios = {port: await stack.enter_async_context(fake_studio(clock)) for port in (8001, 8002)}

            def connect(_host: str, port: int) -> AbstractAsyncContextManager[Wire]:
                return studios[port].connect()

            monkeypatch.setattr(assemble, "AvatarRoom", partial(AvatarRoom, open_=connect))
            around = Surroundings(clock, random.Random(1), logging.getLogger("test"), aside=inline)
            tasks = await stack.enter_async_context(anyio.create_task_group())
            opened: Opened = await tasks.start(run_show, configure(text), around)
            events: list[dict[str, Any]] = []

            async def watch() -> None:
                async with opened.show.events(0) as coming:
                    async for event in coming:
                        events.extend([dict(event.data)] if event.type == "avatar" else [])

            tasks.start_soon(watch)
            yield Stage(opened, studios, events)
            tasks.cancel_scope.cancel()

    return open_show


async def test_a_model_speaks_with_the_show(a_show: Open) -> None:
    async with a_show(ON) as stage:
        await stage.until(lambda: stage.state("avatar:main") == "ok")
        stage.opens(8001)
        stage.show.chat(Line("ana", "hello spark"))
        await stage.until(lambda: len(stage.show.turns(5)) == 1)

        assert stage.opens(8001)
        assert not stage.opens(8002)


async def test_two_characters_move_two_models(a_show: Open) -> None:
    async with a_show(TWO) as stage:
        await stage.until(lambda: stage.state("avatar:main") == stage.state("avatar:twin") == "ok")
        stage.opens(8001)
        stage.opens(8002)
        stage.show.chat(Line("ana", "hello ember"))
        await stage.until(lambda: len(stage.show.turns(5)) == 1)

        assert stage.opens(8002)
        assert not stage.opens(8001)


async def test_the_stage_is_switched_to_the_puppet_and_back_with_no_lost_turn(a_show: Open) -> None:
    async with a_show(ON) as stage:
        await stage.until(lambda: stage.state("avatar:main") == "ok")
        for number, stand_in in enumerate(["puppet", "", "puppet", ""]):
            stage.show.chat(Line("ana", f"hello spark, number {number}"))
            await stage.until(lambda: stage.opens(8001) or bool(stand_in == ""))  # noqa: B023 - called before the next
            await stage.show.fall_back("stage", stand_in)
            expected = "off" if stand_in else "ok"
            await stage.until(lambda: stage.state("avatar:main") == expected)  # noqa: B023 - as above
        await anyio.sleep(60)

        turns = stage.show.turns(10)
        assert len(turns) == 4
        assert {turn.outcome.value for turn in turns} == {"completed"}
        assert stage.studios[8001].studio.popups == 1


async def test_a_show_that_starts_with_the_puppet_leaves_vtube_studio_alone(a_show: Open) -> None:
    async with a_show(f'{ON}[fallback]\nstage = "puppet"\n') as stage:
        await anyio.sleep(60)
        assert stage.state("avatar:main") == "off"
        assert stage.studios[8001].connections == 0


async def test_without_vtube_studio_the_show_goes_on_and_says_so(a_show: Open) -> None:
    async with a_show(ON) as stage:
        stage.studios[8001].is_away = True
        stage.studios[8001].drop()
        await stage.until(lambda: stage.state("avatar:main") == "degraded")
        stage.show.chat(Line("ana", "hello spark"))
        await stage.until(lambda: len(stage.show.turns(5)) == 1)

        (component,) = [one for one in stage.show.components if one.name == "avatar:main"]
        assert "VTube Studio" in component.detail
        assert component.fix


async def test_a_model_can_be_restarted_by_its_name(a_show: Open) -> None:
    async with a_show(ON) as stage:
        await stage.until(lambda: stage.state("avatar:main") == "ok")
        assert stage.doors.healing is not None
        stage.doors.healing.restart("avatar:main")
        await stage.until(lambda: stage.studios[8001].connections == 2 and stage.state("avatar:main") == "ok")

        assert stage.studios[8001].studio.popups == 1


async def test_the_doors_and_the_events_tell_how_a_model_is(a_show: Open) -> None:
    async with a_show(ON) as stage:
        await stage.until(lambda: stage.state("avatar:main") == "ok")
        assert stage.doors.avatars is not None
        (view,) = map(avatar_view, stage.doors.avatars.avatars())
        await anyio.sleep(1)

        assert view == {
            "persona": "main",
            "state": "connected",
            "model": "Paper Fox",
            "port": 8001,
            "detail": "Paper Fox: mouth by vowels, 4 expressions, 8 inputs of ours",
            "fix": "",
        }
        assert [event["state"] for event in stage.events][-1] == "connected"
        assert stage.events[0]["state"] == "connecting"


async def test_a_show_without_models_has_no_such_component(a_show: Open) -> None:
    async with a_show("") as stage:
        assert not any(one.kind == "avatar" for one in stage.show.components)
        assert stage.doors.avatars is not None
        assert list(stage.doors.avatars.avatars()) == []


def test_two_characters_cannot_move_one_model(configure: Callable[[str], Settings]) -> None:
    with pytest.raises(ConfigError, match=r"persona\.twin\.avatar\.port"):
        configure(TWO.replace("port = 8002", "lead_ms = 5"))


def test_an_unknown_feeling_is_a_mistake_of_the_configuration(configure: Callable[[str], Settings]) -> None:
    with pytest.raises(ConfigError, match="expressions"):
        configure(f'{ON}[avatar.vtube_studio.expressions]\nhungry = "Smile"\n')


async def test_doctor_opens_no_popup_and_says_what_to_press(
    configure: Callable[[str], Settings], tmp_path: Path
) -> None:
    config = configure(ON).config
    async with fake_studio(VirtualClock()) as fake:

        def connect(_host: str, _port: int) -> AbstractAsyncContextManager[Wire]:
            return fake.connect()

        (stranger,) = [one async for one in findings(config, connect)]
        fake.studio.tokens["t"] = ("Spark VTuber", "Spark VTuber project")
        TokenStore(tmp_path / "data").write("127.0.0.1:8001", "t")
        (known,) = [one async for one in findings(config, connect)]
        fake.studio.load(None)
        (bare,) = [one async for one in findings(config, connect)]
        fake.is_away = True
        (away,) = [one async for one in findings(config, connect)]

        assert fake.studio.popups == 0
    assert "Allow" in stranger.fix
    assert known.severity == "ok"
    assert 'shows "Paper Fox", with nothing for smug, thinking' in known.detail
    assert "no model" in bare.detail
    assert away.severity == "warning"


async def test_a_route_tells_how_models_are(a_show: Open) -> None:
    async with a_show(TWO) as stage:
        await stage.until(lambda: stage.state("avatar:main") == stage.state("avatar:twin") == "ok")
        assert stage.doors.avatars is not None
        site = FastAPI()
        site.include_router(avatars.router(stage.doors.avatars))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://127.0.0.1:8080") as client:
            told = (await client.get("/api/avatars")).json()

        assert [(one["persona"], one["state"], one["model"], one["port"]) for one in told] == [
            ("main", "connected", "Paper Fox", 8001),
            ("twin", "connected", "Paper Fox", 8002),
        ]


async def test_a_changed_key_counts_at_once_for_whom_it_concerns(a_show: Open) -> None:
    async with a_show(TWO) as stage:
        await stage.until(lambda: stage.state("avatar:main") == stage.state("avatar:twin") == "ok")
        assert stage.doors.settings is not None
        await stage.doors.settings.change("persona.twin.avatar.mouth", "open")
        await stage.until(lambda: stage.studios[8002].connections == 2 and stage.state("avatar:twin") == "ok")
        await stage.until(lambda: "VoiceA" not in stage.studios[8002].studio.injections[-1].values)

        assert stage.studios[8001].connections == 1
        await stage.doors.settings.change("avatar.vtube_studio.own_parameters", value=False)
        await stage.until(lambda: [one.connections for one in stage.studios.values()] == [2, 3])
