"""One place for two models on a real server: who speaks has it, and what a swap took comes back."""

import statistics
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from spark_vtuber.testing.bench.engine_answer import answer
from spark_vtuber.testing.llama_server import LlamaServer, llama_server
from spark_vtuber.testing.tiny_model import Shape
from spark_vtuber.testing.tiny_show import (
    CONTEXT,
    PERSONAS,
    Asked,
    TinyFiles,
    a_show,
    answers_alone,
    our_client,
    write_files,
)

pytestmark = pytest.mark.engines

SWAPS = 20
TOKENS = 8
GROWTH = 0.02


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> TinyFiles:
    """A base of 50 MB: beside it a forgotten context is small, and a forgotten model is not."""
    return write_files(tmp_path_factory.mktemp("large"), Shape(hidden=512, inner=1536, layers=4, heads=8, kv_heads=4))


@pytest.fixture(scope="module")
def router(program: Path, large: TinyFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """A server with two models, of which it keeps one in memory: the base with one adapter each."""
    models = [
        f"[{persona.id}]\nmodel = {large.base}\nlora = {adapter}\nctx-size = {CONTEXT}\nparallel = 1\ncache-ram = 0\n"
        for persona, adapter in zip(PERSONAS, large.adapters, strict=True)
    ]
    preset = tmp_path_factory.mktemp("router") / "models.ini"
    preset.write_text("\n".join(["version = 1", *models]), encoding="utf-8")
    with llama_server(program, "--models-preset", preset, "--models-max", "1") as running:
        yield running


def resident_bytes(server: LlamaServer) -> int:
    """Memory of the server and of the processes that hold its models."""
    process = psutil.Process(server.pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


def loaded(server: LlamaServer) -> list[str]:
    models = server.http.get("/v1/models").raise_for_status().json()["data"]
    return [model["id"] for model in models if model["status"]["value"] != "unloaded"]


@pytest.mark.platform("linux", "darwin")
async def test_after_20_swaps_both_are_right_and_the_memory_is_back(
    program: Path, router: LlamaServer, large: TinyFiles
) -> None:
    prompt = a_show(1, seed=5)[0].messages
    right = answers_alone(program, large, [Asked(place, prompt) for place in (0, 1)], TOKENS)
    held: list[float] = []
    took_ms: list[float] = []
    async with AsyncExitStack() as stack:
        models = [
            await stack.enter_async_context(our_client(router, model=str(persona.id), slot="stage"))
            for persona in PERSONAS
        ]
        for number in range(2 + SWAPS):
            place = number % 2
            got = await answer(models[place], PERSONAS[place], Asked(place, prompt).prompt, TOKENS)
            assert got.text == right[place]
            assert loaded(router) == [str(PERSONAS[place].id)]
            held.append(resident_bytes(router) / 2**20)
            took_ms.append(got.first_ms)
    growth = held[-1] / held[1] - 1
    print(f"\n{SWAPS} swaps: {held[1]:.1f} → {held[-1]:.1f} MB ({growth:+.1%})")
    print(f"first token with a swap: {statistics.median(took_ms[2:]):.0f} ms, at most {max(took_ms[2:]):.0f} ms")
    assert abs(growth) <= GROWTH
