"""The speaking lock that all personas share: one voice at a time."""

from dataclasses import dataclass, field
from typing import Final, Protocol

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Behaviour
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason

AGING_S: Final = 10.0
"""A waiting request gains one step of priority in this time, so that nobody waits for ever."""

INTERRUPT_PRIORITY: Final = 100
"""What an interrupting request is worth beyond its own priority while it waits for the flush."""


class Speaker(Protocol):
    """Whoever asks for the floor: it can be told to stop, or that its place was taken."""

    def interrupt(self, reason: Reason) -> None: ...

    def supersede(self, reason: Reason) -> None: ...


@dataclass(eq=False, slots=True)
class Seat:
    """One speaker's place in the queue for the floor. Leave it in every case, also when `take` was cancelled."""

    speaker: Speaker
    persona: PersonaId
    behaviour: Behaviour
    priority: int
    asked_s: float = 0.0
    granted: anyio.Event = field(default_factory=anyio.Event)

    def rank(self, now_s: float) -> tuple[int, float]:
        """Orders waiting seats: the highest aged priority first, then the one that asked first."""
        boost = INTERRUPT_PRIORITY if self.behaviour is Behaviour.INTERRUPT else 0
        aged = self.priority + boost + int((now_s - self.asked_s) / AGING_S)
        return (-aged, self.asked_s)


class Floor:
    """Grants the floor to one seat at a time.

    It is passed on only when the holder leaves, which it does after the stages were flushed: two voices never overlap.
    `last_heard` is what was heard of the turn that left it last.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holder: Seat | None = None
        self._waiting: list[Seat] = []
        self.last_heard = ""

    @property
    def holder(self) -> Seat | None:
        """Who speaks."""
        return self._holder

    @property
    def waiting(self) -> tuple[Seat, ...]:
        """Who waits, in the order in which they would be called now."""
        now_s = self._clock.now()
        return tuple(sorted(self._waiting, key=lambda seat: seat.rank(now_s)))

    async def take(self, seat: Seat) -> None:
        """Wait until the floor belongs to `seat`.

        INTERRUPT cuts the holder; REPLACE supersedes what the same persona has waiting and waits as long as
        that did; QUEUE just waits.
        Cancelling leaves the seat in the queue until `leave` is called. A seat that left may ask again.
        """
        seat.asked_s = self._clock.now()
        seat.granted = anyio.Event()
        if seat.behaviour is Behaviour.REPLACE:
            for other in [other for other in self._waiting if other.persona == seat.persona]:
                self._waiting.remove(other)
                seat.asked_s = min(seat.asked_s, other.asked_s)
                other.speaker.supersede(Reason.REPLACED)
        self._waiting.append(seat)
        if self._holder is None:
            self._pass_on()
        elif seat.behaviour is Behaviour.INTERRUPT:
            self._holder.speaker.interrupt(Reason.PRIORITY)
        await seat.granted.wait()

    def leave(self, seat: Seat) -> None:
        """Give the floor back, or stop waiting for it. Safe to call more than once."""
        if self._holder is seat:
            self._holder = None
            self._pass_on()
        elif seat in self._waiting:
            self._waiting.remove(seat)

    def _pass_on(self) -> None:
        if not self._waiting:
            return
        now_s = self._clock.now()
        seat = min(self._waiting, key=lambda seat: seat.rank(now_s))
        self._waiting.remove(seat)
        self._holder = seat
        seat.granted.set()
