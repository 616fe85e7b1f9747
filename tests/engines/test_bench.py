"""`bench engine` on a real server: every figure comes, they fit together, and the command finds what is configured."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spark_vtuber.cli.bench import app
from spark_vtuber.testing.bench import engine_figures as names
from spark_vtuber.testing.bench.engine import measure
from spark_vtuber.testing.bench.engine_report import model_name, rows
from spark_vtuber.testing.bench.engine_steps import Target
from spark_vtuber.testing.llama_server import LlamaServer, llama_server
from spark_vtuber.testing.tiny_show import PERSONAS, TinyFiles, our_client

pytestmark = pytest.mark.engines

DRAFT = ("--spec-type", "ngram-cache")


async def test_a_real_server_gives_every_figure(program: Path, files: TinyFiles) -> None:
    flags = (*files.flags(), "-c", "30000", "--cache-ram", "0", *DRAFT)
    with llama_server(program, *flags) as server:
        async with our_client(server, first_token_timeout_s=60) as model:
            (figures,) = await measure([Target("tiny", model, server.base_url, PERSONAS)], 1, random.Random(1))
    p50 = {row.name: row.p50 for row in rows(figures)}
    assert {name for name, value in p50.items() if value is None} <= {names.CARD_MEMORY}
    shown = {name: value or 0.0 for name, value in p50.items()}
    assert 0 < shown[names.WARM] < shown[names.REPLY]
    assert shown[names.CACHED_SHARE] > 50
    assert shown[names.speed(0)] > shown[names.speed(10_000)] > 0
    assert 10 < shown[names.MEMORY] < 500
    assert model_name(figures) == "base.gguf"


def test_the_command_compares_the_servers_of_two_configurations(server: LlamaServer, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.toml", "two.toml")]
    for file in files:
        file.write_text(
            f'[llm]\nuse = "openai"\nbase_url = "{server.base_url}"\n[data]\ndir = "{tmp_path.as_posix()}"\n',
            encoding="utf-8",
        )
    answer = CliRunner().invoke(app, ["engine", "--compare", *map(str, files), "--rounds", "1", "--json"])
    assert answer.exit_code == 0, answer.output
    measured = json.loads(answer.stdout)
    assert [one["name"] for one in measured] == ["one", "two"]
    for one in measured:
        assert (one["model"], one["dialect"], one["adapters"]) == ("base.gguf", "llamacpp", 2)
        assert one["figures"][names.COLD]["p50"] > 0
        assert one["figures"][names.SWITCH]["p50"] > 0
        assert one["figures"][names.speed(10_000)]["why"] == "its context is 4,096 tokens"
    assert str(tmp_path) not in answer.stdout
