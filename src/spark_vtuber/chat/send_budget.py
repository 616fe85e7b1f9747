"""How often an account may write: a bucket of tokens that fills steadily."""

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError


class SendBudget:
    """At most `lines` in any `window_s` seconds.

    A full bucket that fills up once in a time lets twice its size through in that time; so this one holds half of what
    is allowed, which may go at once, and the other half comes evenly.
    """

    def __init__(self, clock: Clock, lines: int, window_s: float) -> None:
        self._clock = clock
        self._left, self._seen_s = 0.0, clock.now()
        self._burst, self._per_s = 0.0, 0.0
        self.allow(lines, window_s)
        self._left = self._burst

    def allow(self, lines: int, window_s: float) -> None:
        """Change what is allowed; what was used stays used."""
        used = self._burst - self._left
        self._burst = max(lines / 2, 1.0)
        self._per_s = self._burst / window_s
        self._left = self._burst - used

    def take(self, patience_s: float) -> float:
        """Take one line; gives the seconds to wait before it may be sent.

        Raises:
            EngineError: `rate` where that would be longer than `patience_s`; nothing is taken then.
        """
        now_s = self._clock.now()
        self._left = min(self._burst, self._left + (now_s - self._seen_s) * self._per_s)
        self._seen_s = now_s
        wait_s = max(0.0, (1 - self._left) / self._per_s)
        if wait_s > patience_s:
            what = f"too many lines at once: the next may be sent in {wait_s:.0f} s"
            raise EngineError("rate", what, retryable=True, fix="write less, or make the account a moderator")
        self._left -= 1
        return wait_s
