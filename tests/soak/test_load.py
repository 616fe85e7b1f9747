"""A chat that nobody can read: a thousand lines a second from a real IRC server, for a minute."""

import random
import statistics
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import pytest
from anyio.abc import SocketStream
from websockets.asyncio.client import connect

from spark_vtuber.testing.live import LiveShow, live_show, model_config
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

pytestmark = [pytest.mark.soak, pytest.mark.needs("inspircd"), pytest.mark.platform("linux")]

IRC_PORT: Final = 18360
LINES_PER_S: Final = 1_000
WRITERS: Final = 400
TICK_S: Final = 0.01
WARM_UP_S: Final = 10.0
"""The first seconds are no part of the figures: the burst that is read at once, caches, the start of the answers."""

PAID_EVERY_S: Final = 15.0
LONGEST_S: Final = 60.0
ROUNDS: Final = 3
"""Figures are those of the best round: others of the machine cost time, and noise buys none."""

CORE: Final = 0.60
ADMISSION_MS: Final = 5.0
GROWTH_MB: Final = 60.0

IRCD: Final = """
<server name="irc.example.com" description="a server for tests" network="Tests">
<admin name="a" nick="a" email="a@example.com">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" pingfreq="300" hardsendq="64M" softsendq="64M" recvq="4M" threshold="1000000"
 commandrate="1000000000" fakelag="no" localmax="1000" globalmax="1000" resolvehostnames="no" useident="no">
<performance netbuffersize="65534" softlimit="2048" somaxconn="1024" quietbursts="yes">
<options prefixquit="" exemptchanops="" defaultmodes="t">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<log method="file" type="*" level="default" target="{folder}/inspircd.log">
<pid file="{folder}/inspircd.pid">
<dns server="127.0.0.1" timeout="1">
<module name="cap">
<module name="ircv3">
"""

SHOW: Final = """
[chat.twitch]
channel = "chan"
host = "127.0.0.1"
port = {port}
tls = false
"""

SMALL_TALK: Final = (
    "lol", "haha nice {n}", "hello everyone", "this is so fun {n}", "what a play", "gg {n}", "i was here in {n}",
    "my cat likes this stream too, it is {n} years old", "first time here", "oh no not again",
)  # fmt: skip
QUESTIONS: Final = (
    "what is your favourite game?", "how was your day {n}?", "do you like frogs?", "why is the sky {n}?",
    "when do you stream next week?", "which song is number {n}?",
)  # fmt: skip
COPIED: Final = "the quick brown fox jumps over the lazy streamer while nobody looks at it at all"


def config(model_url: str) -> str:
    """A show on the channel in which whatever was answered once is not answered again, however long it goes on."""
    own = model_config(model_url).replace("repeat_s = 0.0", "repeat_s = 300")
    return own + SHOW.format(port=IRC_PORT)


def line(rng: random.Random) -> str:
    """A line of a loud room: mostly small talk, some questions, some that call the character, walls and copies."""
    number, draw = rng.randrange(1_000_000), rng.random()
    if draw < 0.10:
        return COPIED
    if draw < 0.20:
        return "😂 " * rng.randrange(1, 12)
    if draw < 0.22:
        return f"spark, {rng.choice(QUESTIONS)}".format(n=number)
    if draw < 0.35:
        return rng.choice(QUESTIONS).format(n=number)
    return rng.choice(SMALL_TALK).format(n=number)


