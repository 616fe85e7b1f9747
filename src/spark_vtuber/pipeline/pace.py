"""How long unpaid lines wait after an answer, where the policy of the show wants a pause."""

import math

from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.running import Running


class Pace:
    """The pause after the last answer; it is over `inbox.pause_s` after the answer ended."""

    def __init__(self, inbox: Inbox, running: Running) -> None:
        self._inbox = inbox
        self._running = running
        self._answered_s = -math.inf

    def answered(self, now_s: float) -> None:
        """An answer ended now."""
        self._answered_s = now_s

    def is_pausing(self, now_s: float) -> bool:
        """Whether unpaid lines wait: an answer is given, or was a short while ago."""
        pause_s = self._inbox.pause_s
        return pause_s > 0 and (len(self._running) > 0 or now_s < self._answered_s + pause_s)

    def left_s(self, now_s: float) -> float | None:
        """How long lines that wait must go on to do so; None where the end of a turn tells."""
        left_s = self._answered_s + self._inbox.pause_s - now_s
        return left_s if left_s > 0 and len(self._inbox) and not len(self._running) else None
