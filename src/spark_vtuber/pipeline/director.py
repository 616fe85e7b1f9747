"""When: the only one that starts turns."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import anyio

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId, Serial, TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.inbox import Choice, Dropped, Inbox
from spark_vtuber.pipeline.run import run_turn
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.pipeline.turn import Turn


@dataclass(frozen=True, slots=True)
class Casting:
    """Who answers a cue, and why."""

    persona: PersonaView
    reasons: tuple[str, ...]


class Director:
    """Starts a turn whenever a line waits and its persona is free; one turn a persona at a time.

    `cast` says which persona answers; `keep` gets the record of every turn, after the flush, also of one that ended
    by a bug or with the show.
    """

    def __init__(
        self,
        crew: Crew,
        inbox: Inbox,
        tally: Tally,
        personas: tuple[PersonaId, ...],
        cast: Callable[[Cue], Casting],
        keep: Callable[[TurnRecord], None],
    ) -> None:
        self._crew = crew
        self._inbox = inbox
        self._tally = tally
        self._personas = personas
        self._cast = cast
        self._keep = keep
        self._turns: dict[PersonaId, Turn] = {}
        self._ended = anyio.Event()
        self._wake = anyio.Event()
        self._serial = Serial("t")
        self._is_stopped = False

    @property
    def turns(self) -> dict[PersonaId, Turn]:
        """The turns that run, by persona."""
        return dict(self._turns)

    @property
    def is_stopped(self) -> bool:
        """Whether nothing starts, since a panic."""
        return self._is_stopped

    @property
    def is_idle(self) -> bool:
        """Whether no turn runs and no line waits."""
        return not self._turns and not len(self._inbox)

    async def run(self) -> None:
        """Start turns for ever; they are children of this call."""
        async with anyio.create_task_group() as tasks:
            while True:
                self._wake = anyio.Event()
                turn = None if self._is_stopped else self._next_turn()
                if turn is None:
                    await self._wake.wait()
                else:
                    self._turns[turn.persona.id] = turn
                    tasks.start_soon(self._play, turn)

    def offer(self, cue: Cue) -> None:
        """Put a cue into the inbox; what has to leave for it is counted."""
        if self._is_stopped:
            self._tally.cue_dropped(cue, Reason.PANIC)
            return
        now_s = self._crew.clock.now()
        self._count(self._inbox.drop_stale(now_s))
        self._count(self._inbox.offer(cue, now_s))
        self._wake.set()

    def retract(self, reason: Reason, is_meant: Callable[[ChatEvent], bool]) -> None:
        """Forget waiting cues of the events that are meant, and cut the turns that answer them."""
        self._count(self._inbox.drop(reason, lambda cue: cue.event is not None and is_meant(cue.event)))
        for turn in self._turns.values():
            if turn.cue.event is not None and is_meant(turn.cue.event):
                turn.interrupt(reason)

    async def interrupt(self, persona: PersonaId | None, reason: Reason) -> TurnId | None:
        """Cut the turn of a persona, or of whoever speaks; returns when the stages are silent.

        While nobody speaks, None means every turn that is being prepared. Gives the id of the turn, or None where
        there was none.
        """
        turns = self._current() if persona is None else [turn for key, turn in self._turns.items() if key == persona]
        await self._cut(turns, reason)
        return turns[0].id if turns else None

    async def silence(self, reason: Reason) -> None:
        """Cut every turn, also those that are prepared and wait for the floor; returns when the stages are silent."""
        await self._cut(list(self._turns.values()), reason)

    async def panic(self) -> None:
        """Stop everything: turns are cut, nothing after this instant counts as heard, the inbox is emptied."""
        self._is_stopped = True
        position = self._crew.stage.position()
        for turn in self._turns.values():
            turn.heard.freeze(position)
        self._count(self._inbox.drop(Reason.PANIC, lambda _: True))
        await self.silence(Reason.PANIC)

    def resume(self) -> None:
        """End a panic."""
        self._is_stopped = False
        self._wake.set()

    def _next_turn(self) -> Turn | None:
        now_s = self._crew.clock.now()
        self._count(self._inbox.drop_stale(now_s))
        if len(self._turns) >= len(self._personas):
            return None
        choice = self._inbox.take(now_s, lambda cue: self._cast(cue).persona.id not in self._turns)
        return self._turn_for(choice) if choice else None

    def _turn_for(self, choice: Choice) -> Turn:
        casting = self._cast(choice.cue)
        turn = Turn(TurnId(self._serial.next()), casting.persona, choice.cue, self._crew.clock)
        event = choice.cue.event
        self._crew.announce(
            "chat.chosen",
            turn=turn.id,
            id=event.id if event else choice.cue.id,
            persona=casting.persona.id,
            scores=choice.scores,
            among=choice.among,
            reasons=list(casting.reasons),
        )
        return turn

    async def _play(self, turn: Turn) -> None:
        self._crew.announce("turn.started", turn=turn.id, persona=turn.persona.id)
        try:
            await run_turn(turn, self._crew)
        finally:
            del self._turns[turn.persona.id]
            self._ended.set()
            self._ended = anyio.Event()
            self._wake.set()
            record = turn.record()
            self._keep(record)
        if record.outcome is Outcome.SUPERSEDED and record.reason == Reason.MISHEARD:
            self.offer(replace(turn.cue, expected=None))

    def _count(self, dropped: list[Dropped]) -> None:
        for line in dropped:
            self._tally.cue_dropped(line.cue, line.reason)

    def _current(self) -> list[Turn]:
        """Whoever speaks, or, while nobody does, everybody who gets ready to."""
        holder = self._crew.floor.holder
        speaking = [turn for turn in self._turns.values() if holder is not None and holder.speaker is turn]
        return speaking or list(self._turns.values())

    async def _cut(self, turns: list[Turn], reason: Reason) -> None:
        for turn in turns:
            turn.interrupt(reason)
        while any(turn in self._turns.values() for turn in turns):
            await self._ended.wait()
