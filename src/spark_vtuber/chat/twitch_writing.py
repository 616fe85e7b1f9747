"""What a Twitch account writes: within Twitch's limits, and known again when it is told."""

from collections import deque
from typing import Final

import anyio

from spark_vtuber.chat.send_budget import SendBudget
from spark_vtuber.chat.twitch_helix import LONGEST_CHARS, Helix
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError

WINDOW_S: Final = 30.0
LINES: Final = 20
LINES_OF_MODERATOR: Final = 100
"""Lines in `WINDOW_S`; source: Twitch, "Chat rate limits"."""

PATIENCE_S: Final = 10.0
"""Longest wait of a line for its turn."""

REMEMBERED: Final = 200
"""Own lines that are known again when Twitch tells them."""


class OwnLines:
    """Knows again what this program wrote, also where Twitch tells it before it has answered.

    An account that writes in somebody else's channel is this program's alone; in its own channel the streamer types
    with it too, and is read.
    """

    def __init__(self) -> None:
        self.user_id = ""
        self.channel_id = ""
        self._ids: deque[str] = deque(maxlen=REMEMBERED)
        self._texts: deque[str] = deque(maxlen=REMEMBERED)

    def going(self, text: str) -> None:
        """A line is on its way."""
        self._texts.append(text)

    def went(self, text: str, id: str) -> None:
        """Twitch took it; its echo is known by its id from now on."""
        self._ids.append(id)
        self.forget(text)

    def forget(self, text: str) -> None:
        """Twitch did not take it, or has told it."""
        if text in self._texts:
            self._texts.remove(text)

    def has(self, author: str, id: str, text: str) -> bool:
        """Whether a line that is told is one of ours; one without an answer is known once, by its words."""
        if author != self.user_id:
            return False
        if self.user_id != self.channel_id or id in self._ids:
            return True
        line = text.strip()
        is_ours = line in self._texts
        self.forget(line)
        return is_ours


class Pen:
    """Writes lines as one account."""

    def __init__(self, helix: Helix, own: OwnLines, clock: Clock) -> None:
        self._helix = helix
        self._own = own
        self._budget = SendBudget(clock, LINES, WINDOW_S)

    def moderates(self) -> None:
        """The account moderates the channel, or owns it: it may write more."""
        self._budget.allow(LINES_OF_MODERATOR, WINDOW_S)

    async def write(self, line: str) -> None:
        """Write a line once it may be written. Raises `EngineError`: `rate`, or what Twitch says."""
        await anyio.sleep(self._budget.take(PATIENCE_S))
        self._own.going(line)
        try:
            sent = await self._helix.send(self._own.channel_id, self._own.user_id, line)
        except EngineError as error:
            if not error.retryable:
                self._own.forget(line)
            raise
        self._own.went(line, sent.id)


def checked_line(text: str) -> str:
    """A text as one line of chat. Raises `EngineError("too_long")`."""
    line = " ".join(text.split())
    if not line or len(line) > LONGEST_CHARS:
        what = f"a line has 1 to {LONGEST_CHARS} characters, this one {len(line)}"
        raise EngineError("too_long", what, fix="write less")
    return line
