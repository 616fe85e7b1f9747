"""The middle steps of a turn: clauses are cut from the draft and pass the guard."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Final

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.turns import Blocked, Clause, Mark
from spark_vtuber.core.verdicts import Decision, Direction, Position
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.draft import Draft, Piece
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.text.speakable import speakable

GUARD_FAILED = "guard_failed"
"""The rule that is written down when no verdict could be had; the clause counts as blocked."""


LATE_S: Final = 16.0
"""No verdict after this long counts as a block; a guard that is renewed on the way has answered before."""

HOLD_S: Final = 0.3
"""How long a clause that ends in the middle of something forbidden waits for the next one."""


class Phrases:
    """The clauses of the draft, as it grows; each is given once."""

    def __init__(self, turn: Turn, draft: Draft, slack: Callable[[], float]) -> None:
        self._turn = turn
        self._draft = draft
        self._slack = slack

    async def next(self) -> Clause | None:
        """The next clause, or None when the answer is over; nothing is lost where the wait is cancelled."""
        piece = await self._draft.next(self._slack)
        if piece is None:
            return None
        clause = clause_of(piece, self._turn.persona.language)
        if clause.spoken:
            self._turn.measures.mark(Mark.FIRST_CLAUSE)
        return clause


@dataclass(frozen=True, slots=True)
class _Passed:
    """A clause as it may be spoken, and whether it ends in the middle of something forbidden."""

    clause: Clause
    is_unfinished: bool


async def guard(turn: Turn, crew: Crew, phrases: Phrases) -> AsyncGenerator[Clause, None]:
    """The clauses that may be spoken.

    A blocked clause becomes a deflection in the character's words, and the turn ends with it. A guard that fails
    blocks. A clause that ends in the middle of something forbidden waits for the next one, `HOLD_S` at most, and is
    not said where the next one is blocked.
    """
    released = ""
    passed: _Passed | None = None
    while True:
        if passed is None:
            clause = await phrases.next()
            if clause is None:
                return
            looked = await _looked_at(turn, crew, clause, released)
            if isinstance(looked, Blocked):
                yield _deflection(turn, crew, looked, released)
                return
            passed = looked
        following: _Passed | None = None
        if passed.is_unfinished and (coming := await _in_time(phrases)) is not None:
            looked = await _looked_at(turn, crew, coming, released + passed.clause.shown)
            if isinstance(looked, Blocked):
                yield _deflection(turn, crew, looked, released)
                return
            following = looked
        if passed.clause.spoken:
            turn.measures.mark(Mark.GUARDED)
        yield passed.clause
        released = (released + passed.clause.shown)[-crew.limits.released_chars :]
        passed = following


async def _in_time(phrases: Phrases) -> Clause | None:
    """The next clause, unless it takes too long or there is none."""
    with anyio.move_on_after(HOLD_S):
        return await phrases.next()
    return None


def _deflection(turn: Turn, crew: Crew, blocked: Blocked, released: str) -> Clause:
    """What is said instead of a blocked clause."""
    turn.blocked.append(blocked)
    crew.announce("clause.blocked", turn=turn.id, rule=blocked.rule, reason=blocked.reason)
    turn.measures.mark(Mark.FIRST_CLAUSE)
    turn.measures.mark(Mark.GUARDED)
    gap = " " if released and not released[-1].isspace() else ""
    return clause_of(Piece(gap + crew.deflect(turn.persona, blocked.reason), ()), turn.persona.language)


async def _looked_at(turn: Turn, crew: Crew, clause: Clause, released: str) -> _Passed | Blocked:
    """The guard's word on a clause; one that was rewritten is checked again as the voice would get it."""
    persona = turn.persona
    context = GuardContext(
        turn.cue.author, released, clause.spoken, persona.language, position=Position.CLAUSE, turn=turn.id
    )
    try:
        with turn.measures.span("guard_ms"), anyio.fail_after(LATE_S):
            verdict = await crew.guard.check(clause.shown, Direction.OUT, context)
            if verdict.decision is Decision.REWRITE:
                clause = _rewritten(clause, verdict.text, persona.language)
                context = replace(context, spoken=clause.spoken)
                verdict = await crew.guard.check(clause.shown, Direction.OUT, context)
    except EngineError as error:
        return Blocked(GUARD_FAILED, error.code)
    except TimeoutError:
        return Blocked(GUARD_FAILED, "late")
    return Blocked(verdict.rule, verdict.reason) if verdict.is_blocked else _Passed(clause, verdict.is_unfinished)


def clause_of(piece: Piece, language: str) -> Clause:
    """The clause that a piece of the draft stands for."""
    said = speakable(piece.text, language)
    return Clause(
        raw=_with_tags(piece),
        shown=piece.text,
        spoken=said.spoken,
        spans=said.spans,
        expressions=piece.expressions,
    )


def _rewritten(clause: Clause, text: str, language: str) -> Clause:
    expressions = tuple((min(offset, len(text)), name) for offset, name in clause.expressions)
    return replace(clause_of(Piece(text, expressions), language), raw=clause.raw)


def _with_tags(piece: Piece) -> str:
    raw = piece.text
    for offset, name in reversed(piece.expressions):
        raw = f"{raw[:offset]}[{name}]{raw[offset:]}"
    return raw
