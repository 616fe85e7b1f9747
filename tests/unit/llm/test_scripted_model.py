from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.port import LLM, LLMPart, LLMRequest, TextDelta
from spark_vtuber.testing.contracts.llm import (
    PROMISES,
    can_be_cancelled_while_it_waits,
    can_be_left_after_the_first_piece,
)
from spark_vtuber.testing.models import ScriptedModel, a_request, pieces


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_scripted_model_keeps_the_promises_of_a_model(
    promise: Callable[[LLM, LLMRequest], Awaitable[None]],
) -> None:
    await promise(ScriptedModel(), a_request())


class Broken(ScriptedModel):
    """A model that breaks promises: an empty piece, counts given twice."""

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        async for part in super().stream(request):
            yield part
            yield TextDelta("") if isinstance(part, TextDelta) else part


@pytest.mark.parametrize("promise", PROMISES[:2])
async def test_a_broken_promise_is_noticed(promise: Callable[[LLM, LLMRequest], Awaitable[None]]) -> None:
    with pytest.raises(AssertionError):
        await promise(Broken(), a_request())


class Clinging(ScriptedModel):
    """A model that takes a second to let go of an answer."""

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        try:
            async for part in super().stream(request):
                yield part
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(1)


@pytest.mark.parametrize("promise", [can_be_left_after_the_first_piece, can_be_cancelled_while_it_waits])
async def test_a_model_that_clings_is_noticed(promise: Callable[[LLM, LLMRequest], Awaitable[None]]) -> None:
    with pytest.raises(AssertionError, match="took too long"):
        await promise(Clinging(), a_request())


async def text(model: ScriptedModel) -> str:
    said = ""
    try:
        async with aclosing(model.stream(a_request())) as parts:
            async for part in parts:
                said += part.text if isinstance(part, TextDelta) else ""
    except EngineError:
        return said + "!"
    return said


async def test_tokens_come_on_their_schedule() -> None:
    begun_s = anyio.current_time()
    async with aclosing(ScriptedModel("One two, three", first_token_s=0.3, token_s=0.1).stream(a_request())) as parts:
        seen = [(round(anyio.current_time() - begun_s, 6), part) async for part in parts]

    assert seen[:4] == [
        (0.3, TextDelta("One")), (0.4, TextDelta(" two")), (0.5, TextDelta(",")), (0.6, TextDelta(" three")),
    ]  # fmt: skip


async def test_answers_come_in_order_and_the_last_stays() -> None:
    model = ScriptedModel(["One.", "Two."])

    assert [await text(model) for _ in range(3)] == ["One.", "Two.", "Two."]


async def test_a_model_fails_and_hangs_where_the_script_says() -> None:
    assert await text(ScriptedModel("One two three", fail_at=2)) == "One two!"

    hanging = ScriptedModel("One two three", hang_at=1)
    with anyio.move_on_after(60) as scope:
        await text(hanging)

    assert scope.cancelled_caught
    assert (len(hanging.left_early), hanging.open_streams) == (1, 0)


@pytest.mark.parametrize("answer", ["", "  Hi ", "Hi,\n you…  ", "a-b 1,000!"])
def test_the_pieces_of_an_answer_concatenate(answer: str) -> None:
    assert "".join(pieces(answer)) == answer
