"""Commands as people start them: child processes on a real machine."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from spark_vtuber.config.environment import child_environment
from spark_vtuber.health import machine
from spark_vtuber.testing.live import free_port
from spark_vtuber.testing.watched import eventually, watched_show

pytestmark = pytest.mark.real

AUDIT = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        with open(os.path.join(os.path.dirname(__file__), "audit.txt"), "a") as file:
            file.write(f"{event} {os.getpid()} {arguments!r}\\n")

sys.addaudithook(note)
"""


async def spark(*arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "spark_vtuber", *arguments]
    with anyio.fail_after(60):
        return await anyio.run_process(command, check=False, env=child_environment(environ))


async def test_doctor_finds_a_machine_where_the_show_can_run(tmp_path: Path) -> None:
    port = str(free_port())
    answer = await spark("doctor", "--json", SPARK_SERVER__PORT=port, SPARK_DATA__DIR=str(tmp_path / "new"))
    found = json.loads(answer.stdout)
    states = {f"{one['area']} {one['name']}": one["severity"] for one in found["findings"]}
    assert states["engines tts: espeak"] == "ok"
    assert states["engines llm: understudy"] == "ok"
    assert states["ports pages"] == "ok"
    assert answer.returncode == (0 if found["ok"] else 1)
    assert not (tmp_path / "new").exists()


async def test_doctor_finds_a_busy_port_and_ends_with_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = await spark("doctor", SPARK_SERVER__PORT=str(port), NO_COLOR="1", COLUMNS="200")
    assert answer.returncode == 1
    assert f"port {port} is in use by" in answer.stdout.decode()
    assert b"Traceback" not in answer.stderr


@pytest.mark.platform("linux")
async def test_doctor_names_the_program_that_holds_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not machine.is_free("127.0.0.1", port)
        assert f"(process {os.getpid()})" in machine.listener_on(port)
    assert machine.listener_on(port) == ""


async def test_the_machine_tells_what_is_free(tmp_path: Path) -> None:
    assert machine.free_disk_bytes(tmp_path / "not" / "yet") > 0
    assert machine.is_writable(tmp_path)
    assert machine.is_writable(tmp_path / "not" / "yet")
    assert machine.is_free("127.0.0.1", free_port())
    assert not machine.is_free("not an address", 1)
    memory = machine.free_memory_bytes()
    assert memory is None or memory > 0


@pytest.mark.platform("linux", "darwin")
async def test_the_demo_plays_and_ends_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text('[llm]\nuse = "understudy"\n[inbox]\ncapacity = 2\n', encoding="utf-8")
    async with watched_show("demo", "--config", str(file), "--speed", "100") as show:
        assert "What to look at" in show.terminal
        with anyio.fail_after(60):
            assert await show.process.wait() == 0
        assert "The demo is over: " in show.terminal
        assert "0 answers" not in show.terminal
        assert "Traceback" not in show.terminal


async def test_a_replay_is_answered_and_a_missing_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text('{"at": 0.1, "author": "ana", "text": "hello spark, how are you?"}\n', encoding="utf-8")
    async with watched_show("replay", str(file)) as show:

        async def is_answered() -> bool:
            return bool((await show.http.get("/api/turns")).json())

        await eventually(is_answered)
    missing = await spark("replay", str(tmp_path / "none.jsonl"), "--port", str(free_port()), "--no-browser")
    assert missing.returncode == 2
    assert b"does not exist" in missing.stderr
    assert b"Traceback" not in missing.stderr


@pytest.mark.platform("linux", "darwin")
async def test_panic_silences_the_show_and_tells_where_there_is_none() -> None:
    async with watched_show("run") as show:
        answer = await spark("panic", "--port", str(show.port), "--json")
        assert json.loads(answer.stdout) == {"panic": True, "restarted": False}
        assert (await show.http.get("/api/status")).json()["panic"] is True
    nobody = await spark("panic", "--port", str(free_port()))
    assert nobody.returncode == 1
    assert b"no show is watched here" in nobody.stderr


@pytest.mark.platform("linux", "darwin")
async def test_ctrl_c_ends_any_command_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "spark_vtuber", "say", "--clauses", "live", "-"]
    errors = tmp_path / "errors.txt"
    with errors.open("wb") as terminal:
        process = await anyio.open_process(command, stderr=terminal)
    async with process:
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdin.send(b"Well, hello there!\n")
        assert json.loads(await process.stdout.receive())
        process.send_signal(signal.SIGINT)
        with anyio.fail_after(10):
            assert await process.wait() == 130
    assert "Traceback" not in errors.read_text(encoding="utf-8")


async def test_no_process_of_the_default_show_asks_for_a_name_or_connects_beyond_loopback(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(AUDIT, encoding="utf-8")
    environ = child_environment({"PYTHONPATH": str(tmp_path), "HTTP_PROXY": "http://192.0.2.1:3128"})
    async with watched_show("run", environ=environ) as show:
        await show.http.post("/api/chat", json={"author": "ana", "text": "hello spark, how are you?"})

        async def is_answered() -> bool:
            return bool((await show.http.get("/api/turns")).json())

        await eventually(is_answered)
    audit = (tmp_path / "audit.txt").read_text(encoding="utf-8").splitlines()
    assert any("11434" in line for line in audit), "discovery is seen, so the hook works"
    assert [line for line in audit if "'127.0.0.1'" not in line] == []


@pytest.mark.platform("linux")
@pytest.mark.needs("netns", "chromium")
async def test_without_a_network_the_show_its_page_and_a_turn_work(tmp_path: Path, chromium: Path) -> None:
    port = str(free_port())
    script = Path(__file__).with_name("offline_show.py")
    flags = [str(chromium), port, "--no-browser", "--data-dir", str(tmp_path)]
    inside = f"ip link set lo up && exec {shlex.join([sys.executable, '-P', str(script), *flags])}"
    with anyio.fail_after(90):
        answer = await anyio.run_process(["unshare", "--net", "sh", "-c", inside], check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    seen = json.loads(answer.stdout)
    assert seen["outcome"] == "completed"
    assert seen["heard"]
    assert seen["caption"]
    own = (f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/", "data:", "blob:")
    assert any(address.startswith("ws:") for address in seen["asked"])
    assert [address for address in seen["asked"] if not address.startswith(own)] == []
