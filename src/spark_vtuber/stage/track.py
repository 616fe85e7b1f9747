"""One utterance on the heard clock."""

from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.ids import TurnId

REACH_S: Final = 0.150
"""How far the position may run ahead of the owner's last report."""

SILENCE_S: Final = 1.0
"""An owner that has sound to play and gets no further for this long loses its office."""

_ROUNDING: Final = 1e-3
"""Samples: instants are floats, so a sample that is due now must count in spite of their rounding."""


@dataclass(slots=True)
class Track:
    """How much of an utterance arrived and how much of it was heard, in samples; instants in seconds.

    `driver` is the client whose reports move it, None for the wall clock. The position runs from the anchor
    (`base` at `base_at`) in real time, bounded by what arrived, and behind a driver by `REACH_S`.
    """

    number: int
    turn: TurnId
    sample_rate: int
    driver: int | None
    is_instant: bool = False
    arrived: int = 0
    total: int | None = None
    first_at: float = 0.0
    ended_at: float = 0.0
    began_at: float | None = None
    heard: int = 0
    heard_at: float = 0.0
    base: int = 0
    base_at: float = 0.0
    waiting_since: float = 0.0
    flushed_at: float | None = None
    is_frozen: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether all of it was heard."""
        return self.total is not None and self.heard >= self.total

    def begin(self, at: float) -> None:
        """It begins to sound."""
        self.began_at = self.heard_at = self.base_at = at

    def add(self, samples: int, now: float) -> None:
        """Sound arrived; where the listener had run dry it goes on from now."""
        if self.arrived == 0:
            self.first_at = now
        elif self.began_at is not None and self.heard == self.arrived:
            self.base_at = now - (self.heard - self.base) / self.sample_rate
            self.waiting_since = now
        self.arrived += samples

    def advance(self, now: float) -> None:
        """Bring `heard` up to `now`."""
        if self.began_at is None:
            return
        if self.is_instant:
            heard, at = self.arrived, now
        else:
            heard = min(self._run(now), self.arrived)
            at = min(now, self.base_at + (heard - self.base) / self.sample_rate)
        if heard > self.heard:
            self.heard, self.heard_at = heard, max(at, self.heard_at)

    def report(self, sample: int, now: float) -> None:
        """The driver hears `sample`. Where that is behind the position, the position waits."""
        sample = min(sample, self.arrived)
        if sample > self.base:
            self.base, self.base_at, self.waiting_since = sample, now, now
        if sample > self.heard:
            self.heard, self.heard_at = sample, now

    def carry(self, at: float) -> None:
        """The driver is gone: the wall clock goes on from the last position."""
        self.advance(at)
        self.driver = None
        self.base, self.base_at = self.heard, at

    def silent_at(self, free_at: float) -> float | None:
        """When its driver will have been silent too long; None while it has nothing to play."""
        if self.began_at is None:
            return max(self.first_at, free_at) + SILENCE_S
        return None if self._can_reach(self.arrived) else self.waiting_since + SILENCE_S

    def due(self, sample: int) -> float | None:
        """When `sample` will be heard if nothing else happens; None where it takes another event."""
        if self.began_at is None or sample > self.arrived or not self._can_reach(sample):
            return None
        return self.base_at + (sample - self.base) / self.sample_rate

    def instant(self, sample: int) -> float | None:
        """When `sample` was heard: exact at both ends, between them counted back from the last position."""
        if self.began_at is None or sample > self.heard:
            return None
        if sample == 0:
            return self.began_at
        return max(self.began_at, self.heard_at - (self.heard - sample) / self.sample_rate)

    def _run(self, now: float) -> int:
        elapsed = now - self.base_at
        if self.driver is not None:
            elapsed = min(elapsed, REACH_S)
        return int(self.base + elapsed * self.sample_rate + _ROUNDING)

    def _can_reach(self, sample: int) -> bool:
        return self.driver is None or sample <= int(self.base + REACH_S * self.sample_rate + _ROUNDING)
