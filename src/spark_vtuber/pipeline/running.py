"""The turns that run: who has one, who speaks, and the way to cut them."""

from collections.abc import Iterator, Sequence

import anyio

from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.approvals import Approvals
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.turn import Turn


class Running:
    """Turns by id, in the order in which they began."""

    def __init__(self, floor: Floor, approvals: Approvals) -> None:
        self._floor = floor
        self._approvals = approvals
        self._turns: dict[TurnId, Turn] = {}
        self._ended = anyio.Event()

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        return iter(tuple(self._turns.values()))

    def __getitem__(self, turn: TurnId) -> Turn:
        return self._turns[turn]

    @property
    def by_persona(self) -> dict[PersonaId, Turn]:
        """One turn a persona; where one of two waits for approval, the other."""
        ordered = sorted(self, key=lambda turn: not self._approvals.is_held(turn.id))
        return {turn.persona.id: turn for turn in ordered}

    @property
    def speaking(self) -> Turn | None:
        """The turn that has the floor."""
        holder = self._floor.holder
        return next((turn for turn in self if holder is not None and holder.speaker is turn), None)

    @property
    def current(self) -> list[Turn]:
        """Whoever speaks, or, while nobody does, everybody who gets ready to."""
        speaking = self.speaking
        return [speaking] if speaking is not None else list(self)

    def of(self, persona: PersonaId) -> list[Turn]:
        """The turns of a persona."""
        return [turn for turn in self if turn.persona.id == persona]

    def add(self, turn: Turn) -> None:
        """A turn began."""
        self._turns[turn.id] = turn

    def remove(self, turn: Turn) -> None:
        """A turn is over."""
        del self._turns[turn.id]
        self._ended.set()
        self._ended = anyio.Event()

    def is_over(self, turn: Turn) -> bool:
        """Whether a turn does not run any more."""
        return turn.id not in self._turns

    async def none(self) -> None:
        """Wait until no turn runs."""
        while self._turns:
            await self._ended.wait()

    async def cut(self, turns: Sequence[Turn], reason: Reason) -> None:
        """Cut turns; returns when all of them are over and the stages silent."""
        for turn in turns:
            turn.interrupt(reason)
        while not all(map(self.is_over, turns)):
            await self._ended.wait()
