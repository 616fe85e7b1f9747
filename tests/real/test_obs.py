"""A real OBS on a screen of its own: what the show does with it, and what it does to the show."""

import base64
import json
import statistics
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from spark_vtuber.cli.safety_scene import switch_scene
from spark_vtuber.obs.port import Remote
from spark_vtuber.obs.simple import open_remote
from spark_vtuber.testing.browser import FLAGS, SOUND_PLAYS
from spark_vtuber.testing.contracts.obs import PROMISES, Events, Promise, Trial
from spark_vtuber.testing.live import LiveShow, live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve
from spark_vtuber.testing.obs import SIZE, ObsProgram, obs_program

pytestmark = [pytest.mark.real, pytest.mark.needs("obs"), pytest.mark.platform("linux")]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that all of it shares one OBS."""
    return "asyncio"


@pytest.fixture(scope="module")
async def obs(anyio_backend: str) -> AsyncIterator[ObsProgram]:
    async with obs_program(has_sound=True) as program:
        yield program


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
async def test_the_real_one_keeps_the_promises_of_the_fake(obs: ObsProgram, promise: Promise) -> None:
    events = Events()
    async with obs.connected(events.tell) as remote:
        await remote.call("SetCurrentProgramScene", {"sceneName": "Scene"})
        await anyio.sleep(0.35)
        events.seen.clear()
        await promise(Trial(open_remote, obs.address, remote, events))


Picture = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Signal = np.ndarray[tuple[int], np.dtype[np.float64]]

TEXT = "Spark captions"
WRONG = "battery staple"
SAFETY = "Spark Safety"
LIVE = "Spark Live"

CONFIG = """
[obs]
on = true
port = {port}
password = "secret:obs"
poll_s = 2.0

