"""The first step of a turn: a model writes the answer into the draft."""

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

import anyio

from spark_vtuber.core.cues import Cue, CueKind, Length
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.core.turns import Mark
from spark_vtuber.llm.port import LLM, LLMRequest, Message, TextDelta, Usage
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.draft import Draft
from spark_vtuber.pipeline.tools import MOST_CALLS, Caller, Taken
from spark_vtuber.pipeline.turn import Turn

LONGEST_TOKEN: Final = 8
"""Characters; twice what a token of English has, so that only a model that ignores its limit is cut off."""

LEAST_TOKENS: Final = 16
"""Of the longest answer, however little a character talks."""

ROUNDS: Final = 2
"""Passes of a model in one turn."""

EMPTY: Final = "empty"
"""The error of an answer that holds nothing to say."""


async def think(turn: Turn, crew: Crew, draft: Draft) -> None:
    """Fill the draft with the answer to the turn's cue and close it.

    A model that fails before a clause was taken from the draft is replaced by the understudy, which answers the
    whole cue. After that its answer ends where it is and the understudy adds one bridging line. An understudy that
    fails leaves the draft as it is; with nothing in it the turn has failed.
    """
    if turn.cue.kind is CueKind.SAY:
        draft.restart()
        draft.feed(turn.cue.text)
        draft.close()
        return
    brains = crew.brains(turn.persona.id)
    if brains.model is not None:
        if not brains.breaker.is_closed:
            turn.is_degraded = True
            turn.error = "breaker_open"
        else:
            try:
                await _write_in_time(turn, crew, draft, brains.model)
            except EngineError as error:
                brains.breaker.failed(error.code)
                turn.is_degraded = True
                turn.error = error.code
                crew.announce("llm.failed", turn=turn.id, code=error.code, message=error.message)
            else:
                brains.breaker.succeeded()
                draft.close()
                return
    if draft.was_taken:
        draft.keep_whole_sentences()
        cue = replace(turn.cue, kind=CueKind.BRIDGE)
    else:
        draft.restart()
        cue = turn.cue
    try:
        await _write(turn, crew, draft, brains.understudy, cue)
    except EngineError as error:
        turn.error = error.code
    draft.close()
    if draft.is_empty:
        turn.fail(turn.error or EMPTY)


async def _write_in_time(turn: Turn, crew: Crew, draft: Draft, model: LLM) -> None:
    """Let the model write; an answer of which nothing could be used in time counts as failed."""
    deadline_s = anyio.current_time() + crew.limits.first_audio_s
    with anyio.CancelScope(deadline=deadline_s) as patience:
        draft.expect_reader(patience)
        await _write(turn, crew, draft, model, turn.cue)
    if draft.has_unopened_thought:
        crew.thinkers.add(turn.persona.id)
    if patience.cancelled_caught:
        raise EngineError("too_slow", f"the model gave nothing to say in {crew.limits.first_audio_s:g} s")
    if draft.is_empty:
        raise EngineError(EMPTY, "the model's answer holds nothing to say")


async def _write(turn: Turn, crew: Crew, draft: Draft, model: LLM, cue: Cue) -> None:
    """Write an answer into the draft, in at most `ROUNDS` passes: a result of a tool is spoken of in the next one.

    An answer that grows far beyond its limit, in text or in thoughts, is cut off. One that is to be short ends with its
    last whole sentence, whatever else the model has to say.
    """
    with turn.measures.span("prompt_ms"):
        messages = crew.build_prompt(turn.persona, cue)
    turn.measures.mark(Mark.PROMPT)
    length = cue.length or Length()
    longest = min(crew.limits.max_tokens, length.max_tokens or crew.limits.max_tokens)
    max_tokens = min(longest, max(LEAST_TOKENS, round(longest * turn.persona.reply_share)))
    capabilities = model.capabilities
    tools = crew.toolbox.offered(capabilities) if crew.toolbox is not None else ()
    request = LLMRequest(turn.persona, cue, messages, max_tokens=max_tokens, tools=tools)
    turn.engine = capabilities.engine
    turn.measures.mark(Mark.REQUEST)
    pieces, rounds = 0, 1
    while True:
        read = await _read(turn, crew, draft, model, request)
        pieces += read.pieces
        if rounds == ROUNDS or read.is_cut or (more := await _more(turn, crew, draft, request, read)) is None:
            break
        request, rounds = more, rounds + 1
        if not draft.is_empty:
            draft.feed(" ")
    if length.max_tokens and turn.measures.counts.get("tokens_out", pieces) >= max_tokens:
        draft.drop_fragment()
    turn.measures.counts.setdefault("tokens_out", pieces)


