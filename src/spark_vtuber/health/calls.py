"""Calls the streamer when an alert is raised: a webhook, a notification of the desktop. Never in the show's way."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.core.alerts import Alert, alert_view
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError

WAITING: Final = 20
"""Calls that wait at most; more are dropped, and the next one says how many."""

PER_WINDOW: Final = 6
WINDOW_S: Final = 600.0
"""A bad hour must not become a flood in a chat channel: six calls in ten minutes."""

PATIENCE_S: Final = 10.0

Call = Callable[[Alert, str], Awaitable[None]]
"""Delivers an alert and its one line of text; raises `EngineError` when it cannot."""


class Caller:
    """Delivers alerts one after the other; what fails is logged once and not tried again."""

    def __init__(self, clock: Clock, log: logging.Logger, calls: Callable[[], tuple[Call, ...]]) -> None:
        """`calls` is asked for every alert, so that a changed setting counts at once."""
        self._clock = clock
        self._log = log
        self._calls = calls
        self._waiting: deque[Alert] = deque()
        self._news = anyio.Event()
        self._made_s: deque[float] = deque(maxlen=PER_WINDOW)
        self.dropped = 0

    def __call__(self, alert: Alert) -> None:
        """Have somebody called about an alert."""
        is_too_many = len(self._made_s) == PER_WINDOW and self._clock.now() - self._made_s[0] < WINDOW_S
        if is_too_many or len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        self._made_s.append(self._clock.now())
        self._waiting.append(alert)
        self._news.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            while self._waiting:
                await self._deliver(self._waiting.popleft())
            self._news = anyio.Event()
            await self._news.wait()

    async def _deliver(self, alert: Alert) -> None:
        text = f"Spark VTuber: {alert.text}"
        if self.dropped:
            text += f" (and {self.dropped} more)"
            self.dropped = 0
        for call in self._calls():
            try:
                with anyio.fail_after(PATIENCE_S):
                    await call(alert, text)
            except EngineError as error:
                self._log.warning("an alert was not delivered: %s", error.message)
            except TimeoutError:
                self._log.warning("an alert was not delivered: no answer in %g s", PATIENCE_S)


def webhook(http: httpx.AsyncClient, url: str) -> Call:
    """Posts to a URL: `text` is what Slack and Mattermost show, `content` what Discord shows."""

    async def call(alert: Alert, text: str) -> None:
        body: dict[str, Any] = {"text": text, "content": text, "alert": alert_view(alert)}
        try:
            # The answer is not read: only its status counts, and nobody knows how long it is.
            async with http.stream("POST", url, json=body, timeout=PATIENCE_S, follow_redirects=False) as answer:
                if not answer.is_success:
                    raise EngineError("webhook_failed", f"the webhook answered {answer.status_code}")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise EngineError("webhook_failed", f"the webhook cannot be reached ({type(error).__name__})") from error

    return call


def desktop() -> Call:
    """Shows a notification on this machine's desktop.

    Raises `EngineError("not_installed")` at the first call where the extra is missing.
    """

    async def call(alert: Alert, text: str) -> None:
        try:
            from desktop_notifier import DesktopNotifier, Urgency
        except ImportError as error:
            raise EngineError(
                "not_installed", "notifications need another package", fix='pip install "spark-vtuber[desktop]"'
            ) from error
        urgency = Urgency.Critical if alert.severity == "critical" else Urgency.Normal
        notifier = DesktopNotifier(app_name="Spark VTuber")
        try:
            await notifier.get_capabilities()  # fails where there is no service; `send` would only log that
            await notifier.send("Spark VTuber", text, urgency=urgency)
        except Exception as error:  # a desktop without a notification service fails in many ways
            raise EngineError("no_desktop", f"this desktop shows no notifications ({type(error).__name__})") from error

    return call
