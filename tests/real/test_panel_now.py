"""The control panel in a real browser: what is on air, what comes next, and the controls of the emergency."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
import testbed
from playwright.async_api import Locator, Page, Route, expect

from spark_vtuber.testing.browser import Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, live_show, model_config
from spark_vtuber.testing.llm_script import TEXTS, Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

TWO = '[persona.main]\n[persona.twin]\ncard = "ember"\n'
"""Spark and Ember."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A show whose answers take twelve seconds to say, and the panel of it in a browser."""

    show: LiveShow
    seen: Visit
    address: str

    @property
    def page(self) -> Page:
        """The panel."""
        return self.seen.page

    def button(self, name: str) -> Locator:
        """A button of the panel by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def card(self, title: str) -> Locator:
        """A card of the panel."""
        return self.page.get_by_role("region", name=title, exact=True)

    async def status(self) -> dict[str, Any]:
        """What the show says of itself."""
        status: dict[str, Any] = (await self.show.http.get("/api/status")).json()
        return status

    async def until(self, is_true: Any) -> dict[str, Any]:
        """Wait until the status of the show is as wanted."""
        with anyio.fail_after(20):
            while not is_true(status := await self.status()):
                await anyio.sleep(0.02)
        return status

    async def calm(self) -> None:
        """Bring the show to rest, with everything switched off that a test switched on."""
        for path, body in (("hold", {"on": False}), ("panic", {}), ("resume", {}), ("unmute", {})):
            (await self.show.http.post(f"/api/{path}", json=body)).raise_for_status()
        await self.until(lambda status: all(each["turn"] is None for each in status["personas"]))
        await expect(self.card("On air").get_by_text("Nobody speaks")).to_be_visible()

    async def speak(self, author: str = "ana", persona: str = "main") -> None:
        """Have a persona begin to answer, as the panel shows it."""
        await self.show.write(author, "tell me a story, please?", persona=persona)
        await expect(self.card("On air").locator(".heard mark")).not_to_be_empty()


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
        show = await stack.enter_async_context(live_show(model_config(model.base_url) + TWO))
        browser = await stack.enter_async_context(chromium_browser(path))
        address = f"http://127.0.0.1:{show.port}/?audio=0"
        seen = await visit(browser, address, viewport={"width": 1280, "height": 800})
        yield Desk(show, seen, address)


@pytest.fixture
async def desk(shared: Desk) -> Desk:
    """The panel at Now, with a show at rest."""
    await shared.page.evaluate("document.activeElement.blur(), location.hash = '#/now'")
    await shared.calm()
    shared.seen.complaints.clear()
    return shared


@pytest.mark.parametrize("way", ["mouse", "key"])
async def test_skip_cuts_who_speaks(way: str, desk: Desk) -> None:
    turns = len(await desk.show.turns())
    await desk.speak()
    if way == "mouse":
        await desk.button("Skip").click()
    else:
        await desk.page.keyboard.press("s")
    (turn, *_) = await desk.show.wait_for_turns(turns + 1)
    assert turn["outcome"] == "interrupted"
    await expect(desk.card("On air").get_by_text("Nobody speaks")).to_be_visible()


async def test_what_is_heard_is_marked_word_by_word(desk: Desk) -> None:
    await desk.speak()
    mark = desk.card("On air").locator(".heard mark")
    words: list[str] = []
    with anyio.fail_after(20):
        while len(words) < 4:
            word = await mark.text_content() or ""
            if word and (not words or words[-1] != word):
                words.append(word)
            await anyio.sleep(0.02)
    following = iter(TEXTS["comma"].lower().split())
    assert all(word.lower() in following for word in words), words
    await expect(desk.card("On air").get_by_text("ana", exact=True)).to_be_visible()


@pytest.mark.parametrize("way", ["mouse", "key"])
async def test_mute_takes_the_sound_of_everybody_and_gives_it_back(way: str, desk: Desk) -> None:
    async def toggle(name: str) -> None:
        await (desk.button(name).click() if way == "mouse" else desk.page.keyboard.press("m"))

    await toggle("Mute")
    await expect(desk.button("Muted")).to_have_attribute("aria-pressed", "true")
    assert [each["muted"] for each in (await desk.status())["personas"]] == [True, True]
    await toggle("Muted")
    await expect(desk.button("Mute")).to_be_visible()
    assert [each["muted"] for each in (await desk.status())["personas"]] == [False, False]


async def test_one_persona_alone_can_be_muted(desk: Desk) -> None:
    await desk.button("Mute one persona").click()
    switches = desk.page.get_by_role("switch", name="Mute ")
    await switches.nth(1).click()
    await expect(switches.nth(1)).to_be_checked()
    await expect(switches.nth(0)).not_to_be_checked()
    muted = {each["id"]: each["muted"] for each in (await desk.status())["personas"]}
    assert muted == {"main": False, "twin": True}
    await desk.page.keyboard.press("Escape")
    await expect(switches.nth(1)).to_be_hidden()
    await expect(desk.button("Mute one persona")).to_be_focused()
    await desk.button("1 muted").click()
    await expect(desk.button("Mute")).to_be_visible()


@pytest.mark.parametrize("tab", ["now", "chat", "health", "latency", "persona", "log", "settings"])
async def test_panic_is_at_hand_on_every_tab(tab: str, desk: Desk) -> None:
    await desk.page.evaluate(f"location.hash = '#/{tab}'")
    await expect(desk.page.get_by_role("navigation").locator("[aria-current=page]")).to_contain_text(
        tab, ignore_case=True
    )
    await desk.button("Panic").click()
    banner = desk.page.get_by_role("alert").filter(has_text="Everything stopped")
    await expect(banner).to_be_visible()
    await expect(desk.page.get_by_role("status", name="State of the show")).to_have_text("Panic")
    assert (await desk.status())["panic"] is True
    await banner.get_by_role("button", name="Resume the show").click()
    await expect(banner).to_be_hidden()
    assert (await desk.status())["panic"] is False
    await desk.page.evaluate("location.hash = '#/now'")


async def test_panic_is_one_key_also_while_somebody_types(desk: Desk) -> None:
    await desk.speak()
    await desk.page.keyboard.press("p")
    await expect(desk.page.get_by_text("Everything stopped")).to_be_visible()
    await desk.until(lambda status: status["panic"])
    await desk.button("Resume").click()
    await expect(desk.page.get_by_text("Everything stopped")).to_be_hidden()
    field = desk.page.get_by_label("Your line")
    await field.fill("")
    await field.press("p")
    await expect(field).to_have_value("p")
    assert (await desk.status())["panic"] is False
    await field.press("Alt+p")
    await desk.until(lambda status: status["panic"])
    await expect(field).to_have_value("p")
    await field.fill("")


async def test_the_keys_are_shown_and_can_be_switched_off(desk: Desk) -> None:
    await desk.page.keyboard.press("?")
    keys = desk.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(keys).to_contain_text("Panic: everything stops")
    await keys.get_by_role("switch", name="Single keys").click()
    await keys.get_by_role("button", name="Close").click()
    await desk.page.keyboard.press("m")
    await desk.page.keyboard.press("2")
    await desk.page.keyboard.press("Alt+h")
    await expect(desk.button("Hold")).to_have_attribute("aria-pressed", "true")
    status = await desk.status()
    assert status["hold"] is True
    assert not any(each["muted"] for each in status["personas"])
    assert await desk.page.evaluate("location.hash") == "#/now"
    await desk.page.keyboard.press("?")
    await keys.get_by_role("switch", name="Single keys").click()
    await desk.page.keyboard.press("Escape")
    await expect(keys).to_be_hidden()
    await desk.page.keyboard.press("2")
    assert await desk.page.evaluate("location.hash") == "#/chat"


async def test_a_held_answer_is_heard_only_when_it_was_approved(desk: Desk) -> None:
    turns = len(await desk.show.turns())
    await desk.button("Hold").click()
    await expect(desk.page.get_by_role("status", name="State of the show")).to_have_text("On hold")
    await desk.show.write("ana", "tell me a story, please?", persona="main")
    held = desk.card("Hold mode").get_by_role("article")
    await expect(held).to_contain_text("the kettle is on")
    await expect(desk.card("On air")).to_contain_text("Waits for approval")
    assert len(await desk.show.turns()) == turns
    await expect(desk.card("On air").locator(".heard")).to_have_count(0)
    await held.get_by_role("button", name="Approve").click()
    await expect(held).to_have_count(0)
    await expect(desk.card("On air").locator(".heard")).to_contain_text("the kettle is on")
    await desk.button("Skip").click()
    (turn, *_) = await desk.show.wait_for_turns(turns + 1)
    assert turn["heard"]


async def test_a_held_answer_that_is_rejected_is_never_heard(desk: Desk) -> None:
    turns = len(await desk.show.turns())
    await desk.page.keyboard.press("h")
    await desk.show.write("ana", "tell me a story, please?", persona="main")
    held = desk.card("Hold mode").get_by_role("article")
    await held.get_by_role("button", name="Reject").click()
    await expect(held).to_have_count(0)
    (turn, *_) = await desk.show.wait_for_turns(turns + 1)
    assert turn["heard"] == ""
    await desk.page.keyboard.press("h")
    await desk.until(lambda status: not status["hold"])


async def test_the_next_cues_are_shown_with_why_and_can_be_cancelled(desk: Desk) -> None:
    await desk.speak()
    for author, text in (
        ("bea", "ok"),
        ("cleo", "spark, what is your favourite game?"),
        ("dan", "nice"),
        ("eve", "wow"),
    ):
        await desk.show.write(author, text, persona="main")
    following = desk.card("Next")
    cues = following.locator("ol > li")
    await expect(cues).to_have_count(3)
    await expect(following).to_contain_text("4 waiting")
    await expect(cues.first).to_contain_text("cleo")
    await expect(cues.first.get_by_role("list", name="Why")).to_contain_text("A question")
    await following.get_by_role("button", name="Cancel next").click()
    await expect(following).to_contain_text("3 waiting")
    await expect(following).not_to_contain_text("cleo")
    victim = await cues.nth(1).locator(".author").text_content()
    await cues.nth(1).get_by_role("button", name=f"Cancel the line of {victim}").click()
    await expect(following).to_contain_text("2 waiting")
    await expect(following.locator(".author").filter(has_text=str(victim))).to_have_count(0)
    lines = (await desk.show.http.get("/api/lines", params={"limit": 10})).json()["lines"]
    gone = {line["author"] for line in lines if line["state"] == "dropped" and line["reason"] == "operator"}
    assert gone >= {"cleo", victim}


async def test_what_the_streamer_wants_said_is_said_by_whom_they_choose(desk: Desk) -> None:
    turns = len(await desk.show.turns())
    yours = desk.card("Your turn")
    await yours.get_by_text("Have it said").click()
    await yours.get_by_label("Who says it").select_option("twin")
    await yours.get_by_label("What is said, word for word").fill("Short break, back in five.")
    await yours.get_by_role("button", name="Say", exact=True).click()
    await expect(yours.get_by_label("What is said, word for word")).to_have_value("")
    (turn, *_) = await desk.show.wait_for_turns(turns + 1)
    assert (turn["persona"], turn["heard"]) == ("twin", "Short break, back in five.")
    await yours.get_by_text("Ask as a viewer").click()


async def test_the_stage_can_be_folded_away_and_its_sound_switched(desk: Desk) -> None:
    stage = desk.page.get_by_role("region", name="Stage")
    figure = stage.locator("[data-persona=main] svg")
    await expect(figure).to_be_visible()
    await stage.get_by_role("button", name="Fold the stage away").click()
    await expect(figure).to_be_hidden()
    await stage.get_by_role("button", name="Show the stage").click()
    await expect(figure).to_be_visible()
    await stage.get_by_role("button", name="Sound on this page: on").click()
    await expect(stage.get_by_role("button", name="Sound on this page: off")).to_be_visible()
    await expect(figure).to_be_visible()
    await stage.get_by_role("button", name="Sound on this page: off").click()


async def test_banners_say_why_the_show_came_back_muted_and_what_it_warns_of(desk: Desk) -> None:
    async def came_back(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "muted_reason": "the show hung"})

    alert = {"id": "a1", "rule": "component_down", "severity": "critical", "text": "the chat is down", "fix": "wait"}
    told = {**alert, "since": 1, "acknowledged": False, "cleared": None}
    acknowledged: list[str] = []

    async def acknowledge(route: Route) -> None:
        acknowledged.append(json.loads(route.request.post_data or "")["id"])
        await route.fulfill(json={"acknowledged": True})

    page = await desk.page.context.new_page()
    try:
        await page.route("**/api/status", came_back)
        await page.route("**/api/alerts", lambda route: route.fulfill(json=[told]))
        await page.route("**/api/alerts/ack", acknowledge)
        await desk.show.http.post("/api/mute", json={})
        await page.goto(desk.address)
        muted = page.get_by_role("status").filter(has_text="The show came back muted")
        await expect(muted).to_contain_text("The show hung.")
        await muted.get_by_role("button", name="Sound again").click()
        await expect(muted).to_be_hidden()
        warning = page.get_by_role("alert").filter(has_text="The chat is down.")
        await warning.get_by_role("button", name="Switch the sound of alerts off").click()
        await expect(warning.get_by_role("button", name="Switch the sound of alerts on")).to_be_visible()
        await warning.get_by_role("button", name="Acknowledge").click()
        await expect(warning).to_be_hidden()
        assert acknowledged == ["a1"]
    finally:
        await page.close()


async def test_the_page_asks_nobody_but_the_show_and_complains_of_nothing(desk: Desk) -> None:
    page = await visit(desk.page.context.browser, desk.address)  # type: ignore[arg-type] # a page has a browser
    await expect(page.page.locator("[data-persona=main] svg")).to_be_visible()
    await desk.show.write("ana", "hello!", persona="main")
    await expect(page.page.locator(".heard")).to_be_visible()
    assert page.hosts == {f"127.0.0.1:{desk.show.port}"}
    assert page.complaints == []
    await page.page.context.close()


async def test_an_answer_is_rated_and_rewritten_and_that_is_kept(desk: Desk) -> None:
    await desk.speak("cleo")
    await desk.button("Skip").click()
    answer = desk.card("Last answers").get_by_role("article").first
    await expect(answer).to_contain_text("cleo")
    await answer.get_by_role("button", name="Bad answer").click()
    await expect(answer.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    await answer.get_by_role("button", name="What should have been said").click()
    await answer.get_by_role("textbox").fill("Once upon a time.")
    await answer.get_by_role("button", name="Keep").click()
    await expect(answer.get_by_text("Better: Once upon a time.")).to_be_visible()
    turn = (await desk.show.turns())[0]["id"]
    rated = (await desk.show.http.get("/api/ratings")).json()
    assert {"turn": turn, "thumb": "down", "better": "Once upon a time."} in rated
    await answer.get_by_role("button", name="Bad answer").click()
    await expect(answer.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "false")
