"""OBS tied to the show: settings, events, the stand-in, the board and the metrics, on the virtual clock."""

import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.obs import ObsRoom, address_of, wanted
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.keys import Config, Obs
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.stage.port import Caption, Position
from spark_vtuber.testing.obs_fake import FakeObs, fake_obs
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.vault.file import SecretFile
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import Given

T = TypeVar("T")

ON = {"on": True, "rules": [{"on": "chat.received", "match": {"kind": "raid"}, "scene": "Live"}]}


async def at_once(act: Callable[[], T]) -> T:
    return act()


class Desk:
    """A room with an OBS beside it."""

    def __init__(self, house: House, obs: FakeObs) -> None:
        self.house = house
        self.obs = obs
        self.stand_ins = StandIns(house.config.fallback, house.board)
        self.room = ObsRoom(house, self.stand_ins, lambda: Position(0, 0), lambda _: obs.open_remote)

    def change(self, **keys: Any) -> None:
        """Change keys of `[obs]` while it runs."""
        settings = self.house.settings
        config = settings.config.model_copy(update={"obs": settings.config.obs.model_copy(update=keys)})
        self.house.live.replace(replace(settings, config=config), [f"obs.{name}" for name in keys])

    def component(self) -> tuple[str, str, str]:
        found = next(one for one in self.house.board.components if one.name == "obs")
        return found.state, found.detail, found.fix

    async def until(self, is_true: Callable[[], bool]) -> None:
        with anyio.fail_after(60):
            while not is_true():
                await anyio.sleep(0.01)

    async def becomes(self, state: str) -> None:
        await self.until(lambda: self.room.view().state == state)


@asynccontextmanager
async def desk(tmp_path: Path, **obs_keys: Any) -> AsyncIterator[Desk]:
    settings = load(engines.spec, None, {"data": {"dir": str(tmp_path)}, "obs": obs_keys}, {})
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=at_once)
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http, fake_obs() as obs:
        obs.scenes |= {"Live": [], "Spark Safety": []}
        obs.add("text_ft2_source_v2", "Spark captions", "Live")
        house = House(settings, around, http, stack, ())
        async with anyio.create_task_group() as tasks, house.open():
            made = Desk(house, obs)
            house.supervise(house.board.reporter("obs", "obs"), made.room.run)
            yield made
            tasks.cancel_scope.cancel()


async def test_without_the_wish_for_obs_nothing_is_connected(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await anyio.sleep(60)
        assert one.room.view().state == "off"
        assert one.component()[0] == "off"
        assert one.obs.attempts == 0
        assert "\nspark_vtuber_obs_connected " not in one.house.metrics.render()


async def test_obs_is_connected_when_the_setting_changes_and_left_when_it_changes_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        await anyio.sleep(1)
        one.change(on=True)
        await one.becomes("connected")
        assert one.component() == ("ok", 'on air: "Scene"', "")
        one.change(on=False)
        await one.becomes("off")


async def test_events_of_the_show_ask_for_scenes(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        await one.becomes("connected")
        one.house.events("chat.received", kind="raid")
        await one.until(lambda: one.obs.program == "Live")
        one.house.events("panic", reason="key")
        await one.until(lambda: one.obs.program == "Spark Safety")
        one.house.events("resume")
        await one.until(lambda: one.obs.program == "Live")


async def test_a_panic_clears_the_caption(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        await one.becomes("connected")
        one.room.captions.take(Caption(PersonaId("main"), "Hello."), Position(0, 0))
        await one.until(lambda: one.obs.text("Spark captions") == "Hello.")
        one.house.events("panic", reason="key")
        await one.until(lambda: one.obs.text("Spark captions") == "")


async def test_a_panic_is_remembered_over_a_change_of_settings(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        await one.becomes("connected")
        one.house.events("panic", reason="key")
        await one.until(lambda: one.obs.program == "Spark Safety")
        one.obs.program = "Live"
        one.change(poll_s=7.0)
        await one.until(lambda: one.obs.program == "Spark Safety")


async def test_the_stand_in_is_no_obs_and_is_left_again(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        await one.becomes("connected")
        one.stand_ins.switch("obs", "off")
        await one.becomes("off")
        assert one.component()[0] == "off"
        one.stand_ins.switch("obs", "")
        await one.becomes("connected")


async def test_a_restart_by_hand_connects_anew(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        await one.becomes("connected")
        assert one.house.supervisor.restart("obs", "by hand")
        await one.until(lambda: one.obs.attempts == 2)
        await one.becomes("connected")


async def test_a_password_that_is_not_known_is_a_clear_state(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON, password="secret:nobody-set-this") as one:
        await one.becomes("wrong_password")
        state, detail, fix = one.component()
        assert state == "failed"
        assert "nobody-set-this" in detail
        assert fix == "spark-vtuber secrets set nobody-set-this"
        assert one.obs.attempts == 0


async def test_a_password_that_is_kept_later_counts_with_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_PASSPHRASE", "correct horse")
    async with desk(tmp_path, **ON, password="secret:later") as one:
        await one.becomes("wrong_password")
        SecretFile(tmp_path, Keys(Given({}), "correct horse")).write("later", "hush hush")
        assert one.house.supervisor.restart("obs", "by hand")
        await one.becomes("connected")
        assert one.house.secrets.mask("hush hush") == "(secret)"


async def test_a_lost_obs_degrades_its_component_only(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        await one.becomes("connected")
        one.obs.is_up = False
        one.obs.drop()
        await one.becomes("lost")
        assert one.component()[0] == "degraded"


async def test_every_change_is_an_event_and_figures_are_metrics(tmp_path: Path) -> None:
    async with desk(tmp_path, **ON) as one:
        async with one.house.events.subscribe(0) as events:
            await one.until(lambda: one.room.view().stats is not None)
            states = []
            async for event in events:
                if event.type == "obs":
                    states.append(event.data["state"])
                    if event.data["stats"]:
                        break
        assert (states[0], states[-1]) == ("connecting", "connected")
        text = one.house.metrics.render()
        assert "spark_vtuber_obs_connected 1" in text
        assert "spark_vtuber_obs_frames_per_second 30" in text


def test_a_password_in_the_configuration_is_refused_and_not_told() -> None:
    with pytest.raises(SparkError) as caught:
        address_of(Obs(password="hunter2"), str)
    assert "hunter2" not in f"{caught.value} {caught.value.fix} {caught.value.__cause__}"
    assert "secret:obs" in caught.value.fix


def test_the_stage_of_this_machine_is_what_obs_shows() -> None:
    assert wanted(Config()).stage_url == "http://127.0.0.1:8080/stage/"
    assert wanted(Config(obs=Obs(stage_url="http://10.0.0.2:1/stage/"))).stage_url == "http://10.0.0.2:1/stage/"
