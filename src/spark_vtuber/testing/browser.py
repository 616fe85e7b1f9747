"""The pages in a real Chromium, by Playwright. For tests that meet the world."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
from playwright.async_api import Browser, Page, async_playwright

LIMIT_S: Final = 20.0
LOOK_AGAIN_S: Final = 0.02

FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)
"""Equal pictures on every machine, and not a word to anybody but the show. Root cannot use the sandbox."""

WEBGL: Final = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""WebGL drawn by the processor; slow, and nothing else is as pretty with it, so only for models."""

SOUND_PLAYS: Final = "--autoplay-policy=no-user-gesture-required"
"""As in OBS: sound needs no click."""

SOUND_WAITS: Final = "--autoplay-policy=document-user-activation-required"
"""As in a viewer's browser: sound needs a click."""


@dataclass(slots=True)
class Visit:
    """An open page with what it asked for, what it complained about and the text frames its sockets got."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    async def probe(self, name: str) -> Any:
        """A measuring point of a page opened with `?debug`."""
        return await self.page.evaluate(f"window.__stage.{name}")

    async def until(self, condition: str, limit_s: float = LIMIT_S) -> None:
        """Wait until a JavaScript expression is true; `TimeoutError` names the one that did not come true.

        The pages' content policy forbids Playwright's own `wait_for_function`.
        """
        try:
            with anyio.fail_after(limit_s):
                # A browser is watched by looking again.
                while not await self.page.evaluate(f"Boolean({condition})"):  # noqa: ASYNC110
                    await anyio.sleep(LOOK_AGAIN_S)
        except TimeoutError as error:
            raise TimeoutError(f"not true within {limit_s} s: {condition}; the page says {self.complaints}") from error

    def asked(self, url: str) -> None:
        """The page loads something, or opens a socket."""
        address = urlsplit(url)
        if address.scheme not in ("data", "blob"):
            self.hosts.add(address.netloc)

    def said(self, kind: str, text: str) -> None:
        """The page wrote to the console."""
        if kind in ("error", "warning"):
            self.complaints.append(text)


@asynccontextmanager
async def chromium_browser(executable: Path, sound: str = SOUND_PLAYS, *more: str) -> AsyncIterator[Browser]:
    """A headless Chromium of its own, with `SOUND_PLAYS` or `SOUND_WAITS`, and with `more` flags."""
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=executable, args=[*FLAGS, sound, *more]) as browser,
    ):
        yield browser


async def visit(browser: Browser, address: str, *, script: str = "", **context: Any) -> Visit:
    """Open a page in a context of its own, made with Playwright's `context` options.

    `script` runs in the page before its own.
    """
    opened = await browser.new_context(**context)
    if script:
        await opened.add_init_script(script)
    page = await opened.new_page()
    seen = Visit(page)

    def keep(frame: str | bytes) -> None:
        if isinstance(frame, str):
            seen.frames.append(frame)

    page.on("request", lambda request: seen.asked(request.url))
    page.on("websocket", lambda socket: seen.asked(socket.url))
    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    page.on("console", lambda message: seen.said(message.type, message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    await page.goto(address)
    return seen
