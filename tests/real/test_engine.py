"""`spark-vtuber engine up|status|down` with a program that starts, answers and dies as a model server does."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.app.serving_run import Place, place_in, stop
from spark_vtuber.cli.main import app
from spark_vtuber.health.machine import is_free
from spark_vtuber.serving.job import Identity
from spark_vtuber.serving.processes import cut, end, identity_of, is_alive, tail
from spark_vtuber.testing.fake_engine import write_program
from spark_vtuber.testing.live import free_port, live_show
from spark_vtuber.testing.model_files import adapter_gguf, llama_gguf

pytestmark = [pytest.mark.real, pytest.mark.platform("linux", "darwin")]

LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Bench:
    """A configuration with a fake server, and where that leaves its files."""

    file: Path
    port: int
    place: Place

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["engine", *words, "--config", str(self.file)], env={"COLUMNS": "160"})

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return told

    def ask(self, path: str, *, post: bool = False) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}"
        return (httpx.post(url) if post else httpx.get(url)).json()

    def wait(self, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        until = time.monotonic() + LIMIT_S
        while True:
            told = self.status()
            if what(told):
                return told
            assert time.monotonic() < until, told
            time.sleep(0.05)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "tiny.gguf").write_bytes(llama_gguf())
    (tmp_path / "data" / "adapters").mkdir(parents=True)
    (tmp_path / "data" / "adapters" / "spark.gguf").write_bytes(adapter_gguf())
    port = free_port()
    file = tmp_path / "spark.toml"
    file.write_text(
        f"""
[data]
dir = "{(tmp_path / "data").as_posix()}"
[engine]
use = "llamacpp"
model = "{(tmp_path / "tiny.gguf").as_posix()}"
program = "{write_program(tmp_path).as_posix()}"
port = {port}
context = 2048
machine = "dgx-spark"
[engine.adapters]
spark = "{(tmp_path / "data" / "adapters" / "spark.gguf").as_posix()}"
[secrets]
system = false
[persona.main]
card = "main"
[persona.twin]
card = "ember"
""",
        encoding="utf-8",
    )
    place = place_in(tmp_path / "data")
    yield Bench(file, port, place)
    stop(place)


def gone(identity: Identity | None) -> bool:
    until = time.monotonic() + LIMIT_S
    while is_alive(identity) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(identity)


def test_a_server_is_started_warmed_restarted_and_stopped_with_nothing_left(bench: Bench) -> None:
    made = bench.run("up")
    assert made.exit_code == 0, made.output
    assert "adapter spark, rank 8" in made.stderr
    assert made.stderr.count("prompt is read") == 2
    asked = bench.ask("/asked")["asked"]
    assert [one["messages"][0]["role"] for one in asked] == ["system", "system"]
    assert asked[0]["messages"][0]["content"] != asked[1]["messages"][0]["content"]
    assert {one.get("max_tokens") for one in asked} == {1}

    told = bench.status()
    assert (told["state"], told["restarts"], told["acceptance"]) == ("ready", 0, 0.75)
    assert told["memory_bytes"] > 1_000_000
    assert "--cache-ram" in Path(told["log"]).read_text(encoding="utf-8")
    assert told["tail"]
    assert "75 %" in bench.run("status").stdout
    again = bench.run("up")
    assert (again.exit_code, "is up already" in again.stderr) == (1, True)

    first = told["pid"]
    with pytest.raises(httpx.HTTPError):
        bench.ask("/die", post=True)
    told = bench.wait(lambda now: now["state"] == "ready" and now["pid"] not in {None, first})
    assert told["restarts"] == 1

    kept = bench.place.kept()
    assert kept is not None
    assert "stopped" in bench.run("down").stderr
    assert gone(kept.keeper)
    assert gone(kept.process)
    assert is_free("127.0.0.1", bench.port)
    assert bench.run("status").exit_code == 1
    assert "no model server runs" in bench.run("down").stderr


def test_a_command_line_that_is_wrong_is_told_with_the_end_of_the_log(bench: Bench) -> None:
    bench.place.folder.mkdir()
    (bench.place.folder / "crash").touch()
    made = bench.run("up")
    assert made.exit_code == 1
    assert "it ended with exit code 1" in made.stderr
    assert "error: unknown argument" in made.stderr
    assert bench.status()["state"] == "failed"


def test_a_server_whose_keeper_was_killed_is_an_orphan_that_down_ends(bench: Bench) -> None:
    assert bench.run("up").exit_code == 0
    kept = bench.place.kept()
    assert kept is not None
    assert kept.keeper is not None
    os.kill(kept.keeper.pid, signal.SIGKILL)
    assert gone(kept.keeper)
    assert bench.status()["state"] == "orphaned"
    assert "nobody keeps it" in bench.run("status").stdout
    bench.run("down")
    assert gone(kept.process)


def test_a_port_that_is_taken_and_a_program_that_is_not_there_are_told(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", bench.port))
        taken.listen()
        assert f"port {bench.port} is taken" in bench.run("up").stderr
    missing = bench.run("up", "--program", "no-such-server")
    assert missing.exit_code == 1
    assert "there is no program no-such-server" in missing.stderr
    assert "install llama.cpp" in missing.stderr


def test_what_would_run_is_printed_without_running_it(bench: Bench) -> None:
    shown = bench.run("up", "--dry-run", "--draft", "ngram")
    assert shown.exit_code == 0
    assert "--spec-type ngram-simple" in shown.stdout
    assert "--parallel 2 --ctx-size 4096" in shown.stdout
    assert bench.status() == {"state": "off", "detail": "none was started"}


async def test_a_show_starts_its_server_thinks_with_it_and_ends_it(bench: Bench) -> None:
    text = bench.file.read_text(encoding="utf-8").replace("[engine]\n", "[engine]\nwith_show = true\n")
    async with live_show(text, data_dir=bench.place.folder.parent) as show:
        with anyio.fail_after(LIMIT_S):
            while (await states(show.http)).get("engine") != "ok" or not bench.ask("/asked")["asked"]:
                await anyio.sleep(0.05)
            while (await states(show.http)).get("llm:main") != "ok":
                await anyio.sleep(0.05)
            first = bench.place.kept()
            assert first is not None
            await show.http.post("/api/components/restart", json={"name": "engine"})
            while (kept := bench.place.kept()) is None or kept.state != "ready" or kept.process == first.process:
                await anyio.sleep(0.05)
        assert is_alive(kept.process)
        assert gone(first.process)
        assert gone(first.keeper)
    assert gone(kept.process)
    assert gone(kept.keeper)


async def states(http: httpx.AsyncClient) -> dict[str, str]:
    components = (await http.get("/api/health")).json()["components"]
    return {one["name"]: one["state"] for one in components}


def test_another_process_with_the_number_of_one_that_is_gone_is_left_alone() -> None:
    me = identity_of(os.getpid())
    assert me is not None
    other = Identity(me.pid, me.created - 60)
    assert not is_alive(other)
    assert not end(other)
    assert is_alive(me)
    assert not is_alive(None)


def test_a_long_log_is_cut_and_its_end_is_told(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    assert tail(log) == ()
    log.write_bytes(b"old\n" * 300 + b"\x1b[2Jlast\n")
    assert tail(log, 2) == ("old", "[2Jlast")
    cut(log, 1_000)
    assert log.stat().st_size == 0
    assert (tmp_path / "engine.log.1").stat().st_size == 500
    cut(log, 1_000)
