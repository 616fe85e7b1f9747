"""The panel and the stage in a real browser: a person writes a line and a character answers aloud."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import testbed
from playwright.async_api import Browser, expect

from spark_vtuber.testing.browser import SOUND_WAITS, Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, free_port, live_show, model_config, until
from spark_vtuber.testing.llm_script import TEXTS, Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

IS_SHUT = "__stage.frames.at(-1).viseme === 'sil' && __stage.frames.at(-1).mouthOpen === 0"
IS_SOUNDING = "__stage.tap.at(-1)?.isOn"

LONG = Script(text="comma", tokens_per_s=0)
"""Twelve seconds of speech, there at once."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the whole module, whose tests share a browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser in which sound plays by itself. Each test opens pages of its own and closes them."""
    path = testbed.chromium()
    assert path is not None
    async with chromium_browser(path) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def closed_afterwards(browser: Browser) -> AsyncIterator[None]:
    """No page of a test goes on beside the next one."""
    yield
    for context in browser.contexts:
        await context.close()


@asynccontextmanager
async def answering(script: Script) -> AsyncIterator[LiveShow]:
    """A show with a scripted model."""
    async with serve(script) as model, live_show(model_config(model.base_url)) as show:
        yield show


async def open_desk(show: LiveShow, browser: Browser, **context: Any) -> Visit:
    """The desk, connected and audible."""
    desk = await visit(browser, f"http://127.0.0.1:{show.port}/?debug", **context)
    await desk.until("window.__stage?.isAudible")
    return desk


async def open_stage(show: LiveShow, browser: Browser, query: str = "debug", **more: Any) -> Visit:
    """The stage, with a character on it."""
    stage = await visit(browser, f"http://127.0.0.1:{show.port}/stage/?{query}", **more)
    await expect(stage.page.locator("[data-persona=main] svg")).to_be_visible()
    return stage


async def press(desk: Visit, button: str, way: str) -> None:
    """Use a button of the desk, by `mouse` or by `keyboard`."""
    found = desk.page.get_by_role("button", name=button, exact=True)
    if way == "mouse":
        await found.click()
        return
    await found.focus()
    await desk.page.keyboard.press("Enter")


async def test_a_typed_line_is_answered_aloud_with_moving_lips_and_captions(browser: Browser) -> None:
    async with answering(Script(text="short")) as show:
        desk = await open_desk(show, browser)
        await desk.page.get_by_label("Your name").fill("ana")
        await desk.page.get_by_label("Your line").fill("hello spark, how are you?")
        await desk.page.get_by_label("Your line").press("Enter")
        await desk.until("__stage.tap.some(({ isOn }) => isOn)")
        await expect(desk.page.locator(".caption")).to_contain_text("good evening")
        (turn,) = await show.wait_for_turns(1)
        await desk.until(IS_SHUT)
        tap, frames = await desk.probe("tap"), await desk.probe("frames")
        began_s, ended_s = tap[0]["timeS"], tap[-1]["timeS"]
        sounding = [frame for frame in frames if frame["heardS"] and began_s <= frame["heardS"] <= ended_s]
        assert len({frame["viseme"] for frame in sounding if frame["mouthOpen"] > 0}) >= 5
        assert tap[-1]["isOn"] is False
        assert await desk.probe("underruns") == 0
        assert turn["heard"] == TEXTS["short"]
        await desk.page.get_by_role("link", name="Chat").click()
        await expect(desk.page.locator(".line .answer")).to_contain_text(TEXTS["short"])
        assert await desk.probe("isAudible"), "the stage must sound on while another tab is open"
        assert desk.hosts == {f"127.0.0.1:{show.port}"}
        assert desk.complaints == []


