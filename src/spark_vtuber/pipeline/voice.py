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
    """The next chunks are the sound of this clause; `is_silent` when there will be none."""

    clause: Clause
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class ClauseEnds:
    """The clause has all its sound; where that broke off, `cut` is the part of it that has."""

    cut: Clause | None = None


VoicePart = ClauseBegins | AudioChunk | ClauseEnds


async def voice(
    turn: Turn,
    crew: Crew,
    clauses: AsyncGenerator[Clause, None],
    parts: MemoryObjectSendStream[VoicePart],
    ahead: Ahead,
) -> None:
    """Speak the clauses into `parts`, at most `clauses_ahead` of them before they are handed over.

    A voice that fails is replaced by the next one of the persona for the same clause, from the first word that was
    not sounded. With no voice left the clause is shown without sound.
    """
    async with aclosing(clauses), parts:
        while True:
            await ahead.clause_wanted()
            clause = await anext(clauses, None)
            if clause is None:
                return
            if crew.is_muted(turn.persona.id) or not clause.spoken:
                await parts.send(ClauseBegins(clause, is_silent=True))
                await parts.send(ClauseEnds())
            else:
                await _speak(turn, crew, clause, parts, ahead)


async def _speak(
    turn: Turn, crew: Crew, clause: Clause, parts: MemoryObjectSendStream[VoicePart], ahead: Ahead
) -> None:
    rest = clause
    for engine in crew.voices(turn.persona.id):
        words: list[WordTime] = []
        begun = False
        try:
            with turn.measures.span("voice_total_ms"):
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
            if begun:
                sounded, left = _divide(rest, words)
                await parts.send(ClauseEnds(cut=sounded))
                if left is None:
                    return
                rest = left
        else:
            if not begun:
                await parts.send(ClauseBegins(rest, is_silent=True))
            await parts.send(ClauseEnds())
            return
    await parts.send(ClauseBegins(rest, is_silent=True))
    await parts.send(ClauseEnds())


async def _chunks(turn: Turn, crew: Crew, engine: TTS, clause: Clause) -> AsyncGenerator[AudioChunk, None]:
    """The sound of a clause, with a deadline between its chunks."""
    utterance = Utterance(UNNUMBERED, turn.id, turn.persona.id, clause)
    started = crew.clock.now()
    async with aclosing(engine.stream(utterance, turn.persona.voice)) as stream:
        while True:
            try:
                with anyio.fail_after(crew.limits.voice_chunk_s):
                    chunk = await anext(stream, None)
            except TimeoutError as error:
                raise EngineError("stalled", "the voice stopped in the middle of a clause") from error
            if chunk is None:
                return
            if Mark.FIRST_AUDIO not in turn.measures.marks:
                turn.measures.mark(Mark.FIRST_AUDIO)
                turn.measures.durations_ms["voice_first_ms"] = (crew.clock.now() - started) * 1000
            yield chunk


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
