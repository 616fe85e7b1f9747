"""Cues that could not be answered: tried once more by itself, then kept for the streamer."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.healing import DeadLetter
from spark_vtuber.core.ids import PersonaId, Serial
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord

ATTEMPTS: Final = 2
"""Turns that try a cue before it is given up."""

REMEMBERED: Final = 1_000
"""Cues whose attempts are remembered."""


@dataclass(frozen=True, slots=True)
class _Kept:
    letter: DeadLetter
    cue: Cue


class DeadLetters:
    """The last `capacity` cues that were given up; the oldest leave for new ones.

    `offer` lets a cue wait for an answer again. A cue is tried again by itself when nothing of its answer was heard and
    the show goes on; one that was cut off in mid-answer by a fault is given up at once, because people have heard its
    beginning.
    """

    def __init__(self, clock: Clock, announce: Announce, offer: Callable[[Cue], None], capacity: int = 100) -> None:
        self._clock = clock
        self._announce = announce
        self._offer = offer
        self._capacity = capacity
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._serial = Serial("dead")

    @property
    def letters(self) -> Sequence[DeadLetter]:
        """Newest first."""
        return [kept.letter for kept in reversed(self._kept.values())]

    def note(self, record: TurnRecord, *, is_closing: bool = False) -> None:
        """Look at a turn that is over; a failure is tried again or kept. While the show closes nothing is."""
        error = _error(record)
        if not error:
            self._attempts.pop(record.cue.id, None)
            return
        if is_closing:
            return
        attempts = self._attempts[record.cue.id] = self._attempts.get(record.cue.id, 0) + 1
        if len(self._attempts) > REMEMBERED:
            self._attempts.popitem(last=False)
        if attempts < ATTEMPTS and not record.heard:
            self._again(record.cue)
        else:
            self._keep(record.cue, record.persona, error, attempts)

    def retry(self, id: str) -> bool:
        """Let the cue wait for an answer again; False where there is no such letter."""
        kept = self._take(id, "retried")
        if kept is not None:
            self._attempts[kept.cue.id] = 0
            self._again(kept.cue)
        return kept is not None

    def drop(self, id: str) -> bool:
        """Forget a letter; False where there is none."""
        return self._take(id, "dropped") is not None

    def _keep(self, cue: Cue, persona: PersonaId, error: str, attempts: int) -> None:
        self._attempts.pop(cue.id, None)
        letter = DeadLetter(
            id=self._serial.next(),
            at_ms=self._clock.unix_ms(),
            persona=persona,
            author=cue.author,
            text=cue.text,
            error=error,
            attempts=attempts,
        )
        self._kept[letter.id] = _Kept(letter, cue)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        event = cue.event.id if cue.event else cue.id
        self._announce("cue.dead", id=letter.id, line=event, persona=persona, error=error, attempts=attempts)

    def _take(self, id: str, why: str) -> _Kept | None:
        kept = self._kept.pop(id, None)
        if kept is not None:
            self._announce("cue.undead", id=id, why=why)
        return kept

    def _again(self, cue: Cue) -> None:
        self._offer(replace(cue, admitted_s=self._clock.now(), expected=None))


def _error(record: TurnRecord) -> str:
    """Why a turn is no answer: it failed, or a fault of the show cut it; empty where nothing went wrong."""
    if record.outcome is Outcome.FAILED:
        return record.error or "failed"
    if record.outcome is Outcome.INTERRUPTED and record.reason == Reason.SHUTDOWN:
        return "cut_by_restart"
    return ""
