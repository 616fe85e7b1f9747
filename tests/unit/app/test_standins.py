"""Every module is switched to its stand-in and back in mid-show, and no turn is lost."""

import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from spark_vtuber.app import assemble
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.avatar import AvatarRoom
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.obs import ObsRoom
from spark_vtuber.app.standins import STAND_INS
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Line
from spark_vtuber.core.turns import Outcome
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.obs_fake import FakeObs
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.vts_server import fake_studio

CONFIG = """
[llm]
use = "openai"
[tts]
use = "piper"
[chat.twitch]
channel = "ana"
[discovery]
on = false
[avatar.vtube_studio]
on = true
motion = 0.0
[obs]
on = true
captions = ""
"""
LINES = 24
EVERY_S = 7.0

CONNECTED = {"stage": "avatar:main", "obs": "obs"}
"""Modules behind which is a connection, which ends while the stand-in is used."""

OpenShow = Callable[[], AbstractAsyncContextManager[Opened]]


@pytest.fixture
def open_show(troupe: Troupe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenShow:
    """A show with a VTube Studio and an OBS beside it; both are connected when it is there."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Opened]:
        file = tmp_path / "spark.toml"
        file.write_text(CONFIG, encoding="utf-8")
        settings = load(troupe.spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), troupe.workers, aside=inline)
        async with fake_studio(VirtualClock(), frames_per_s=5) as studio, anyio.create_task_group() as tasks:
            obs = FakeObs(tasks)
            monkeypatch.setattr(
                assemble, "AvatarRoom", partial(AvatarRoom, open_=lambda _host, _port: studio.connect())
            )
            monkeypatch.setattr(assemble, "ObsRoom", partial(ObsRoom, connect=lambda _config: obs.open_remote))
            show: Opened = await tasks.start(partial(run_show, settings, around))
            with anyio.fail_after(60):
                while {state(show, "avatar:main"), state(show, "obs")} != {"ok"}:
                    await anyio.sleep(0.5)
            yield show
            tasks.cancel_scope.cancel()

    return opened


def state(show: Opened, name: str) -> str:
    return next((one.state for one in show.show.components if one.name == name), "")


@pytest.mark.parametrize("module", sorted(STAND_INS))
async def test_a_switch_to_the_stand_in_and_back_loses_no_turn(module: str, open_show: OpenShow) -> None:
    async with open_show() as show:
        for number in range(LINES):
            if number % 8 == 4:
                await show.show.fall_back(module, STAND_INS[module])
                assert state(show, f"fallback:{module}") == "degraded"
            if number % 8 == 0 and number:
                await show.show.fall_back(module, "")
                assert state(show, f"fallback:{module}") == "off"
            show.show.chat(Line(f"viewer{number}", f"line number {number}"))
            await anyio.sleep(EVERY_S)
            if module in CONNECTED:
                assert state(show, CONNECTED[module]) == ("off" if number % 8 >= 4 else "ok")
        await anyio.sleep(60)
        turns = show.show.turns(100)
    assert [turn.outcome for turn in turns] == [Outcome.COMPLETED] * LINES
    assert sorted(turn.cue.text for turn in turns) == sorted(f"line number {number}" for number in range(LINES))
    assert all(turn.heard and not turn.is_degraded for turn in turns)


async def test_each_answer_comes_from_whom_it_should(open_show: OpenShow) -> None:
    async with open_show() as show:
        for stand_in in ("", "understudy", ""):
            await show.show.fall_back("llm", stand_in)
            show.show.chat(Line("ana", f"hello, {stand_in or 'model'} number {len(show.show.turns(9))}"))
            await anyio.sleep(20)
        heard = [turn.heard for turn in reversed(show.show.turns(9))]
    assert heard == ["The model says this.", "My big brain is not plugged in.", "The model says this."]


async def test_a_voice_that_was_switched_off_is_asked_again_when_it_is_back(
    troupe: Troupe, open_show: OpenShow
) -> None:
    async with open_show() as show:
        espeak, piper = troupe.workers.children
        for stand_in, speaker in (("", piper), ("espeak", espeak), ("", piper)):
            await show.show.fall_back("tts", stand_in)
            before = len(speaker.requests)
            show.show.chat(Line("ana", f"hello {before} of {stand_in or 'piper'} please"))
            await anyio.sleep(20)
            assert len(speaker.requests) > before


async def test_while_chat_is_switched_to_the_page_other_lines_are_not_answered(
    troupe: Troupe, open_show: OpenShow
) -> None:
    async with open_show() as show:
        for stand_in, number in (("", 1), ("page", 2), ("", 3)):
            await show.show.fall_back("chat", stand_in)
            troupe.chat.post(number)
            show.show.chat(Line("ben", f"page line {number}"))
            await anyio.sleep(40)
        texts = {turn.cue.text for turn in show.show.turns(20)}
    assert texts == {
        "line number 1, hello?", "line number 3, hello?", "page line 1", "page line 2", "page line 3",
    }  # fmt: skip
