"""The last look at a line before it is answered: whether it may be chosen at all."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import anyio

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.ids import CueId

AT_ONCE: Final = 2
"""Questions under way together: who judges also writes the answers."""

KEPT: Final = 1_000
"""Lines whose opinion is remembered, beyond what an inbox holds."""


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


class AskingScreen:
    """Lets clear lines through at once and asks about doubtful ones aside, while `run` runs.

    The director asks for lines best first and only when somebody could answer, so only those are asked about that
    would be chosen; clear ones overtake them meanwhile.
    """

    def __init__(
        self,
        is_doubtful: Callable[[Cue], bool],
        ask: Callable[[Cue], Awaitable[bool]],
        settled: Callable[[Cue, bool], None],
    ) -> None:
        """`ask` keeps its own deadline; `settled` hears of every opinion and sees to it that refused cues leave."""
        self._is_doubtful = is_doubtful
        self._ask = ask
        self._settled = settled
        self._known: dict[CueId, bool] = {}
        self._under_way: dict[CueId, Cue] = {}
        self._waiting: deque[Cue] = deque()
        self._wanted = anyio.Event()

    def may_answer(self, cue: Cue) -> bool:
        """As the port says; a line that is asked about may not be chosen yet.

        One that is not doubtful any more, because the operator wants it answered, needs no opinion, and none undoes it.
        """
        if not self._is_doubtful(cue):
            self._under_way.pop(cue.id, None)
            return True
        if cue.id not in self._known and cue.id not in self._under_way and len(self._under_way) < AT_ONCE:
            self._under_way[cue.id] = cue
            self._waiting.append(cue)
            self._wanted.set()
        return self._known.get(cue.id, False)

    async def run(self) -> None:
        """Ask, for ever; what an earlier run left open is asked anew."""
        self._waiting = deque(self._under_way.values())
        async with anyio.create_task_group() as tasks:
            while True:
                self._wanted = anyio.Event()
                while self._waiting:
                    tasks.start_soon(self._settle, self._waiting.popleft())
                await self._wanted.wait()

    async def _settle(self, cue: Cue) -> None:
        may_pass = await self._ask(cue)
        if self._under_way.pop(cue.id, None) is None:
            return
        self._known[cue.id] = may_pass
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        self._settled(cue, may_pass)
