"""The heard clock among tasks: tells the position, and wakes those who wait for one when it is due."""

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
from anyio.lowlevel import checkpoint

from spark_vtuber.core.clock import Clock
from spark_vtuber.stage.clock import HeardClock
from spark_vtuber.stage.port import Position


@dataclass(slots=True, eq=False)
class _Waiter:
    position: Position
    due: float | None
    woken: anyio.Event = field(default_factory=anyio.Event)


class Playhead:
    """Waits on a `HeardClock` without ticking: a waiter sleeps until its instant is due, or an event moves it.

    Whoever changes the clock calls `stir` after it. `moved` is called whenever time may have changed the clock.
    """

    def __init__(self, heard: HeardClock, clock: Clock, moved: Callable[[], None] = lambda: None) -> None:
        self._heard = heard
        self._clock = clock
        self._moved = moved
        self._waiters: list[_Waiter] = []

    def position(self) -> Position:
        """What is heard now."""
        return self._heard.position(self._clock.now())

    async def reached(self, position: Position) -> float:
        """The instant at which `position` was heard, or its utterance flushed; waits for it."""
        await checkpoint()
        while True:
            now = self._clock.now()
            at = self._heard.instant(position, now)
            due = self._heard.due(position, now)
            self._moved()
            if at is not None:
                return at
            waiter = _Waiter(position, due)
            self._waiters.append(waiter)
            try:
                with anyio.move_on_after(None if due is None else max(due - now, 0.0)):
                    await waiter.woken.wait()
            finally:
                self._waiters.remove(waiter)

    def stir(self) -> None:
        """Wake those for whom an event changed something."""
        now = self._clock.now()
        for waiter in self._waiters:
            due = self._heard.due(waiter.position, now)
            is_earlier = due is not None and (waiter.due is None or due < waiter.due)
            if is_earlier or self._heard.instant(waiter.position, now) is not None:
                waiter.woken.set()
