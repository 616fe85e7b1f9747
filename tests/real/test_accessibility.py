"""The pages by the rules of WCAG 2.2, as far as a program can tell."""

from pathlib import Path
from typing import Any, Final

import pytest
import testbed
from playwright.async_api import Browser, expect

from spark_vtuber.testing.browser import chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, live_show

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium", "axe")]

RULES: Final = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa")
SIZES: Final = ((1280, 720), (390, 844))


async def violations(browser: Browser, address: str, theme: str, size: tuple[int, int]) -> list[str]:
    """What axe says about a page that shows an answer, its times and a blocked line."""
    # The content policy of the pages lets no script in, not even this one.
    page = await visit(
        browser,
        address,
        bypass_csp=True,
        color_scheme=theme,
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )
    await expect(page.page.locator("[data-persona=main] svg")).to_be_visible()
    await page.page.add_script_tag(path=testbed.AXE)
    result: dict[str, list[dict[str, Any]]] = await page.page.evaluate(
        "(tags) => axe.run({ runOnly: tags })", list(RULES)
    )
    assert len(result["passes"]) > 5
    width = await page.page.evaluate("document.documentElement.scrollWidth")
    await page.page.context.close()
    wide = [f"{address} is {width} px wide on {size[0]}"] if width > size[0] else []
    return wide + [f"{each['id']}: {node['html']}" for each in result["violations"] for node in each["nodes"]]


async def fill(show: LiveShow) -> None:
    """Something to see: an answer, a line that was dropped, one that was blocked."""
    await show.write("ana", "hello spark, how are you?")
    await show.write("bob", "hello spark, how are you?")
    await show.write("eve", "you fucking idiot")
    await show.wait_for_turns(1)


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_no_page_breaks_a_rule_of_accessibility(theme: str, chromium: Path) -> None:
    async with live_show('[llm]\nuse = "understudy"\n') as show, chromium_browser(chromium) as browser:
        await fill(show)
        for page in ("/", "/stage/"):
            for size in SIZES:
                address = f"http://127.0.0.1:{show.port}{page}"
                assert await violations(browser, address, theme, size) == []
        await show.http.post("/api/mute", json={})
        await show.http.post("/api/panic", json={})
        assert await violations(browser, f"http://127.0.0.1:{show.port}/", theme, SIZES[0]) == []
