"""The sensors on the machine that the tests run on."""

import os
import sys
from pathlib import Path

import anyio
import psutil
import pytest

from spark_vtuber.core.machine import ProcessRole, Watched
from spark_vtuber.health.sensors import MachineSensors

pytestmark = pytest.mark.real

SERVER = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"


async def test_they_agree_with_the_system() -> None:
    gone = await anyio.run_process([sys.executable, "-c", "import os; print(os.getpid())"])
    watched = (Watched(os.getpid(), "us", ProcessRole.SHOW), Watched(int(gone.stdout), "gone", ProcessRole.WORKER))
    sensors = MachineSensors()
    await sensors.look(watched, ())
    sum(range(2_000_000))
    use = await sensors.look(watched, ())
    assert use.total_bytes == psutil.virtual_memory().total
    assert 0 < use.used_bytes < use.total_bytes
    (process,) = use.processes
    assert process.rss_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    assert process.cpu_percent > 0
    assert use.show_bytes == process.rss_bytes


@pytest.mark.platform("linux")
async def test_a_model_server_is_found_by_its_port() -> None:
    async with await anyio.open_process([sys.executable, "-c", SERVER]) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        port = int(await server.stdout.receive())
        use = await MachineSensors().look((), (port,))
        assert [(one.pid, one.role) for one in use.processes] == [(server.pid, ProcessRole.ENGINE)]
        assert f"(port {port})" in use.processes[0].name
        await server.stdin.send(b"\n")


async def test_a_processor_that_slows_itself_down_is_seen(tmp_path: Path) -> None:
    count = tmp_path / "cpu0" / "thermal_throttle" / "package_throttle_count"
    count.parent.mkdir(parents=True)
    count.write_text("3\n")
    sensors = MachineSensors(tmp_path)
    assert (await sensors.look((), ())).throttle == ""
    count.write_text("4\n")
    assert "slower" in (await sensors.look((), ())).throttle
    assert (await sensors.look((), ())).throttle == ""
