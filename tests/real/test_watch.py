"""The watch, its show and the show's workers as real processes, and what happens when one of them dies or hangs."""

import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import psutil
import pytest

from spark_vtuber.testing.live import free_port, until
from spark_vtuber.testing.watched import WatchedShow, eventually, watched_show, with_limits

pytestmark = [pytest.mark.real, pytest.mark.platform("linux", "darwin")]


def shows_of(watch: WatchedShow) -> list[psutil.Process]:
    return psutil.Process(watch.pid).children()


def everything_of(watch: WatchedShow) -> list[psutil.Process]:
    """The watch and all that it started, down to the workers."""
    top = psutil.Process(watch.pid)
    return [top, *top.children(recursive=True)]


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the whole module, some of whose tests share a show."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[WatchedShow]:
    """A watched show for the tests that leave it alive."""
    async with watched_show("run") as show:
        yield show


@pytest.fixture
async def running(shared: WatchedShow) -> WatchedShow:
    """The shared show, with no panic."""
    (await shared.http.post("/api/resume", json={})).raise_for_status()
    return shared


async def a_turn(show: WatchedShow) -> dict[str, object]:
    answer = await show.http.post("/api/chat", json={"author": "ana", "text": "hello spark, how are you?"})
    assert answer.status_code == 202
    turns: list[dict[str, object]] = []

    async def is_over() -> bool:
        turns[:] = (await show.http.get("/api/turns")).json()
        return bool(turns)

    await eventually(is_over)
    return turns[0]


async def test_a_watched_show_says_where_it_is_answers_and_ends_on_ctrl_c_with_everything_it_started() -> None:
    async with watched_show("run") as show:
        assert f"http://127.0.0.1:{show.port}/" in show.terminal
        page = await show.http.get("/")
        assert page.status_code == 200 or "page_missing" in page.text or "not built" in page.text
        assert (await a_turn(show))["outcome"] == "completed"
        processes = everything_of(show)
        assert len(processes) >= 3
        began = time.monotonic()
        show.process.send_signal(signal.SIGINT)
        assert await show.ended() == 0
        assert time.monotonic() - began < 5
        await until(lambda: all_gone(processes), 3)
        assert "Traceback" not in show.terminal


async def test_a_stop_while_the_show_is_still_opening_is_obeyed() -> None:
    command = ["run", "--port", str(free_port())]
    async with await anyio.open_process(
        [sys.executable, "-m", "spark_vtuber", *command, "--no-browser"], stdout=None, stderr=None
    ) as watch:
        await until(lambda: bool(psutil.Process(watch.pid).children()))
        processes = [psutil.Process(watch.pid), *psutil.Process(watch.pid).children(recursive=True)]
        watch.send_signal(signal.SIGTERM)
        with anyio.fail_after(10):
            assert await watch.wait() == 0
        await until(lambda: all_gone(processes), 5)


async def test_a_killed_show_comes_back_with_a_new_session_and_leaves_no_worker() -> None:
    async with watched_show("run") as show:
        before = await show.health()
        (first,) = shows_of(show)
        workers = first.children(recursive=True)
        assert workers
        first.kill()
        after = await show.next_life(before["session"])
        assert after["pid"] != before["pid"]
        await until(lambda: all_gone(workers))
        assert (await a_turn(show))["outcome"] == "completed"
        assert "started muted" not in show.terminal


async def test_a_show_ends_with_its_watch() -> None:
    async with watched_show("run") as show:
        processes = everything_of(show)
        show.process.kill()
        await until(lambda: all_gone(processes), 10)


async def test_a_show_that_hangs_is_killed_and_comes_back_muted() -> None:
    async with watched_show("run", program=with_limits(beat_s=2.5)) as show:
        before = await show.health()
        (first,) = shows_of(show)
        first.suspend()
        await show.next_life(before["session"])
        assert not first.is_running() or first.status() == psutil.STATUS_ZOMBIE
        await until(lambda: "started muted: it had stopped answering" in show.terminal)
        personas = (await show.http.get("/api/status")).json()["personas"]
        assert all(persona["muted"] for persona in personas)


async def test_a_show_that_was_stopped_by_a_panic_comes_back_muted_and_still_held() -> None:
    async with watched_show("run") as show:
        before = await show.health()
        assert (await show.http.post("/api/hold", json={"on": True})).status_code == 200
        await anyio.sleep(1.2)  # the show tells of it with the next beat
        assert (await show.panic()).status_code == 200
        shows_of(show)[0].kill()
        await show.next_life(before["session"])
        status = (await show.http.get("/api/status")).json()
        assert all(persona["muted"] for persona in status["personas"])
        assert status["hold"]


async def test_a_show_that_hangs_cannot_keep_the_watch_from_ending() -> None:
    async with watched_show("run", program=with_limits(stop_s=1.0)) as show:
        processes = everything_of(show)
        shows_of(show)[0].suspend()
        show.process.send_signal(signal.SIGINT)
        assert await show.ended() == 0
        await until(lambda: all_gone(processes), 5)


