"""The door: from a chat event to a line that waits in the inbox."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import PAID_KINDS, SPOKEN_KINDS, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, Serial
from spark_vtuber.core.steering import spans_in
from spark_vtuber.core.turns import Reason
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.text.clean import clean

MAX_NAME: Final = 60
SLICE: Final = 4
"""Lines that are guarded in a row before others have their turn: while a room is loud, each of those takes longer."""

NAMELESS: Final = "someone"
"""Who wrote, where nothing of the name can be shown."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    event: ChatEvent
    received_s: float
    priority: int = Urgency.CHAT


class Reception:
    """Takes every event at once, so that no source ever waits; guards what passes the gates, one line at a time.

    At most `capacity` lines wait for the guard, the one it looks at included; more are dropped and counted, those
    that nothing was paid for first.
    """

    def __init__(
        self,
        clock: Clock,
        gates: Gates,
        guard: Guard,
        director: Director,
        tally: Tally,
        capacity: int = 256,
    ) -> None:
        self._clock = clock
        self._gates = gates
        self._guard = guard
        self._director = director
        self._tally = tally
        self._capacity = capacity
        self._queue: deque[_Arrival] = deque()
        self._arrived = anyio.Event()
        self._looked = anyio.Event()
        self._stumbled_at: _Arrival | None = None
        self._serial = Serial("c")

    @property
    def waiting(self) -> int:
        """How many lines wait for the guard."""
        return len(self._queue)

    @property
    def is_empty(self) -> bool:
        """Whether no line waits for the guard."""
        return not self._queue

    def receive(self, event: ChatEvent) -> None:
        """Take an event. Whether it is answered shows in the events that are announced."""
        if event.kind not in SPOKEN_KINDS:
            self._retract(event)
            return
        self._tally.received += 1
        refusal = self._gates.refuse(event)
        if refusal is None and not self._has_room(event):
            refusal = Reason.FULL
        if refusal is not None:
            self._tally.line_refused(event, refusal)
            return
        self._queue.append(_Arrival(event, self._clock.now()))
        self._arrived.set()

    def readmit(self, event: ChatEvent, priority: Urgency = Urgency.ANSWER_NOW) -> bool:
        """Take a line past the gates, through the guard, by default before all others; False where it is full."""
        if not self._has_room(event):
            return False
        self._queue.append(_Arrival(event, self._clock.now(), priority))
        self._arrived.set()
        return True

    async def run(self) -> None:
        """Guard and admit lines for ever.

        A line at which this ends, by a bug or a restart, is tried once more by the next run; the second time it is
        blocked.
        """
        while True:
            while self._queue:
                for _ in range(SLICE):
                    if self._queue:
                        await self._admit(self._queue[0])
                        self._look()
                await checkpoint()
            self._arrived = anyio.Event()
            self._look()
            await self._arrived.wait()

    async def answer(self) -> None:
        """Return when a line was dealt with or none waits: the door is kept."""
        looked = self._looked
        self._arrived.set()
        await looked.wait()

    def clear(self, reason: Reason) -> None:
        """Drop everything that waits for the guard."""
        while self._queue:
            self._tally.line_refused(self._queue.popleft().event, reason)

    async def _admit(self, arrival: _Arrival) -> None:
        """Guard a line, which waits at the head of the queue so that it can still be taken back."""
        event = arrival.event
        try:
            shown, verdict = await self._check(event)
        except BaseException:
            if arrival is self._stumbled_at and self._take(arrival):
                self._tally.line_blocked(event, "guard_failed", "crash")
            self._stumbled_at = arrival
            raise
        if not self._take(arrival):
            return
        if verdict.is_blocked:
            self._tally.line_blocked(event, verdict.rule, verdict.reason)
            return
        author = replace(shown.author, name=shown.author.name or NAMELESS)
        spans = spans_in(verdict.text, event)
        shown = replace(shown, text=verdict.text, author=author, emote_spans=spans)
        cue = Cue(
            id=CueId(self._serial.next()),
            kind=CueKind.CHAT,
            text=verdict.text,
            author=author.name,
            event=shown,
            persona=event.persona,
            priority=arrival.priority,
            received_s=arrival.received_s,
            admitted_s=self._clock.now(),
            language=verdict.language,
            doubt=verdict.score,
        )
        self._tally.line_admitted(shown, verdict.reason)
        self._director.offer(cue)

    def _take(self, arrival: _Arrival) -> bool:
        """Take a line from the head of the queue; False where it was taken back meanwhile."""
        is_wanted = bool(self._queue) and self._queue[0] is arrival
        if is_wanted:
            self._queue.popleft()
        return is_wanted

    def _look(self) -> None:
        self._looked.set()
        self._looked = anyio.Event()

    def _has_room(self, event: ChatEvent) -> bool:
        """Whether a line may wait; for one that was paid for, the newest other one leaves."""
        if len(self._queue) < self._capacity:
            return True
        unpaid = next((waiting for waiting in reversed(self._queue) if waiting.event.kind not in PAID_KINDS), None)
        if event.kind not in PAID_KINDS or unpaid is None:
            return False
        self._queue.remove(unpaid)
        self._tally.line_refused(unpaid.event, Reason.FULL)
        return True

    async def _check(self, event: ChatEvent) -> tuple[ChatEvent, Verdict]:
        """The event with the name and title to show, and the verdict on the line.

        A bad name blocks like a bad text, a bad title of a reward and a failing guard as well; whoever redeems a reward
        did not write its title. The score is that of what is most doubtful.
        """
        where = GuardContext(source=event.source)
        shown = replace(event, author=replace(event.author, name=clean(event.author.name, MAX_NAME).text))
        score = 0.0
        try:
            if name := shown.author.name:
                own = replace(where, author_id=event.author.id, position=Position.NAME)
                verdict = await self._guard.check(name, Direction.IN, own)
                if verdict.is_blocked:
                    return shown, verdict
                shown = replace(shown, author=replace(shown.author, name=verdict.text))
                score = verdict.score
            if shown.reward is not None and shown.reward.title:
                verdict = await self._guard.check(shown.reward.title, Direction.IN, where)
                if verdict.is_blocked:
                    return shown, verdict
                shown = replace(shown, reward=replace(shown.reward, title=verdict.text))
                score = max(score, verdict.score)
            if not event.text:
                return shown, Verdict(Decision.ALLOW, "", score=score)
            own = replace(where, author=shown.author.name, author_id=event.author.id)
            verdict = await self._guard.check(event.text, Direction.IN, own)
        except EngineError as error:
            return shown, Verdict(Decision.BLOCK, "", rule="guard_failed", reason=error.code)
        return shown, replace(verdict, score=max(verdict.score, score))

    def _retract(self, event: ChatEvent) -> None:
        """A moderator took something back: what waits of it leaves, what is being answered is cut."""
        match event.kind:
            case ChatKind.DELETION:
                reason = Reason.DELETED
            case ChatKind.BAN | ChatKind.CLEAR:
                reason = Reason.BANNED
            case _:
                return

        def is_meant(other: ChatEvent) -> bool:
            if other.source != event.source:
                return False
            if event.kind is ChatKind.DELETION:
                return other.id == event.target
            return event.kind is ChatKind.CLEAR or other.author.id == event.target

        self.retract(reason, is_meant)

    def retract(self, reason: Reason, is_meant: Callable[[ChatEvent], bool]) -> None:
        """Forget lines that wait for guard or answer, cut the turns that answer them, and erase their words."""
        for arrival in [arrival for arrival in self._queue if is_meant(arrival.event)]:
            self._queue.remove(arrival)
            self._tally.line_refused(arrival.event, reason)
        self._tally.lines_erased(is_meant)
        self._director.retract(reason, is_meant)
