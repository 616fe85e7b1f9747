"""How far the making of sound is ahead of the listener."""

from bisect import bisect_right
from typing import Final

import anyio

from spark_vtuber.pipeline.crew import Limits
from spark_vtuber.stage.port import Position, Stage

BURST_S: Final = 1.5
"""When the lead is used up, sound waits until the listener is this near, and then goes out in one burst.

Half of the lead, where that is less.
"""


class Ahead:
    """The samples of a turn: made by the voice, handed to the stages, heard by the listener."""

    def __init__(self, stage: Stage, sample_rate: int, limits: Limits) -> None:
        self._stage = stage
        self._sample_rate = sample_rate
        self._limits = limits
        self._clauses = anyio.Semaphore(limits.clauses_ahead)
        self._numbers: list[int] = []
        self._offsets: list[int] = []
        self._made = 0
        self._handed = 0

    async def clause_wanted(self) -> None:
        """Wait until another clause should be made."""
        await self._clauses.acquire()

    def clause_done(self) -> None:
        """A clause was handed to the stages as a whole."""
        self._clauses.release()

    def made(self, samples: int) -> None:
        """The voice made more sound."""
        self._made += samples

    def begins(self, number: int) -> None:
        """What is handed over from now on belongs to utterance `number`."""
        self._numbers.append(number)
        self._offsets.append(self._handed)

    def handed(self, samples: int) -> None:
        """Sound went to the stages."""
        self._handed += samples

    def heard(self) -> int:
        """Samples of the turn that were heard."""
        at = self._stage.position()
        index = bisect_right(self._numbers, at.utterance) - 1
        if index < 0:
            return 0
        if self._numbers[index] == at.utterance:
            return min(self._offsets[index] + at.sample, self._handed)
        return self._offsets[index + 1] if index + 1 < len(self._offsets) else self._handed

    def slack_s(self) -> float:
        """Seconds of sound that were made and not heard."""
        return (self._made - self.heard()) / self._sample_rate

    async def keep_lead(self) -> None:
        """Wait while the stages have more sound than the lead allows."""
        if self._handed - self.heard() <= self._limits.lead_s * self._sample_rate:
            return
        target = self._handed - round(min(BURST_S, self._limits.lead_s / 2) * self._sample_rate)
        index = bisect_right(self._offsets, target) - 1
        await self._stage.reached(Position(self._numbers[index], target - self._offsets[index]))

    async def all_heard(self) -> float | None:
        """Wait until everything that was handed over was heard; gives the instant, or None where there is no sound."""
        if not self._numbers:
            return None
        return await self._stage.reached(Position(self._numbers[-1], self._handed - self._offsets[-1]))
