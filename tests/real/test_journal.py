"""The journal of real processes, which are killed."""

import csv
import json
import random
import signal
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from spark_vtuber.journal.schema import FILE
from spark_vtuber.testing.live import live_show

pytestmark = pytest.mark.real

LIVES = 5
LANES = 3

CHILD = Path(__file__).with_name("endless_show.py")


async def killed_at_random(path: Path, session: str, rng: random.Random) -> int:
    """Let a child play turns and kill it; gives the number of the turn that it was in."""
    async with await anyio.open_process([sys.executable, str(CHILD), str(path), session], stderr=None) as child:
        assert child.stdout is not None
        told = b""
        with anyio.fail_after(30):
            while b"\n" not in told:
                told += await child.stdout.receive()
            with anyio.move_on_after(rng.uniform(0.0, 0.8)):
                while True:
                    told += await child.stdout.receive()
            child.kill()
            with suppress(anyio.EndOfStream):
                while True:
                    told += await child.stdout.receive()
            await child.wait()
        assert child.returncode == -signal.SIGKILL
    return int(told.split()[-1])


@pytest.mark.platform("linux", "darwin")
async def test_a_show_that_is_killed_at_any_instant_loses_at_most_its_current_turn(tmp_path: Path) -> None:
    seed = random.SystemRandom().getrandbits(32)
    lost: list[int] = []

    async def lane(number: int) -> None:
        rng = random.Random(seed + number)
        path = tmp_path / f"lane{number}" / FILE
        for life in range(LIVES):
            session = f"{number}-{life}"
            current = await killed_at_random(path, session, rng)
            with closing(sqlite3.connect(path)) as journal:
                assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)], f"seed {seed}"
                query = "SELECT turn, LENGTH(said) FROM turns WHERE session = ? ORDER BY n"
                kept = journal.execute(query, (session,)).fetchall()
            assert kept == [(f"t{one}", 100_000) for one in range(1, len(kept) + 1)], f"seed {seed}"
            lost.append(current - 1 - len(kept))
        with closing(sqlite3.connect(path)) as journal:
            ended = journal.execute("SELECT COUNT(*) FROM shows WHERE ended IS NOT NULL AND is_estimated").fetchone()
        assert ended == (LIVES - 1,)

    async with anyio.create_task_group() as tasks:
        for number in range(LANES):
            tasks.start_soon(lane, number)
    print(f"{len(lost)} kills, turns that ended and were not kept: {lost}")
    assert max(lost) <= 1, f"seed {seed}"


async def exported(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "spark_vtuber", "export", *words, "--data-dir", str(folder)]
    return (await anyio.run_process(command)).stdout.decode()


@pytest.mark.platform("linux", "darwin")
async def test_a_killed_show_can_be_read_exported_and_compared_with_the_next(tmp_path: Path) -> None:
    config = "[discovery]\non = false\n"
    async with live_show(config, data_dir=tmp_path) as show, show.listening():
        await show.write("ana", "=1+1 hello spark")
        await show.wait_for_turns(1)
        assert (await show.http.post("/api/mute", json={})).status_code == 200
        with anyio.fail_after(5):
            while not (audit := (await show.http.get("/api/audit")).json()["entries"]):
                await anyio.sleep(0.02)
        latency = (await show.http.get("/api/latency?minutes=0")).json()
        families = {one.name for one in text_string_to_metric_families((await show.http.get("/metrics")).text)}
        (this,) = (await show.http.get("/api/shows")).json()
        show.process.kill()
        await show.process.wait()
    assert [(entry["act"], entry["target"]) for entry in audit] == [("mute", "everybody")]
    assert latency["turns"] == latency["marks"]["first_audio"]["count"] == len(latency["series"]) == 1
    assert {"spark_vtuber_journal_bytes", "spark_vtuber_queue_depth", "spark_vtuber_build_info"} <= families
    assert (this["turns"], this["lines"], this["ended"]) == (1, 1, None)

    chat = list(csv.DictReader((await exported(tmp_path, "chat")).splitlines()))
    assert [(line["text"], line["state"]) for line in chat] == [("'=1+1 hello spark", "answered")]
    (turn,) = [json.loads(line) for line in (await exported(tmp_path, "turns", "--jsonl")).splitlines()]
    assert turn["heard"]
    assert turn["marks"]["first_audio"] > 0

    async with live_show(config, data_dir=tmp_path) as show:
        with anyio.fail_after(5):
            while len(shows := (await show.http.get("/api/shows")).json()) < 2:
                await anyio.sleep(0.02)
    new, old = shows
    assert new["session"] != old["session"] == this["session"]
    assert old["estimated"]
    assert old["ended"] >= old["started"]
    assert (old["turns"], old["p50_ms"]) == (1, this["p50_ms"])
    with closing(sqlite3.connect(tmp_path / FILE)) as journal:
        ends = journal.execute("SELECT is_estimated FROM shows WHERE ended IS NOT NULL ORDER BY started").fetchall()
    assert ends == [(1,), (0,)]
