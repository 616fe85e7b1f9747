"""`spark-vtuber engine up` with a real `llama-server`, two adapters and a draft model."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.app.serving_run import place_in, stop
from spark_vtuber.cli.main import app
from spark_vtuber.serving.processes import is_alive
from spark_vtuber.testing.live import free_port
from spark_vtuber.testing.tiny_show import TinyFiles

pytestmark = pytest.mark.engines

LIMIT_S = 30.0


@pytest.fixture
def file(tmp_path: Path, program: Path, files: TinyFiles) -> Iterator[Path]:
    adapters = "\n".join(f'{path.stem} = "{path.as_posix()}"' for path in files.adapters)
    config = tmp_path / "spark.toml"
    config.write_text(
        f"""
[data]
dir = "{tmp_path.as_posix()}"
[engine]
use = "llamacpp"
model = "{files.base.as_posix()}"
draft = "{files.draft.as_posix()}"
program = "{program.as_posix()}"
port = {free_port()}
context = 8192
[engine.adapters]
{adapters}
[secrets]
system = false
[persona.main]
card = "main"
[persona.twin]
card = "ember"
""",
        encoding="utf-8",
    )
    yield config
    stop(place_in(tmp_path))


def engine(file: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["engine", *words, "--config", str(file)], env={"COLUMNS": "160"})


def status(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(engine(file, "status", "--json").stdout)
    return told


def test_a_real_server_is_started_as_planned_comes_back_after_a_kill_and_leaves_nothing(file: Path) -> None:
    made = engine(file, "up")
    assert made.exit_code == 0, made.output
    assert made.stderr.count("prompt is read") == 2
    told = status(file)
    root = told["base_url"].removesuffix("/v1")
    props = httpx.get(f"{root}/props").json()
    assert (props["total_slots"], props["default_generation_settings"]["n_ctx"]) == (2, 8_192)
    assert len(httpx.get(f"{root}/lora-adapters").json()) == 2
    slots = httpx.get(f"{root}/slots").json()
    assert all(slot["speculative"] for slot in slots)

    answer = httpx.post(
        f"{root}/completion", json={"prompt": "Hello", "n_predict": 24, "temperature": 0}, timeout=LIMIT_S
    )
    assert answer.status_code == 200
    told = status(file)
    assert told["tokens_generated"] >= 24
    assert told["tokens_per_s"] > 0
    assert told["acceptance"] is not None

    os.kill(told["pid"], signal.SIGKILL)
    until = time.monotonic() + LIMIT_S
    while (now := status(file))["state"] != "ready" or now["pid"] == told["pid"]:
        assert time.monotonic() < until, now
        time.sleep(0.05)
    assert now["restarts"] == 1

    kept = place_in(file.parent).kept()
    assert kept is not None
    assert engine(file, "down").exit_code == 0
    assert not is_alive(kept.keeper)
    assert not is_alive(kept.process)
