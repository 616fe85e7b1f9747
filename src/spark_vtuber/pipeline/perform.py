"""The last step of a turn: sound, captions and expressions go to the stages, under the floor."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import assert_never

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from anyio.streams.memory import MemoryObjectReceiveStream

from spark_vtuber.core.audio import AudioChunk, WordTime
from spark_vtuber.core.turns import Clause, Mark, Reason, Span, Utterance
from spark_vtuber.pipeline.ahead import Ahead
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.floor import Seat
from spark_vtuber.pipeline.script import Script
from spark_vtuber.pipeline.telling import tell_heard
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.pipeline.voice import ClauseBegins, ClauseEnds, SilentClause, VoicePart
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart


async def perform(
    turn: Turn,
    crew: Crew,
    seat: Seat,
    script: Script,
    parts: MemoryObjectReceiveStream[VoicePart],
    ahead: Ahead,
    tasks: TaskGroup,
) -> None:
    """Take the floor at the first part, hand everything to the stages, and return when the last of it was heard.

    Sound goes out as soon as it is there, at most `lead_s` ahead of the listener. The seat is left by the caller,
    after the flush.
    """
    show = _Show(turn, crew, ahead, tasks)
    async with parts:
        async for part in parts:
            if seat is not crew.floor.holder:
                await _take_floor(turn, crew, seat, script)
            match part:
                case ClauseBegins(clause):
                    await show.begin(clause)
                case AudioChunk():
                    await show.sound(part)
                case ClauseEnds(cut):
                    await show.end(cut)
                case SilentClause(clause):
                    await show.silently(clause)
                case _:
                    assert_never(part)
    await show.over()


async def _take_floor(turn: Turn, crew: Crew, seat: Seat, script: Script) -> None:
    """Wait for the floor; a turn that was prepared on other words than were heard is superseded.

    A turn that may not speak does not ask for it. One that gets it after a hold began gives it back.
    """
    while True:
        await script.approved()
        await crew.floor.take(seat)
        if crew.approvals.begin(turn.id, turn.cue):
            break
        crew.floor.leave(seat)
    turn.measures.mark(Mark.FLOOR)
    if turn.cue.expected is not None and turn.cue.expected != crew.floor.last_heard:
        turn.supersede(Reason.MISHEARD)
        await checkpoint()
    if crew.toolbox is not None:
        crew.toolbox.begin(turn.id)


@dataclass(slots=True)
class _Sounding:
    """The utterance on its way to the stages. `word` is the last shown word that was announced, `-1` for none."""

    number: int
    clause: Clause
    expressions: list[tuple[int, str]]
    sample: int = 0
    word: int = -1


class _Show:
    def __init__(self, turn: Turn, crew: Crew, ahead: Ahead, tasks: TaskGroup) -> None:
        self._turn = turn
        self._crew = crew
        self._stage = crew.stage
        self._ahead = ahead
        self._tasks = tasks
        self._now: _Sounding | None = None
        self._is_first = True
        self._last_s: float | None = None

    async def begin(self, clause: Clause) -> None:
        """The next utterance."""
        turn, number = self._turn, self._crew.numbers.next()
        now = self._now = _Sounding(number, clause, list(clause.expressions))
        turn.heard.begin(clause, number)
        self._ahead.begins(number)
        await self._stage.perform(
            SpeechStart(Utterance(number, turn.id, turn.persona.id, clause), self._crew.sample_rate)
        )
        await self._stage.perform(Caption(turn.persona.id, clause.shown.strip(), number))
        await self._change_face(now, shown_to=0, ms=0.0)
        if self._is_first:
            self._is_first = False
            self._tasks.start_soon(self._note_first_played, Position(number, 1))
            if self._crew.is_watched():
                self._tasks.start_soon(tell_heard, turn, self._crew)

    async def sound(self, chunk: AudioChunk) -> None:
        """More sound of the utterance."""
        now = self._sounding()
        words = [word for spoken in chunk.words if (word := _shown_word(now, spoken))]
        self._turn.heard.sound(chunk.samples, chunk.sample_rate, chunk.words)
        await self._stage.perform(SpeechSound(now.number, now.sample, chunk.pcm, chunk.visemes, tuple(words)))
        for spoken in chunk.words:
            await self._change_face(now, _span_of(now.clause.spans, spoken).shown_start, spoken.ms)
        self._ahead.handed(chunk.samples)
        now.sample += chunk.samples
        await self._ahead.keep_lead()

    async def end(self, cut: Clause | None) -> None:
        """The utterance is complete; with `cut` the rest of its clause follows."""
        now = self._sounding()
        self._now = None
        await self._change_face(now, len(now.clause.shown), now.sample * 1000 / self._crew.sample_rate)
        self._turn.heard.complete(cut)
        await self._stage.perform(SpeechEnd(now.number, now.sample))
        if cut is None:
            self._clause_done()

    async def silently(self, clause: Clause) -> None:
        """Show a clause without sound, for the time it would take to speak it."""
        turn = self._turn
        await self._played()
        turn.heard.begin(clause)
        for _, name in clause.expressions:
            await self._stage.perform(Emote(turn.persona.id, name))
        if clause.spoken:
            await self._stage.perform(Caption(turn.persona.id, clause.shown.strip()))
            turn.measures.mark(Mark.FIRST_PLAYED)
            await self._read_along(len(clause.spoken) / self._crew.limits.muted_chars_per_s)
            self._last_s = self._crew.clock.now()
        turn.heard.complete()
        self._clause_done()

    async def over(self) -> None:
        """Wait until everything was heard; with that the turn is complete."""
        await self._played()
        if self._last_s is not None:
            self._turn.measures.mark(Mark.LAST_PLAYED, self._last_s)

    async def _played(self) -> None:
        """Wait until everything that was handed over was heard."""
        at_s = await self._ahead.all_heard()
        if at_s is not None:
            self._last_s = max(at_s, self._last_s or at_s)

    def _clause_done(self) -> None:
        self._turn.measures.count("clauses")
        self._ahead.clause_done()

    async def _read_along(self, seconds: float) -> None:
        started = self._crew.clock.now()
        try:
            await anyio.sleep(seconds)
        finally:
            self._turn.heard.shown((self._crew.clock.now() - started) / seconds)

    async def _change_face(self, now: _Sounding, shown_to: int, ms: float) -> None:
        """Show the expressions that stand before character `shown_to`, from `ms` on."""
        while now.expressions and now.expressions[0][0] <= shown_to:
            _, name = now.expressions.pop(0)
            await self._stage.perform(Emote(self._turn.persona.id, name, 1.0, now.number, ms))

    async def _note_first_played(self, position: Position) -> None:
        self._turn.measures.mark(Mark.FIRST_PLAYED, await self._stage.reached(position))

    def _sounding(self) -> _Sounding:
        if self._now is None:
            raise RuntimeError("sound came before its clause")
        return self._now


def _span_of(spans: tuple[Span, ...], word: WordTime) -> Span:
    """The span a spoken word falls into; an empty one at the start where the clause has no map."""
    index = bisect_right(spans, word.start, key=lambda span: span.spoken_start) - 1
    return spans[index] if index >= 0 else Span(0, 0, 0, 0)


def _shown_word(now: _Sounding, word: WordTime) -> tuple[float, float, str] | None:
    """The shown word that begins to sound with `word`; None while the one before goes on ("$5": five, dollars)."""
    span = _span_of(now.clause.spans, word)
    if span.shown_start <= now.word or span.shown_end == 0:
        return None
    now.word = span.shown_start
    return (word.ms, word.ms_end, now.clause.shown[span.shown_start : span.shown_end])
