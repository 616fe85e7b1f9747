"""The middle steps of a turn: clauses are cut from the draft and pass the guard."""

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Final

import anyio

from spark_vtuber.core.cues import CueKind
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

PROMPT: Final = "prompt"
"""Rule and reason of a clause that gives the character's own instructions away."""

_SENTENCE_END: Final = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019)\]]*\s*$")


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

    A blocked clause becomes a deflection in the character's words; the answer ends with it, or, where the limits say
    so, goes on with the first clause that begins a sentence, until a block finds no deflection left. A guard that fails
    blocks. A clause that ends in the middle of something forbidden waits for the next one, `HOLD_S` at most, and is not
    said where the next one is blocked.
    """
    released = ""
    passed: _Passed | None = None
    last: Clause | None = None
    while True:
        looked: _Passed | Blocked | None = passed
        if looked is None:
            last = await phrases.next()
            if last is None:
                return
            looked = await _looked_at(turn, crew, last, released)
        following: _Passed | None = None
        if isinstance(looked, _Passed) and looked.is_unfinished and (coming := await _in_time(phrases)) is not None:
            last = coming
            after = await _looked_at(turn, crew, coming, released + looked.clause.shown)
            if isinstance(after, Blocked):
                looked = after
            else:
                following = after
        if isinstance(looked, Blocked):
            limits = crew.limits
            _note(turn, crew, looked)
            if limits.goes_on_after_block and len(turn.blocked) > limits.deflections:
                return
            instead = _deflection(turn, crew, looked, released)
            yield instead
            if not limits.goes_on_after_block or not await _skip_sentence(phrases, last):
                return
            released, passed = (released + instead.shown)[-limits.released_chars :], None
            continue
        if looked.clause.spoken:
            turn.measures.mark(Mark.GUARDED)
        yield looked.clause
        released = (released + looked.clause.shown)[-crew.limits.released_chars :]
        passed = following


async def _in_time(phrases: Phrases) -> Clause | None:
    """The next clause, unless it takes too long or there is none."""
    with anyio.move_on_after(HOLD_S):
        return await phrases.next()
    return None


async def _skip_sentence(phrases: Phrases, blocked: Clause | None) -> bool:
    """Leave out the rest of the sentence that a blocked clause belongs to; False where the answer is over."""
    clause = blocked
    while clause is not None and not _SENTENCE_END.search(clause.shown):
        clause = await phrases.next()
    return clause is not None


def _note(turn: Turn, crew: Crew, blocked: Blocked) -> None:
    turn.blocked.append(blocked)
    crew.announce("clause.blocked", turn=turn.id, rule=blocked.rule, reason=blocked.reason)


def _deflection(turn: Turn, crew: Crew, blocked: Blocked, released: str) -> Clause:
    """What is said instead of a blocked clause."""
    turn.measures.mark(Mark.FIRST_CLAUSE)
    turn.measures.mark(Mark.GUARDED)
    ahead = " " if released and not released[-1].isspace() else ""
    behind = " " if crew.limits.goes_on_after_block else ""
    text = f"{ahead}{crew.deflect(turn.persona, blocked.reason)}{behind}"
    return clause_of(Piece(text, ()), turn.persona.language)


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
    if verdict.is_blocked:
        return Blocked(verdict.rule, verdict.reason)
    if turn.cue.kind is not CueKind.SAY and crew.recites(persona, released, clause.shown):
        return Blocked(PROMPT, PROMPT)
    return _Passed(clause, verdict.is_unfinished)


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