async def test_a_second_ctrl_c_does_not_wait_for_the_show() -> None:
    async with watched_show("run", program=with_limits(stop_s=60.0)) as show:
        processes = everything_of(show)
        shows_of(show)[0].suspend()
        show.process.send_signal(signal.SIGINT)
        show.process.send_signal(signal.SIGTERM)
        assert await show.ended() == 0
        await until(lambda: all_gone(processes), 5)


async def test_a_show_that_does_not_get_ready_is_started_again(tmp_path: Path) -> None:
    terminal = tmp_path / "terminal.txt"
    program = with_limits(start_s=0.2, first_pause_s=0.1, longest_pause_s=0.1)
    command = [sys.executable, *program, "run", "--no-browser", "--port", str(free_port()), "--data-dir", str(tmp_path)]
    with terminal.open("wb") as output:
        process = await anyio.open_process(command, stdout=output, stderr=output)
    async with process:
        await until(lambda: terminal.read_text().count("does not get ready") >= 2)
        process.terminate()
        with anyio.fail_after(10):
            assert await process.wait() == 0
    assert "was killed by signal 9; starting it again in 0.1 s" in terminal.read_text()


async def test_the_panic_door_silences_a_show_that_obeys(running: WatchedShow) -> None:
    await running.http.post("/api/chat", json={"author": "ana", "text": "tell me a joke please"})
    answer = await running.panic()
    assert answer.status_code == 200
    assert answer.json() == {"panic": True, "restarted": False}
    assert (await running.http.get("/api/status")).json()["panic"] is True


async def test_the_panic_door_kills_a_show_that_does_not_obey() -> None:
    async with watched_show("run") as show:
        before = await show.health()
        shows_of(show)[0].suspend()
        began = time.monotonic()
        assert (await show.panic()).json() == {"panic": True, "restarted": True}
        assert time.monotonic() - began < 2
        await show.next_life(before["session"])
        assert all(persona["muted"] for persona in (await show.http.get("/api/status")).json()["personas"])


async def test_a_worker_that_hangs_as_well_does_not_outlive_the_show() -> None:
    async with watched_show("run") as show:
        before = await show.health()
        (first,) = shows_of(show)
        (worker,) = first.children()
        await anyio.sleep(1.2)  # the show names its workers with every beat
        worker.suspend()
        first.suspend()
        assert (await show.panic()).json() == {"panic": True, "restarted": True}
        await until(lambda: all_gone([first, worker]), 2)
        await show.next_life(before["session"])
        status = (await show.http.get("/api/status")).json()
        assert status["muted_reason"] == "panic while it did not answer"
        await show.http.post("/api/unmute", json={})
        assert (await show.http.get("/api/status")).json()["muted_reason"] == ""


async def test_the_key_of_the_command_line_needs_no_configuration(running: WatchedShow) -> None:
    pressed = await anyio.run_process(
        [sys.executable, "-m", "spark_vtuber", "panic", "--port", str(running.port)], check=False
    )
    assert pressed.returncode == 0
    assert b"everything was stopped" in pressed.stdout
    assert (await running.http.get("/api/status")).json()["panic"] is True


async def test_the_panic_door_opens_for_nobody_elses_page(running: WatchedShow) -> None:
    door = f"http://127.0.0.1:{running.port + 1}"
    assert (await running.panic(Origin="http://evil.example")).status_code == 403
    assert (await running.panic(**{"Content-Type": "text/plain"})).status_code == 415
    assert (await running.http.get(f"{door}/panic")).status_code == 404
    assert (await running.http.post(f"{door}/", json={})).status_code == 404
    assert (await running.http.get("/api/status")).json()["panic"] is False


async def test_idle_connections_do_not_keep_the_panic_door_shut(running: WatchedShow) -> None:
    idle = [await anyio.connect_tcp("127.0.0.1", running.port + 1) for _ in range(5)]
    began = time.monotonic()
    assert (await running.panic()).status_code == 200
    assert time.monotonic() - began < 1
    for connection in idle:
        await connection.aclose()


async def test_a_busy_port_is_one_clear_error_and_no_loop(running: WatchedShow) -> None:
    command = [sys.executable, "-m", "spark_vtuber", "run", "--no-browser", "--port", str(running.port)]
    with anyio.fail_after(30):
        second = await anyio.run_process(command, check=False)
    assert second.returncode == 2
    assert second.stderr.decode().count("is in use") == 1
    assert f"--port {running.port + 10}" in second.stderr.decode().replace("\n", " ")
    assert b"watch:" not in second.stderr
    assert b"Traceback" not in second.stderr


async def test_without_a_watch_the_show_runs_in_the_foreground() -> None:
    async with watched_show("run", "--no-watch") as show:
        assert (await show.health())["pid"] == show.pid
        with pytest.raises(httpx.ConnectError):
            await show.panic()
        show.process.send_signal(signal.SIGINT)
        assert await show.ended() == 0
        assert "Traceback" not in show.terminal


async def test_the_watch_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)
    async with watched_show("run") as show:
        assert psutil.Process(show.pid).memory_info().rss < 25_000_000
