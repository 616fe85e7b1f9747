"""`bench engine` on a real server: every figure comes, and they fit together."""

import random
from pathlib import Path

import pytest

from spark_vtuber.testing.bench import engine_figures as names
from spark_vtuber.testing.bench.engine import measure
from spark_vtuber.testing.bench.engine_report import model_name, rows
from spark_vtuber.testing.bench.engine_steps import Target
from spark_vtuber.testing.llama_server import llama_server
from spark_vtuber.testing.tiny_show import PERSONAS, TinyFiles, our_client

pytestmark = pytest.mark.engines


async def test_a_real_server_gives_every_figure(program: Path, files: TinyFiles) -> None:
    flags = (*files.flags(), "-c", "30000", "--cache-ram", "0")
    with llama_server(program, *flags) as server:
        async with our_client(server, first_token_timeout_s=60) as model:
            (figures,) = await measure([Target("tiny", model, server.base_url, PERSONAS)], 1, random.Random(1))
    assert figures.missing == {}
    p50 = {row.name: row.p50 or 0.0 for row in rows(figures)}
    assert all(p50.values())
    assert p50[names.WARM] < p50[names.REPLY]
    assert p50[names.CACHED_SHARE] > 50
    assert p50[names.speed(0)] > p50[names.speed(10_000)]
    assert 10 < p50[names.MEMORY] < 500
    assert model_name(figures) == "base.gguf"
