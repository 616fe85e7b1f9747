"""Which line: a bounded store of what waits for an answer, and the ranking that chooses from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.cues import Cue, Urgency
from spark_vtuber.core.events import PAID_KINDS, ChatKind
from spark_vtuber.core.turns import Reason

PAID: Final = 50.0
ADDRESSED: Final = 20.0
EVENT: Final = 15.0
QUESTION: Final = 8.0
SUBSTANCE: Final = 4.0
FRESH: Final = 10.0
FRESH_S: Final = 60.0
"""A line loses its freshness evenly over this time."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen line and the scores that made it the best of `among`."""

    cue: Cue
    scores: dict[str, float]
    among: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that leaves without an answer, and why."""

    cue: Cue
    reason: Reason


def standing_scores(cue: Cue, names: tuple[str, ...]) -> dict[str, float]:
    """What speaks for answering a line, whenever that is. `names` are the characters' names in lower case."""
    text = cue.text.casefold()
    kind = cue.event.kind if cue.event else ChatKind.MESSAGE
    scores: dict[str, float] = {}
    if kind in PAID_KINDS:
        scores["paid"] = PAID
    elif kind not in (ChatKind.MESSAGE, ChatKind.ACTION):
        scores["event"] = EVENT
    if any(name in text for name in names):
        scores["addressed"] = ADDRESSED
    if "?" in text:
        scores["question"] = QUESTION
    if len(text.split()) >= 3:
        scores["substance"] = SUBSTANCE
    if cue.priority:
        scores["priority"] = float(cue.priority)
    return scores


def freshness(cue: Cue, now_s: float) -> float:
    """The part of a line's worth that fades."""
    return FRESH * max(0.0, 1 - (now_s - cue.admitted_s) / FRESH_S)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line and the part of its worth that never changes, so that ranking a full inbox stays cheap."""

    cue: Cue
    scores: dict[str, float]
    standing: float

    def worth(self, now_s: float) -> float:
        return self.standing + freshness(self.cue, now_s)


class Inbox:
    """Lines that wait for an answer.

    Holds `capacity` lines; a better one pushes the worst out. An unpaid line older than `stale_s` leaves, unless the
    operator asked for its answer.
    """

    def __init__(self, names: tuple[str, ...], capacity: int = 200, stale_s: float = 120.0) -> None:
        self._names = tuple(name.casefold() for name in names)
        self._capacity = capacity
        self._stale_s = stale_s
        self._lines: list[_Waiting] = []

    def __len__(self) -> int:
        return len(self._lines)

    def resize(self, capacity: int, stale_s: float) -> None:
        """Keep to other bounds from now on; lines beyond them leave with the next one that comes."""
        self._capacity = capacity
        self._stale_s = stale_s

    def offer(self, cue: Cue, now_s: float) -> list[Dropped]:
        """Take a line; gives what had to leave for it, which may be the line itself."""
        scores = standing_scores(cue, self._names)
        self._lines.append(_Waiting(cue, scores, sum(scores.values())))
        gone: list[Dropped] = []
        while len(self._lines) > self._capacity:
            worst = min(self._lines, key=lambda line: (line.worth(now_s), line.cue.admitted_s))
            self._lines.remove(worst)
            gone.append(Dropped(worst.cue, Reason.FULL))
        return gone

    def take(self, now_s: float, may_go: Callable[[Cue], bool]) -> Choice | None:
        """The best line that `may_go`; it leaves the inbox. None where there is none."""
        best = next((line for line in self._ranked(now_s) if may_go(line.cue)), None)
        if best is None:
            return None
        choice = self._choice(best, now_s)
        self._lines.remove(best)
        return choice

    def upcoming(self, now_s: float, limit: int) -> list[Choice]:
        """The best `limit` lines, best first; they stay."""
        return [self._choice(line, now_s) for line in self._ranked(now_s)[:limit]]

    def drop_stale(self, now_s: float) -> list[Dropped]:
        """Let go of lines that waited too long."""
        return self.drop(Reason.STALE, lambda cue: not _is_lasting(cue) and now_s - cue.admitted_s > self._stale_s)

    def drop(self, reason: Reason, is_meant: Callable[[Cue], bool]) -> list[Dropped]:
        """Let go of all lines that `is_meant` picks."""
        gone = [line.cue for line in self._lines if is_meant(line.cue)]
        if gone:
            self._lines = [line for line in self._lines if not is_meant(line.cue)]
        return [Dropped(cue, reason) for cue in gone]

    def sift(self, decline: Callable[[Cue], Reason | None]) -> list[Dropped]:
        """Let go of all lines for which `decline` has a reason."""
        reasons = {line.cue.id: reason for line in self._lines if (reason := decline(line.cue)) is not None}
        gone = [Dropped(line.cue, reasons[line.cue.id]) for line in self._lines if line.cue.id in reasons]
        self._lines = [line for line in self._lines if line.cue.id not in reasons]
        return gone

    def _ranked(self, now_s: float) -> list[_Waiting]:
        return sorted(self._lines, key=lambda line: (-line.worth(now_s), line.cue.admitted_s))

    def _choice(self, line: _Waiting, now_s: float) -> Choice:
        return Choice(line.cue, {"fresh": freshness(line.cue, now_s), **line.scores}, len(self._lines))


def is_paid(cue: Cue) -> bool:
    """Whether something was given with the line."""
    return cue.event is not None and cue.event.kind in PAID_KINDS


def _is_lasting(cue: Cue) -> bool:
    return is_paid(cue) or cue.priority >= Urgency.ANSWER_NOW
