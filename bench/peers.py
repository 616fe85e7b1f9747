"""This show beside other systems, on one model server and one voice, turn about: `python bench/peers.py`.

Each peer lives in an environment of its own under `.bench/`, made from `bench/requirements-NAME.txt` when it is
missing; a peer that cannot be installed is named and left out. All contestants are alive at once and take one turn
each a round, in random order, so that they share the noise of the machine.

A peer's clock runs in its own process, from the call to its first chunk of sound. Ours runs at a client: from the
posted line, through the server, to the first frame on a WebSocket.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import venv
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spark_vtuber.config.environment import child_environment
from spark_vtuber.core.errors import SparkError
from spark_vtuber.telemetry.waterfall import percentiles
from spark_vtuber.testing.bench.client import Listener, ask, listening
from spark_vtuber.testing.bench.latency import LINES
from spark_vtuber.testing.bench.process import Meter, load, machine
from spark_vtuber.testing.bench.profiles import PROFILES, Profile
from spark_vtuber.testing.bench.rig import Rig, free_port, rig

HERE = Path(__file__).resolve().parent
HOMES = HERE.parent / ".bench"
PEERS = ("realtimetts", "pipecat")
SAME_VOICE = "spark-vtuber"
OWN_VOICE = "spark-vtuber, own espeak worker"
ANSWERS = {"comma": "the first comma is the fifth token", "nocomma": "no comma: the first mark ends the sentence"}
WARM_UP = 2
TURN_S = 60.0
SETTLE_S = 0.05

console = Console(width=110)


@dataclass(frozen=True, slots=True)
class Taken:
    """One turn of a contestant: milliseconds to the first sound, and of CPU of its process."""

    first_ms: float
    cpu_ms: float


class Contestant(Protocol):
    """Something that answers a line aloud. `pid` is its process, without the voice's."""

    name: str
    pid: int

    async def answer(self, text: str) -> float:
        """Milliseconds to the first sound; returns when the answer is over."""
        ...


@dataclass(slots=True)
class Ours:
    """The show, through its doors."""

    name: str
    show: Rig
    listener: Listener
    pid: int

    async def answer(self, text: str) -> float:
        """Post the line and wait for the turn's end."""
        posted = await ask(self.show.port, "POST", "/api/chat", {"author": "viewer", "text": text})
        turn = await self.listener.next_turn()
        if turn.first_audio_s is None:
            raise SparkError(f"{self.name} gave no sound", fix=f"read {self.show.log}")
        return (turn.first_audio_s - posted.sent_s) * 1000


@dataclass(slots=True)
class Peer:
    """Another system behind its adapter."""

    name: str
    process: Process
    answers: BufferedByteReceiveStream
    pid: int

    async def answer(self, text: str) -> float:
        """Ask the adapter."""
        if self.process.stdin is None:
            raise RuntimeError("an adapter was started without a pipe")
        await self.process.stdin.send(json.dumps({"text": text}).encode() + b"\n")
        said = await self.heard()
        return float((said["first_audio_s"] - said["asked_s"]) * 1000)

    async def heard(self) -> dict[str, Any]:
        """The adapter's next message."""
        said: dict[str, Any] = json.loads(await self.answers.receive_until(b"\n", 1 << 16))
        return said


@dataclass(slots=True)
class Result:
    """What a contestant needed."""

    taken: list[Taken] = field(default_factory=list)
    resident_kb: float = 0.0


