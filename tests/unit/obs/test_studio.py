"""An OBS that comes and goes, on the virtual clock."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest
from pydantic import SecretStr

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.obs import ObsView
from spark_vtuber.obs.captions import Captions
from spark_vtuber.obs.port import Address
from spark_vtuber.obs.rules import Wish
from spark_vtuber.obs.session import Pace, Plan
from spark_vtuber.obs.studio import Studio, Ties
from spark_vtuber.stage.port import Caption, Position
from spark_vtuber.testing.obs_fake import FakeObs, fake_obs
from spark_vtuber.testing.virtual import VirtualClock

ADDRESS = Address("127.0.0.1", 4455, SecretStr("hunter2"))
NOWHERE = Position(0, 0)


@dataclass(slots=True)
class Bench:
    """A studio at work beside a fake OBS with a live scene, a safety scene and a source for captions."""

    obs: FakeObs
    captions: Captions = field(default_factory=lambda: Captions(lambda: NOWHERE))
    views: list[ObsView] = field(default_factory=list)
    is_panic: bool = False
    studio: Studio = field(init=False)

    def __post_init__(self) -> None:
        self.obs.scenes |= {"Live": [], "Safety": []}
        self.obs.add("text_ft2_source_v2", "Captions", "Live")
        self.studio = self.studio_with(Plan(ADDRESS, "Captions", safety_scene="Safety", pace=Pace(caption_s=0.2)))

    def studio_with(self, plan: Plan) -> Studio:
        ties = Ties(self.obs.open_remote, lambda: self.is_panic, VirtualClock(), random.Random(1), self.views.append)
        return Studio(plan, self.captions, ties)

    async def until(self, is_true: Callable[[], bool], limit_s: float = 90.0) -> None:
        with anyio.fail_after(limit_s):
            while not is_true():
                await anyio.sleep(0.01)

    async def becomes(self, state: str) -> ObsView:
        await self.until(lambda: self.studio.view().state == state)
        return self.studio.view()

    def says(self, text: str) -> None:
        self.captions.take(Caption(PersonaId("main"), text), NOWHERE)

    @property
    def states(self) -> list[str]:
        """States as they followed one another."""
        states = [view.state for view in self.views]
        return [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state]


@asynccontextmanager
async def bench(**more: object) -> AsyncIterator[Bench]:
    async with fake_obs(**more) as obs, anyio.create_task_group() as tasks:
        bench = Bench(obs)
        tasks.start_soon(bench.studio.run)
        yield bench
        tasks.cancel_scope.cancel()


async def test_what_obs_shows_is_known_as_soon_as_it_is_connected() -> None:
    async with bench() as one:
        view = await one.becomes("connected")
        assert (view.scene, view.scenes) == ("Scene", ("Scene", "Live", "Safety"))
        assert (view.streaming, view.recording, view.safety_scene) == (False, False, "Safety")
        await one.until(lambda: one.studio.view().stats is not None)
        assert one.states == ["connecting", "connected"]


async def test_scenes_and_outputs_follow_its_events() -> None:
    async with bench() as one:
        await one.becomes("connected")
        async with one.obs.open_remote(ADDRESS, lambda _event, _data: None) as other:
            await other.call("CreateScene", {"sceneName": "New"})
            await other.call("StartStream")
            await other.call("SetCurrentProgramScene", {"sceneName": "New"})
        await one.until(lambda: one.studio.view().streaming and one.studio.view().scene == "New")
        assert one.studio.view().scenes[-1] == "New"


async def test_a_wrong_password_is_a_state_of_its_own_and_no_storm() -> None:
    async with bench(password="other") as one:
        view = await one.becomes("wrong_password")
        assert "does not accept the password" in view.detail
        assert "hunter2" not in repr(one.views)
        await anyio.sleep(300.0)
        assert one.obs.attempts <= 6
        one.obs.password = "hunter2"
        await one.becomes("connected")


async def test_an_obs_that_is_not_there_is_looked_for_with_growing_pauses() -> None:
    async with bench(is_up=False) as one:
        await anyio.sleep(60.0)
        view = one.studio.view()
        assert (view.state, view.fix) == ("connecting", "start OBS")
        assert 8 <= one.obs.attempts <= 20
        one.obs.is_up = True
        await one.becomes("connected")


async def test_a_killed_obs_is_lost_and_found_again() -> None:
    async with bench() as one:
        await one.becomes("connected")
        one.obs.is_up = False
        one.obs.drop()
        view = await one.becomes("lost")
        assert (view.scene, view.scenes, view.stats) == ("", (), None)
        await anyio.sleep(60.0)
        assert one.studio.view().state == "lost"
        one.obs.is_up = True
        await one.becomes("connected")
        assert one.states == ["connecting", "connected", "lost", "connected"]


async def test_an_obs_that_drops_everybody_at_once_is_not_stormed() -> None:
    async with bench() as one:
        for _ in range(60):
            await anyio.sleep(1.0)
            one.obs.drop()
        assert one.obs.attempts < 25


async def test_an_obs_that_hangs_is_lost() -> None:
    async with bench() as one:
        await one.becomes("connected")
        one.obs.is_deaf = True
        view = await one.becomes("lost")
        assert "did not answer" in view.detail


async def test_a_scene_is_on_air_when_switch_returns() -> None:
    async with bench() as one:
        await one.becomes("connected")
        assert await one.studio.switch("Live") == "Live"
        assert one.obs.program == "Live"
        assert await one.studio.switch("Live") == "Live"


async def test_an_unknown_scene_and_a_missing_obs_have_names() -> None:
    async with bench() as one:
        await one.becomes("connected")
        with pytest.raises(EngineError) as unknown:
            await one.studio.switch("Nowhere")
        one.obs.is_up = False
        one.obs.drop()
        await one.becomes("lost")
        with pytest.raises(EngineError) as missing:
            await one.studio.switch("Live")
    assert (unknown.value.code, missing.value.code) == ("obs_no_scene", "obs_not_connected")
    assert "Live" in unknown.value.fix


async def test_who_waits_for_a_scene_is_told_when_obs_is_lost() -> None:
    async with bench() as one:
        await one.becomes("connected")
        codes: list[str] = []

        async def switch() -> None:
            try:
                await one.studio.switch("Live")
            except EngineError as error:
                codes.append(error.code)

        with anyio.fail_after(5.0):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(switch)
                await anyio.sleep(0.05)
                one.obs.drop()
    assert codes == ["obs_lost"]


async def test_of_a_burst_of_wishes_the_last_one_wins_and_few_are_asked() -> None:
    async with bench() as one:
        await one.becomes("connected")
        for index in range(300):
            one.studio.want(Wish(("Live", "Scene")[index % 2]))
            await anyio.sleep(0.001)
        one.studio.want(Wish("Live"))
        await one.until(lambda: one.obs.program == "Live")
        await anyio.sleep(2.0)
        assert one.obs.program == "Live"
        assert len([request for request, _ in one.obs.log if request == "SetCurrentProgramScene"]) <= 6


async def test_a_panic_waits_for_no_transition_and_is_a_cut() -> None:
    async with bench() as one:
        await one.becomes("connected")
        one.studio.want(Wish("Live"))
        await anyio.sleep(0.1)
        asked = anyio.current_time()
        one.studio.want(Wish("Safety"), is_urgent=True)
        await one.until(lambda: one.obs.program == "Safety")
        assert anyio.current_time() - asked < 0.05
        assert one.obs.overrides == {"Safety": "Cut"}


async def test_a_panic_that_lasts_reaches_an_obs_that_comes_later() -> None:
    async with bench(is_up=False) as one:
        one.is_panic = True
        await anyio.sleep(5.0)
        one.obs.is_up = True
        await one.until(lambda: one.obs.program == "Safety")


async def test_a_scene_for_a_while_gives_way_to_the_one_from_before() -> None:
    async with bench() as one:
        await one.becomes("connected")
        await one.studio.switch("Live")
        one.studio.want(Wish("Safety", for_s=10.0))
        await anyio.sleep(9.0)
        assert one.obs.program == "Safety"
        await anyio.sleep(3.0)
        assert one.obs.program == "Live"


async def test_a_scene_for_a_while_does_not_undo_what_a_person_chose() -> None:
    async with bench() as one:
        await one.becomes("connected")
        one.studio.want(Wish("Safety", for_s=10.0))
        await anyio.sleep(2.0)
        await one.studio.switch("Live")
        await anyio.sleep(20.0)
        assert one.obs.program == "Live"


async def test_captions_change_at_most_as_often_as_allowed() -> None:
    async with bench() as one:
        await one.becomes("connected")
        await anyio.sleep(1.0)
        one.obs.log.clear()
        for index in range(100):
            one.says(f"word {index}")
            await anyio.sleep(0.02)
        await anyio.sleep(0.5)
        assert one.obs.text("Captions") == "word 99"
        texts = [data for request, data in one.obs.log if request == "SetInputSettings"]
        assert 5 <= len(texts) <= 12


async def test_captions_from_before_are_cleared_at_the_start_and_at_the_end() -> None:
    async with fake_obs() as obs, anyio.create_task_group() as tasks:
        one = Bench(obs)
        obs.sources["Captions"].settings["text"] = "from yesterday"
        tasks.start_soon(one.studio.run)
        await one.becomes("connected")
        await one.until(lambda: obs.text("Captions") == "")
        one.says("today")
        await one.until(lambda: obs.text("Captions") == "today")
        tasks.cancel_scope.cancel()
        await anyio.lowlevel.cancel_shielded_checkpoint()
    assert obs.text("Captions") == ""


async def test_a_missing_source_for_captions_is_told_and_found_later() -> None:
    async with bench() as one:
        del one.obs.sources["Captions"]
        view = await one.becomes("connected")
        await one.until(lambda: one.studio.view().detail != "")
        view = one.studio.view()
        assert (view.state, view.fix) == ("connected", "spark-vtuber obs setup")
        one.obs.add("text_ft2_source_v2", "Captions", "Live")
        await one.until(lambda: one.studio.view().detail == "")


async def test_another_collection_of_scenes_is_looked_at() -> None:
    async with bench() as one:
        await one.becomes("connected")
        one.obs.scenes = {"Other": [], "Safety": []}
        one.obs.program = "Other"
        one.obs.overrides.clear()
        one.obs.tell("CurrentSceneCollectionChanged", sceneCollectionName="Second")
        await one.until(lambda: one.studio.view().scenes == ("Other", "Safety"))
        await one.until(lambda: one.obs.overrides == {"Safety": "Cut"})


async def test_the_show_can_go_without_obs_and_take_it_back() -> None:
    async with bench() as one:
        await one.becomes("connected")
        one.studio.turn_off(is_off=True)
        assert (await one.becomes("off")).scenes == ()
        attempts = one.obs.attempts
        await anyio.sleep(60.0)
        assert one.obs.attempts == attempts
        one.studio.turn_off(is_off=False)
        await one.becomes("connected")
        assert one.states == ["connecting", "connected", "off", "connecting", "connected"]
