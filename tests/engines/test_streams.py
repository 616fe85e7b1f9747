"""Streams of a real server: many in a row, left early, cut by a kill, and after a restart."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.port import LLM, LLMPart, TextDelta
from spark_vtuber.testing.bench.engine_answer import answer, greedy
from spark_vtuber.testing.llama_server import LlamaServer, llama_server
from spark_vtuber.testing.tiny_show import PERSONAS, Asked, TinyFiles, a_show, answers_alone, our_client

pytestmark = pytest.mark.engines

TOKENS = 8
KEPT_ALIVE = 100
"""Requests after which the server closes a connection by itself, and clients that kept it find it broken."""

LONG = 3_000
"""Tokens of an answer that is under way for as long as anybody reads it."""


@pytest.fixture(scope="module")
def show() -> list[Asked]:
    return a_show(8, seed=2)


@pytest.fixture(scope="module")
def right(program: Path, files: TinyFiles, show: list[Asked]) -> list[str]:
    return answers_alone(program, files, show, TOKENS)


async def say(model: LLM, asked: Asked) -> str:
    return (await answer(model, PERSONAS[asked.place], asked.prompt, TOKENS)).text


async def first_piece(parts: AsyncGenerator[LLMPart, None]) -> str:
    part = await anext(parts)
    assert isinstance(part, TextDelta)
    return part.text


async def until_idle(server: LlamaServer) -> None:
    with anyio.fail_after(5):
        while any(slot["is_processing"] for slot in server.http.get("/slots").json()):
            await anyio.sleep(0.01)


async def test_streams_outlive_the_connections_that_the_server_closes(
    server: LlamaServer, show: list[Asked], right: list[str]
) -> None:
    async with our_client(server) as model:
        for number in range(KEPT_ALIVE + 50):
            place = number % len(show)
            assert await say(model, show[place]) == right[place]


async def test_two_characters_at_the_same_time_are_both_right(
    server: LlamaServer, show: list[Asked], right: list[str]
) -> None:
    places = [next(number for number, asked in enumerate(show) if asked.place == place) for place in (0, 1)]
    texts: dict[int, list[str]] = {number: [] for number in places}

    async def talk(model: LLM, number: int) -> None:
        for _ in range(5):
            texts[number].append(await say(model, show[number]))

    async with our_client(server) as model, anyio.create_task_group() as tasks:
        for number in places:
            tasks.start_soon(talk, model, number)
    assert texts == {number: [right[number]] * 5 for number in places}


async def test_a_stream_that_is_left_frees_its_slot(server: LlamaServer, show: list[Asked], right: list[str]) -> None:
    async with our_client(server) as model:
        async with aclosing(model.stream(greedy(PERSONAS[0], show[0].prompt, LONG))) as parts:
            assert await first_piece(parts)
        await until_idle(server)
        assert await say(model, show[1]) == right[1]


async def test_a_kill_ends_a_stream_at_once_and_a_restart_answers_as_before(
    program: Path, files: TinyFiles, show: list[Asked], right: list[str]
) -> None:
    with llama_server(program, *files.flags(), "--cache-ram", "0") as server:
        async with our_client(server) as model:
            for round_ in range(3):
                async with aclosing(model.stream(greedy(PERSONAS[0], show[0].prompt, LONG))) as parts:
                    await first_piece(parts)
                    server.kill()
                    with anyio.fail_after(2), pytest.raises(EngineError) as caught:
                        async for _ in parts:
                            pass
                assert (caught.value.code, caught.value.retryable) == ("dropped", True)
                with pytest.raises(EngineError) as dead:
                    await say(model, show[round_])
                assert (dead.value.code, dead.value.retryable) == ("unreachable", True)
                server.start()
                assert [await say(model, asked) for asked in show] == right


async def test_a_server_that_comes_back_with_other_numbers_for_its_adapters_is_looked_at_again(
    program: Path, files: TinyFiles, show: list[Asked], right: list[str]
) -> None:
    with llama_server(program, *files.flags(), "--cache-ram", "0") as server:
        async with our_client(server) as model:
            assert await say(model, show[0]) == right[0]
            server.kill()
            with pytest.raises(EngineError):
                await say(model, show[0])
            swapped = f"{files.adapters[1]},{files.adapters[0]}"
            at = list(server.command).index("--lora")
            server.command = (*server.command[: at + 1], swapped, *server.command[at + 2 :])
            server.start()
            assert [await say(model, asked) for asked in show] == right
