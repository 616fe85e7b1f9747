"""When: the only one that starts turns."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import anyio

from spark_vtuber.core.cues import Cue, CueKind, Urgency
from spark_vtuber.core.duets import DuetEnd, DuetPlan, DuetState
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import CueId, PersonaId, Serial, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.steering import Queue, Upcoming, cue_key
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.choosing.scores import is_plain
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.dialogue import Dialogue
from spark_vtuber.pipeline.farewell import finish_sentence
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.inbox import Choice, Dropped, Inbox
from spark_vtuber.pipeline.pace import Pace
from spark_vtuber.pipeline.quiet import Quiet
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.running import Running
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.pipeline.thanks import second_try
from spark_vtuber.pipeline.turn import Turn


@dataclass(frozen=True, slots=True)
class Casting:
    """Who answers a cue, and why; whether the cue means it, and not just anybody."""

    persona: PersonaView
    reasons: tuple[str, ...]
    is_addressed: bool = False


class Director:
    """Starts a turn whenever a line waits and its persona is free; one turn a persona at a time.

    Beside a turn that waits for approval the same persona may say the operator's words. `cast` says which persona
    answers; `keep` gets the record of every turn, after the flush, also of one that ended by a bug or with the show.
    `perform` is what a turn does, to be set before the first one: `run_turn`, or `dry.pretend`.
    """

    def __init__(
        self,
        crew: Crew,
        inbox: Inbox,
        tally: Tally,
        personas: tuple[PersonaId, ...],
        cast: Callable[[Cue], Casting],
        keep: Callable[[TurnRecord], None],
        habits: Habits | None = None,
    ) -> None:
        self._crew = crew
        self._inbox = inbox
        self._tally = tally
        self._personas = personas
        self._cast = cast
        self._keep = keep
        self._habits = habits or Habits()
        self.perform: Callable[[Turn, Crew], Awaitable[object]] = run_turn
        self._running = Running(crew.floor, crew.approvals)
        self._dialogue = Dialogue(crew, self._running, self._habits, self._name_of, self.stir)
        self._quiet = Quiet(self._habits)
        self._wake = anyio.Event()
        self._serial = Serial("t")
        self._sayings = Serial("say")
        self._idlings = Serial("idle")
        self._pace = Pace(inbox, self._running)
        self._is_stopped = False
        self._is_closing = False
        self._looked = anyio.Event()

    @property
    def turns(self) -> dict[PersonaId, Turn]:
        """The turns that run, by persona; where one of two waits for approval, the other."""
        return self._running.by_persona

    @property
    def duet(self) -> DuetState:
        """The duet that runs, or how the last one ended."""
        return self._dialogue.state

    @property
    def is_stopped(self) -> bool:
        """Whether nothing starts, since a panic."""
        return self._is_stopped

    @property
    def is_idle(self) -> bool:
        """Whether no turn runs, no line waits, and no duet goes on."""
        return not len(self._running) and not len(self._inbox) and not self._dialogue.is_on

    @property
    def is_holding(self) -> bool:
        """Whether answers wait for approval."""
        return self._crew.approvals.is_on

    @property
    def is_closing(self) -> bool:
        """Whether the show ends."""
        return self._is_closing

    async def run(self) -> None:
        """Start turns for ever; they are children of this call."""
        self._quiet.begin(self._crew.clock.now())
        async with anyio.create_task_group() as tasks:
            while True:
                self._wake = anyio.Event()
                is_open = not (self._is_stopped or self._is_closing)
                self._dialogue.look(len(self._inbox), is_pressed=self._is_pressed, is_holding=self.is_holding)
                for dismissed in self._dialogue.dismissed():
                    tasks.start_soon(self._dialogue.give_way, dismissed)
                turn = self._next_turn() if is_open else None
                self._looked.set()
                self._looked = anyio.Event()
                if turn is None:
                    await self._wait()
                else:
                    self._running.add(turn)
                    self._dialogue.began(turn)
                    tasks.start_soon(self._play, turn)

    async def _wait(self) -> None:
        """Until something changes, a pause is over, or it was quiet for so long that somebody talks."""
        now_s = self._crew.clock.now()
        quiet_s, pause_s, duet_s = self._quiet_left_s(), self._pace.left_s(now_s), self._dialogue.left_s(now_s)
        waits = [wait_s for wait_s in (quiet_s, pause_s, duet_s) if wait_s is not None]
        with anyio.move_on_after(min(waits, default=None)) as patience:
            await self._wake.wait()
        if patience.cancelled_caught and self._quiet_left_s() == 0.0:
            self._talk()

    async def answer(self) -> None:
        """Return when the loop has looked for a turn once more: it is alive."""
        looked = self._looked
        self._wake.set()
        await looked.wait()

    async def pause(self) -> None:
        """Wait until no turn runs."""
        await self._running.none()

    async def close(self, *, finish_s: float) -> None:
        """Start nothing more. Whoever speaks has `finish_s` to come to the end of the sentence; then all turns are cut.

        Returns when the stages are silent.
        """
        self._is_closing = True
        speaking = self._running.speaking
        self._dialogue.finish(DuetEnd.SHUTDOWN)
        await self._running.cut([turn for turn in self._running if turn is not speaking], Reason.SHUTDOWN)
        if speaking is not None:
            with anyio.move_on_after(finish_s):
                await finish_sentence(speaking.heard, self._crew.stage, partial(self._running.is_over, speaking))
        await self.silence(Reason.SHUTDOWN)

    def start_duet(self, plan: DuetPlan) -> DuetState:
        """Begin a duet; its steps start when their personas are free. Raises `RuntimeError` while one runs."""
        state = self._dialogue.start(plan)
        self._wake.set()
        return state

    def end_duet(self, end: DuetEnd) -> bool:
        """End the duet, whoever speaks with the sentence; False where none runs."""
        is_over = self._dialogue.finish(end)
        self._wake.set()
        return is_over

    def stir(self) -> None:
        """Look again: something changed that decides which turns start."""
        self._wake.set()

    def offer(self, cue: Cue) -> None:
        """Put a cue into the inbox; what has to leave for it is counted."""
        if cue.event is not None and not cue.is_second_try:
            self._tally.on_admission(cue.admitted_s - cue.received_s)
        if self._is_stopped:
            self._tally.cue_dropped(cue, Reason.PANIC)
            return
        if (reason := self._refusal(cue)) is not None:
            self._tally.cue_dropped(cue, reason)
            return
        now_s = self._crew.clock.now()
        self._quiet.begin(now_s)
        self._count(self._inbox.drop_stale(now_s))
        self._count(self._inbox.offer(cue, now_s))
        if self._dialogue.has_duet:
            self._dialogue.offered(cue, is_addressed=self._cast(cue).is_addressed)
        self._wake.set()

    def say(self, text: str, persona: PersonaId) -> CueId:
        """Have a persona speak a text before anything else waits; it passes the guard as every answer does."""
        now_s = self._crew.clock.now()
        cue = Cue(
            id=CueId(self._sayings.next()),
            kind=CueKind.SAY,
            text=text,
            persona=persona,
            priority=Urgency.SAY_NOW,
            received_s=now_s,
            admitted_s=now_s,
        )
        self.offer(cue)
        return cue.id

    def queue(self, limit: int) -> Queue:
        """The next `limit` cues, best first, and the answers that wait for approval."""
        now_s = self._crew.clock.now()
        self._count(self._inbox.drop_stale(now_s))
        upcoming = tuple(self._upcoming(choice, now_s) for choice in self._inbox.upcoming(now_s, limit))
        return Queue(self.is_holding, len(self._inbox), upcoming, self._crew.approvals.held)

    def drop(self, line: str | None, reason: Reason = Reason.OPERATOR) -> str | None:
        """Cancel the waiting cue of that id, or the next one; gives its id, or None where there is none."""
        cue = self._pull(line)
        if cue is None:
            return None
        self._tally.cue_dropped(cue, reason)
        return cue_key(cue)

    def hurry(self, line: str) -> bool:
        """Put a waiting line before all others of the chat; False where it does not wait."""
        cue = self._pull(line)
        if cue is None:
            return False
        self.offer(replace(cue, priority=max(cue.priority, Urgency.ANSWER_NOW)))
        return True

    def sift(self) -> None:
        """Let go of waiting lines that are not to be answered any more."""
        self._count(self._inbox.sift(self._refusal))

    def hold(self, *, is_on: bool) -> None:
        """Begin or end hold mode: while it is on, nothing new is heard or seen until it was approved."""
        approvals = self._crew.approvals
        if is_on is approvals.is_on:
            return
        if is_on:
            approvals.hold()
        self._crew.announce("hold", on=is_on)
        if not is_on:
            for turn in approvals.release():
                self._crew.announce("turn.released", turn=turn)
        self._wake.set()

    def approve(self, turn: TurnId) -> bool:
        """Let a waiting answer be spoken; False where there is none."""
        is_approved = self._crew.approvals.approve(turn)
        if is_approved:
            self._crew.announce("turn.released", turn=turn)
        return is_approved

    def reject(self, turn: TurnId) -> bool:
        """Drop a waiting answer; False where there is none."""
        is_held = self._crew.approvals.is_held(turn)
        if is_held:
            self._running[turn].interrupt(Reason.REJECTED)
        return is_held

    def retract(self, reason: Reason, is_meant: Callable[[ChatEvent], bool]) -> None:
        """Forget waiting cues of the events that are meant, and cut the turns that answer them."""
        self._count(self._inbox.retract(reason, is_meant))
        plan = self.duet.plan
        if plan is not None and plan.event is not None and is_meant(plan.event):
            self.end_duet(DuetEnd.RETRACTED)
        for turn in self._running:
            if turn.cue.event is not None and is_meant(turn.cue.event):
                turn.interrupt(reason)

    async def interrupt(self, persona: PersonaId | None, reason: Reason) -> TurnId | None:
        """Cut the turn of a persona, or of whoever speaks; returns when the stages are silent.

        While nobody speaks, None means every turn that is being prepared. Gives the id of the turn, or None where
        there was none.
        """
        turns = self._running.current if persona is None else self._running.of(persona)
        if any(turn.cue.duet is not None for turn in turns):
            self._dialogue.finish(DuetEnd.MUTED if reason is Reason.MUTED else DuetEnd.CUT)
        await self._running.cut(turns, reason)
        return turns[0].id if turns else None

    async def silence(self, reason: Reason) -> None:
        """Cut every turn, also those that are prepared and wait for the floor; returns when the stages are silent."""
        self._dialogue.finish(DuetEnd.MUTED if reason is Reason.MUTED else DuetEnd.CUT)
        await self._running.cut(list(self._running), reason)

    async def panic(self) -> None:
        """Stop everything: turns are cut, nothing after this instant counts as heard, the inbox is emptied."""
        self._is_stopped = True
        position = self._crew.stage.position()
        for turn in self._running:
            turn.heard.freeze(position)
        self._dialogue.finish(DuetEnd.PANIC)
        self._count(self._inbox.drop(Reason.PANIC, lambda _: True))
        await self.silence(Reason.PANIC)

    def resume(self) -> None:
        """End a panic."""
        self._is_stopped = False
        self._quiet.begin(self._crew.clock.now())
        self._wake.set()

    def _next_turn(self) -> Turn | None:
        """The next turn to begin; None where there is none."""
        now_s = self._crew.clock.now()
        self._count(self._inbox.drop_stale(now_s))
        proposal = self._dialogue.next(len(self._inbox), lambda persona: not self._running.of(persona))
        if proposal is not None:
            return self._turn_for(Choice(proposal.cue, {}, 1), proposal.reasons)
        if self._are_all_busy and not self._crew.approvals.held:
            return None
        choice = self._inbox.take(now_s, self._may_start)
        return self._turn_for(choice) if choice else None

    @property
    def _are_all_busy(self) -> bool:
        return len(self._running) >= len(self._personas)

    def _is_pressed(self) -> bool:
        """Whether a line waits that a duet makes room for."""
        return any(map(self._presses, self._inbox.cues))

    def _presses(self, cue: Cue) -> bool:
        return self._dialogue.presses(cue, is_addressed=self._cast(cue).is_addressed)

    def _name_of(self, persona: PersonaId) -> str:
        return self._cast(Cue(CueId(""), CueKind.DUET, "", persona=persona)).persona.name

    def _may_start(self, cue: Cue) -> bool:
        """Whether the cue passes the screen and its persona is free; one that holds an answer is, for the operator."""
        if is_plain(cue) and self._pace.is_pausing(self._crew.clock.now()):
            return False
        if not self._habits.screen.may_answer(cue):
            return False
        if cue.kind is not CueKind.SAY and self._are_all_busy:
            return False
        if self._dialogue.has_duet and not self._presses(cue):
            return False
        own = self._running.of(self._cast(cue).persona.id)
        is_held = cue.kind is CueKind.SAY and all(self._crew.approvals.is_held(turn.id) for turn in own)
        return not own or is_held

    def _refusal(self, cue: Cue) -> Reason | None:
        """Why a cue is not to be answered; what the operator asked for always is."""
        return None if cue.priority >= Urgency.ANSWER_NOW else self._habits.decline(cue)

    def _turn_for(self, choice: Choice, reasons: tuple[str, ...] = ()) -> Turn | None:
        """Every turn begins here; None for a remark beyond the cap."""
        cue = choice.cue
        if not self._dialogue.may_begin(cue):
            self._tally.cue_dropped(cue, Reason.CAPPED)
            self._wake.set()
            return None
        length = self._habits.length(self._inbox.pressure(self._crew.clock.now()))
        cue = cue if cue.length is not None else replace(cue, length=length)
        casting = self._cast(cue)
        turn = Turn(TurnId(self._serial.next()), casting.persona, cue, self._crew.clock)
        why = reasons or casting.reasons
        self._tally.cue_chosen(cue, turn.id, casting.persona.id, choice.scores, choice.among, why)
        return turn

    async def _play(self, turn: Turn) -> None:
        self._crew.announce("turn.started", turn=turn.id, persona=turn.persona.id)
        try:
            await self.perform(turn, self._crew)
        except Exception:
            for other in self._running:
                if other is not turn:
                    other.interrupt(Reason.CRASH)
            raise
        finally:
            self._running.remove(turn)
            now_s = self._crew.clock.now()
            self._quiet.begin(now_s)
            self._wake.set()
            record = turn.record()
            self._tally.turn_ended(record)
            if record.is_answered:
                self._pace.answered(now_s)
                self._inbox.answered(record.cue, record.heard, now_s)
            elif record.outcome is Outcome.FAILED:
                self._inbox.failed(record.cue)
            self._keep(record)
            self._dialogue.ended(record, len(self._inbox))
        is_misheard = record.outcome is Outcome.SUPERSEDED and record.reason == Reason.MISHEARD
        if is_misheard and record.cue.duet is None:
            self.offer(replace(turn.cue, expected=None))
        elif (cue := second_try(record, self._tally, is_stopped=self._is_stopped)) is not None:
            self.offer(cue)

    def _quiet_left_s(self) -> float | None:
        """How long it must stay quiet until somebody talks by themselves; None where nobody will."""
        is_barred = self._is_stopped or self._is_closing or self.is_holding or self._dialogue.is_on
        return None if is_barred or len(self._running) else self._quiet.left_s(self._crew.clock.now())

    def _talk(self) -> None:
        """It was quiet for long: somebody says something, if anybody listens, or two talk to each other."""
        now_s = self._crew.clock.now()
        self._quiet.begin(now_s)
        talker = self._quiet.talker()
        if talker is None:
            return
        plan = self._habits.duet(talker)
        if plan is not None:
            self.start_duet(plan)
            return
        self.offer(
            Cue(CueId(self._idlings.next()), CueKind.IDLE, "", persona=talker, received_s=now_s, admitted_s=now_s)
        )

    def _upcoming(self, choice: Choice, now_s: float) -> Upcoming:
        casting = self._cast(choice.cue)
        scored = sorted(choice.scores, key=lambda name: -choice.scores[name])
        return Upcoming(
            choice.cue, casting.persona.id, now_s - choice.cue.admitted_s, choice.scores, (*casting.reasons, *scored)
        )

    def _pull(self, line: str | None) -> Cue | None:
        """Take a waiting cue out of the inbox, by id or the next one."""
        return self._inbox.pull(self._crew.clock.now(), lambda cue: line is None or cue_key(cue) == line)

    def _count(self, dropped: Iterable[Dropped]) -> None:
        for line in dropped:
            self._tally.cue_dropped(line.cue, line.reason, line.scores, line.joined)
