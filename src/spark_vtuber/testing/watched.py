"""The watch and its show as child processes. For tests that meet the world."""

import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from anyio.abc import Process

from spark_vtuber.testing.live import LOOK_AGAIN_S, START_LIMIT_S, STOP_LIMIT_S, end_process, free_port

PROGRAM: Final = ("-m", "spark_vtuber")


def with_limits(**limits: float) -> tuple[str, ...]:
    """The program with another patience of its watch (`cli.watch.WatchLimits`)."""
    code = (
        "import sys; from spark_vtuber.cli.watch import Watch, WatchLimits; "
        f"sys.exit(Watch(sys.argv[1:], WatchLimits(**{limits!r})).run())"
    )
    return ("-c", code)


class WatchedShow:
    """A watch and the show behind it. `http` is bound to the show's address; `pid` is that of the watch."""

    def __init__(self, process: Process, http: httpx.AsyncClient, port: int, terminal: Path) -> None:
        self.process = process
        self.http = http
        self.port = port
        self._terminal = terminal

    @property
    def pid(self) -> int:
        """The process id of the watch."""
        return self.process.pid

    @property
    def terminal(self) -> str:
        """What was written to the terminal so far."""
        return self._terminal.read_text(encoding="utf-8", errors="replace")

    @property
    def data(self) -> Path:
        """The data directory of the show."""
        return self._terminal.parent

    async def health(self) -> dict[str, Any]:
        """How the show is; empty while it does not answer."""
        try:
            health: dict[str, Any] = (await self.http.get("/api/health", timeout=1)).json()
        except httpx.TransportError:
            return {}
        return health

    async def next_life(self, session: str) -> dict[str, Any]:
        """The health of the first show whose session is not `session`."""
        with anyio.fail_after(START_LIMIT_S):
            while (health := await self.health()).get("session", session) == session:
                await anyio.sleep(LOOK_AGAIN_S)
        return health

    async def panic(self, **headers: str) -> httpx.Response:
        """Knock at the panic door."""
        url = f"http://127.0.0.1:{self.port + 1}/panic"
        return await self.http.post(url, content="{}", headers={"Content-Type": "application/json", **headers})

    async def ended(self) -> int:
        """The exit code of the watch, once it has ended."""
        with anyio.fail_after(STOP_LIMIT_S):
            return await self.process.wait()


async def eventually(is_true: Callable[[], Awaitable[bool]], limit_s: float = 20.0) -> None:
    """Wait for a condition of the running show; `TimeoutError` when it does not come true in time."""
    with anyio.fail_after(limit_s):
        while not await is_true():
            await anyio.sleep(LOOK_AGAIN_S)


@asynccontextmanager
async def watched_show(
    *arguments: str,
    program: tuple[str, ...] = PROGRAM,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> AsyncIterator[WatchedShow]:
    """Start the command line `arguments` in `folder`, on a free port, and wait until its page answers.

    Raises:
        TimeoutError: it was not ready in time; its terminal output is in the message.
    """
    with tempfile.TemporaryDirectory() as data:
        port, terminal = free_port(), Path(data, "terminal.txt")
        command = [sys.executable, *program, *arguments, "--no-browser", "--port", str(port), "--data-dir", data]
        with terminal.open("wb") as output:
            async with (
                await anyio.open_process(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ, cwd=folder
                ) as process,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http,
            ):
                show = WatchedShow(process, http, port, terminal)
                try:
                    await _ready(show)
                    yield show
                finally:
                    with anyio.CancelScope(shield=True):
                        await end_process(process)


async def _ready(show: WatchedShow) -> None:
    with anyio.move_on_after(START_LIMIT_S):
        while show.process.returncode is None:
            if await show.health() and "stop with Ctrl-C" in show.terminal:
                return
            await anyio.sleep(LOOK_AGAIN_S)
    raise TimeoutError(f"the show was not ready: {show.terminal[-2000:]}")
