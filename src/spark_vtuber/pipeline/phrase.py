"""The middle steps of a turn: clauses are cut from the draft and pass the guard."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.turns import Blocked, Clause, Mark
from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.draft import Draft, Piece
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.text.speakable import speakable

GUARD_FAILED = "guard_failed"
"""The rule that is written down when no verdict could be had; the clause counts as blocked."""


async def phrase(turn: Turn, draft: Draft, slack: Callable[[], float]) -> AsyncGenerator[Clause, None]:
    """The clauses of the draft, as it grows; each is given once."""
    while (piece := await draft.next(slack)) is not None:
        clause = clause_of(piece, turn.persona.language)
        if clause.spoken:
            turn.measures.mark(Mark.FIRST_CLAUSE)
        yield clause


async def guard(turn: Turn, crew: Crew, clauses: AsyncGenerator[Clause, None]) -> AsyncGenerator[Clause, None]:
    """The clauses that may be spoken.

    A blocked clause becomes a deflection in the character's words, and the turn ends with it. A guard that fails
    blocks.
    """
    released = ""
    async with aclosing(clauses):
        async for clause in clauses:
            with turn.measures.span("guard_ms"):
                allowed = await _allowed(turn, crew, clause, released)
            if isinstance(allowed, Blocked):
                turn.blocked.append(allowed)
                crew.announce("clause.blocked", turn=turn.id, rule=allowed.rule, reason=allowed.reason)
                turn.measures.mark(Mark.FIRST_CLAUSE)
                turn.measures.mark(Mark.GUARDED)
                gap = " " if released and not released[-1].isspace() else ""
                deflection = crew.deflect(turn.persona, allowed.reason)
                yield clause_of(Piece(gap + deflection, ()), turn.persona.language)
                return
            if allowed.spoken:
                turn.measures.mark(Mark.GUARDED)
            yield allowed
            released = (released + allowed.shown)[-crew.limits.released_chars :]


async def _allowed(turn: Turn, crew: Crew, clause: Clause, released: str) -> Clause | Blocked:
    """The clause as it may be spoken; one that was rewritten is checked again as the voice would get it."""
    persona = turn.persona
    context = GuardContext(turn.cue.author, released, clause.spoken, persona.language)
    try:
        verdict = await crew.guard.check(clause.shown, Direction.OUT, context)
        if verdict.decision is Decision.REWRITE:
            clause = _rewritten(clause, verdict.text, persona.language)
            context = replace(context, spoken=clause.spoken)
            verdict = await crew.guard.check(clause.shown, Direction.OUT, context)
    except EngineError as error:
        return Blocked(GUARD_FAILED, error.code)
    return Blocked(verdict.rule, verdict.reason) if verdict.is_blocked else clause


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
