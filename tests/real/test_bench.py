"""The benchmarks work: short runs of the real processes, whose figures are not looked at."""

import csv
import json
import logging
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from spark_vtuber import engines
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.turns import Mark
from spark_vtuber.testing.bench import latency, pace, voice_floor
from spark_vtuber.testing.bench.latency import measure
from spark_vtuber.testing.bench.process import Meter
from spark_vtuber.testing.bench.profiles import PROFILES
from spark_vtuber.testing.contracts.tts import SENTENCE, check_sound, collect

pytestmark = pytest.mark.real


def environment() -> EngineEnv:
    unused = cast("Any", None)
    return EngineEnv(SystemClock(), random.Random(1), Path(), str, logging.getLogger("test"), unused, unused)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement whose figures nobody reads needs no rest, no warmth and no median of forty."""
    monkeypatch.setattr(latency, "IDLE_S", 0.1)
    monkeypatch.setattr(latency, "WARM_UP", 1)
    monkeypatch.setattr(pace, "BURSTS", 4)
    monkeypatch.setattr(voice_floor, "ROUNDS", 2)


@pytest.mark.usefixtures("brief")
async def test_a_run_measures_every_turn_between_its_line_and_its_sound(tmp_path: Path, free_tcp_port: int) -> None:
    run = await measure(PROFILES["instant"], 3, tmp_path, port=free_tcp_port, tokens=20)
    assert [turn.number for turn in run.turns] == [1, 2, 3]
    for turn in run.turns:
        assert turn.sent_s < turn.request_s < turn.clause_s < turn.first_audio_s
        assert turn.marks.keys() >= set(list(Mark)[:8])
        assert 0 < turn.cpu_first_ms <= turn.cpu_ms
        assert turn.way_ms > 0


@pytest.mark.usefixtures("brief")
async def test_a_client_that_plays_aloud_hears_a_turn_to_its_end(tmp_path: Path, free_tcp_port: int) -> None:
    run = await measure(PROFILES["slow"], 1, tmp_path, port=free_tcp_port, tokens=12)
    (turn,) = run.turns
    assert turn.holes_ms
    assert turn.marks[Mark.LAST_PLAYED] - turn.marks[Mark.FIRST_PLAYED] > 2.0


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        with pytest.raises(SparkError, match=f"port {port} is taken"):
            await measure(PROFILES["instant"], 1, tmp_path, port=port)


def test_the_command_prints_figures_and_writes_a_log(tmp_path: Path) -> None:
    log = tmp_path / "latency.csv"
    arguments = ["bench", "latency", "--iterations", "2", "--tokens", "6", "--profile", "own-delay"]
    done = subprocess.run(
        [sys.executable, "-m", "spark_vtuber", *arguments, "--log", str(log), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout)
    assert figures["turns"] == 2
    assert figures["floor_ms"]["clause"] == 300.0
    assert figures["figures_ms"]["posted → first audio at the client"]["p50"] > 300.0
    assert len(list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))) == 2


@pytest.mark.platform("linux")
def test_cpu_of_a_busy_process_grows_and_that_of_a_waiting_one_does_not() -> None:
    waiting = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    busy = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    with waiting, busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        before_s = Meter(busy.pid).cpu_s()
        while Meter(busy.pid).cpu_s() - before_s < 0.05:
            pass
        assert Meter(waiting.pid).cpu_s() < 5
        assert Meter(waiting.pid).resident_kb() > 1_000
        busy.kill()
        waiting.kill()


@pytest.mark.needs("espeak-ng")
async def test_the_shared_voice_speaks_a_whole_clause() -> None:
    spec = engines.spec("tts", "espeak-program")
    async with spec.open(spec.options(), environment()) as voice:
        chunks = await collect(voice, SENTENCE)
        check_sound(chunks, 24_000)
        assert sum(chunk.samples for chunk in chunks) > 24_000
        assert chunks[-1].visemes[-1].name == "sil"
        assert await collect(voice, "  ") == []


async def test_the_shared_voice_names_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    spec = engines.spec("tts", "espeak-program")
    with pytest.raises(EngineError, match="no program espeak-ng") as caught:
        async with spec.open(spec.options(), environment()):
            pass
    assert caught.value.fix == "apt-get install espeak-ng"
