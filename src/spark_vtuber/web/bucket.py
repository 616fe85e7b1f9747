"""A token bucket: a rate with room for a burst."""

from spark_vtuber.core.clock import Clock


class Bucket:
    """Lets `rate_per_s` calls a second pass, and up to `burst` at once after a rest."""

    def __init__(self, clock: Clock, *, rate_per_s: float, burst: int) -> None:
        self._clock = clock
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._tokens = float(burst)
        self._seen_s: float | None = None

    def take(self) -> float:
        """Pass: 0. Or the seconds until the next call may pass; then nothing was taken."""
        now_s = self._clock.now()
        if self._seen_s is not None:
            self._tokens = min(self._burst, self._tokens + (now_s - self._seen_s) * self._rate_per_s)
        self._seen_s = now_s
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate_per_s
        self._tokens -= 1.0
        return 0.0
