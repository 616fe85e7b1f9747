"""Two characters on one server: each gets exactly the tokens of a server that has only its adapter."""

from pathlib import Path

import pytest

from spark_vtuber.testing.llama_server import LlamaServer, cached_of, llama_server, only, text_of
from spark_vtuber.testing.tiny_show import Asked, TinyFiles, a_show, answers_alone

pytestmark = pytest.mark.engines

TOKENS = 12


@pytest.fixture(scope="module")
def show() -> list[Asked]:
    return a_show(200, seed=1)


@pytest.fixture(scope="module")
def right(program: Path, files: TinyFiles, show: list[Asked]) -> list[str]:
    return answers_alone(program, files, show, TOKENS)


def naive(server: LlamaServer, asked: Asked) -> str:
    """An answer by a client that sends the list of adapters and a slot, and trusts the server with the rest."""
    return text_of(server.chat(asked.messages, TOKENS, lora=only(asked.place, of=2), id_slot=asked.place))


def test_base_and_adapters_answer_differently(server: LlamaServer) -> None:
    none = [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]
    answers = {text_of(server.chat("what is it?", lora=lora)) for lora in (only(0, of=2), only(1, of=2), none)}
    assert len(answers) == 3


def test_a_server_with_default_flags_mixes_the_characters_up(
    program: Path, files: TinyFiles, show: list[Asked], right: list[str]
) -> None:
    with llama_server(program, *files.flags()) as trap:
        wrong = sum(naive(trap, asked) != text for asked, text in zip(show, right, strict=True))
    print(f"\ndefault flags: {wrong} of {len(show)} turns are wrong")
    assert wrong


def test_without_the_memory_cache_200_turns_in_random_order_are_right_and_warm(
    server: LlamaServer, show: list[Asked], right: list[str]
) -> None:
    assert [naive(server, asked) for asked in show] == right
    last = show[-1]
    again = server.chat(last.messages, TOKENS, lora=only(last.place, of=2), id_slot=last.place)
    assert cached_of(again) > 0.9 * again["usage"]["prompt_tokens"]
