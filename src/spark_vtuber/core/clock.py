"""Time, injected: nothing reads a clock that it was not given."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two views of time: one that never jumps, one that people and files understand."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...

    def unix_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""
        ...


class SystemClock:
    """The clocks of the machine."""

    def now(self) -> float:
        """`time.monotonic()`: the same clock as the event loop's."""
        return time.monotonic()

    def unix_ms(self) -> int:
        """Wall time in milliseconds."""
        return time.time_ns() // 1_000_000
