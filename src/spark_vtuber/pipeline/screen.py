"""The last look at a line before it is answered: whether it may be chosen at all."""

from typing import Protocol

from spark_vtuber.core.cues import Cue


class Screen(Protocol):
    """Says of waiting lines whether they may be answered; lines it must think about wait, and never for long."""

    def may_answer(self, cue: Cue) -> bool:
        """Whether the cue may be chosen now. Asked again and again while it waits; never waits itself."""
        ...


class OpenScreen:
    """Lets everything be answered that passed the guard."""

    def may_answer(self, cue: Cue) -> bool:
        """Always."""
        del cue
        return True
