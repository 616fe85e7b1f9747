"""Accounts in the panel: signing in to a fake Twitch by code, and what the panel says when that goes wrong."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import testbed
from playwright.async_api import Locator, Page, Route, expect

from spark_vtuber.testing.browser import Visit, chromium_browser, visit
from spark_vtuber.testing.live import LiveShow, live_show
from spark_vtuber.testing.twitch_fake import CLIENT_ID
from spark_vtuber.testing.twitch_server import TwitchServer, serve_twitch

pytestmark = [pytest.mark.real, pytest.mark.needs("chromium")]

CONFIG = """
[llm]
use = "understudy"
[chat.twitch]
client_id = "{client_id}"
id_url = "{id_url}"
api_url = "{api_url}"
events_url = "{events_url}"
[secrets]
plaintext = true
"""

HOSTILE = "<img src=x onerror='window.hit=1'>"


@dataclass(slots=True)
class House:
    """What all tests here share: a show, its panel, and the Twitch that it knows."""

    show: LiveShow
    seen: Visit
    twitch: TwitchServer

    @property
    def page(self) -> Page:
        """The panel."""
        return self.seen.page

    @property
    def card(self) -> Locator:
        """The account's card."""
        return self.page.get_by_role("region", name="Twitch account", exact=True)

    @property
    def state(self) -> Locator:
        """How the account is, in words."""
        return self.card.get_by_role("status")

    @property
    def code(self) -> Locator:
        """The code that somebody should type."""
        return self.card.locator("strong.words")

    async def show_again(self) -> None:
        """Leave the tab and come back, so that it asks the show."""
        await self.page.evaluate("location.hash = '#/now'")
        await expect(self.page.locator("main[data-tab=now]")).to_be_visible()
        await self.page.evaluate("location.hash = '#/settings'")

    async def press(self, name: str) -> None:
        """Press a button of the card by the keyboard."""
        button = self.card.get_by_role("button", name=name, exact=True)
        await button.focus()
        await self.page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that all of it shares one show and one browser."""
    return "asyncio"


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    chromium = testbed.chromium()
    assert chromium is not None
    async with serve_twitch() as twitch:
        twitch.fake.accounts.interval_s = 1
        config = CONFIG.format(
            client_id=CLIENT_ID, id_url=twitch.id_url, api_url=twitch.api_url, events_url=twitch.eventsub_url
        )
        async with (
            live_show(config, data_dir=tmp_path_factory.mktemp("data")) as show,
            chromium_browser(chromium) as browser,
        ):
            address = f"http://127.0.0.1:{show.port}/#/settings"
            yield House(show, await visit(browser, address, permissions=["clipboard-read", "clipboard-write"]), twitch)


async def test_somebody_signs_in_by_code_and_out_again(house: House) -> None:
    accounts = house.twitch.fake.accounts
    await expect(house.state).to_have_text("Not signed in")
    await house.press("Sign in to Twitch")
    await expect(house.state).to_have_text("Waiting for you")
    (code,) = accounts.codes
    await expect(house.code).to_have_text(code)
    await expect(house.card.get_by_role("timer")).to_have_text(re.compile(r"^(30:00|29:\d\d)$"))
    link = house.card.get_by_role("link")
    await expect(link).to_have_attribute("href", re.compile(rf"^https://www\.twitch\.tv/activate\?.*{code}$"))
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await house.press("Copy")
    assert await house.page.evaluate("navigator.clipboard.readText()") == code

    await house.press("New code")
    await expect(house.code).not_to_have_text(code)
    accounts.approve(accounts.codes[-1], "Nova")
    await expect(house.state).to_have_text("Signed in as nova")
    await expect(house.code).to_have_count(0)

    await house.press("Sign out")
    dialog = house.page.get_by_role("dialog", name="Sign out of Twitch?")
    await house.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(house.state).to_have_text("Signed in as nova")
    await house.press("Sign out")
    await dialog.get_by_role("button", name="Sign out").click()
    await expect(house.state).to_have_text("Not signed in")
    assert not accounts.grants


async def test_a_login_can_be_given_up(house: House) -> None:
    await house.press("Sign in to Twitch")
    await expect(house.state).to_have_text("Waiting for you")
    await house.press("Cancel")
    await expect(house.state).to_have_text("Not signed in")


async def test_a_refusal_is_said_in_the_card_and_goes_with_the_next_login(house: House) -> None:
    house.twitch.fake.fail("/device", 503)
    await house.press("Sign in to Twitch")
    await expect(house.card.get_by_role("alert")).to_contain_text(re.compile("twitch", re.IGNORECASE))
    await expect(house.state).to_have_text("Not signed in")
    await house.press("Sign in to Twitch")
    await expect(house.state).to_have_text("Waiting for you")
    await expect(house.card.get_by_role("alert")).to_have_count(0)
    await house.press("Cancel")
    await expect(house.state).to_have_text("Not signed in")


async def test_permissions_that_are_missing_or_unused_are_named_and_an_odd_address_is_no_link(house: House) -> None:
    known = {"platform": "twitch", "title": "Twitch", "login": HOSTILE, "detail": "", "fix": "", "code": None}
    told = {**known, "state": "signed_in", "missing": ["channel:read:ads"], "excess": ["user:read:email"]}

    async def answer(route: Route) -> None:
        await route.fulfill(json=[told])

    await house.page.route("**/api/accounts", answer)
    await house.show_again()
    await expect(house.state).to_have_text(f"Signed in as {HOSTILE}")
    await expect(house.card).to_contain_text("Permissions are missing.")
    await expect(house.card.get_by_role("listitem")).to_have_text(["channel:read:ads", "user:read:email"])
    assert await house.card.locator("img").count() == 0

    told |= {"state": "refused", "missing": [], "excess": [], "detail": "the account is gone", "fix": "sign in again"}
    await house.show_again()
    await expect(house.state).to_have_text("Needs attention")
    await expect(house.card).to_contain_text(re.compile(r"The account is gone\.\s+Sign in again\."))

    told |= {"state": "waiting", "code": {"address": "javascript:alert(1)", "code": "ABC", "expires_at": 9e12}}
    await house.show_again()
    await expect(house.code).to_have_text("ABC")
    assert await house.card.get_by_role("link").count() == 0
    told["code"] = {"address": "https://example.com/", "code": "ABC", "expires_at": 1}
    await house.show_again()
    await expect(house.card).to_contain_text("The code is too old")
    await house.page.unroute_all()
    await house.show_again()
    await expect(house.state).to_have_text("Not signed in")
