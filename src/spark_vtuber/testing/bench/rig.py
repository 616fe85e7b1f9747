"""The processes of a measurement: the show and the model server, started here and ended with the context."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
from anyio.abc import Process

from spark_vtuber.config.environment import child_environment
from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.bench.client import Answer, ask
from spark_vtuber.testing.bench.profiles import Profile

START_S: Final = 60.0
STOP_S: Final = 5.0
LOOK_AGAIN_S: Final = 0.005
LOG_TAIL_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Rig:
    """A show that is ready. `start_s` is how long that took, from the start of its process."""

    port: int
    model_port: int
    pid: int
    start_s: float
    health: Mapping[str, Any]
    log: Path


def settings_of(profile: Profile, model_port: int) -> str:
    """The configuration of the measured show: no limit of the door or the inbox stands in the way.

    What is measured are defaults in everything else.
    """
    voice = "" if profile.voice_first_ms is None else f"first_ms = {profile.voice_first_ms}\n"
    return (
        "[server]\nchat_per_s = 1e6\nchat_burst = 1000000\n"
        "[inbox]\nviewer_per_s = 1e6\nviewer_burst = 1000000\nduplicate_s = 0\n"
        "[discovery]\non = false\n"
        f'[llm]\nuse = "openai"\nbase_url = "http://127.0.0.1:{model_port}/v1"\nmodel = "script"\n'
        f'[tts]\nuse = "{profile.voice}"\n{voice}'
    )


@asynccontextmanager
async def rig(profile: Profile, tokens: int | None, port: int, folder: Path) -> AsyncIterator[Rig]:
    """Start the model server and the show on loopback; everything they write goes to `folder`.

    Raises:
        SparkError: `port_taken`, or `no_start` with the end of the log.
    """
    await _be_free(port)
    async with _model_server(profile, tokens, folder) as model_port:
        config = folder / "spark.toml"
        config.write_text(settings_of(profile, model_port), encoding="utf-8")
        log = folder / "show.log"
        flags = ("--no-watch", "--no-browser", "--port", str(port), "--data-dir", str(folder / "data"))
        started_s = time.monotonic()
        async with _child(("-m", "spark_vtuber", "run", *flags, "--config", str(config)), log) as show:
            health = await _ready(show, port, log)
            ready_s = time.monotonic() - started_s
            yield Rig(port, model_port, int(health["pid"]), ready_s, health, log)


async def _be_free(port: int) -> None:
    try:
        stream = await anyio.connect_tcp("127.0.0.1", port)
    except OSError:
        return
    await stream.aclose()
    raise SparkError(f"port {port} is taken", code="port_taken", fix="give --port another one")


@asynccontextmanager
async def _model_server(profile: Profile, tokens: int | None, folder: Path) -> AsyncIterator[int]:
    script = profile.script(tokens)
    argv = ["-m", "spark_vtuber.testing.llm_server", "0", "--text", script.text]
    argv += ["--ttft-ms", str(script.ttft_ms), "--tokens-per-s", str(script.tokens_per_s)]
    if tokens is not None:
        argv += ["--tokens", str(tokens)]
    log = folder / "model.log"
    async with _child(argv, log, has_output=True) as server:
        if server.stdout is None:
            raise RuntimeError("the model server was started without a pipe")
        try:
            with anyio.fail_after(START_S):
                line = await server.stdout.receive()
        except (TimeoutError, anyio.EndOfStream) as error:
            raise _failure("the model server", log) from error
        yield int(json.loads(line)["base_url"].rsplit(":", 1)[1].partition("/")[0])


@asynccontextmanager
async def _child(argv: Sequence[str], log: Path, *, has_output: bool = False) -> AsyncIterator[Process]:
    """`python ARGV`, with the environment but for the show's own variables; interrupted at the end, then killed."""
    environment = {name: value for name, value in child_environment().items() if not name.startswith("SPARK_")}
    with log.open("wb") as errors:
        process = await anyio.open_process(
            [sys.executable, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if has_output else errors,
            stderr=errors,
            env=environment,
        )
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        if os.name == "nt":
            process.terminate()
        else:
            process.send_signal(signal.SIGINT)
    with anyio.move_on_after(STOP_S):
        await process.wait()
    if process.returncode is None:
        process.kill()
    await process.aclose()


async def _ready(show: Process, port: int, log: Path) -> Mapping[str, Any]:
    """What health says, as soon as it says anything: the pages are served when the first turn is possible."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        if show.returncode is not None:
            raise _failure("the show", log)
        try:
            answer = await ask(port, "GET", "/api/health")
        except OSError:
            await anyio.sleep(LOOK_AGAIN_S)
            continue
        return _checked(answer, log)
    raise _failure("the show", log)


def _checked(answer: Answer, log: Path) -> Mapping[str, Any]:
    health: Mapping[str, Any] = answer.body
    states = {part["name"]: f"{part['state']} ({part['detail']})" for part in health["components"]}
    wrong = [f"{name}: {state}" for name, state in states.items() if state.startswith("failed")]
    if wrong:
        raise SparkError(f"the show is not whole: {'; '.join(wrong)}", code="no_start", fix=f"read {log}")
    return health


def _failure(what: str, log: Path) -> SparkError:
    tail = log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:]
    return SparkError(f"{what} did not start; the end of its log:\n{tail}", code="no_start", fix="spark-vtuber doctor")
