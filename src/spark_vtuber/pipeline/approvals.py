"""Hold mode: answers are prepared, and somebody decides which of them are spoken."""

import anyio

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.steering import Held


class Approvals:
    """Which turns may speak.

    While hold mode is off, all of them. While it is on, those that were approved, those that had begun to speak
    before, and the operator's own words (SAY).
    """

    def __init__(self) -> None:
        self._is_on = False
        self._allowed: set[TurnId] = set()
        self._held: dict[TurnId, Held] = {}
        self._changed = anyio.Event()

    @property
    def is_on(self) -> bool:
        """Whether hold mode is on."""
        return self._is_on

    @property
    def held(self) -> tuple[Held, ...]:
        """The answers that wait, the oldest first."""
        return tuple(self._held.values())

    def is_held(self, turn: TurnId) -> bool:
        """Whether a turn has an answer that waits."""
        return turn in self._held

    def may_speak(self, turn: TurnId, cue: Cue) -> bool:
        """Whether the answer to `cue` may be heard and seen now."""
        return not self._is_on or turn in self._allowed or cue.kind is CueKind.SAY

    async def passed(self, turn: TurnId, cue: Cue) -> None:
        """Wait until a turn may speak. Its owner ends the wait by ending the turn."""
        while not self.may_speak(turn, cue):
            await self._changed.wait()

    def begin(self, turn: TurnId, cue: Cue) -> bool:
        """A turn wants to begin: whether it may. From then on a hold does not stop it."""
        if not self.may_speak(turn, cue):
            return False
        self._allowed.add(turn)
        return True

    def show(self, held: Held) -> None:
        """What an answer that waits says by now."""
        self._held[held.turn] = held

    def approve(self, turn: TurnId) -> bool:
        """Let a waiting answer be spoken; False where there is none."""
        if self._held.pop(turn, None) is None:
            return False
        self._allowed.add(turn)
        self._stir()
        return True

    def hold(self) -> None:
        """Let nothing new be spoken."""
        self._is_on = True

    def release(self) -> tuple[TurnId, ...]:
        """End hold mode; gives the turns that waited, which a new hold does not stop again."""
        released = tuple(self._held)
        self._allowed.update(released)
        self._is_on = False
        self._held.clear()
        self._stir()
        return released

    def forget(self, turn: TurnId) -> None:
        """A turn is over."""
        self._allowed.discard(turn)
        self._held.pop(turn, None)

    def _stir(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
