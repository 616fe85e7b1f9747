"""The clauses of a turn that passed the guard: read by the voice one by one, or ahead of it while the turn is held."""

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import anyio
from anyio.abc import TaskGroup

from spark_vtuber.core.steering import Held
from spark_vtuber.core.turns import Clause
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.turn import Turn

UNHURRIED_S: Final = 10.0
"""The unplayed sound that is assumed while nothing is spoken: clauses may then be whole sentences."""

CLOSE_S: Final = 0.2
"""How long the source of a cut answer may take to close: a panic waits for it."""


class Script:
    """What a turn will say, read from `source`, which it closes.

    While the turn may not speak the voice gets nothing; the answer is read to its end, which the reply's token limit
    bounds, and told as it grows.
    """

    def __init__(self, turn: Turn, crew: Crew, source: AsyncGenerator[Clause, None], tasks: TaskGroup) -> None:
        self._turn = turn
        self._crew = crew
        self._source = source
        self._tasks = tasks
        self._unread: deque[Clause] = deque()
        self._shown: list[str] = []
        self._access = anyio.Lock(fast_acquire=True)
        self._is_complete = False
        self._is_reading_on = False
        self._reads_ahead = False

    @property
    def is_unhurried(self) -> bool:
        """Whether clauses are read before the voice wants them: they may be whole sentences."""
        return self._reads_ahead or not self._crew.approvals.may_speak(self._turn.id, self._turn.cue)

    async def clauses(self) -> AsyncGenerator[Clause, None]:
        """The clauses one by one, each when the turn may speak."""
        try:
            while (clause := await self._next()) is not None:
                await self.approved()
                yield clause
        finally:
            with anyio.move_on_after(CLOSE_S, shield=True):
                async with self._access:
                    await self._source.aclose()

    async def approved(self) -> None:
        """Wait until the turn may speak; what is left of the answer is read meanwhile."""
        approvals, turn = self._crew.approvals, self._turn
        if approvals.may_speak(turn.id, turn.cue):
            return
        if not self._is_reading_on:
            self._is_reading_on = True
            self._tasks.start_soon(self._read_on)
        await approvals.passed(turn.id, turn.cue)

    async def foretell(self, written: Callable[[], Awaitable[None]], tell: Callable[[str], None]) -> None:
        """Read the answer to its end as soon as it is `written`, ahead of the voice, and `tell` what will be heard."""
        await written()
        self._reads_ahead = True
        while not self._is_complete:
            async with self._access:
                await self._read()
        tell("".join(self._shown).strip())

    async def _next(self) -> Clause | None:
        """The next clause, or None after the last one."""
        if not self._unread:
            async with self._access:
                if not self._unread:
                    await self._read()
        return self._unread.popleft() if self._unread else None

    async def _read_on(self) -> None:
        approvals, turn = self._crew.approvals, self._turn
        self._tell()
        with turn.measures.span("held_ms"):
            while not self._is_complete and not approvals.may_speak(turn.id, turn.cue):
                async with self._access:
                    await self._read()
                if not approvals.may_speak(turn.id, turn.cue):
                    self._tell()
            await approvals.passed(turn.id, turn.cue)
        self._is_reading_on = False

    async def _read(self) -> None:
        if self._is_complete:
            return
        clause = await anext(self._source, None)
        if clause is None:
            self._is_complete = True
        else:
            self._unread.append(clause)
            self._shown.append(clause.shown)

    def _tell(self) -> None:
        turn, text = self._turn, "".join(self._shown).strip()
        self._crew.approvals.show(Held(turn.id, turn.persona.id, turn.cue, text, self._is_complete))
        self._crew.announce(
            "turn.held",
            turn=turn.id,
            persona=turn.persona.id,
            author=turn.cue.author,
            cue=turn.cue.text,
            text=text,
            complete=self._is_complete,
        )
