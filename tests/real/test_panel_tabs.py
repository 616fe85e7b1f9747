"""Health, latency, personas, the log and the settings of the panel: what each control does to the running show."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import testbed
from playwright.async_api import Locator, Route, expect

from spark_vtuber.testing.browser import LOOK_AGAIN_S, Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, free_port, live_show
from spark_vtuber.testing.obs_fake import FakeObs, fake_obs
from spark_vtuber.testing.obs_server import serve_obs

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

CONFIG = """
[llm]
use = "understudy"
[inbox]
viewer_per_s = 1000.0
viewer_burst = 1000
duplicate_s = 0.0
[machine]
memory_warn = 0.001
[obs]
on = true
port = {obs_port}
captions = ""
[presets.late-night]
energy = 0.2
mood = "smug"
"""
"""A show that answers by itself, warns of its memory at once, and drives an OBS."""

LIMIT_S = 8.0
"""The longest wait for something that the panel should do at once."""

HOSTILE = '<img src=x onerror="window.hit=1"><b>boo</b>'


@dataclass(slots=True)
class House:
    """What all tests here share."""

    show: LiveShow
    page: Visit
    obs: FakeObs
    file: Path

    @asynccontextmanager
    async def tab(self, place: str) -> AsyncIterator[Visit]:
        """A tab of the panel in the shared page; afterwards the page has complained of nothing."""
        self.page.complaints.clear()
        await self.page.page.evaluate("location.hash = '#/now'")
        await expect(self.page.page.locator("main[data-tab=now]")).to_be_visible()
        await self.page.page.evaluate(f"location.hash = '#/{place}'")
        yield self.page
        assert [one for one in self.page.complaints if "AudioContext" not in one] == []
        assert self.page.hosts == {f"127.0.0.1:{self.show.port}"}

    async def get(self, path: str) -> Any:
        """What a route says."""
        return (await self.show.http.get(path)).raise_for_status().json()

    async def key(self, name: str) -> dict[str, Any]:
        """One key of the settings."""
        return next(one for one in (await self.get("/api/settings"))["keys"] if one["key"] == name)


async def true(condition: Callable[[], Awaitable[bool]], limit_s: float = 20.0) -> None:
    """Wait until the show says so."""
    with anyio.fail_after(limit_s):
        while not await condition():
            await anyio.sleep(LOOK_AGAIN_S)


def card(page: Visit, title: str) -> Locator:
    """A card of a tab, by its title."""
    return page.page.get_by_role("region", name=title, exact=True)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that all of it shares one show and one browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    chromium = testbed.chromium()
    assert chromium is not None
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_REPLIES__FIRST_AUDIO_S", "7")
        async with (
            fake_obs(scenes={"Scene": [], "Only <b>chat</b>": [], "Spark Safety": []}) as obs,
            serve_obs(obs, port),
            live_show(CONFIG.format(obs_port=port), data_dir=tmp_path_factory.mktemp("data")) as show,
            chromium_browser(chromium) as browser,
        ):
            await show.write("ana", "hello spark, how are you?")
            await show.write("eve", HOSTILE)
            page = await visit(
                browser, f"http://127.0.0.1:{show.port}/", permissions=["clipboard-read", "clipboard-write"]
            )
            page.page.set_default_timeout(LIMIT_S * 1000)
            yield House(show, page, obs, Path((await show.http.get("/api/settings")).json()["file"]))


async def test_every_component_is_listed_and_can_be_restarted(house: House) -> None:
    async with house.tab("health") as page:
        parts = card(page, "Components").get_by_role("listitem")
        for one in (await house.show.health())["components"]:
            await expect(parts.filter(has_text=one["name"]).first).to_contain_text(one["state"])
        before = (await house.show.component("tts:espeak"))["restarts"]
        await page.page.get_by_role("button", name="Restart tts:espeak").click()

        async def is_restarted() -> bool:
            one = await house.show.component("tts:espeak")
            return bool(one["restarts"] > before and one["state"] == "ok")

        await true(is_restarted)
        await expect(parts.filter(has_text="tts:espeak")).to_contain_text("restarted")


@pytest.mark.parametrize(
    ("title", "module"),
    [("Answers", "llm"), ("Voice", "tts"), ("Avatar", "stage"), ("Chat", "chat"), ("OBS", "obs")],
)
async def test_a_stand_in_takes_over_and_goes_again(title: str, module: str, house: House) -> None:
    async def uses() -> bool:
        parts = (await house.show.health())["components"]
        return any(one["name"] == f"fallback:{module}" and one["state"] != "off" for one in parts)

    async with house.tab("health") as page:
        switch = card(page, "Stand-ins").get_by_role("switch", name=title, exact=True)
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", "true")
        assert await uses()
        await switch.focus()
        await page.page.keyboard.press("Enter")
        await expect(switch).to_have_attribute("aria-checked", "false")
        assert not await uses()


async def test_the_machine_is_shown_with_every_process_of_the_show(house: House) -> None:
    async with house.tab("health") as page:
        processes = card(page, "Processes").get_by_role("row")
        for one in (await house.get("/api/machine"))["processes"]:
            await expect(processes.filter(has_text=str(one["pid"]))).to_be_visible()
        await expect(card(page, "Machine").get_by_role("meter", name="Memory of the machine")).to_be_visible()
        await expect(card(page, "Queues and losses").get_by_role("row", name="inbox")).to_be_visible()


async def test_an_alert_stays_until_somebody_has_seen_it(house: House) -> None:
    async with house.tab("health") as page:
        alert = card(page, "Alerts").get_by_role("listitem").filter(has_text="memory gets short")
        await alert.get_by_role("button", name="Acknowledge").click()
        await expect(alert).to_contain_text("acknowledged")
        assert [one["acknowledged"] for one in await house.get("/api/alerts") if one["rule"] == "memory"] == [True]


async def test_scenes_of_obs_are_switched(house: House) -> None:
    async with house.tab("health") as page:
        obs = card(page, "OBS")
        await expect(obs).to_contain_text("Connected")
        await obs.get_by_role("button", name="Only <b>chat</b>").click()
        await expect(obs.get_by_role("button", name="Only <b>chat</b>")).to_have_attribute("aria-pressed", "true")
        assert house.obs.program == "Only <b>chat</b>"
        assert await obs.locator("button b").count() == 0
        await obs.get_by_role("button", name="Scene", exact=True).click()
        await expect(obs.get_by_role("button", name="Scene", exact=True)).to_have_attribute("aria-pressed", "true")


async def test_a_failed_cue_is_tried_again_or_dropped(house: House) -> None:
    letter = {"at": 1, "persona": "main", "author": "eve", "text": HOSTILE, "error": "no_audio", "attempts": 2}
    letters = [{**letter, "id": "one"}, {**letter, "id": "two", "text": "the second"}]
    posts: list[tuple[str, Any]] = []

    async def answer(route: Route) -> None:
        request = route.request
        if request.method == "POST":
            posts.append((request.url.rsplit("/", 1)[-1], request.post_data_json))
            letters.pop(0)
            await route.continue_()
        else:
            await route.fulfill(json=letters)

    await house.page.page.route("**/api/dead-letters**", answer)
    async with house.tab("health") as page:
        cues = card(page, "Failed cues")
        await expect(cues).to_contain_text(HOSTILE)
        await cues.get_by_role("button", name="Retry").first.click()
        await expect(cues.get_by_role("listitem")).to_have_count(1)
        await cues.get_by_role("button", name="Drop").click()
        await expect(cues).to_contain_text("No cue failed")
        assert posts == [("retry", {"id": "one"}), ("drop", {"id": "two"})]
    await house.page.page.unroute_all()


async def test_latency_has_a_chart_a_table_and_a_waterfall_of_any_turn(house: House) -> None:
    async with house.tab("latency") as page:
        for title in ("30 minutes", "Whole show", "5 minutes"):
            await page.page.get_by_role("button", name=title).click()
            await expect(page.page.get_by_role("button", name=title)).to_have_attribute("aria-pressed", "true")
        report = await house.get("/api/latency?minutes=5")
        first = card(page, "Time to the first sound")
        await expect(first.get_by_role("img", name=re.compile(f"of {report['turns']} turns: p50"))).to_be_visible()
        assert await first.locator("canvas").count() == 1
        await first.get_by_role("button", name="Show table").click()
        await expect(first.get_by_role("row")).to_have_count(report["turns"] + 1)
        marks = card(page, "Marks and durations")
        await expect(marks.get_by_role("row", name=re.compile(r"^First audio [\d.]+ m?s"))).to_be_visible()

        turn = (await house.show.wait_for_turns(2))[-1]
        one = card(page, "One turn")
        await one.get_by_label("Turn", exact=True).select_option(turn["id"])
        await expect(one).to_contain_text(turn["heard"])
        await expect(one.get_by_role("img", name=re.compile("to the first sound"))).to_be_visible()
        await one.get_by_role("button", name="Show table").click()
        played_ms = turn["marks"]["first_played"]
        shown = f"{played_ms:.1f}" if played_ms < 100 else f"{played_ms:.0f}"
        await expect(one.get_by_role("cell", name=shown, exact=True)).to_be_visible()
        assert page.page.url.endswith(f"#/latency/{turn['id']}")
        await one.get_by_role("button", name="Newer turn").click()
        await expect(one.get_by_label("Turn", exact=True)).not_to_have_value(turn["id"])

        before = report["turns"]
        await house.show.write("ana", "one more, please")
        await expect(first.get_by_role("row")).to_have_count(before + 2, timeout=20_000)


async def test_times_are_saved_as_csv_and_shows_are_compared(house: House) -> None:
    async with house.tab("latency") as page:
        for name, column in (
            ("last turns", "first_played"),
            ("all turns", "outcome"),
            ("chat", "text"),
            ("latency", ""),
        ):
            async with page.page.expect_download() as saving:
                await page.page.get_by_role("link", name=name, exact=True).click()
            lines = await _lines(await (await saving.value).path())
            assert column in lines[0]
            assert len(lines) > 1
        shows = card(page, "This show and the last")
        lines = await shows.get_by_role("row", name=re.compile("^Lines")).first.get_by_role("cell").first.inner_text()
        assert 0 < int(lines) <= (await house.get("/api/shows"))[0]["lines"]
        await expect(shows).to_contain_text("none yet")


async def _lines(file: Path) -> list[str]:
    return (await anyio.Path(file).read_text("utf-8")).splitlines()


async def test_a_persona_is_set_by_hand_and_by_presets(house: House) -> None:
    async def persona() -> dict[str, Any]:
        found: dict[str, Any] = (await house.get("/api/personas"))[0]
        return found

    async def has(**values: Any) -> None:
        async def says() -> bool:
            now = await persona()
            return all(now[name] == value for name, value in values.items())

        await true(says)

    async with house.tab("persona") as page:
        energy = page.page.get_by_role("slider", name="Energy")
        await energy.focus()
        await page.page.keyboard.press("End")
        await has(energy=1.0)
        await page.page.get_by_role("slider", name="Talkativeness").fill("0.2")
        await has(talkativeness=0.2)
        was_talking = (await persona())["idle_talk"]
        await page.page.get_by_role("switch", name="Idle talk").click()
        await has(idle_talk=not was_talking)
        await page.page.get_by_label("Mood").select_option("angry")
        await has(mood="angry", preset="")
        await page.page.get_by_role("switch", name="Only donations").click()
        await has(paid_only=True)
        for preset in await house.get("/api/presets"):
            button = page.page.get_by_role(
                "button", name=re.compile(re.escape(preset["title"] or preset["name"]), re.IGNORECASE)
            )
            await button.click()
            await has(preset=preset["name"], **preset["values"])
            await expect(button).to_have_attribute("aria-pressed", "true")
        await expect(page.page.get_by_label("Mood")).to_have_value("smug")
        await house.show.http.post("/api/persona", json={"preset": "calm"})
        await expect(page.page.get_by_role("button", name="Calm")).to_have_attribute("aria-pressed", "true")


async def test_how_a_persona_changed_is_seen_frozen_and_set_back(house: House) -> None:
    async def state() -> dict[str, Any]:
        found: dict[str, Any] = (await house.get("/api/personas/growth"))["personas"][0]
        return found

    async def persona() -> dict[str, Any]:
        found: dict[str, Any] = (await house.get("/api/personas"))[0]
        return found

    async with house.tab("persona") as page:
        growing = card(page, "How Spark changes")
        await expect(growing.get_by_role("list", name="Traits of Spark").get_by_role("listitem")).to_have_count(
            len((await state())["traits"])
        )
        await growing.get_by_role("switch", name="Frozen").click()
        await true(lambda: _says(state, frozen=True))
        await growing.get_by_role("switch", name="Frozen").click()
        await true(lambda: _says(state, frozen=False))
        await growing.get_by_role("button", name="Back to the card").click()
        await growing.get_by_role("button", name="Forget all that changed").click()
        await true(lambda: _says(state, bonds=[], topics=[]))
        await page.page.get_by_label("Mood").select_option("own")
        await page.page.get_by_role("button", name="Let energy follow what happens").click()
        await expect(page.page.get_by_role("button", name="Let energy follow what happens")).to_have_count(0)
        await true(lambda: _says(persona, held=[]))


async def _says(told: Callable[[], Awaitable[dict[str, Any]]], **values: Any) -> bool:
    now = await told()
    return all(now[name] == value for name, value in values.items())


async def test_the_log_is_filtered_paused_copied_and_leads_to_turns(house: House) -> None:
    async with house.tab("log") as page:
        rows = page.page.get_by_role("listbox", name="Lines of the log").get_by_role("option")
        await expect(rows.filter(has_text="turn.ended").first).to_be_visible()
        await page.page.get_by_label("Type").select_option("chat.received")
        await page.page.get_by_label("Text").fill("onerror")
        await expect(rows).to_have_count(1)
        await expect(rows.first).to_contain_text("<b>boo</b>")
        assert await rows.locator("img, b").count() == 0

        await page.page.get_by_label("Text").fill("")
        await expect(rows.first).to_contain_text("how are you?")
        lines = await rows.count()
        await page.page.get_by_role("button", name="Pause").click()
        await house.show.write("ana", "while it is paused")
        await expect(page.page.get_by_role("button", name=re.compile(r"Follow \(\d+ new\)"))).to_be_visible()
        await page.page.get_by_role("button", name="Follow").click()
        await expect(rows.last).to_contain_text("while it is paused")
        assert await rows.count() == lines + 1

        await page.page.get_by_label("Type").select_option("turn.ended")
        await page.page.get_by_role("listbox", name="Lines of the log").focus()
        await page.page.keyboard.press("Home")
        await page.page.get_by_role("button", name="Copy line").click()
        turn = (await house.show.turns())[-1]["id"]
        copied = await page.page.evaluate("navigator.clipboard.readText()")
        assert copied.split()[1:4] == ["info", "turn.ended", turn]

        await page.page.get_by_label("Type").select_option("")
        await page.page.get_by_role("button", name="Clear").click()
        await house.show.write("ana", "and another turn")
        await house.show.http.post("/api/interrupt", json={})
        await rows.filter(has_text="turn.started").first.click()
        await house.show.http.post("/api/interrupt", json={})
        await page.page.get_by_role("button", name="Only this turn").click()
        await expect(rows.filter(has_text="turn.ended")).to_have_count(1)
        await expect(rows.filter(has_text="chat.received")).to_have_count(0)
        await rows.first.click()
        await page.page.get_by_role("button", name=re.compile("^Show turn")).click()
        await page.page.wait_for_url("**/#/latency/*")
        shown = page.page.url.rsplit("/", 1)[-1]
        (asked,) = [one["cue"]["text"] for one in await house.show.turns() if one["id"] == shown]
        await expect(card(page, "One turn")).to_contain_text(asked)


async def test_a_live_setting_works_at_once_and_a_bad_value_changes_nothing(house: House) -> None:
    async with house.tab("settings/max_tokens") as page:
        field = page.page.get_by_label("replies max_tokens")
        row = page.page.locator("[data-key='replies.max_tokens']")
        await field.fill("120")
        await field.press("Enter")
        await expect(row).to_contain_text("Works now.")
        await expect(row).to_contain_text("Panel")
        assert (await house.key("replies.max_tokens"))["value"] == 120
        assert "max_tokens" not in house.file.read_text("utf-8")

        await field.fill("1")
        await field.press("Enter")
        await expect(row.get_by_role("alert")).to_contain_text("greater than or equal to 16")
        assert await field.get_attribute("aria-invalid") == "true"
        assert (await house.key("replies.max_tokens"))["value"] == 120
        await field.fill("many")
        await field.press("Enter")
        await expect(row.get_by_role("alert")).to_contain_text("not a number")

        await row.get_by_role("button", name="Reset").click()
        await expect(field).to_have_value("300")
        await expect(row.get_by_role("alert")).to_have_count(0)
        assert (await house.key("replies.max_tokens"))["source"] == "default"
        assert len(page.complaints) == 1
        assert "400" in page.complaints.pop()


async def test_every_kind_of_setting_has_its_control(house: House) -> None:
    async with house.tab("settings") as page:
        rows = page.page.locator("[data-key]")
        await expect(rows).to_have_count(len((await house.get("/api/settings"))["keys"]))
        choice = page.page.get_by_label("health on_stop", exact=True)
        await choice.select_option("cut")
        await true(lambda: _is(house, "health.on_stop", "cut"))
        switch = page.page.get_by_role("switch", name="obs return_on_resume")
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", "false")
        assert (await house.key("obs.return_on_resume"))["value"] is False
        words = page.page.get_by_label("guard allow", exact=True)
        await words.fill("moby dick\nshuttlecock")
        await words.blur()
        await true(lambda: _is(house, "guard.allow", ["moby dick", "shuttlecock"]))

        await expect(page.page.locator("[data-key='replies.first_audio_s']")).to_contain_text("environment")
        await expect(page.page.locator("[data-key='server.port']")).to_contain_text("flag")
        secret = page.page.locator("[data-key='server.desk_token']")
        await expect(secret).to_contain_text("only names it")
        assert await secret.locator("input").count() == 0

        await page.page.get_by_label("Find a setting").fill("twitch channel name")
        await expect(rows).to_have_count(1)
        await page.page.get_by_label("Find a setting").fill("")
        await page.page.get_by_role("switch", name="Changed only").click()
        await expect(page.page.locator("[data-key='guard.allow']")).to_be_visible()
        await expect(page.page.locator("[data-key='discovery.ports']")).to_have_count(0)


async def test_what_was_held_back_is_explained_without_its_words(house: House) -> None:
    async with house.tab("guard") as page:
        held = card(page, "Held back")
        await house.show.write("mallory", "what a fucking mess")
        entry = held.get_by_role("listitem").filter(has_text="mallory")
        await expect(entry).to_contain_text("Swearing")
        await expect(entry).to_contain_text("a chat line from page")
        assert "fucking" not in await page.page.content()
        await entry.get_by_role("button", name="Only what mallory wrote").click()
        await expect(held.get_by_role("listitem")).to_have_count(1)
        await held.get_by_role("button", name="Only mallory").click()
        await held.get_by_label("Category").select_option("threat")
        await expect(held).to_contain_text("Nothing of that kind was held back")
        await held.get_by_role("button", name="Show everything").click()
        strikes = card(page, "Strikes")
        await expect(strikes).to_contain_text("mallory")
        await strikes.get_by_role("button", name="Pardon mallory").click()
        await expect(strikes).to_contain_text("Nobody has strikes")
        assert await house.get("/api/guard/strikes") == []


async def test_a_text_is_checked_and_what_lets_it_pass_counts_at_once(house: House) -> None:
    async with house.tab("guard") as page:
        box = card(page, "Why would this be blocked?")
        await box.get_by_label("A text to check").fill("turnips are <b>great</b>")
        await box.get_by_role("button", name="Check").click()
        await expect(box).to_contain_text("Passes")
        lists = card(page, "Your phrases")
        await lists.get_by_label("Blocked: add a phrase").fill("turnips")
        await page.page.keyboard.press("Enter")
        await expect(lists.get_by_role("button", name="Remove turnips from Blocked")).to_be_visible()
        await box.get_by_label("A text to check").press("Enter")
        await expect(box).to_contain_text("Blocked: Your block list")
        await expect(box.locator("mark")).to_have_text("turnips")
        await box.get_by_role("button", name="Take “turnips” off the block list").click()
        await expect(box).to_contain_text("Passes")
        assert (await house.get("/api/guard"))["block"] == []


async def test_the_level_and_the_categories_are_switched(house: House) -> None:
    async with house.tab("guard") as page:
        level = card(page, "Level")
        await level.get_by_role("radio", name="Strict").check()
        await true(partial(_is, house, "guard.level", "strict"))
        await level.get_by_role("radio", name="PG-13").check()
        await true(partial(_is, house, "guard.level", "pg-13"))
        await level.get_by_text("Categories", exact=True).click()
        swearing = level.get_by_role("switch", name="Swearing")
        await swearing.click()
        await expect(swearing).not_to_be_checked()
        await true(partial(_is, house, "guard.categories", {"profanity": False}))
        await level.get_by_role("button", name="Follow the level again").click()
        await expect(swearing).to_be_checked()


async def _is(house: House, name: str, value: object) -> bool:
    return bool((await house.key(name))["value"] == value)


async def test_the_file_is_read_again_and_a_broken_one_is_refused(house: House) -> None:
    good = house.file.read_text("utf-8")
    async with house.tab("settings/between_tokens_s") as page:
        house.file.write_text(f"{good}[replies]\nbetween_tokens_s = 9.0\n", "utf-8")
        await page.page.get_by_role("button", name="Read the file again").click()
        await expect(page.page.get_by_label("replies between_tokens_s")).to_have_value("9")
        house.file.write_text(f"{good}[replies]\nbetween_tokens_s = -1\n[nonsense]\nx = 1\n", "utf-8")
        await page.page.get_by_role("button", name="Read the file again").click()
        mistakes = page.page.get_by_role("alert").filter(has_text="was not taken")
        await expect(mistakes).to_contain_text("between_tokens_s")
        await expect(mistakes).to_contain_text("nonsense")
        assert (await house.key("replies.between_tokens_s"))["value"] == 9.0
        page.complaints.clear()
    house.file.write_text(good, "utf-8")
    await house.show.http.post("/api/settings/reload", json={})


MISSING = {"error": {"code": "not_found", "message": "there is nothing at this address", "fix": ""}}


CARDS = {
    "health": ["Machine", "Processes", "Queues and losses", "Alerts", "Failed cues", "OBS", "Avatars"],
    "latency": ["Time to the first sound", "Marks and durations", "This show and the last"],
    "persona": [],
    "guard": ["Level", "Why would this be blocked?", "Your phrases", "Strikes"],
    "settings": [],
    "log": [],
}


async def test_what_the_show_does_not_have_is_said_and_breaks_nothing(house: House) -> None:
    facets = "machine|alerts|dead-letters|obs|avatars|latency|shows|personas|presets|guard|settings|log"

    async def refuse(route: Route) -> None:
        await route.fulfill(status=404, body=json.dumps(MISSING), content_type="application/json")

    await house.page.page.route(re.compile(rf"/api/({facets})\b"), refuse)
    await house.page.page.reload()
    for tab, cards in CARDS.items():
        async with house.tab(tab) as page:
            for title in cards:
                await expect(card(page, title)).to_contain_text("Not available")
            await expect(page.page.locator(f"main[data-tab={tab}]")).to_contain_text(
                "lines" if tab == "log" else "Not available"
            )
            page.complaints[:] = [one for one in page.complaints if "404" not in one]
    await house.page.page.unroute_all()
