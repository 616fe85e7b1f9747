"""A duet, step by step: what is said next, what it waits for, and when it is over. It starts no turn itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.cues import DuetStep
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.duets import DuetEnd, DuetPhase, DuetPlan, DuetState
from spark_vtuber.core.ids import PersonaId, Serial, TurnId
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.duet_rules import Said, advise

HELD: Final = "hold"
"""Why a duet waits while answers need approval."""

_ENDS: Final = {
    Reason.PANIC: DuetEnd.PANIC,
    Reason.MUTED: DuetEnd.MUTED,
    Reason.SHUTDOWN: DuetEnd.SHUTDOWN,
}
"""What a cut of a step makes of the duet; any other cut ends it as CUT."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much a duet bears.

    It waits for the room at most `pause_s`. It looks for its way out when the room cut in `cut_ins` times, or `crowd`
    lines wait.
    """

    pause_s: float = 60.0
    cut_ins: int = 2
    crowd: int = 8


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that may begin: who says it, and on which words of whom.

    With `is_expected` these words are still being spoken.
    """

    step: DuetStep
    persona: PersonaId
    other: PersonaId
    text: str
    is_expected: bool


class Conductor:
    """One duet at a time.

    The director asks for `next`, tells what `began`, was `written` and `ended`, and cuts those turns that the conductor
    does not want any more.
    """

    def __init__(self, announce: Announce, patience: Callable[[], Patience] = Patience) -> None:
        self._announce = announce
        self._patience = patience
        self._serial = Serial("d")
        self._state = DuetState()
        self._said: list[Said] = []
        self._expected: Said | None = None
        self._turns: dict[int, TurnId] = {}
        self._done = 0
        self._cut_ins = 0
        self._paused_s = 0.0
        self._is_urgent = False
        self._left_for: DuetEnd | None = None

    @property
    def state(self) -> DuetState:
        """How far it is."""
        return self._state

    @property
    def is_on(self) -> bool:
        """Whether a duet runs, also while it waits."""
        return self._state.phase is not DuetPhase.NONE

    @property
    def is_paused(self) -> bool:
        """Whether it waits."""
        return self._state.phase is DuetPhase.PAUSED

    @property
    def deadline_s(self) -> float | None:
        """When the waiting is over; None while it does not wait."""
        return self._paused_s + self._patience().pause_s if self.is_paused else None

    def start(self, plan: DuetPlan) -> DuetState:
        """Begin a duet. Raises `RuntimeError` while one runs."""
        if self.is_on:
            raise RuntimeError("a duet runs already")
        self._said.clear()
        self._turns.clear()
        self._expected = self._left_for = None
        self._done = self._cut_ins = 0
        self._state = DuetState(DuetPhase.RUNNING, self._serial.next(), plan, 0, plan.steps, plan.opener)
        self._tell("duet.started", topic=plan.topic, tension=plan.tension, origin=plan.origin.value)
        return self._state

    def next(self) -> NextStep | None:
        """The step that may begin now, or None."""
        plan, state = self._state.plan, self._state
        if plan is None or state.phase not in (DuetPhase.RUNNING, DuetPhase.LEAVING):
            return None
        number = self._last_begun + 1
        if number > state.of or (self._turns and self._expected is None):
            return None
        lines = [*self._said, self._expected] if self._expected is not None else self._said
        advice = advise(lines)
        if advice.leave is not None:
            self.leave(advice.leave)
        text = lines[-1].text if lines else ""
        step = DuetStep(plan.topic, number, self._state.of, plan.tension, advice.hint)
        return NextStep(step, plan.speaker(number), plan.speaker(number + 1), text, self._expected is not None)

    def began(self, step: NextStep, turn: TurnId) -> None:
        """A turn says, or prepares, the step."""
        self._turns[step.step.number] = turn
        self._expected = None
        self._state = replace(self._state, number=step.step.number, speaker=step.persona)

    def written(self, turn: TurnId, text: str) -> None:
        """A step is written to its end and will be heard like this: the other may prepare what follows."""
        numbers = [number for number, one in self._turns.items() if one == turn]
        plan = self._state.plan
        if plan is not None and numbers and numbers[0] == max(self._turns) and text:
            self._expected = Said(plan.speaker(numbers[0]), text)

    def ended(self, record: TurnRecord) -> None:
        """A step's turn is over; what was heard of it is what was said."""
        step = record.cue.duet
        if step is None or self._turns.get(step.number) != record.id:
            return
        del self._turns[step.number]
        gave_way = record.reason in (Reason.YIELDED, Reason.MISHEARD, Reason.REPLACED)
        if record.is_answered and (gave_way or record.outcome is Outcome.COMPLETED):
            self._heard(record, step)
        elif gave_way:
            self._expected = None
            self._turns = {number: turn for number, turn in self._turns.items() if number < step.number}
        elif record.outcome is Outcome.INTERRUPTED:
            self.finish(next((end for reason, end in _ENDS.items() if reason == record.reason), DuetEnd.CUT))
        else:
            self.finish(DuetEnd.FAILED)

    def wants(self, turn: TurnId, *, is_speaking: bool) -> bool:
        """Whether a turn of a duet goes on: it belongs to this one, and nothing urgent waits for its end."""
        if not self.is_on or turn not in self._turns.values():
            return False
        return not self.is_paused or (is_speaking and not self._is_urgent)

    def pause(self, reason: str, now_s: float, *, is_urgent: bool = False) -> None:
        """Wait for the room, or for the streamer; the step that is spoken goes on, unless it is urgent."""
        self._is_urgent = self.is_on and (is_urgent or (self.is_paused and self._is_urgent))
        if not self.is_on or self.is_paused:
            return
        self._paused_s = now_s
        self._state = replace(self._state, phase=DuetPhase.PAUSED, reason=reason)
        self._tell("duet.paused", reason=reason)
        if reason != HELD:
            self._cut_ins += 1

    def resume(self) -> None:
        """Go on after a pause; whoever cut in often enough made the duet look for its way out."""
        if not self.is_paused:
            return
        left_for, self._expected = self._left_for, None
        phase = DuetPhase.RUNNING if left_for is None else DuetPhase.LEAVING
        self._state = replace(self._state, phase=phase, reason=left_for.value if left_for is not None else "")
        self._tell("duet.resumed")
        if self._cut_ins >= self._patience().cut_ins:
            self.leave(DuetEnd.VIEWERS)

    def look(self, waiting: int, now_s: float) -> None:
        """Leave where the room is full, end where the pause was too long."""
        if self.is_paused and now_s >= self._paused_s + self._patience().pause_s:
            self.finish(DuetEnd.STALE)
        elif self.is_on and waiting >= self._patience().crowd:
            self.leave(DuetEnd.VIEWERS)

    def leave(self, why: DuetEnd) -> None:
        """Make the next step that has not begun the last one."""
        if not self.is_on or self._left_for is not None:
            return
        last = self._last_begun + 1
        if last < self._state.of:
            self._left_for = why
            phase = DuetPhase.PAUSED if self.is_paused else DuetPhase.LEAVING
            self._state = replace(self._state, of=last, phase=phase, reason=why.value)

    def finish(self, end: DuetEnd) -> bool:
        """End the duet now; False where none runs. Its turns are not wanted any more."""
        if not self.is_on:
            return False
        self._turns.clear()
        self._expected = None
        self._state = replace(self._state, phase=DuetPhase.NONE, reason=end.value, speaker=None)
        self._tell("duet.ended", reason=end.value)
        return True

    @property
    def _last_begun(self) -> int:
        return max((self._done, *self._turns))

    def _heard(self, record: TurnRecord, step: DuetStep) -> None:
        self._done = step.number
        self._said.append(Said(record.persona, record.heard))
        self._tell("duet.step", persona=record.persona, step=step.number, text=record.heard, turn=record.id)
        if not self._turns:
            self._expected = None
        if step.is_last:
            self.finish(self._left_for or DuetEnd.COMPLETED)

    def _tell(self, event: str, turn: TurnId | None = None, **data: object) -> None:
        state = self._state
        self._announce(
            event, turn=turn, duet=state.id, phase=state.phase.value, number=state.number, of=state.of, **data
        )
