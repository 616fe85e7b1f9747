"""The pages by the rules of WCAG 2.2, as far as a program can tell."""

from pathlib import Path
from typing import Any, Final

import pytest
import testbed
from playwright.async_api import Browser, expect

from spark_vtuber.testing.browser import Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, live_show

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium", "axe")]

RULES: Final = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
OF_COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
LOOKS: Final = (("dark", 1280, 800, OF_COLOURS), ("light", 1280, 800, RULES), ("light", 390, 844, RULES))
"""Colours do not depend on the width, and nothing but colours on the theme."""
TABS: Final = ("now", "chat", "health", "latency", "persona", "guard", "log", "settings")


class Page:
    """An open page that axe looks at again and again."""

    def __init__(self, seen: Visit) -> None:
        self.seen = seen

    async def violations(self, what: str) -> list[str]:
        """What axe says about the page as it is, and what is too wide for it."""
        found: list[str] = []
        for theme, width, height, rules in LOOKS:
            await self.seen.page.emulate_media(color_scheme=theme)
            await self.seen.page.set_viewport_size({"width": width, "height": height})
            await self.seen.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            result: dict[str, list[dict[str, Any]]] = await self.seen.page.evaluate(
                "(rules) => axe.run({ runOnly: rules })", rules
            )
            if what != "the stage" or rules is RULES:  # the stage has no text to have a contrast
                assert len(result["passes"]) > (5 if rules is RULES else 0)
            place = f"{what}, {theme}, at {width}"
            wide = await self.seen.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append(f"{place} is {wide} px wide")
            for each in result["violations"]:
                found += [f"{place}: {each['id']}: {node['html']}" for node in each["nodes"]]
        return found


async def open_page(browser: Browser, address: str) -> Page:
    """A page with axe in it."""
    # The content policy of the pages lets no script in, not even this one.
    seen = await visit(browser, address, bypass_csp=True, reduced_motion="reduce")
    await expect(seen.page.locator("[data-persona=main] svg")).to_be_visible()
    await seen.page.add_script_tag(path=testbed.AXE)
    return Page(seen)


async def fill(show: LiveShow) -> None:
    """Something to see: an answer, a line that was dropped, one that was blocked."""
    await show.write("ana", "hello spark, how are you?")
    await show.write("bob", "hello spark, how are you?")
    await show.write("eve", "you fucking idiot")
    await show.wait_for_turns(1)


async def test_no_page_breaks_a_rule_of_accessibility(chromium: Path) -> None:
    async with live_show('[llm]\nuse = "understudy"\n') as show, chromium_browser(chromium) as browser:
        await fill(show)
        address = f"http://127.0.0.1:{show.port}"
        stage = await open_page(browser, f"{address}/stage/")
        found = await stage.violations("the stage")
        panel = await open_page(browser, f"{address}/")
        page = panel.seen.page
        for tab in TABS:
            await page.evaluate(f"location.hash = '#/{tab}'")
            await expect(page.locator(f"main[data-tab={tab}]")).to_be_visible()
            await expect(page.get_by_text("Loading…")).to_have_count(0)
            found += await panel.violations(tab)
        await page.keyboard.press("?")
        found += await panel.violations("the keys")
        await page.keyboard.press("Escape")
        await page.evaluate("location.hash = '#/now'")
        await page.get_by_placeholder("Write as a viewer").fill("hello")
        send, ground = page.get_by_role("button", name="Send"), "button => getComputedStyle(button).backgroundColor"
        plain = await send.evaluate(ground)
        await send.hover()
        assert await send.evaluate(ground) == plain  # axe reads no contrast where a filter is, and the mouse sets one
        await show.http.post("/api/hold", json={"on": True})
        await show.write("ana", "tell me a story?")
        await expect(page.get_by_role("button", name="Approve")).to_be_visible()
        found += await panel.violations("a held answer")
        await show.http.post("/api/mute", json={})
        await show.http.post("/api/panic", json={})
        await expect(page.get_by_text("Everything stopped")).to_be_visible()
        found += await panel.violations("panic")
        assert found == []
