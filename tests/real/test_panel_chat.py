"""The chat of the control panel in a real browser: what becomes of every line, and what the streamer can do to it."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import anyio
import pytest
import testbed
from playwright.async_api import Locator, Page, expect

from spark_vtuber.testing.browser import Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, live_show, model_config, until
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

HOSTILE: Final = '<img src=x onerror="window.hit=1"><script>window.hit=1</script> \'"&amp;'
PICTURE: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><circle cx="14" cy="14" r="13"/></svg>'


@dataclass(frozen=True, slots=True)
class Desk:
    """A show whose answers take twelve seconds to say, and the chat of its panel in a browser."""

    show: LiveShow
    seen: Visit

    @property
    def page(self) -> Page:
        """The panel."""
        return self.seen.page

    def line(self, text: str) -> Locator:
        """The line of the chat that holds a text."""
        return self.page.get_by_role("region", name="Lines of the chat").locator(".line").filter(has_text=text)

    async def told(self, text: str) -> dict[str, Any]:
        """What the show says of a line."""
        lines = (await self.show.http.get("/api/lines", params={"query": text})).json()["lines"]
        found: dict[str, Any] = lines[0]
        return found

    async def speak(self) -> None:
        """Have somebody begin to answer, so that further lines wait."""
        await self.show.write("host", "tell us a story, please?")
        await expect(self.page.get_by_role("status", name="State of the show")).to_have_text("Speaking")
        await expect(self.line("tell us a story").last.locator(".state")).to_have_text("Answering")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the whole module, whose tests share a show and a browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Desk]:
    """One show and one panel for all tests."""
    path = testbed.chromium()
    assert path is not None
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(serve(Script(text="comma", tokens_per_s=0, ttft_ms=50)))
        show = await stack.enter_async_context(live_show(model_config(model.base_url)))
        browser = await stack.enter_async_context(chromium_browser(path))
        address = f"http://127.0.0.1:{show.port}/#/chat"
        yield Desk(show, await visit(browser, address, viewport={"width": 1280, "height": 800}))


@pytest.fixture
async def desk(shared: Desk) -> Desk:
    """The chat, with a show at rest that heard nothing lately."""
    for path in ("panic", "resume"):
        (await shared.show.http.post(f"/api/{path}", json={})).raise_for_status()
    await expect(shared.page.get_by_role("status", name="State of the show")).to_have_text("Ready")
    await shared.page.get_by_role("searchbox").fill("")
    return shared


async def test_a_line_shows_what_becomes_of_it(desk: Desk) -> None:
    await desk.speak()
    await desk.show.write("ana", "what is the meaning of life?")
    line = desk.line("meaning of life")
    await expect(line.locator(".state")).to_have_text("Waiting")
    await desk.page.get_by_role("button", name="Skip", exact=True).click()
    await expect(line.locator(".state")).to_have_text("Answering")
    await line.get_by_role("button", name="Why this line").click()
    await expect(line.get_by_role("list", name="Why")).to_contain_text("A question")
    desk.seen.frames.clear()
    await until(lambda: any('"heard"' in frame and "evening" in frame for frame in desk.seen.frames))
    await desk.page.keyboard.press("s")
    await expect(line.locator(".state")).to_have_text("Answered")
    await expect(line.locator(".answer")).to_contain_text("Oh good evening")
    assert (await desk.told("meaning of life"))["state"] == "answered"


async def test_a_line_that_is_dropped_says_why(desk: Desk) -> None:
    await desk.speak()
    line = await desk.show.write("ben", "take this away please")
    await desk.show.http.post("/api/queue/drop", json={"id": line})
    await expect(desk.line("take this away").locator(".fate")).to_have_text("Dropped stopped by you")


async def test_a_command_shows_what_became_of_it_and_no_word_of_its_author(desk: Desk) -> None:
    await desk.show.write("mallory", "!mute everything that mallory said")
    row = desk.line("!mute")
    await expect(row.locator(".fate")).to_have_text("not allowed")
    await desk.show.write("ben", "!persona spark tell us about the sea")
    await expect(desk.line("about the sea").locator(".deed")).to_have_text("!persona done")
    assert "mallory" not in await desk.page.content()


async def test_a_blocked_line_shows_its_rule_and_never_its_words(desk: Desk) -> None:
    await desk.show.write("eve", "you fucking idiot")
    blocked = desk.page.locator(".line[data-state=blocked]")
    await expect(blocked).to_contain_text("Kept back by the guard")
    told = next(line for line in (await desk.show.http.get("/api/lines")).json()["lines"] if line["state"] == "blocked")
    assert told["rule"]
    await expect(blocked.locator(".why")).to_contain_text(told["rule"].replace("_", " "))
    assert "fuck" not in await desk.page.content()
    await expect(blocked.get_by_role("button", name=re.compile("Answer"))).to_have_count(0)


async def test_a_line_is_found_by_its_words_and_its_author(desk: Desk) -> None:
    for author, text in (("kim", "the red door"), ("lee", "the blue door"), ("kim", "a green hat")):
        await desk.show.write(author, text)
    await expect(desk.line("a green hat")).to_be_visible()
    field = desk.page.get_by_role("searchbox", name="Search the chat")
    await field.fill("DOOR kim")
    lines = desk.page.locator(".line")
    await expect(lines).to_have_count(1)
    await expect(lines).to_contain_text("the red door")
    await field.fill("nothing holds this")
    await expect(desk.page.get_by_text("No line fits")).to_be_visible()
    await field.fill("")
    await desk.page.get_by_role("combobox", name="Show").select_option("blocked")
    await expect(desk.page.locator(".line:not([data-state=blocked])")).to_have_count(0)
    await desk.page.get_by_role("combobox", name="Show").select_option("all")
    await expect(desk.line("the blue door")).to_be_visible()


async def test_a_line_is_answered_next_when_the_streamer_wants_it(desk: Desk) -> None:
    await desk.speak()
    for author, text in (("ana", "spark, what is your favourite game?"), ("bea", "hmm ok"), ("cleo", "spark, why?")):
        await desk.show.write(author, text)
    await desk.line("hmm ok").get_by_role("button", name="Answer bea now").click()
    await expect(desk.page.get_by_text("Answered next.")).to_be_visible()
    following = (await desk.show.http.get("/api/queue")).json()["next"]
    assert following[0]["author"] == "bea"
    await desk.page.keyboard.press("s")
    await expect(desk.line("hmm ok").locator(".state")).to_have_text("Answering")


async def test_a_dropped_line_can_still_be_answered(desk: Desk) -> None:
    await desk.speak()
    line = await desk.show.write("dora", "do you like pancakes")
    await desk.show.http.post("/api/queue/drop", json={"id": line})
    dropped = desk.line("do you like pancakes")
    await expect(dropped.locator(".state")).to_have_text("Dropped")
    await dropped.get_by_role("button", name="Answer dora now").click()
    await expect(dropped.locator(".state")).to_have_text("Waiting")
    await desk.page.keyboard.press("s")
    await expect(dropped.locator(".state")).to_have_text("Answering")


async def test_a_viewer_is_ignored_and_let_back_in(desk: Desk) -> None:
    await desk.show.write("troll", "look at me")
    await desk.line("look at me").get_by_role("button", name="Never answer troll").click()
    await expect(desk.page.get_by_text("troll is not answered any more.")).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Ignored viewers: 1")).to_be_visible()
    assert [each["name"] for each in (await desk.show.http.get("/api/ignored")).json()] == ["troll"]
    await desk.show.write("troll", "look at me again")
    with anyio.fail_after(20):
        while (await desk.show.http.get("/api/lines")).json()["lines"][0]["reason"] != "ignored":
            await anyio.sleep(0.02)
    await expect(desk.page.get_by_text("you ignore the author").last).to_be_visible()

    await desk.page.get_by_role("button", name="Undo").click()
    await expect(desk.page.get_by_role("button", name="Ignored viewers: 0")).to_be_visible()
    assert (await desk.show.http.get("/api/ignored")).json() == []

    await desk.show.write("troll", "am I back?")
    await desk.line("am I back?").get_by_role("button", name="Never answer troll").click()
    await desk.page.get_by_role("button", name="Ignored viewers: 1").click()
    listed = desk.page.get_by_role("dialog", name="Ignored viewers")
    await listed.get_by_role("button", name="Answer troll again").click()
    await expect(listed).to_contain_text("Everybody is answered")
    await desk.page.keyboard.press("Escape")
    assert (await desk.show.http.get("/api/ignored")).json() == []


async def test_what_viewers_write_is_shown_as_text(desk: Desk) -> None:
    await desk.show.write('<b>"bob"</b>', HOSTILE)
    await desk.show.write("eve\u202etxt", "abc \u202edef\u2066 ghi")
    await desk.show.write("n" * 100, "w" * 500)
    await desk.show.write("נועה", "שלום ספארק, מה שלומך?")
    await expect(desk.line("onerror").locator(".author")).to_have_text('<b>"bob"</b>')
    await expect(desk.line("onerror").locator(".text")).to_have_text(HOSTILE)
    await expect(desk.line("www")).to_be_visible()
    await expect(desk.line("שלום ספארק").locator(".text")).to_have_css("direction", "rtl")
    shown = await desk.page.get_by_role("region", name="Lines of the chat").inner_text()
    assert re.search("[\u202a-\u202e\u2066-\u2069]", shown) is None
    assert await desk.page.locator(".line :is(img, script, b)").count() == 0
    assert await desk.page.evaluate("window.hit") is None
    assert await desk.page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert desk.seen.hosts == {f"127.0.0.1:{desk.show.port}"}
    assert desk.seen.complaints == []


async def test_emotes_are_pictures_and_fall_back_to_their_names(desk: Desk) -> None:
    def emote(name: str, start: int, id: str) -> dict[str, Any]:
        return {"name": name, "id": id, "start": start, "end": start + len(name), "url": f"/api/emotes/twitch/{id}"}

    text = "😀 Kappa and Gone"
    line = {"seq": 1, "id": "e1", "at": 1, "source": "twitch", "author": "ana", "text": text, "state": "waiting"}
    lines = {"lines": [{**line, "emotes": [emote("Kappa", 2, "25"), emote("Gone", 12, "404")]}], "more": False}
    page = await desk.page.context.new_page()
    try:
        await page.route("**/api/lines?*", lambda route: route.fulfill(json=lines))
        await page.route("**/api/emotes/twitch/404", lambda route: route.fulfill(status=404))
        await page.route(
            "**/api/emotes/twitch/25", lambda route: route.fulfill(body=PICTURE, content_type="image/svg+xml")
        )
        await page.goto(desk.page.url)
        shown = page.locator(".line .text")
        await expect(shown.get_by_role("img", name="Kappa")).to_have_js_property("complete", value=True)
        await expect(shown.get_by_role("img")).to_have_count(1)
        await expect(shown.get_by_text("Gone", exact=True)).to_be_visible()
        await expect(shown).to_have_text("😀  and Gone")
    finally:
        await page.close()


async def test_the_list_stays_where_it_is_read_while_lines_arrive(desk: Desk) -> None:
    for number in range(40):
        await desk.show.write("fan", f"line number {number} of many")
    newest = desk.line("line number 39 of many")
    await expect(newest).to_be_in_viewport()
    region = desk.page.get_by_role("region", name="Lines of the chat")
    await region.hover()
    await desk.page.mouse.wheel(0, -900)
    jump = desk.page.get_by_role("button", name="To the newest")
    await expect(jump).to_be_visible()
    before = await region.evaluate("(list) => list.scrollTop")
    for number in range(3):
        await desk.show.write("fan", f"much later line {number}")
    more = desk.page.get_by_role("button", name="3 new")
    await expect(more).to_be_visible()
    assert abs(await region.evaluate("(list) => list.scrollTop") - before) < 2
    await more.click()
    await expect(desk.line("much later line 2")).to_be_in_viewport()
    await expect(more).to_be_hidden()
