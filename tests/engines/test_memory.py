"""What a real server does to save memory, and that no character gets another's words by it."""

from pathlib import Path

import pytest

from spark_vtuber.testing.llama_server import cached_of, llama_server, only, text_of
from spark_vtuber.testing.tiny_model import Shape
from spark_vtuber.testing.tiny_show import TinyFiles, a_show, write_files

pytestmark = pytest.mark.engines

TURNS = 24
WHOLE_BLOCKS = Shape(hidden=128, inner=256)
"""Heads of 32, as a quantised cache wants them."""


@pytest.fixture(scope="module")
def wider(tmp_path_factory: pytest.TempPathFactory) -> TinyFiles:
    return write_files(tmp_path_factory.mktemp("wider"), WHOLE_BLOCKS)


def test_a_cache_of_8_bits_keeps_the_characters_apart(program: Path, wider: TinyFiles) -> None:
    remembered = 0
    quantised = ("--cache-type-k", "q8_0", "--cache-type-v", "q8_0")
    with llama_server(program, *wider.flags(), "--cache-ram", "0", *quantised) as server:
        for asked in a_show(TURNS, seed=6):
            request = {"lora": only(asked.place, of=2), "id_slot": asked.place}
            warm = server.chat(asked.messages, **request)
            remembered += cached_of(warm)
            assert text_of(warm) == text_of(server.chat(asked.messages, cache_prompt=False, **request))
    assert remembered


def test_an_answer_goes_on_beyond_the_context_where_it_may_shift(program: Path, files: TinyFiles) -> None:
    flags = ("-m", files.base, "--lora", files.adapters[0], "-np", "1", "-c", "512", "--cache-ram", "0")
    counts = []
    for more in ((), ("--context-shift", "--keep", "64")):
        with llama_server(program, *flags, *more) as server:
            counts.append(server.chat("tell me everything", 800)["usage"]["completion_tokens"])
    assert counts[0] < 512
    assert counts[1] == 800