[[obs.rules]]
on = "chat.received"
match = {{ kind = "raid" }}
scene = "Raid"
for_s = 0.5
"""

LONG = Script(text="comma", tokens_per_s=0)
"""Twelve seconds of speech, there at once."""


@pytest.fixture(scope="module")
async def show(obs: ObsProgram, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveShow]:
    """A show beside that OBS, after `obs setup`."""
    config = CONFIG.format(port=obs.port)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_SECRET_OBS", obs.password)
        environment.setenv("SPARK_SECRET_WRONG", WRONG)
        file = tmp_path_factory.mktemp("obs") / "spark.toml"
        file.write_text(config)
        await set_up(file)
        async with obs.connected() as remote:
            await remote.call("CreateScene", {"sceneName": "Raid"})
        async with serve(LONG) as model, live_show(model_config(model.base_url) + config) as show:
            await state(show, "connected")
            yield show


async def set_up(file: Path) -> list[dict[str, str]]:
    command = [sys.executable, "-m", "spark_vtuber", "obs", "setup", "--json", "--config", str(file)]
    steps: list[dict[str, str]] = json.loads((await anyio.run_process(command, stderr=None)).stdout)
    return steps


async def view(show: LiveShow) -> dict[str, Any]:
    answer: dict[str, Any] = (await show.http.get("/api/obs")).json()
    return answer


async def state(show: LiveShow, wanted: str) -> dict[str, Any]:
    with anyio.fail_after(20):
        while (now := await view(show))["state"] != wanted:
            await anyio.sleep(0.02)
    return now


async def on_air(show: LiveShow, scene: str) -> None:
    with anyio.fail_after(10):
        while (await view(show))["scene"] != scene:
            await anyio.sleep(0.01)


async def picture(remote: Remote, source: str) -> Picture:
    """What a source shows, as OBS renders it: rows from the top, the last axis is blue, green, red, alpha."""
    shot = await remote.call("GetSourceScreenshot", {"sourceName": source, "imageFormat": "bmp"})
    data = base64.b64decode(str(shot["imageData"]).partition(",")[2])
    start, width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (10, 18, 22))
    pixels = np.frombuffer(data, np.uint8, offset=start)
    channels = int.from_bytes(data[28:30], "little") // 8
    rows = pixels[: abs(height) * width * channels].reshape(abs(height), width, channels)
    return rows[::-1] if height > 0 else rows


async def caption(remote: Remote) -> str:
    settings = (await remote.call("GetInputSettings", {"inputName": TEXT}))["inputSettings"]
    return str(settings.get("text", ""))


async def until_caption(remote: Remote, is_right: Callable[[str], bool]) -> str:
    with anyio.fail_after(20):
        while not is_right(text := await caption(remote)):
            await anyio.sleep(0.02)
    return text


async def test_setup_makes_everything_once_and_says_what_this_build_lacks(obs: ObsProgram, show: LiveShow) -> None:
    file = obs.folder / "again.toml"
    file.write_text(CONFIG.format(port=obs.port))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_SECRET_OBS", obs.password)
        steps = await set_up(file)
    assert {step["outcome"] for step in steps} == {"kept", "missing"}
    (missing,) = [step for step in steps if step["outcome"] == "missing"]
    assert "browser source" in missing["what"]
    assert "obsproject.com" in missing["fix"]
    assert {LIVE, SAFETY} <= set((await view(show))["scenes"])


async def test_captions_are_seen_in_a_picture_taken_through_obs(obs: ObsProgram, show: LiveShow) -> None:
    async with obs.connected() as remote:
        before = await picture(remote, LIVE)
        await show.write("ana", "hello spark")
        shown = await until_caption(remote, bool)
        await anyio.sleep(0.1)
        during = await picture(remote, LIVE)
        assert "Oh good evening everyone" in shown.replace("\n", " ")
        changed = np.any(before != during, axis=2)
        height, width = changed.shape
        assert (width, height) == SIZE
        low, rest = changed[height // 2 :], changed[: height // 2]
        assert np.count_nonzero(low) > 1_000
        assert np.count_nonzero(rest) == 0
        columns = np.flatnonzero(low.any(axis=0))
        middle = (columns[0] + columns[-1]) / 2
        assert abs(middle - width / 2) < width / 20
        await show.http.post("/api/interrupt", json={})
        await until_caption(remote, lambda text: not text)
        await anyio.sleep(0.1)
        assert np.array_equal(before, await picture(remote, LIVE))


async def test_an_event_changes_the_scene_for_a_while(obs: ObsProgram, show: LiveShow) -> None:
    await show.http.post("/api/obs/scene", json={"name": LIVE})
    await on_air(show, LIVE)
    await show.write("raider", "12 friends", kind="raid", amount=12)
    await on_air(show, "Raid")
    await on_air(show, LIVE)
    await show.http.post("/api/interrupt", json={})


async def test_a_scene_that_is_not_there_is_refused_with_those_that_are(show: LiveShow) -> None:
    answer = await show.http.post("/api/obs/scene", json={"name": "Nowhere"})
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "obs_no_scene"
    assert LIVE in answer.json()["error"]["fix"]


async def test_a_panic_is_a_cut_to_the_safety_scene_and_resume_brings_the_scene_back(
    obs: ObsProgram, show: LiveShow
) -> None:
    events = Events()
    async with obs.connected(events.tell) as remote:
        await show.http.post("/api/obs/scene", json={"name": LIVE})
        await show.write("ana", "tell me a story")
        await until_caption(remote, bool)
        events.seen.clear()

        async def press_panic() -> None:
            await show.http.post("/api/panic", json={})

        pressed_s = time.monotonic()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(press_panic)
            await events.until("CurrentProgramSceneChanged", sceneName=SAFETY)
            took_ms = (time.monotonic() - pressed_s) * 1000
        print(f"panic key to the safety scene: {took_ms:.0f} ms")
        await until_caption(remote, lambda text: not text)
        await show.write("raider", "rules are quiet now", kind="raid")
        await show.http.post("/api/resume", json={})
        await events.until("CurrentProgramSceneChanged", sceneName=LIVE)
        assert took_ms < 200
        assert [data["sceneName"] for data in events.of("CurrentProgramSceneChanged")] == [SAFETY, LIVE]


async def test_the_watch_s_own_client_switches_the_real_one_at_once(obs: ObsProgram) -> None:
    took_ms = []
    for scene in ("Scene", SAFETY, LIVE):
        began_s = time.perf_counter()
        await anyio.to_thread.run_sync(switch_scene, "127.0.0.1", obs.port, obs.password, scene)
        took_ms.append((time.perf_counter() - began_s) * 1000)
    print(f"switched within {', '.join(f'{one:.0f}' for one in took_ms)} ms")
    assert sorted(took_ms)[1] < 100, "the middle one counts: something else may hold the machine once"


async def test_the_show_goes_on_without_obs_and_takes_it_back(obs: ObsProgram, show: LiveShow) -> None:
    async with show.listening():
        before = len(await show.turns())
        await show.write("ana", "one more story")
        await show.http.post("/api/fallback", json={"module": "obs", "use": "off"})
        assert (await state(show, "off"))["scenes"] == []
        assert (await show.component("obs"))["state"] == "off"
        await show.http.post("/api/fallback", json={"module": "obs", "use": ""})
        assert LIVE in (await state(show, "connected"))["scenes"]
        turns = await show.wait_for_turns(before + 1)
        assert turns[0]["outcome"] == "completed"


async def test_a_wrong_password_is_a_clear_state_until_it_is_mended(obs: ObsProgram, show: LiveShow) -> None:
    await show.http.post("/api/settings", json={"key": "obs.password", "value": "secret:wrong"})
    refused = await state(show, "wrong_password")
    component = await show.component("obs")
    assert component["state"] == "failed"
    assert "does not accept the password" in component["detail"]
    assert "secret" in component["fix"]
    log = (await show.http.get("/api/log")).text
    metrics = (await show.http.get("/metrics")).text
    told = json.dumps([refused, await show.health()]) + log + metrics
    assert WRONG not in told
    assert obs.password not in told
    await show.http.post("/api/settings/reset", json={"key": "obs.password"})
    await state(show, "connected")


@pytest.mark.needs("chromium")
async def test_a_recording_of_obs_has_the_sound_of_the_turn(obs: ObsProgram, chromium: Path) -> None:
    """The page's sound goes through a sound server into OBS; the recorder beside the show says what it should be."""
    wav = obs.folder / "show.wav"
    config = f'[stage]\nrecording = "{wav}"\n'
    heard = Events()
    async with (
        serve(Script(text="short", tokens_per_s=0)) as model,
        live_show(model_config(model.base_url) + config) as show,
        obs.connected(heard.tell) as remote,
        audible_page(obs, chromium, f"http://127.0.0.1:{show.port}/stage/?debug") as page,
    ):
        while not await page.evaluate("Boolean(window.__stage?.isAudible)"):
            await anyio.sleep(0.05)
        await remote.call("StartRecord")
        await heard.until("RecordStateChanged", outputState="OBS_WEBSOCKET_OUTPUT_STARTED")
        await show.write("ana", "hello!")
        (turn,) = await show.wait_for_turns(1)
        await anyio.sleep(0.5)
        await remote.call("StopRecord")
        await heard.until("RecordStateChanged", outputState="OBS_WEBSOCKET_OUTPUT_STOPPED")
    assert turn["outcome"] == "completed"
    stopped = heard.of("RecordStateChanged")[-1]
    with wave.open(str(wav)) as tape:
        rate, spoken = tape.getframerate(), samples(tape.readframes(tape.getnframes()))
    recorded = samples(await decoded(Path(stopped["outputPath"]), rate))
    found = [correlation(piece, recorded, rate) for piece in pieces(spoken, rate // 2)]
    alike = statistics.median(peak for peak, _ in found)
    whole, at_s = correlation(spoken, recorded, rate)
    print(f"{len(spoken) / rate:.1f} s of speech are in the recording from {at_s:.2f} s on, correlation {whole:.3f}")
    print(f"half seconds of it: {', '.join(f'{peak:.3f}' for peak, _ in found)}; median {alike:.3f}")
    assert len(spoken) > 3 * rate
    assert alike > 0.9
    places = [at for _, at in found]
    assert places == sorted(places)


def pieces(sound: Signal, size: int) -> list[Signal]:
    """Pieces that are not silent. One by one they are found also where a busy machine made the sound falter."""
    parts = (sound[start : start + size] for start in range(0, len(sound) - size, size))
    return [part for part in parts if part.std() > sound.std() / 2]


@asynccontextmanager
async def audible_page(obs: ObsProgram, chromium: Path, address: str) -> AsyncIterator[Page]:
    """A page whose sound goes to the sound server that OBS listens to; Playwright would silence it.

    Its buffer is long, so that the sound of a busy machine does not falter.
    """
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=chromium,
            args=[*FLAGS, SOUND_PLAYS, "--audio-buffer-size=8192"],
            ignore_default_args=["--mute-audio"],
            env=dict(obs.environment),
        ) as browser,
    ):
        page = await browser.new_page()
        await page.goto(address)
        yield page


