"""The fourth step of a turn: clauses become sound."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from spark_vtuber.core.audio import AudioChunk, WordTime
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.turns import Clause, Mark, Span, Utterance
from spark_vtuber.pipeline.ahead import Ahead
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.tts.port import TTS

UNNUMBERED: Final = 0
"""The number of an utterance before the floor is held; numbers follow the order of playing."""


@dataclass(frozen=True, slots=True)
class ClauseBegins:
    """The next chunks are the sound of this clause."""

    clause: Clause


@dataclass(frozen=True, slots=True)
class ClauseEnds:
    """The clause has all its sound; where that broke off, `cut` is the part of it that has, and its rest follows."""

    cut: Clause | None = None


@dataclass(frozen=True, slots=True)
class SilentClause:
    """A clause that is shown and not heard."""

    clause: Clause


VoicePart = ClauseBegins | AudioChunk | ClauseEnds | SilentClause


async def voice(
    turn: Turn,
    crew: Crew,
    clauses: AsyncGenerator[Clause, None],
    parts: MemoryObjectSendStream[VoicePart],
    ahead: Ahead,
) -> None:
    """Speak the clauses into `parts`, at most `clauses_ahead` of them before they are handed over.

    A voice that fails is replaced by the next one of the persona, for the same clause from the first word that was
    not sounded, and for the rest of the turn. With no voice left the clause is shown without sound. A clause with
    nothing to speak joins the one after it, so that the floor is asked for at the first sound.
    """
    is_muted = crew.is_muted(turn.persona.id)
    voices = list(crew.voices(turn.persona.id))
    unspoken: Clause | None = None
    async with aclosing(clauses), parts:
        await ahead.clause_wanted()
        async for part in clauses:
            clause = part if unspoken is None else _joined(unspoken, part)
            unspoken = None if clause.spoken else clause
            if unspoken is not None:
                continue
            if is_muted:
                await parts.send(SilentClause(clause))
            else:
                await _speak(turn, crew, clause, voices, parts, ahead)
            await ahead.clause_wanted()
        if unspoken is not None:
            await parts.send(SilentClause(unspoken))


async def _speak(
    turn: Turn,
    crew: Crew,
    clause: Clause,
    voices: list[TTS],
    parts: MemoryObjectSendStream[VoicePart],
    ahead: Ahead,
) -> None:
    """Speak one clause. A voice that fails leaves `voices`, unless it is the last."""
    rest = clause
    for engine in tuple(voices):
        words: list[WordTime] = []
        begun = False
        try:
            async with aclosing(_chunks(turn, crew, engine, rest)) as chunks:
                async for chunk in chunks:
                    if not begun:
                        begun = True
                        await parts.send(ClauseBegins(rest))
                    words.extend(chunk.words)
                    ahead.made(chunk.samples)
                    await parts.send(chunk)
        except EngineError as error:
            turn.is_degraded = True
            turn.error = error.code
            crew.announce("voice.failed", turn=turn.id, code=error.code, message=error.message)
            if len(voices) > 1:
                voices.remove(engine)
            if begun:
                sounded, left = _divide(rest, words)
                if left is None:
                    await parts.send(ClauseEnds())
                    return
                await parts.send(ClauseEnds(cut=sounded))
                rest = left
        else:
            await parts.send(ClauseEnds() if begun else SilentClause(rest))
            return
    await parts.send(SilentClause(rest))


async def _chunks(turn: Turn, crew: Crew, engine: TTS, clause: Clause) -> AsyncGenerator[AudioChunk, None]:
    """The sound of a clause, with a deadline between its chunks."""
    utterance = Utterance(UNNUMBERED, turn.id, turn.persona.id, clause)
    started = crew.clock.now()
    async with aclosing(engine.stream(utterance, turn.persona.voice)) as stream:
        while True:
            try:
                with turn.measures.span("voice_total_ms"), anyio.fail_after(crew.limits.voice_chunk_s):
                    chunk = await anext(stream, None)
            except TimeoutError as error:
                raise EngineError("stalled", "the voice stopped in the middle of a clause") from error
            if chunk is None:
                return
            if Mark.FIRST_AUDIO not in turn.measures.marks:
                turn.measures.mark(Mark.FIRST_AUDIO)
                turn.measures.durations_ms["voice_first_ms"] = (crew.clock.now() - started) * 1000
            yield chunk


def _joined(first: Clause, second: Clause) -> Clause:
    """Two clauses as one; nothing of the first is spoken."""
    shown = len(first.shown)
    return Clause(
        raw=first.raw + second.raw,
        shown=first.shown + second.shown,
        spoken=second.spoken,
        spans=tuple(_shifted(span, 0, -shown) for span in second.spans),
        expressions=first.expressions + tuple((offset + shown, name) for offset, name in second.expressions),
    )


def _divide(clause: Clause, words: list[WordTime]) -> tuple[Clause, Clause | None]:
    """A clause whose sound broke off: the part that sounded, and the part from the first word that did not begin.

    The second is None where nothing is left or the voice gave no words to tell.
    """
    begun = words[-1].end if words else 0
    rest = [span for span in clause.spans if span.spoken_start >= begun]
    if not words or not rest:
        return clause, None
    spoken_at, shown_at = rest[0].spoken_start, rest[0].shown_start
    sounded = replace(
        clause,
        shown=clause.shown[:shown_at],
        spoken=clause.spoken[:spoken_at],
        spans=tuple(span for span in clause.spans if span.spoken_start < begun),
    )
    left = replace(
        clause,
        shown=clause.shown[shown_at:],
        spoken=clause.spoken[spoken_at:],
        spans=tuple(_shifted(span, spoken_at, shown_at) for span in rest),
        expressions=tuple((offset - shown_at, name) for offset, name in clause.expressions if offset >= shown_at),
    )
    return sounded, left


def _shifted(span: Span, spoken: int, shown: int) -> Span:
    return Span(span.spoken_start - spoken, span.spoken_end - spoken, span.shown_start - shown, span.shown_end - shown)
