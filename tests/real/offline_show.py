"""Run inside a network namespace that has loopback only: the show, its page in a browser, and a turn.

`python offline_show.py CHROMIUM PORT FLAG...` prints one JSON object: how the turn ended, what was heard, the caption
that was seen, and every address that the page asked for.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import sync_playwright

DEADLINE_S = 30.0


def until(look: Callable[[], Any]) -> Any:
    """What `look` gives once it is something; `TimeoutError` when that takes too long."""
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError


def main() -> None:
    """Runs the show and a viewer."""
    chromium, port, *flags = sys.argv[1:]
    home = f"http://127.0.0.1:{port}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(path: str) -> Any:
        with opener.open(home + path, timeout=5) as answer:
            return json.load(answer)

    show = subprocess.Popen([sys.executable, "-m", "spark_vtuber", "run", "--port", port, *flags])
    asked: list[str] = []
    try:
        until(lambda: ask("/api/health"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("websocket", lambda socket: asked.append(socket.url))
            page.goto(f"{home}/")
            page.get_by_placeholder("Write as a viewer would").fill("hello spark, how are you?")
            page.get_by_role("button", name="Send").click()
            page.locator(".caption").wait_for(timeout=DEADLINE_S * 1000)
            caption = page.locator(".caption").inner_text()
            turn = until(lambda: ask("/api/turns"))[0]
            browser.close()
        print(json.dumps({"outcome": turn["outcome"], "heard": turn["heard"], "caption": caption, "asked": asked}))
    finally:
        show.terminate()
        show.wait(10)


if __name__ == "__main__":
    main()
