"""What characters say to each other: the duet that runs, and remarks thrown in; both behind what the room wants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.duets import DuetEnd, DuetPlan, DuetState
from spark_vtuber.core.events import PAID_KINDS, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, Serial, TurnId
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.choosing.scores import is_paid
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.duet import HELD, Conductor, NextStep
from spark_vtuber.pipeline.farewell import finish_sentence
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.interjection import SHORT, Cap, Remark
from spark_vtuber.pipeline.running import Running
from spark_vtuber.pipeline.turn import Turn

ROOM: Final = "viewers"
"""Why a duet waits while the room is answered."""

PRESSING: Final = PAID_KINDS | {ChatKind.RAID, ChatKind.REWARD, ChatKind.HYPE_TRAIN}
"""Events for which a duet waits."""

REMARKED: Final = frozenset({CueKind.CHAT, CueKind.IDLE})
"""What another character may remark on: never on a remark, so that two remarks never chase each other."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that may be said now, and why."""

    cue: Cue
    reasons: tuple[str, ...]


class Dialogue:
    """Asked by the director before it looks into the inbox. `stir` has it look again."""

    def __init__(
        self,
        crew: Crew,
        running: Running,
        habits: Habits,
        name_of: Callable[[PersonaId], str],
        stir: Callable[[], None],
    ) -> None:
        self._crew = crew
        self._running = running
        self._habits = habits
        self._name_of = name_of
        self._stir = stir
        self._duet = Conductor(crew.announce, habits.patience)
        self._cap = Cap(habits.remarks_per_minute)
        self._remark: Proposal | None = None
        self._steps: dict[CueId, NextStep] = {}
        self._leaving: set[TurnId] = set()
        self._remarks = Serial("remark")
        self._duets = Serial("step")

    @property
    def state(self) -> DuetState:
        """How far the duet is."""
        return self._duet.state

    @property
    def is_on(self) -> bool:
        """Whether a duet runs, also while it waits, or a remark is about to be made."""
        return self._duet.is_on or self._remark is not None

    @property
    def has_duet(self) -> bool:
        """Whether a duet runs, also while it waits."""
        return self._duet.is_on

    def left_s(self, now_s: float) -> float | None:
        """How long a duet that waits will go on waiting; None where the room tells."""
        deadline_s = self._duet.deadline_s
        return None if deadline_s is None else max(0.0, deadline_s - now_s)

    def start(self, plan: DuetPlan) -> DuetState:
        """Begin a duet. Raises `RuntimeError` while one runs."""
        return self._duet.start(plan)

    def finish(self, end: DuetEnd) -> bool:
        """End the duet: what is prepared is forgotten at once, who speaks is for `give_way`."""
        self._remark = None
        is_over = self._duet.finish(end)
        speaking = self._running.speaking
        for turn in self._steps_running():
            if turn is not speaking:
                turn.supersede(Reason.YIELDED)
        return is_over

    def presses(self, cue: Cue, *, is_addressed: bool) -> bool:
        """Whether a cue is worth a pause of the duet: paid, of an event that matters, addressed, or the streamer's."""
        if cue.kind is CueKind.SAY or cue.priority >= Urgency.ANSWER_NOW:
            return True
        if cue.kind is not CueKind.CHAT or cue.event is None:
            return False
        return is_addressed or cue.event.kind in PRESSING

    def offered(self, cue: Cue, *, is_addressed: bool) -> None:
        """A cue waits now: the duet makes room for one that presses, at once for money and the streamer."""
        if self._duet.is_on and self.presses(cue, is_addressed=is_addressed):
            is_urgent = is_paid(cue) or cue.kind is CueKind.SAY or cue.priority >= Urgency.ANSWER_NOW
            self._duet.pause(ROOM, self._crew.clock.now(), is_urgent=is_urgent)

    def look(self, waiting: int, *, is_pressed: Callable[[], bool], is_holding: bool) -> None:
        """Mind the room: wait while answers are held or something presses, and go on when that is over."""
        if not self._duet.is_on:
            return
        now_s, plan = self._crew.clock.now(), self._duet.state.plan
        if plan is not None and (self._crew.is_muted(plan.opener) or self._crew.is_muted(plan.second)):
            self.finish(DuetEnd.MUTED)
        self._duet.look(waiting, now_s)
        if is_holding:
            self._duet.pause(HELD, now_s)
        elif self._duet.is_paused and not self._others_run() and not is_pressed():
            self._duet.resume()

    def dismissed(self) -> Sequence[Turn]:
        """Turns of a duet that are not wanted any more, each once: they are to `give_way`."""
        speaking = self._running.speaking
        turns = [
            turn
            for turn in self._steps_running()
            if turn.id not in self._leaving and not self._duet.wants(turn.id, is_speaking=turn is speaking)
        ]
        self._leaving.update(turn.id for turn in turns)
        return turns

    async def give_way(self, turn: Turn) -> None:
        """End a step: at once where nothing of it is heard, else with its sentence."""
        if turn is not self._running.speaking:
            turn.supersede(Reason.YIELDED)
            return
        await finish_sentence(turn.heard, self._crew.stage, partial(self._running.is_over, turn))
        turn.interrupt(Reason.YIELDED)

    def next(self, waiting: int, may_begin: Callable[[PersonaId], bool]) -> Proposal | None:
        """What may be said now: a remark while nothing waits, or the next step of the duet."""
        remark, self._remark = self._remark, None
        if remark is not None and remark.cue.persona is not None and not waiting and may_begin(remark.cue.persona):
            return remark
        step = self._duet.next()
        return self._proposal(step) if step is not None and may_begin(step.persona) else None

    def may_begin(self, cue: Cue) -> bool:
        """Whether a turn on the cue may begin; for every remark the cap is asked here, and counts it."""
        return cue.kind is not CueKind.INTERJECTION or self._cap.admit(self._crew.clock.now())

    def began(self, turn: Turn) -> None:
        """A turn began; one that is a step of the duet tells when it is written."""
        step = self._steps.pop(turn.cue.id, None)
        if step is not None:
            self._duet.began(step, turn.id)
            turn.foretell = partial(self._written, turn.id)

    def ended(self, record: TurnRecord, waiting: int) -> None:
        """A turn is over: the duet goes on with what was heard, or somebody remarks on what was said to its end."""
        if record.cue.duet is not None:
            self._leaving.discard(record.id)
            self._duet.ended(record)
            return
        is_quiet = not waiting and not len(self._running) and not self._duet.is_on and not self._crew.approvals.is_on
        is_whole = record.outcome is Outcome.COMPLETED and record.is_answered
        if is_quiet and record.cue.kind in REMARKED and is_whole:
            remark = self._habits.remark(record)
            if remark is not None and not self._crew.is_muted(remark.persona):
                self._remark = self._thrown_in(record, remark)

    def _written(self, turn: TurnId, text: str) -> None:
        self._duet.written(turn, text)
        self._stir()

    def _steps_running(self) -> list[Turn]:
        return [turn for turn in self._running if turn.cue.duet is not None]

    def _others_run(self) -> bool:
        return any(turn.cue.duet is None for turn in self._running)

    def _proposal(self, step: NextStep) -> Proposal:
        now_s = self._crew.clock.now()
        cue = Cue(
            CueId(self._duets.next()),
            CueKind.DUET,
            step.text,
            self._name_of(step.other),
            persona=step.persona,
            received_s=now_s,
            admitted_s=now_s,
            expected=step.text if step.is_expected else None,
            duet=step.step,
        )
        self._steps = {cue.id: step}
        return Proposal(cue, (f"step {step.step.number} of {step.step.of} of the duet",))

    def _thrown_in(self, record: TurnRecord, remark: Remark) -> Proposal:
        now_s = self._crew.clock.now()
        cue = Cue(
            CueId(self._remarks.next()),
            CueKind.INTERJECTION,
            record.heard,
            self._name_of(record.persona),
            persona=remark.persona,
            received_s=now_s,
            admitted_s=now_s,
            length=SHORT,
        )
        return Proposal(cue, remark.reasons)
