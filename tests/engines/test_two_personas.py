"""Two characters on one server: each gets exactly the tokens of a server that has only its adapter."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from spark_vtuber.llm.port import LLM
from spark_vtuber.testing.bench.engine_answer import answer
from spark_vtuber.testing.llama_server import LlamaServer, llama_server, only, text_of
from spark_vtuber.testing.tiny_show import PERSONAS, Asked, TinyFiles, a_show, answers_alone, our_client

pytestmark = pytest.mark.engines

TOKENS = 12


@pytest.fixture(scope="module")
def show() -> list[Asked]:
    return a_show(200, seed=1)


@pytest.fixture(scope="module")
def right(program: Path, files: TinyFiles, show: list[Asked]) -> list[str]:
    """The answers of servers with one adapter each."""
    return answers_alone(program, files, show, TOKENS)


@pytest.fixture(scope="module")
def careless(program: Path, files: TinyFiles) -> Iterator[LlamaServer]:
    """Both adapters, and everything else as the server has it by default."""
    with llama_server(program, *files.flags()) as running:
        yield running


async def answers(model: LLM, show: Sequence[Asked]) -> tuple[list[str], float]:
    """All answers, and the part of all prompts that the server had not to read again."""
    got = [await answer(model, PERSONAS[asked.place], asked.prompt, TOKENS) for asked in show]
    cached = sum(one.usage.tokens_cached or 0 for one in got)
    return [one.text for one in got], cached / sum(one.usage.tokens_in or 0 for one in got)


def test_base_and_adapters_answer_differently(server: LlamaServer) -> None:
    none = [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]
    texts = {text_of(server.chat("what is it?", lora=lora)) for lora in (only(0, of=2), only(1, of=2), none)}
    assert len(texts) == 3


def test_a_careless_server_gives_a_naive_client_the_wrong_character(
    careless: LlamaServer, show: list[Asked], right: list[str]
) -> None:
    def naive(asked: Asked) -> str:
        return text_of(careless.chat(asked.messages, TOKENS, lora=only(asked.place, of=2), id_slot=asked.place))

    wrong = sum(naive(asked) != text for asked, text in zip(show, right, strict=True))
    print(f"\na naive client at a server with default flags: {wrong} of {len(show)} turns are wrong")
    assert wrong


async def test_our_client_is_never_given_the_other_character_by_a_careless_server(
    careless: LlamaServer, show: list[Asked], right: list[str]
) -> None:
    async with our_client(careless) as model:
        texts, cached = await answers(model, show)
    print(f"\nour client at a server with default flags: {cached:.0%} of the prompts remembered")
    assert texts == right


async def test_200_turns_in_random_order_are_right_and_warm(
    server: LlamaServer, show: list[Asked], right: list[str]
) -> None:
    async with our_client(server) as model:
        texts, cached = await answers(model, show)
    print(f"\nour client at a server without the memory cache: {cached:.0%} of the prompts remembered")
    assert texts == right
    assert cached > 0.5