@asynccontextmanager
async def ircd(program: Path, folder: Path) -> AsyncIterator[None]:
    config = folder / "inspircd.conf"
    config.write_text(IRCD.format(port=IRC_PORT, folder=folder), "utf-8")
    with (folder / "output.log").open("wb") as log:
        command = [str(program), "--config", str(config), "--nofork", "--runasroot"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: ASYNC220 - starts at once
    try:
        with anyio.fail_after(30):
            while True:
                try:
                    await (await anyio.connect_tcp("127.0.0.1", IRC_PORT)).aclose()
                    break
                except OSError:
                    await anyio.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait(30)


async def crowd(stack: AsyncExitStack) -> list[SocketStream]:
    """Users of the server who stay outside of the channel, and so are sent nothing of what the others write."""
    streams = []
    for number in range(WRITERS):
        stream = await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", IRC_PORT))
        await stream.send(f"NICK viewer{number}\r\nUSER viewer{number} 0 * viewer\r\n".encode())
        streams.append(stream)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for stream in streams:
                tasks.start_soon(welcome, stream)
    return streams


async def welcome(stream: SocketStream) -> None:
    """Wait until the server lets a user write."""
    seen = b""
    while b" 001 " not in seen:
        seen += await stream.receive()
        if b"PING :" in seen:
            cookie = seen.rsplit(b"PING :", 1)[1].split(b"\r\n")[0]
            await stream.send(b"PONG :" + cookie + b"\r\n")


async def write(writers: list[SocketStream], until_s: float) -> int:
    """Write at the rate until the end; gives how many lines."""
    rng, written, begun_s = random.Random(4), 0, anyio.current_time()
    while (now_s := anyio.current_time()) < until_s:
        due = int((now_s - begun_s) * LINES_PER_S) - written
        for _ in range(due):
            writer = writers[written % len(writers)]
            await writer.send(f"PRIVMSG #chan :{line(rng)}\r\n".encode())
            written += 1
        await anyio.sleep(TICK_S)
    return written


@dataclass
class Watch:
    """What was seen of the show meanwhile."""

    resident_mb: list[float] = field(default_factory=list)
    events: int = 0

    async def follow(self, show: LiveShow) -> None:
        """As an open panel does."""
        async with connect(f"ws://127.0.0.1:{show.port}/api/events", max_size=None) as page:
            async for _ in page:
                self.events += 1


def cpu_s(pid: int) -> float:
    """CPU seconds of the show's process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def held_up_s(pid: int) -> float:
    """Seconds in which the show's main thread could have run and had no processor: what others cost it."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(float(one.split()[1]) for one in lines if one.startswith("VmRSS")) / 1_000


async def admissions(show: LiveShow) -> dict[str, float]:
    """From received to admitted, as the show measures it."""
    text = (await show.http.get("/metrics")).text
    values = {}
    for one in text.splitlines():
        if one.startswith("spark_vtuber_admission_seconds_bucket"):
            bound = one.split('le="')[1].split('"')[0]
            values[bound] = float(one.rsplit(" ", 1)[1])
    return values


def p95_ms(before: dict[str, float], after: dict[str, float]) -> float:
    """The bound under which 95 % of what came between two readings lie."""
    grown = {bound: after[bound] - before.get(bound, 0.0) for bound in after}
    whole = grown["+Inf"]
    return next(float(bound) * 1_000 for bound, count in grown.items() if count >= 0.95 * whole)


async def lags(found: list[float]) -> None:
    """How late this process itself is woken: the floor of every time that is measured beside it."""
    while True:
        due_s = time.monotonic() + 0.005
        await anyio.sleep(0.005)
        found.append((time.monotonic() - due_s) * 1_000)


async def test_a_thousand_lines_a_second_leave_the_show_its_core(
    inspircd: Path, tmp_path: Path, soak_s: float, capsys: pytest.CaptureFixture[str]
) -> None:
    round_s = min(soak_s, LONGEST_S) / ROUNDS
    watch, late = Watch(), list[float]()
    written, admissions_p95_ms, cores = 0, list[float](), list[float]()
    async with (
        ircd(inspircd, tmp_path),
        serve(Script(text="comma", tokens_per_s=40)) as model,
        live_show(
            model_config(model.base_url).replace("repeat_s = 0.0", "repeat_s = 300") + SHOW.format(port=IRC_PORT)
        ) as show,
        show.listening(),
        AsyncExitStack() as stack,
    ):
        with anyio.fail_after(30):
            while (await show.component("chat:twitch"))["state"] != "ok":
                await anyio.sleep(0.05)
        writers = await crowd(stack)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.follow, show)
            await write(writers, anyio.current_time() + WARM_UP_S)
            first = (await show.http.get("/api/status")).json()["received"]
            watch.resident_mb.append(resident_mb(show.pid))
            tasks.start_soon(pay, show)
            tasks.start_soon(lags, late)
            begun_held_s, first_s = held_up_s(show.pid), time.monotonic()
            for _ in range(ROUNDS):
                before, begun_cpu, begun_s = await admissions(show), cpu_s(show.pid), time.monotonic()
                written += await write(writers, anyio.current_time() + round_s)
                cores.append((cpu_s(show.pid) - begun_cpu) / (time.monotonic() - begun_s))
                admissions_p95_ms.append(p95_ms(before, await admissions(show)))
            status = (await show.http.get("/api/status")).json()
            held_up = (held_up_s(show.pid) - begun_held_s) / (time.monotonic() - first_s)
            watch.resident_mb.append(resident_mb(show.pid))
            turns = await show.turns(200)
            tasks.cancel_scope.cancel()
    received = status["received"] - first
    paid = [turn for turn in turns if turn["cue"]["author"] == "patron"]
    grown_mb = watch.resident_mb[1] - watch.resident_mb[0]
    floor_ms = statistics.quantiles(late, n=20)[-1]
    with capsys.disabled():
        print(
            f"\n{written / round_s / ROUNDS:.0f} lines/s, {received / written:.1%} received: "
            f"{min(cores):.0%} of a core (worst round {max(cores):.0%}), admission p95 {min(admissions_p95_ms):g} ms "
            f"(worst {max(admissions_p95_ms):g}; {held_up:.0%} of the time others had its processor, and a timer is "
            f"{floor_ms:.1f} ms late at p95), "
            f"{watch.resident_mb[1]:.0f} MB ({grown_mb:+.0f}), {len(turns)} answers, {len(paid)} of them paid, "
            f"{watch.events} events to a page; dropped {status['dropped']}, sentiment {status['sentiment']}"
        )
    assert received >= 0.98 * written
    assert paid
    assert len({turn["cue"]["text"] for turn in turns}) == len(turns), "something was answered twice"
    assert min(cores) <= CORE
    assert grown_mb <= GROWTH_MB
    assert min(admissions_p95_ms) <= ADMISSION_MS


async def pay(show: LiveShow) -> None:
    """Somebody pays now and then, in the middle of it."""
    number = 0
    while True:
        number += 1
        await show.write("patron", f"take these coins, gift {number}", kind="bits", amount=100)
        await anyio.sleep(PAID_EVERY_S)
