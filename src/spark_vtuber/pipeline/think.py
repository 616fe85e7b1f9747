"""The first step of a turn: a model writes the answer into the draft."""

from contextlib import aclosing
from dataclasses import replace
from typing import Final, assert_never

import anyio

from spark_vtuber.core.cues import Cue, CueKind, Length
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.core.turns import Mark
from spark_vtuber.llm.port import LLM, LLMRequest, TextDelta, Usage
from spark_vtuber.pipeline.crew import Crew
from spark_vtuber.pipeline.draft import Draft
from spark_vtuber.pipeline.turn import Turn

LONGEST_TOKEN: Final = 8
"""Characters; twice what a token of English has, so that only a model that ignores its limit is cut off."""

LEAST_TOKENS: Final = 16
"""Of the longest answer, however little a character talks."""

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
    """Stream one answer into the draft, with a deadline between its pieces.

    An answer that grows far beyond its limit, in text or in thoughts, is cut off. One that is to be short ends with its
    last whole sentence, whatever else the model has to say.
    """
    with turn.measures.span("prompt_ms"):
        messages = crew.build_prompt(turn.persona, cue)
    turn.measures.mark(Mark.PROMPT)
    length = cue.length or Length()
    longest = min(crew.limits.max_tokens, length.max_tokens or crew.limits.max_tokens)
    max_tokens = min(longest, max(LEAST_TOKENS, round(longest * turn.persona.reply_share)))
    request = LLMRequest(turn.persona, cue, messages, max_tokens=max_tokens)
    turn.engine = model.capabilities.engine
    turn.measures.mark(Mark.REQUEST)
    pieces = 0
    first_s = last_s = 0.0
    async with aclosing(model.stream(request)) as parts:
        while True:
            try:
                with anyio.fail_after(crew.limits.between_tokens_s if pieces else crew.limits.first_audio_s):
                    part = await anext(parts, None)
            except TimeoutError as error:
                raise EngineError("stalled", "the model stopped in the middle of its answer") from error
            match part:
                case TextDelta(text):
                    turn.measures.mark(Mark.FIRST_TOKEN)
                    pieces += 1
                    last_s = crew.clock.now()
                    first_s = first_s or last_s
                    draft.feed(text)
                    if max(draft.length, pieces) > max_tokens * LONGEST_TOKEN or draft.is_beyond(length.sentences):
                        break
                case Usage():
                    _note(turn, part)
                case ToolCall():
                    turn.measures.count("tool_calls")
                case None:
                    break
                case _:
                    assert_never(part)
    if length.max_tokens and turn.measures.counts.get("tokens_out", pieces) >= max_tokens:
        draft.drop_fragment()
    turn.measures.counts.setdefault("tokens_out", pieces)
    if last_s > first_s:
        turn.measures.counts["tokens_per_s"] = (pieces - 1) / (last_s - first_s)


def _note(turn: Turn, usage: Usage) -> None:
    counts = {
        "tokens_in": usage.tokens_in,
        "tokens_cached": usage.tokens_cached,
        "tokens_out": usage.tokens_out,
        "tokens_drafted": usage.tokens_drafted,
        "tokens_accepted": usage.tokens_accepted,
    }
    turn.measures.counts |= {name: value for name, value in counts.items() if value is not None}
