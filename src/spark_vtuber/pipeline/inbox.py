"""Which line: a bounded store of what waits for an answer, and the ranking that chooses from it.

What a line is worth stands in `choosing.scores`; this is what happens to lines: they join those that ask the same, push
worse ones out, grow stale, and are chosen one by one.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.choosing import policy as policies
from spark_vtuber.pipeline.choosing.alike import ALIKE, Alike, alike
from spark_vtuber.pipeline.choosing.lately import Lately, viewer_of
from spark_vtuber.pipeline.choosing.lengths import Pressure
from spark_vtuber.pipeline.choosing.policy import POLICIES, Policy
from spark_vtuber.pipeline.choosing.reading import Reading, read
from spark_vtuber.pipeline.choosing.scores import Scores, is_paid, is_plain
from spark_vtuber.pipeline.choosing.waiting import Waiting

_WALL: Final = 0
"""The place of the one entry that stands for all lines of nothing but pictures."""

AT_ONCE: Final = 25
"""The part of a full inbox that leaves when one more line comes is this, inverted."""

_RECENT: Final = 128
_WALL_EVERY_S: Final = 60.0
"""Pictures are spoken of at most so often."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How the inbox chooses.

    No viewer gets more than `fair_answers` of `fair_of` answers in a row by lines that nothing was paid for, while a
    line of another waits that may be answered. Who asks what was chosen less than `repeat_s` ago is answered with it.
    """

    fair_answers: int = 2
    fair_of: int = 8
    repeat_s: float = 60.0
    policy: Policy = POLICIES["solo"]
    slow_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen line and the scores that made it the best of `among`."""

    cue: Cue
    scores: dict[str, float]
    among: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that leaves without an answer of its own, why, and what it was worth.

    `joined` is the line that it is answered with, if any.
    """

    cue: Cue
    reason: Reason
    scores: Scores = field(default_factory=dict)
    joined: ChatEvent | None = None


@dataclass(frozen=True, slots=True)
class _Chosen:
    cue: Cue
    reading: Reading
    at_s: float


class Inbox:
    """Lines that wait for an answer.

    Holds `capacity` lines; a better one pushes the worst out, of many lines a few. An unpaid line older than `stale_s`
    leaves, unless the operator asked for its answer. `visits` tells how many streams the author of a line came to.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        capacity: int = 200,
        stale_s: float = 120.0,
        rules: Rules | None = None,
        visits: Callable[[ChatEvent], int] = lambda _: 1,
    ) -> None:
        self._names = tuple(name for name in names if name)
        self._capacity = capacity
        self._stale_s = stale_s
        self._visits = visits
        self.rules = rules or Rules()
        self._entries: dict[int, Waiting] = {}
        self._last = _WALL
        self._alike: Alike[int] = Alike()
        self._lately = Lately()
        self._chosen: deque[_Chosen] = deque(maxlen=_RECENT)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def cues(self) -> Iterator[Cue]:
        """Everything that waits, in no order."""
        return (line.cue for line in self._entries.values())

    @property
    def pause_s(self) -> float:
        """How long unpaid lines wait after an answer, by the policy."""
        return policies.pause_s(self.rules.policy, self.rules.slow_s)

    def resize(self, capacity: int, stale_s: float) -> None:
        """Keep to other bounds from now on; lines beyond them leave with the next one that comes."""
        self._capacity = capacity
        self._stale_s = stale_s

    def pressure(self, now_s: float) -> Pressure:
        """How much waits, and for how long the oldest line that was paid for."""
        paid = (line.cue.admitted_s for line in self._entries.values() if is_paid(line.cue))
        return Pressure(len(self._entries), max(0.0, now_s - min(paid, default=now_s)))

    def offer(self, cue: Cue, now_s: float) -> list[Dropped]:
        """Take a line; gives what had to leave for it, which may be the line itself."""
        reading = read(cue.text, self._names, cue.event) if cue.kind is CueKind.CHAT else Reading()
        if not policies.admits(self.rules.policy, cue, is_addressed=_is_addressed(cue, reading)):
            return [self._dropped(Waiting(cue, reading, 1), Reason.POLICY, now_s)]
        line = Waiting(cue, reading, self._visits(cue.event) if cue.event is not None else 1)
        if line.may_join and (joined := self._join(line, now_s)) is not None:
            return [joined]
        self._entries[self._place(line)] = line
        return self._make_room(now_s)

    def take(self, now_s: float, may_go: Callable[[Cue], bool]) -> Choice | None:
        """The best line that `may_go`; it leaves the inbox to be answered. None where there is none."""
        best = next((place for place in self._ranked(now_s) if may_go(self._entries[place].cue)), None)
        if best is None:
            return None
        line = self._entries[best]
        choice = self._choice(line, now_s)
        self._remove(best)
        self._lately.chosen(line.cue)
        self._chosen.append(_Chosen(line.cue, line.reading, now_s))
        return choice

    def pull(self, now_s: float, is_meant: Callable[[Cue], bool]) -> Cue | None:
        """Take the best line that is meant out, for something else than its answer."""
        best = next((place for place in self._ranked(now_s) if is_meant(self._entries[place].cue)), None)
        return self._remove(best).cue if best is not None else None

    def answered(self, cue: Cue, heard: str, now_s: float) -> None:
        """A line was answered; what was heard makes others less new, and its topic the one that is talked about."""
        self._lately.answered(read(cue.text, self._names), heard, now_s)

    def failed(self, cue: Cue) -> None:
        """The answer to a chosen line failed unheard: who asks the same is answered after all."""
        kept = (chosen for chosen in self._chosen if chosen.cue.id != cue.id)
        self._chosen = deque(kept, maxlen=_RECENT)

    def upcoming(self, now_s: float, limit: int) -> list[Choice]:
        """The best `limit` lines, best first; they stay."""
        return [self._choice(self._entries[place], now_s) for place in self._ranked(now_s)[:limit]]

    def drop_stale(self, now_s: float) -> list[Dropped]:
        """Let go of lines that waited too long."""
        return self._drop(
            lambda line: None if line.is_lasting or now_s - line.latest_s <= self._stale_s else Reason.STALE, now_s
        )

    def drop(self, reason: Reason, is_meant: Callable[[Cue], bool]) -> list[Dropped]:
        """Let go of all lines that `is_meant` picks."""
        return self._drop(lambda line: reason if is_meant(line.cue) else None)

    def retract(self, reason: Reason, is_meant: Callable[[ChatEvent], bool]) -> list[Dropped]:
        """Forget lines; where others asked the same, the first of those asks from now on."""
        return self._drop(lambda line: None if line.cue.event is None or line.without(is_meant) else reason)

    def sift(self, decline: Callable[[Cue], Reason | None]) -> list[Dropped]:
        """Let go of all lines for which `decline` or the policy has a reason."""
        policy = self.rules.policy

        def refusal(line: Waiting) -> Reason | None:
            if not policies.admits(policy, line.cue, is_addressed=_is_addressed(line.cue, line.reading)):
                return Reason.POLICY
            return decline(line.cue)

        return self._drop(refusal)

    def _join(self, line: Waiting, now_s: float) -> Dropped | None:
        """Have a line answered with one that asks the same, if there is one."""
        cue, reading = line.cue, line.reading
        place = _WALL if reading.is_wall else self._alike.find(reading)
        if place in self._entries and self._entries[place].cue.persona == cue.persona:
            leader = self._entries[place]
            reason = leader.join(cue, reading)
            return Dropped(cue, reason, self._scores(line, now_s), leader.cue.event)
        for chosen in reversed(self._chosen):
            if not is_plain(chosen.cue) or chosen.cue.persona != cue.persona:
                continue
            if reading.is_wall and chosen.reading.is_wall and now_s - chosen.at_s < _WALL_EVERY_S:
                return Dropped(cue, Reason.EMOTES, self._scores(line, now_s))
            if now_s - chosen.at_s < self.rules.repeat_s and alike(reading, chosen.reading) >= ALIKE:
                return Dropped(cue, Reason.MERGED, self._scores(line, now_s), chosen.cue.event)
        return None

    def _place(self, line: Waiting) -> int:
        if line.may_join and line.reading.is_wall and _WALL not in self._entries:
            return _WALL
        self._last += 1
        if line.may_join:
            self._alike.add(self._last, line.reading)
        return self._last

    def _make_room(self, now_s: float) -> list[Dropped]:
        """Let go of the worst lines; of a full inbox a few at once, since finding them means weighing every line."""
        over = len(self._entries) - self._capacity
        if over <= 0:
            return []
        count = max(over, self._capacity // AT_ONCE)
        worst = nsmallest(count, self._entries, key=lambda place: self._rank(place, now_s))
        return [self._dropped(self._remove(place), Reason.FULL, now_s) for place in worst]

    def _rank(self, place: int, now_s: float) -> tuple[float, float]:
        line = self._entries[place]
        return line.worth(self._lately, self._share(line), now_s), line.cue.admitted_s

    def _ranked(self, now_s: float) -> list[int]:
        """Places, the best first; lines of viewers who had their share come after all others."""

        def order(place: int) -> tuple[bool, float, float]:
            worth, admitted_s = self._rank(place, now_s)
            return self._had_share(self._entries[place]), -worth, admitted_s

        return sorted(self._entries, key=order)

    def _had_share(self, line: Waiting) -> bool:
        """Whether one more answer would break the bound; it is for lines that nothing stands behind but the viewer."""
        if not is_plain(line.cue):
            return False
        return self._lately.share(viewer_of(line.cue), self.rules.fair_of - 1) >= self.rules.fair_answers

    def _share(self, line: Waiting) -> float:
        of = self.rules.fair_of
        return 0.0 if is_paid(line.cue) else self._lately.share(viewer_of(line.cue), of) / of

    def _drop(self, why: Callable[[Waiting], Reason | None], now_s: float | None = None) -> list[Dropped]:
        gone = [(place, reason) for place, line in self._entries.items() if (reason := why(line)) is not None]
        return [self._dropped(self._remove(place), reason, now_s) for place, reason in gone]

    def _remove(self, place: int) -> Waiting:
        self._alike.discard(place)
        return self._entries.pop(place)

    def _dropped(self, line: Waiting, reason: Reason, now_s: float | None) -> Dropped:
        return Dropped(line.cue, reason, self._scores(line, line.latest_s if now_s is None else now_s))

    def _scores(self, line: Waiting, now_s: float) -> Scores:
        return line.scores(self._lately, self._share(line), now_s)

    def _choice(self, line: Waiting, now_s: float) -> Choice:
        return Choice(line.cue, self._scores(line, now_s), len(self._entries))


def _is_addressed(cue: Cue, reading: Reading) -> bool:
    return bool(reading.named) or cue.persona is not None
