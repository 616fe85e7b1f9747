"""The desk in a real browser: a person writes a line and a character answers aloud."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from spark_vtuber.testing.browser import chromium_browser, visit
from spark_vtuber.testing.live import live_show, model_config
from spark_vtuber.testing.llm_script import TEXTS, Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

SHUT = "__stage.frames.at(-1).viseme === 'sil' && __stage.frames.at(-1).mouthOpen === 0"


async def test_a_typed_line_is_answered_aloud_with_moving_lips_and_captions(chromium: Path) -> None:
    async with (
        serve(Script(text="short")) as model,
        live_show(model_config(model.base_url)) as show,
        chromium_browser(chromium) as browser,
    ):
        desk = await visit(browser, f"http://127.0.0.1:{show.port}/?debug")
        await desk.until("window.__stage?.isAudible")
        await desk.page.get_by_label("Your name").fill("ana")
        await desk.page.get_by_label("Your line").fill("hello spark, how are you?")
        await desk.page.get_by_label("Your line").press("Enter")
        await desk.until("__stage.tap.some(({ isOn }) => isOn)")
        await expect(desk.page.locator(".caption")).to_contain_text("good evening")
        (turn,) = await show.wait_for_turns(1)
        await desk.until(SHUT)
        tap, frames = await desk.probe("tap"), await desk.probe("frames")
        began_s, ended_s = tap[0]["timeS"], tap[-1]["timeS"]
        sounding = [frame for frame in frames if frame["heardS"] and began_s <= frame["heardS"] <= ended_s]
        assert len({frame["viseme"] for frame in sounding if frame["mouthOpen"] > 0}) >= 5
        assert tap[-1]["isOn"] is False
        assert await desk.probe("underruns") == 0
        assert turn["heard"] == TEXTS["short"]
        played_ms = str(round(turn["marks"]["first_played"]))
        await expect(desk.page.get_by_role("img", name=f"{played_ms} ms to the first sound")).to_be_visible()
        await desk.page.get_by_role("button", name="Show table").click()
        row = desk.page.get_by_role("row", name="ana: hello spark, how are you?")
        await expect(row.get_by_role("cell", name=played_ms, exact=True)).to_be_visible()
        assert desk.hosts == {f"127.0.0.1:{show.port}"}
        assert desk.complaints == []
