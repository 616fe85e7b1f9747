"""Settings of a running show: changed in the panel, read again by SIGHUP and by the command line."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from spark_vtuber.testing.live import free_port
from spark_vtuber.testing.watched import WatchedShow, eventually, watched_show

pytestmark = [pytest.mark.real, pytest.mark.platform("linux", "darwin")]


async def value_of(show: WatchedShow, key: str) -> Any:
    keys = (await show.http.get("/api/settings")).json()["keys"]
    return next(one["value"] for one in keys if one["key"] == key)


async def logged(show: WatchedShow) -> str:
    return json.dumps((await show.http.get("/api/log")).json())


async def test_a_running_show_takes_changes_and_a_bad_file_keeps_the_old_ones(tmp_path: Path) -> None:
    file = tmp_path / "spark.toml"
    file.write_text("[replies]\nmax_tokens = 100\n", encoding="utf-8")
    async with watched_show("run", folder=tmp_path) as show:
        (process,) = [show.process]
        session = (await show.health())["session"]

        file.write_text("[replies]\nmax_tokens = 60\n[inbox]\nviewer_burst = 1\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)

        async def is_read() -> bool:
            return await value_of(show, "replies.max_tokens") == 60

        await eventually(is_read)
        for text in ("one word", "another word"):
            await show.http.post("/api/chat", json={"author": "ana", "text": text})

        async def is_refused() -> bool:
            return (await show.http.get("/api/status")).json()["dropped"].get("rate", 0) == 1

        await eventually(is_refused)

        file.write_text("[replies]\nmax_tokens = 1\n[server]\nprot = 5\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)

        async def is_told() -> bool:
            return "server.prot" in await logged(show)

        await eventually(is_told)
        assert "replies.max_tokens" in await logged(show)
        assert await value_of(show, "replies.max_tokens") == 60

        answer = await show.http.post("/api/settings", json={"key": "replies.max_tokens", "value": 70})
        assert answer.status_code == 400
        file.write_text("[replies]\nmax_tokens = 60\n", encoding="utf-8")
        answer = await show.http.post("/api/settings", json={"key": "replies.max_tokens", "value": 70})
        assert answer.json() == {"key": "replies.max_tokens", "value": 70, "old": 60, "applied": "now"}

        file.write_text("[replies]\nmax_tokens = 60\n[stage]\nlead_s = 2.0\n", encoding="utf-8")
        command = [sys.executable, "-m", "spark_vtuber", "config", "reload", "--port", str(show.port), "--json"]
        told = await anyio.run_process(command, cwd=tmp_path)
        assert json.loads(told.stdout) == {
            "changed": [{"key": "stage.lead_s", "old": 3.0, "value": 2.0, "applied": "now"}]
        }
        assert await value_of(show, "replies.max_tokens") == 70

        answer = await show.http.post("/api/settings", json={"key": "tts.rate", "value": 230})
        assert answer.json()["applied"] == "component"
        turns = len((await show.http.get("/api/turns")).json())
        await show.http.post("/api/chat", json={"author": "ben", "text": "how do you sound now?"})

        async def is_answered() -> bool:
            return len((await show.http.get("/api/turns")).json()) > turns

        await eventually(is_answered)
        assert (await show.health())["session"] == session


@contextmanager
def on_a_terminal(*command: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process whose controlling terminal is ours; closing the descriptor closes the terminal."""
    ours, theirs = pty.openpty()
    code = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def read_until(terminal: int, text: str) -> str:
    seen = ""
    while text not in seen:
        seen += os.read(terminal, 4096).decode(errors="replace")
    return seen


async def test_a_closed_terminal_ends_the_show_and_a_hangup_with_an_open_one_does_not(tmp_path: Path) -> None:
    port = str(free_port())
    flags = ["run", "--no-browser", "--port", port, "--data-dir", str(tmp_path)]
    with on_a_terminal(sys.executable, "-m", "spark_vtuber", *flags) as (process, terminal):
        await anyio.to_thread.run_sync(read_until, terminal, "Ctrl-C", abandon_on_cancel=True)
        process.send_signal(signal.SIGHUP)
        await anyio.to_thread.run_sync(read_until, terminal, "read again", abandon_on_cancel=True)
        assert process.poll() is None
        os.close(terminal)
        assert await anyio.to_thread.run_sync(process.wait, 10) == 0
