"""A circuit breaker: an engine that keeps failing is not asked again until a probe succeeds."""

from collections.abc import Awaitable, Callable

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError


class Breaker:
    """Opens after `threshold()` failures in a row; closes with the next success.

    `changed` is called after every opening and closing.
    """

    def __init__(self, clock: Clock, changed: Callable[[], None], threshold: Callable[[], int] = lambda: 3) -> None:
        self._clock = clock
        self._changed = changed
        self._threshold = threshold
        self._failures = 0
        self._opened = anyio.Event()
        self.last_error = ""
        self.opened_s: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the engine may be asked."""
        return self.opened_s is None

    def succeeded(self) -> None:
        """The engine answered."""
        self._failures = 0
        if self.opened_s is not None:
            self.opened_s = None
            self.last_error = ""
            self._opened = anyio.Event()
            self._changed()

    def failed(self, error: str) -> None:
        """The engine failed; `error` is the code that people see."""
        self._failures += 1
        self.last_error = error
        if self._failures >= self._threshold():
            self.trip(error)

    def trip(self, error: str) -> None:
        """Open at once: the engine is known to be down."""
        self.last_error = error
        if self.opened_s is None:
            self.opened_s = self._clock.now()
            self._opened.set()
            self._changed()

    async def keep_probing(
        self, probe: Callable[[], Awaitable[None]], every_s: Callable[[], float] = lambda: 30.0, limit_s: float = 30.0
    ) -> None:
        """While the breaker is open, try `probe` every `every_s()` seconds, `limit_s` at most; runs for ever."""
        while True:
            await self._opened.wait()
            while not self.is_closed:
                await anyio.sleep(every_s())
                if self.is_closed:
                    break
                try:
                    with anyio.fail_after(limit_s):
                        await probe()
                except EngineError as error:
                    self.last_error = error.code
                except TimeoutError:
                    self.last_error = "timeout"
                else:
                    self.succeeded()