def python_of(peer: str) -> Path | None:
    """The interpreter of a peer's environment, made now if it is missing or other versions are asked for."""
    home = HOMES / peer
    requirements = HERE / f"requirements-{peer}.txt"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = home / "requirements.sha256"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
        return python
    console.print(f"{peer}: making its environment in {home.relative_to(HERE.parent)}")
    venv.create(home, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode:
        reason = made.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        console.print(f"[yellow]{peer} is left out[/]: it cannot be installed here: {reason[0]}", highlight=False)
        return None
    stamp.write_text(digest, encoding="ascii")
    return python


@asynccontextmanager
async def peer(name: str, python: Path, model_port: int, folder: Path) -> AsyncIterator[Peer]:
    """A peer that is ready. Raises `SparkError` where its adapter does not start."""
    log = folder / f"{name}.log"
    adapter = HERE / "adapters" / f"{name}_adapter.py"
    with log.open("wb") as errors:
        process = await anyio.open_process(
            [str(python), str(adapter), f"http://127.0.0.1:{model_port}/v1"],
            stderr=errors,
            env=child_environment({"PYTHONPATH": ""}),
        )
    async with process:
        if process.stdout is None:
            raise RuntimeError("an adapter was started without a pipe")
        contestant = Peer(name, process, BufferedByteReceiveStream(process.stdout), process.pid)
        try:
            with anyio.fail_after(TURN_S):
                await contestant.heard()
        except (TimeoutError, anyio.IncompleteRead) as error:
            process.kill()
            tail = log.read_text(encoding="utf-8", errors="replace")[-1_000:]
            raise SparkError(f"{name} did not start: {tail}") from error
        try:
            yield contestant
        finally:
            process.kill()


async def ours(stack: AsyncExitStack, name: str, profile: Profile, folder: Path) -> Ours:
    """The show with this profile's voice."""
    home = folder / name.replace(",", "").replace(" ", "-")
    home.mkdir()
    show = await stack.enter_async_context(rig(profile, None, free_port(), home))
    meter = Meter(show.pid)
    listener = await stack.enter_async_context(listening(show.port, meter.cpu_s, is_aloud=False))
    return Ours(name, show, listener, show.pid)


async def compare(rounds: int, folder: Path) -> dict[str, dict[str, Result]]:
    """Results by answer and contestant."""
    profile = PROFILES["own-delay"]
    pythons = {name: python for name in PEERS if (python := python_of(name)) is not None}
    async with AsyncExitStack() as stack:
        same = await ours(stack, SAME_VOICE, replace(profile, voice="espeak-program"), folder)
        extra = await ours(stack, OWN_VOICE, profile, folder)
        contestants: list[Contestant] = [same, extra]
        for name, python in pythons.items():
            try:
                found = await stack.enter_async_context(peer(name, python, same.show.model_port, folder))
            except SparkError as error:
                console.print(f"[yellow]{name} is left out[/]: {error.message}", highlight=False)
            else:
                contestants.append(found)
        results = {}
        for answer in ANSWERS:
            for port in (same.show.model_port, extra.show.model_port):
                await ask(port, "POST", "/config", {"text": answer})
            results[answer] = await _rounds(contestants, rounds, answer)
        return results


async def _rounds(contestants: Sequence[Contestant], rounds: int, answer: str) -> dict[str, Result]:
    results = {contestant.name: Result() for contestant in contestants}
    order = list(contestants)
    for number in track(range(-WARM_UP, rounds), description=answer, console=console, transient=True):
        random.shuffle(order)
        for contestant in order:
            meter = Meter(contestant.pid)
            before_s = meter.cpu_s()
            with anyio.fail_after(TURN_S):
                first_ms = await contestant.answer(f"{LINES[number % len(LINES)]} ({answer} {number})")
            await anyio.sleep(SETTLE_S)
            if number >= 0:
                taken = Taken(first_ms, (meter.cpu_s() - before_s) * 1000)
                results[contestant.name].taken.append(taken)
                results[contestant.name].resident_kb = meter.resident_kb()
    return results


def table(answer: str, results: dict[str, Result]) -> Table:
    """The contestants with their ratios to the show with the same voice."""
    shown = Table(title=f"{answer}: {ANSWERS[answer]}", title_justify="left")
    shown.add_column("", no_wrap=True)
    for column in ("p50 ms", "p95 ms", "x p50", "x p95", "CPU ms a turn", "x CPU", "RSS MB", "x RSS"):
        shown.add_column(column, justify="right")
    rows = {name: _figures(result) for name, result in results.items()}
    base = rows[SAME_VOICE]
    for name, (p50, p95, cpu, mb) in rows.items():
        shown.add_row(
            name,
            f"{p50:.0f}",
            f"{p95:.0f}",
            f"{p50 / base[0]:.2f}",
            f"{p95 / base[1]:.2f}",
            f"{cpu:.0f}",
            f"{cpu / base[2]:.2f}",
            f"{mb:.0f}",
            f"{mb / base[3]:.2f}",
        )
    return shown


def _figures(result: Result) -> tuple[float, float, float, float]:
    first = percentiles(taken.first_ms for taken in result.taken)
    cpu = percentiles(taken.cpu_ms for taken in result.taken)
    if first is None or cpu is None:
        raise ValueError("a contestant took no turn")
    return first.p50, first.p95, cpu.p50, result.resident_kb / 1024


def main() -> None:
    """Compare and print one table an answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="turns of each contestant and answer")
    rounds = parser.parse_args().rounds
    before = load() or 0.0
    with tempfile.TemporaryDirectory(prefix="spark-peers-") as folder:
        results = anyio.run(compare, rounds, Path(folder))
    console.print(f"\n{machine()}; load {before:.1f} → {load() or 0.0:.1f}; {rounds} rounds", highlight=False)
    console.print("model: first token 200 ms, 40 tokens/s; voice: the espeak-ng program, one process a clause")
    for answer, found in results.items():
        console.print(table(answer, found))


if __name__ == "__main__":
    main()
