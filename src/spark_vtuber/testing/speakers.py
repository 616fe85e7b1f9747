"""A loudspeaker in memory, for tests of the sound device."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.stage.ring import Samples

BLOCK_S = 0.01


class FakeSpeaker:
    """Implements `stage.device.Speaker` on any clock: what a block holds is heard `lag_s` after it was rendered.

    `heard` are the samples so far, with silence; `run` plays. While `failure` is set, opening raises it; an unplugged
    one is gone for `check`.
    """

    def __init__(self, clock: Clock, *, rate: int = 24_000, lag_s: float = 0.03) -> None:
        self.name = "cable"
        self.rate = rate
        self.lag_s = lag_s
        self.heard: list[Samples] = []
        self.failure: EngineError | None = None
        self.is_unplugged = False
        self._clock = clock
        self._render: Callable[[int, float], Samples] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator["FakeSpeaker"]:
        """Open it, or fail as scripted."""
        if self.failure is not None:
            raise self.failure
        self.is_unplugged = False
        yield self
        self._render = None

    def now_s(self) -> float:
        """The show's own clock."""
        return self._clock.now()

    def play(self, render: Callable[[int, float], Samples]) -> None:
        """Ask `render` from now on."""
        self._render = render

    def check(self) -> None:
        """Raises `EngineError("device_lost")` once it was unplugged."""
        if self.is_unplugged:
            raise EngineError("device_lost", "the cable is gone", retryable=True)

    async def run(self) -> None:
        """Play for ever, a block every ten milliseconds."""
        while True:
            if self._render is not None and not self.is_unplugged:
                self.heard.append(self._render(int(BLOCK_S * self.rate), self._clock.now() + self.lag_s))
            await anyio.sleep(BLOCK_S)