async def test_without_a_model_the_desk_says_that_the_understudy_answers(browser: Browser) -> None:
    async with live_show('[llm]\nuse = "understudy"\n') as show:
        desk = await open_desk(show, browser)
        await expect(desk.page.locator(".notice")).to_contain_text("the understudy answers", ignore_case=True)
        await show.write("ana", "hello spark!")
        (turn,) = await show.wait_for_turns(1)
        await desk.page.get_by_role("link", name="Chat").click()
        await expect(desk.page.locator(".line .answer")).to_contain_text(turn["heard"])


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
async def test_the_streamer_stays_in_control(way: str, browser: Browser) -> None:
    async with answering(LONG) as show:
        desk = await open_desk(show, browser)
        await show.write("ana", "tell me a story")
        await desk.until(IS_SOUNDING)
        await press(desk, "Skip", way)
        (turn,) = await show.wait_for_turns(1)
        assert turn["outcome"] == "interrupted"
        await desk.until(f"!({IS_SOUNDING}) && {IS_SHUT} && __stage.caption() === null")

        await press(desk, "Mute", way)
        await expect(desk.page.get_by_role("button", name="Muted")).to_have_attribute("aria-pressed", "true")
        taps = len(await desk.probe("tap"))
        await show.write("ana", "and now quietly")
        await expect(desk.page.locator(".caption")).to_contain_text("good evening")
        assert len(await desk.probe("tap")) == taps
        await press(desk, "Muted", way)
        await expect(desk.page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
        await show.http.post("/api/interrupt", json={})
        await show.wait_for_turns(2)

        await show.write("ana", "once more")
        await desk.until(IS_SOUNDING)
        await press(desk, "Panic", way)
        await expect(desk.page.get_by_text("Everything stopped")).to_be_visible()
        await desk.until(f"!({IS_SOUNDING}) && {IS_SHUT} && __stage.caption() === null")
        await press(desk, "Resume the show", way)
        await expect(desk.page.get_by_text("Everything stopped")).to_be_hidden()
        await show.wait_for_turns(3)
        await show.write("ana", "are you back?")
        await desk.until(IS_SOUNDING)
        assert desk.complaints == []


async def test_the_stage_is_transparent_and_has_nothing_but_the_character(browser: Browser) -> None:
    async with answering(Script(text="short")) as show:
        stage = await open_stage(show, browser, "debug", viewport={"width": 1280, "height": 720})
        corners = await corner_alphas(stage)
        assert corners == [0, 0, 0, 0]
        assert await stage.page.get_by_role("button").count() == 0
        assert await stage.page.locator("input, a, select, nav").count() == 0
        await stage.until("__stage.isAudible")
        await show.write("ana", "hello!")
        await stage.until(IS_SOUNDING)
        await expect(stage.page.locator(".caption")).to_contain_text("good evening")
        assert stage.hosts == {f"127.0.0.1:{show.port}"}
        assert stage.complaints == []


async def corner_alphas(stage: Visit) -> list[int]:
    """The alpha of the four corners of a picture without the browser's own ground."""
    picture = await stage.page.screenshot(omit_background=True)
    read = """async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
        const { width, height } = bitmap;
        const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        context.drawImage(bitmap, 0, 0);
        const corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]];
        return corners.map(([x, y]) => context.getImageData(x, y, 1, 1).data[3]);
    }"""
    alphas: list[int] = await stage.page.evaluate(read, list(picture))
    return alphas


async def test_a_page_asks_for_a_click_only_where_the_browser_holds_sound_back(chromium: Path) -> None:
    async with live_show() as show, chromium_browser(chromium, SOUND_WAITS) as browser:
        address = f"http://127.0.0.1:{show.port}/stage/?debug"
        quiet = await visit(browser, f"{address}&audio=0")
        in_obs = await visit(browser, address, script="window.obsstudio = { pluginVersion: '2.24' }")
        stage = await visit(browser, address)
        for page in (in_obs, stage):
            # Whatever Playwright asks a page counts as a gesture, so the browser's refusal must come first.
            await until(lambda page=page: any("not allowed to start" in each for each in page.complaints))
        gate = stage.page.get_by_role("button", name="Click to enable sound")
        await expect(gate).to_be_visible()
        assert await in_obs.page.get_by_role("button").count() == 0
        assert await quiet.page.get_by_role("button").count() == 0
        await gate.click()
        await expect(gate).to_be_hidden()
        await stage.until("__stage.isAudible")
        await show.write("ana", "hello spark!")
        await stage.until(IS_SOUNDING)


async def test_one_of_two_pages_sounds_and_the_other_takes_over(browser: Browser) -> None:
    async with answering(Script(text="short", tokens_per_s=0)) as show:
        first = await open_stage(show, browser)
        await first.until("__stage.isAudible")
        second = await open_stage(show, browser)
        await second.until("__stage.audio.state === 'running'")
        await show.write("ana", "hello!")
        await first.until(IS_SOUNDING)
        await second.until("__stage.frames.some(({ mouthOpen }) => mouthOpen > 0.1)")
        assert await second.probe("tap") == []
        assert await second.probe("isAudible") is False
        await first.page.close()
        await second.until("__stage.isAudible")
        await show.wait_for_turns(1)
        await show.write("ana", "hello again!")
        await second.until(IS_SOUNDING)


async def test_a_page_that_was_frozen_sounds_again_soon(browser: Browser) -> None:
    async with answering(LONG) as show:
        stage = await open_stage(show, browser)
        await stage.until("__stage.isAudible")
        await show.write("ana", "tell me a story")
        await stage.until(IS_SOUNDING)
        stage.frames.clear()
        await stage.page.evaluate("() => { for (const t = performance.now(); performance.now() - t < 1600;); }")
        await until(lambda: any("audio.owner" in frame and "false" in frame for frame in stage.frames))
        await stage.until("__stage.isAudible", limit_s=2)


async def test_a_page_falls_silent_with_the_show_and_comes_back_with_it(browser: Browser) -> None:
    port = free_port()
    async with serve(LONG) as model:
        async with live_show(model_config(model.base_url), port=port) as show:
            desk = await open_desk(show, browser)
            await show.write("ana", "tell me a story")
            await desk.until(IS_SOUNDING)
            show.process.send_signal(signal.SIGKILL)
            await show.process.wait()
        await desk.until(f"!({IS_SOUNDING}) && {IS_SHUT} && __stage.caption() === null", limit_s=3)
        state = desk.page.get_by_role("status", name="State of the show")
        toast = desk.page.get_by_role("region", name="Messages").get_by_role("listitem")
        await expect(state).to_have_text("Not connected")
        await expect(toast).to_have_text("The connection to the show is lost.")
        await desk.page.get_by_role("link", name="Settings").click()
        async with live_show(model_config(model.base_url), port=port) as show:
            await desk.until("__stage.isAudible")
            await expect(state).to_have_text("Ready")
            await expect(toast).to_have_text("Connected again.")
            assert await desk.page.evaluate("location.hash") == "#/settings"
            await show.write("ana", "are you back?")
            await desk.until(IS_SOUNDING)


async def test_what_models_write_is_shown_as_text(browser: Browser) -> None:
    answer = "<b onclick='window.hit=1'>Nice</b> try, my friend."
    async with answering(Script(text=answer)) as show:
        desk = await open_desk(show, browser)
        await show.write("bob", "hello!")
        await expect(desk.page.locator(".heard")).to_contain_text("<b onclick")
        await show.wait_for_turns(1)
        await desk.page.get_by_role("link", name="Chat").click()
        await expect(desk.page.locator(".line .answer")).to_contain_text("<b onclick")
        assert await desk.page.locator("main b").count() == 0
        assert await desk.page.evaluate("window.hit") is None
        assert desk.hosts == {f"127.0.0.1:{show.port}"}
        assert desk.complaints == []
