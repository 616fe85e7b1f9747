"""What every engine behind the `LLM` port promises, as functions that check it.

In a test: `@pytest.mark.parametrize("promise", PROMISES)`, then `await promise(model, request)` with a model that is
able to answer the request. A broken promise raises `AssertionError` that says which one.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final

import anyio

from spark_vtuber.llm.port import LLM, LLMPart, LLMRequest, TextDelta, Usage

PATIENCE_S: Final = 10.0
"""An engine under test answers within this time."""

CLOSE_S: Final = 0.2
"""Leaving an answer takes no longer."""


async def gives_text_that_is_never_empty(model: LLM, request: LLMRequest) -> None:
    """An answer has text, and no piece of it is empty."""
    texts = [part.text for part in await _answer(model, request) if isinstance(part, TextDelta)]
    _hold(bool(texts), "the answer has no text")
    _hold(all(texts), "a piece of the answer is empty")


async def counts_tokens_at_most_once(model: LLM, request: LLMRequest) -> None:
    """`Usage` comes once or not at all, and its counts are not negative."""
    counts = [part for part in await _answer(model, request) if isinstance(part, Usage)]
    _hold(len(counts) <= 1, "token counts came more than once")
    for usage in counts:
        numbers = (usage.tokens_in, usage.tokens_cached, usage.tokens_out)
        _hold(all(number is None or number >= 0 for number in numbers), "a token count is negative")


async def can_be_left_after_the_first_piece(model: LLM, request: LLMRequest) -> None:
    """Closing an answer ends it at once, and the next answer comes as if nothing had happened."""
    with anyio.fail_after(PATIENCE_S):
        async with aclosing(model.stream(request)) as parts:
            await anext(parts)
            left_s = anyio.current_time()
    _hold(anyio.current_time() - left_s <= CLOSE_S, "closing the answer took too long")
    await gives_text_that_is_never_empty(model, request)


async def can_be_cancelled_while_it_waits(model: LLM, request: LLMRequest) -> None:
    """Cancelling the caller ends an answer that has not begun, and the next one comes."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answer, model, request)
        await anyio.lowlevel.checkpoint()
        left_s = anyio.current_time()
        tasks.cancel_scope.cancel()
    _hold(anyio.current_time() - left_s <= CLOSE_S, "cancelling the answer took too long")
    await gives_text_that_is_never_empty(model, request)


async def answers_two_at_once(model: LLM, request: LLMRequest) -> None:
    """Two streams run side by side, each with an answer of its own."""
    answers: list[list[LLMPart]] = []

    async def ask() -> None:
        answers.append(await _answer(model, request))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        tasks.start_soon(ask)
    _hold(len(answers) == 2 and all(answers), "two answers at once did not both come")


async def says_what_it_is(model: LLM, request: LLMRequest) -> None:
    """The engine has a name, and names its model if it has one, at the latest after an answer."""
    await _answer(model, request)
    capabilities = model.capabilities
    _hold(bool(capabilities.engine), "the engine has no name")
    _hold(bool(capabilities.model) or capabilities.is_scripted, "the model has no name")


PROMISES: Final[tuple[Callable[[LLM, LLMRequest], Awaitable[None]], ...]] = (
    gives_text_that_is_never_empty,
    counts_tokens_at_most_once,
    can_be_left_after_the_first_piece,
    can_be_cancelled_while_it_waits,
    answers_two_at_once,
    says_what_it_is,
)


async def _answer(model: LLM, request: LLMRequest) -> list[LLMPart]:
    with anyio.fail_after(PATIENCE_S):
        async with aclosing(model.stream(request)) as parts:
            return [part async for part in parts]


def _hold(is_kept: bool, what: str) -> None:
    if not is_kept:
        raise AssertionError(what)