@dataclass(slots=True)
class _Read:
    """What one pass of a model gave beside what is in the draft."""

    text: str = ""
    pieces: int = 0
    is_cut: bool = False
    calls: list[Taken] = field(default_factory=list)


async def _read(turn: Turn, crew: Crew, draft: Draft, model: LLM, request: LLMRequest) -> _Read:
    """Stream one pass into the draft, with a deadline between its pieces. Errands are sent on their way at once."""
    read, most_chars = _Read(), request.max_tokens * LONGEST_TOKEN
    sentences = request.cue.length.sentences if request.cue.length is not None else 0
    first_s = last_s = 0.0
    async with aclosing(model.stream(request)) as parts:
        while True:
            try:
                with anyio.fail_after(crew.limits.between_tokens_s if read.pieces else crew.limits.first_audio_s):
                    part = await anext(parts, None)
            except TimeoutError as error:
                raise EngineError("stalled", "the model stopped in the middle of its answer") from error
            match part:
                case TextDelta(text):
                    turn.measures.mark(Mark.FIRST_TOKEN)
                    read.pieces += 1
                    read.text += text
                    last_s = crew.clock.now()
                    first_s = first_s or last_s
                    draft.feed(text)
                    if max(draft.length, read.pieces) > most_chars or draft.is_beyond(sentences):
                        read.is_cut = True
                        break
                case Usage():
                    _note(turn, part)
                case ToolCall():
                    _call(turn, crew, part, read)
                case None:
                    break
                case _:
                    assert_never(part)
    if last_s > first_s:
        turn.measures.counts["tokens_per_s"] = (read.pieces - 1) / (last_s - first_s)
    return read


def _call(turn: Turn, crew: Crew, call: ToolCall, read: _Read) -> None:
    """Take a call of the model, as long as there are not too many in this turn."""
    turn.measures.count("tool_calls")
    if crew.toolbox is not None and turn.measures.counts["tool_calls"] <= MOST_CALLS:
        read.calls.append(crew.toolbox.take(call, Caller(turn.persona, turn.id, turn.cue)))


async def _more(turn: Turn, crew: Crew, draft: Draft, request: LLMRequest, read: _Read) -> LLMRequest | None:
    """The request for another pass with the results of the tools; None where there is nothing more to say."""
    if crew.toolbox is None or not read.calls or not (draft.is_empty or any(one.wants_words for one in read.calls)):
        return None
    caller = Caller(turn.persona, turn.id, turn.cue)
    with turn.measures.span("tools_ms"):
        results = [Message("tool", await crew.toolbox.answer(one, caller), answers=one.call.id) for one in read.calls]
    said = Message("assistant", read.text, calls=tuple(one.call for one in read.calls))
    return replace(request, messages=(*request.messages, said, *results))


def _note(turn: Turn, usage: Usage) -> None:
    """Add the counts of a pass."""
    counts = {
        "tokens_in": usage.tokens_in,
        "tokens_cached": usage.tokens_cached,
        "tokens_out": usage.tokens_out,
        "tokens_drafted": usage.tokens_drafted,
        "tokens_accepted": usage.tokens_accepted,
    }
    for name, value in counts.items():
        if value is not None:
            turn.measures.count(name, value)