async def decoded(file: Path, rate: int) -> bytes:
    """The sound of a recording, as the show's own: mono, 16 bits."""
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-f", "s16le", "-ac", "1", "-ar", str(rate), "-"]
    return (await anyio.run_process(command)).stdout


def samples(pcm: bytes) -> Signal:
    return np.frombuffer(pcm, np.int16).astype(np.float64)


def correlation(sought: Signal, sound: Signal, rate: int) -> tuple[float, float]:
    """How alike `sought` is to the part of `sound` that is most alike, -1 to 1, and where that begins in seconds."""
    size = 1 << (len(sought) + len(sound)).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(sought, size).conj(), size)[: len(sound)]
    at = int(np.argmax(product))
    part = sound[at : at + len(sought)]
    return float(product[at] / np.sqrt(np.sum(sought**2) * np.sum(part**2))), at / rate


async def test_a_killed_obs_is_found_again_when_it_returns(obs: ObsProgram, show: LiveShow) -> None:
    """Last but one: it ends what the others share."""
    await obs.kill()
    lost = await state(show, "lost")
    assert "start OBS again" in lost["fix"]
    component = await show.component("obs")
    assert component["state"] == "degraded"
    await obs.start()
    found = await state(show, "connected")
    assert found["fix"] == ""
    assert obs.password not in json.dumps([found, component, await show.health()])
    gauges = (await show.http.get("/metrics")).text
    assert "spark_vtuber_obs_connected 1" in gauges
