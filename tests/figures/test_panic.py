"""From the panic key to silence and to the safety scene in a real OBS: with a show that is well, and one that hangs."""

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from spark_vtuber.config.environment import child_environment
from spark_vtuber.stage import client
from spark_vtuber.stage.port import Position
from spark_vtuber.testing.live import model_config, until
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve
from spark_vtuber.testing.obs import ObsProgram, obs_program
from spark_vtuber.testing.watched import WatchedShow, watched_show

pytestmark = [pytest.mark.figures, pytest.mark.needs("obs"), pytest.mark.platform("linux"), pytest.mark.timeout(180)]

ROUNDS = 3
WELL_MS = 200.0
HUNG_MS = 2_000.0
SETTLED_S = 1.2
"""The show has told the watch where OBS is, and which workers it has, after one beat."""

CONFIG = """
{model}
[obs]
on = true
port = {port}
password = "secret:obs"
"""

LONG = Script(text="comma", tokens_per_s=0)
"""Twelve seconds of speech."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that all of it shares one OBS."""
    return "asyncio"


@pytest.fixture(scope="module")
async def obs(anyio_backend: str) -> AsyncIterator[ObsProgram]:
    async with obs_program() as program:
        yield program


@dataclass
class Ear:
    """A page that hears everything as it comes; `silent_s` is when nothing more can be heard of it."""

    silent_s: float = 0.0
    sounds_s: list[float] = field(default_factory=list)

    async def listen(self, port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}/api/stage", max_size=None) as page:
            await page.send(client.hello("obs", has_audio=True))
            with suppress(ConnectionClosed):
                async for frame in page:
                    heard = client.read(frame)
                    if isinstance(heard, client.Sound):
                        self.sounds_s.append(time.monotonic())
                        await page.send(client.playback(Position(heard.utterance, 0)))
                    elif heard.type == "speech.cancel":
                        self.silent_s = time.monotonic()
        self.silent_s = self.silent_s or time.monotonic()


@dataclass(frozen=True)
class Panic:
    """Milliseconds since the key was pressed."""

    silent_ms: float
    safe_ms: float


@asynccontextmanager
async def on_air(obs: ObsProgram, folder: Path) -> AsyncIterator[WatchedShow]:
    """A watched show beside OBS, with a model that talks for long."""
    async with serve(LONG) as model:
        file = folder / "spark.toml"
        file.write_text(CONFIG.format(model=model_config(model.base_url), port=obs.port))
        environ: Mapping[str, str] = child_environment({"SPARK_SECRET_OBS": obs.password})
        async with watched_show("run", "--config", str(file), environ=environ) as show:
            yield show


async def panic_once(obs: ObsProgram, folder: Path, harm: Callable[[WatchedShow], Awaitable[None]]) -> Panic:
    """Have a show talk, harm it, press the key; gives how long silence and the safety scene took."""
    scenes: list[tuple[float, Any]] = []

    def tell(event: str, data: Mapping[str, Any]) -> None:
        if event == "CurrentProgramSceneChanged":
            scenes.append((time.monotonic(), data["sceneName"]))

    ear = Ear()
    async with obs.connected(tell) as remote, on_air(obs, folder) as show, anyio.create_task_group() as tasks:
        await ready_scenes(remote)
        tasks.start_soon(ear.listen, show.port)
        before = await show.health()
        await show.http.post("/api/chat", json={"author": "ana", "text": "tell me everything"})
        await until(lambda: len(ear.sounds_s) > 5)
        await anyio.sleep(SETTLED_S)
        await harm(show)
        scenes.clear()
        pressed_s = time.monotonic()
        key = await anyio.run_process([sys.executable, "-m", "spark_vtuber", "panic", "--port", str(show.port)])
        assert key.returncode == 0
        await until(lambda: any(name == "Spark Safety" for _, name in scenes))
        await until(lambda: ear.silent_s > 0)
        safe_s = next(at_s for at_s, name in scenes if name == "Spark Safety")
        silent_s = max([ear.silent_s, *(at_s for at_s in ear.sounds_s if at_s > pressed_s)])
        if b"started again" in key.stdout:
            await show.next_life(before["session"])
        status = (await show.http.get("/api/status")).json()
        assert status["panic"] or (status["muted_reason"] and all(one["muted"] for one in status["personas"]))
        tasks.cancel_scope.cancel()
    return Panic((silent_s - pressed_s) * 1000, (safe_s - pressed_s) * 1000)


async def ready_scenes(remote: Any) -> None:
    known = [scene["sceneName"] for scene in (await remote.call("GetSceneList"))["scenes"]]
    for name in ("Spark Live", "Spark Safety"):
        if name not in known:
            await remote.call("CreateScene", {"sceneName": name})
    with suppress(Exception):
        await remote.call("SetCurrentSceneTransition", {"transitionName": "Cut"})
    await remote.call("SetCurrentProgramScene", {"sceneName": "Spark Live"})


async def none(_show: WatchedShow) -> None:
    """Nothing happens to it."""


async def hang(show: WatchedShow) -> None:
    """The loop of the show stands still."""
    psutil.Process(show.pid).children()[0].suspend()


async def stop_the_voice(show: WatchedShow) -> None:
    """The espeak worker stands still, the show does not."""
    for worker in psutil.Process(show.pid).children()[0].children():
        worker.suspend()


async def hang_all(show: WatchedShow) -> None:
    """Both stand still."""
    await stop_the_voice(show)
    await hang(show)


@pytest.mark.parametrize(
    ("harm", "limit_ms"),
    [(none, WELL_MS), (stop_the_voice, HUNG_MS), (hang, HUNG_MS), (hang_all, HUNG_MS)],
    ids=["well", "voice-stopped", "loop-blocked", "both"],
)
async def test_panic_is_silence_and_the_safety_scene(
    obs: ObsProgram,
    harm: Callable[[WatchedShow], Awaitable[None]],
    limit_ms: float,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found: list[str] = []
    for _ in range(ROUNDS):
        seen = await panic_once(obs, tmp_path, harm)
        line = f"key to silence {seen.silent_ms:.0f} ms, to the safety scene {seen.safe_ms:.0f} ms"
        with capsys.disabled():
            print(f"\n{harm.__name__}: {line} (limit {limit_ms:.0f})")
        if max(seen.silent_ms, seen.safe_ms) < limit_ms:
            return
        found.append(line)
    pytest.fail("; ".join(found))
