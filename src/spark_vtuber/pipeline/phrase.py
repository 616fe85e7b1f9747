"""The middle steps of a turn: clauses are cut from the draft and pass the guard."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.turns import Blocked, Clause, Mark
from spark_vtuber.core.verdicts import Direction
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
            context = GuardContext(
                author=turn.cue.author, released=released, spoken=clause.spoken, language=turn.persona.language
            )
            with turn.measures.span("guard_ms"):
                try:
                    verdict = await crew.guard.check(clause.shown, Direction.OUT, context)
                except EngineError as error:
                    turn.blocked.append(Blocked(GUARD_FAILED, error.code))
                    verdict = None
            if verdict is None or verdict.is_blocked:
                reason = verdict.reason if verdict else GUARD_FAILED
                if verdict is not None:
                    turn.blocked.append(Blocked(verdict.rule, reason))
                crew.announce("clause.blocked", turn=turn.id, rule=turn.blocked[-1].rule, reason=reason)
                turn.measures.mark(Mark.GUARDED)
                gap = " " if released and not released[-1].isspace() else ""
                yield clause_of(Piece(gap + crew.deflect(turn.persona, reason), ()), turn.persona.language)
                return
            is_unchanged = verdict.text == clause.shown
            allowed = clause if is_unchanged else _rewritten(clause, verdict.text, turn.persona.language)
            if allowed.spoken:
                turn.measures.mark(Mark.GUARDED)
            yield allowed
            released = (released + allowed.shown)[-crew.limits.released_chars :]


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
    rewritten = clause_of(Piece(text, ()), language)
    return Clause(clause.raw, rewritten.shown, rewritten.spoken, rewritten.spans, clause.expressions)


def _with_tags(piece: Piece) -> str:
    raw = piece.text
    for offset, name in reversed(piece.expressions):
        raw = f"{raw[:offset]}[{name}]{raw[offset:]}"
    return raw
