"""The Twitch reader against a real IRC server, over real sockets, plain and encrypted."""

import logging
import os
import random
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.streams.tls
import httpx
import pytest
import trustme
from anyio.streams.buffered import BufferedByteReceiveStream

from spark_vtuber.chat.irc_protocol import MessageReader
from spark_vtuber.chat.twitch import SPEC, TwitchOptions, connect_tcp, reading
from spark_vtuber.chat.twitch_irc_link import Pace
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.testing.irc import FakeConnection
from spark_vtuber.testing.live import live_show

LIMIT_S = 30
PORT, TLS_PORT, SHOW_PORT = 18300, 18301, 18310
PACE = Pace(first_pause_s=0.1, longest_pause_s=0.5)

CONFIG = """
<server name="irc.example.com" description="a server for tests" network="Tests">
<admin name="a" nick="a" email="a@example.com">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="30" pingfreq="120" hardsendq="16M" softsendq="16M" recvq="1M" threshold="100000"
 commandrate="100000000" fakelag="no" localmax="50" globalmax="50" resolvehostnames="no">
<performance netbuffersize="65534" softlimit="1024" somaxconn="128" quietbursts="yes">
<options prefixquit="" exemptchanops="">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<log method="file" type="*" level="default" target="{folder}/inspircd.log">
<pid file="{folder}/inspircd.pid">
<dns server="127.0.0.1" timeout="1">
<module name="cap">
<module name="ircv3">
"""


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(LIMIT_S):
        while not is_so():
            await anyio.sleep(0.01)


class Daemon:
    """InspIRCd on its port; can be killed and started again."""

    def __init__(self, program: Path, folder: Path) -> None:
        config = folder / "inspircd.conf"
        config.write_text(CONFIG.format(port=PORT, folder=folder), "utf-8")
        root = ["--runasroot"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        self._command = [str(program), "--config", str(config), "--nofork", *root]
        self._log = folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._launch()
        with anyio.fail_after(LIMIT_S):
            while not await self._answers():
                assert self._process is not None
                assert self._process.poll() is None, self._log.read_text("utf-8", "replace")
                await anyio.sleep(0.02)

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)

    async def _answers(self) -> bool:
        try:
            await (await anyio.connect_tcp("127.0.0.1", PORT)).aclose()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(LIMIT_S)
            self._process = None


@pytest.fixture
async def daemon(inspircd: Path, tmp_path: Path) -> AsyncIterator[Daemon]:
    daemon = Daemon(inspircd, tmp_path)
    await daemon.start()
    yield daemon
    daemon.kill()


def env(report: Callable[..., None]) -> EngineEnv:
    def unused(*_: Any, **__: Any) -> Any:
        raise AssertionError

    return EngineEnv(
        clock=SystemClock(),
        random=random.Random(),
        data_dir=Path("nowhere"),
        secret=unused,
        log=logging.getLogger("test"),
        worker=unused,
        http=httpx.AsyncClient(),
        ports={"report": report},
    )


class Listener:
    """Reads a channel in the background and keeps what came, and what the reader said about itself."""

    def __init__(self) -> None:
        self.events: list[ChatEvent] = []
        self.states: list[str] = []
        self.details: list[str] = []

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events]

    @property
    def is_in(self) -> bool:
        return self.states[-1:] == ["ok"]

    def report(self, state: str, detail: str = "", fix: str = "") -> None:
        self.states.append(state)
        self.details.append(detail)


@asynccontextmanager
async def listening(
    options: TwitchOptions, connect: Callable[[], Awaitable[Any]] | None = None
) -> AsyncIterator[Listener]:
    listener = Listener()
    opened = reading(options, env(listener.report), connect or partial(connect_tcp, options), PACE)
    async with opened as reader, anyio.create_task_group() as tasks:

        async def listen() -> None:
            async with aclosing(reader.events()) as events:
                async for event in events:
                    listener.events.append(event)

        tasks.start_soon(listen)
        yield listener
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def viewer(name: str) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """An ordinary user in the channel; gives a function that writes lines."""
    async with await anyio.connect_tcp("127.0.0.1", PORT) as stream:
        reader = BufferedByteReceiveStream(stream)
        await stream.send(f"NICK {name}\r\nUSER {name} 0 * {name}\r\nJOIN #chan\r\n".encode())
        with anyio.fail_after(LIMIT_S):
            while b" 366 " not in (line := await reader.receive_until(b"\n", 4096)):
                if line.startswith(b"PING"):
                    await stream.send(b"PONG" + line[4:] + b"\n")
                if b" 001 " in line or b" 451 " in line:
                    await stream.send(b"JOIN #chan\r\n")

        async def write(*texts: str) -> None:
            await stream.send("".join(f"PRIVMSG #chan :{text}\r\n" for text in texts).encode())

        yield write


PLAIN = TwitchOptions(channel="chan", host="127.0.0.1", port=PORT, tls=False)


@pytest.mark.real
@pytest.mark.needs("inspircd")
async def test_lines_on_a_real_server_are_read_and_the_viewer_is_known(daemon: Daemon) -> None:
    async with listening(PLAIN) as listener:
        await until(lambda: listener.is_in)
        async with viewer("ana") as write:
            await write("hello", "\x01ACTION waves\x01", "smile 😂")
            await until(lambda: len(listener.events) == 3)
    assert [(event.kind, event.author.name, event.text) for event in listener.events] == [
        (ChatKind.MESSAGE, "ana", "hello"),
        (ChatKind.ACTION, "ana", "waves"),
        (ChatKind.MESSAGE, "ana", "smile 😂"),
    ]


@pytest.mark.real
@pytest.mark.needs("inspircd")
async def test_across_a_kill_and_restart_nothing_comes_twice_and_the_rest_arrives(daemon: Daemon) -> None:
    before, after = [f"before {number}" for number in range(50)], [f"after {number}" for number in range(50)]
    async with listening(PLAIN) as listener:
        await until(lambda: listener.is_in)
        async with viewer("ana") as write:
            await write(*before)
            await until(lambda: len(listener.events) == 50)
            daemon.kill()
        await until(lambda: listener.states[-1] == "degraded")
        await daemon.start()
        await until(lambda: listener.is_in)
        async with viewer("ben") as write:
            await write(*after)
            await until(lambda: len(listener.events) >= 100)
            await write("the last")
            await until(lambda: listener.texts[-1] == "the last")
    assert listener.texts == [*before, *after, "the last"]
    assert len({event.id for event in listener.events}) == 101


@pytest.mark.real
@pytest.mark.needs("inspircd")
async def test_five_thousand_lines_at_once_all_arrive(daemon: Daemon) -> None:
    texts = [f"line {number}" for number in range(5_000)]
    async with listening(PLAIN) as listener:
        await until(lambda: listener.is_in)
        async with viewer("ana") as write:
            begun_s = time.monotonic()
            await write(*texts)
            await until(lambda: len(listener.events) == len(texts))
            print(f"\n5,000 lines through InspIRCd in {time.monotonic() - begun_s:.2f} s")
    assert listener.texts == texts


@pytest.mark.real
@pytest.mark.needs("inspircd")
async def test_the_server_sees_us_leave(daemon: Daemon) -> None:
    async with await anyio.connect_tcp("127.0.0.1", PORT) as stream:
        lines: list[str] = []

        async def watch() -> None:
            reader = MessageReader()
            while True:
                for message in reader.feed(await stream.receive()):
                    lines.append(f"{message.command} {message.nick}")
                    if message.command == "PING":
                        await stream.send(f"PONG :{message.param(0)}\r\n".encode())
                    if message.command == "001":
                        await stream.send(b"JOIN #chan\r\n")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            await stream.send(b"NICK ana\r\nUSER ana 0 * ana\r\n")
            await until(lambda: "JOIN ana" in lines)
            async with listening(PLAIN) as listener:
                await until(lambda: listener.is_in)
            await until(lambda: any(line.startswith("QUIT justinfan") for line in lines))
            tasks.cancel_scope.cancel()


SHOW = f"""
[chat.twitch]
channel = "chan"
host = "127.0.0.1"
port = {PORT}
tls = false
"""


@pytest.mark.real
@pytest.mark.needs("inspircd")
async def test_a_show_answers_a_viewer_on_a_real_server_across_its_restart(daemon: Daemon) -> None:
    async with live_show(SHOW, port=SHOW_PORT) as show:

        async def in_state(state: str) -> None:
            with anyio.fail_after(LIMIT_S):
                while (await show.component("chat:twitch"))["state"] != state:
                    await anyio.sleep(0.02)

        await in_state("ok")
        async with viewer("ana") as write, show.listening():
            await write("do you like frogs?")
            await show.wait_for_turns(1)
            daemon.kill()
            await in_state("degraded")
            await daemon.start()
            await in_state("ok")
            async with viewer("ben") as write_again:
                await write_again("do you like cats?")
                turns = await show.wait_for_turns(2)
    assert [(turn["cue"]["author"], turn["cue"]["text"]) for turn in turns] == [
        ("ben", "do you like cats?"),
        ("ana", "do you like frogs?"),
    ]


async def serve_as_twitch(stream: Any) -> None:
    """Answers over a real connection what the scripted one answers."""
    script = FakeConnection()
    async with stream:
        while True:
            try:
                await script.send(await stream.receive())
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return
            if any(line.startswith("JOIN") for line in script.heard):
                script.say("@id=1;display-name=Ana :ana!a@h PRIVMSG #chan :in private")
                script.heard.clear()
            while script._pieces:
                await stream.send(await script.receive())


@asynccontextmanager
async def tls_server(name: str) -> AsyncIterator[trustme.CA]:
    """A server with a certificate for `name`, of an authority that nobody trusts yet."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=TLS_PORT)
    encrypted = anyio.streams.tls.TLSListener(listener, context, standard_compatible=False)
    async with encrypted, anyio.create_task_group() as tasks:
        tasks.start_soon(encrypted.serve, serve_as_twitch)
        try:
            yield authority
        finally:
            tasks.cancel_scope.cancel()


ENCRYPTED = TwitchOptions(channel="chan", host="127.0.0.1", port=TLS_PORT, tls=True)


def trusting(authority: trustme.CA, options: TwitchOptions) -> Callable[[], Awaitable[Any]]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return partial(connect_tcp, options, context)


@pytest.mark.real
async def test_lines_come_over_tls_from_a_server_that_is_trusted() -> None:
    async with tls_server("127.0.0.1") as authority, listening(ENCRYPTED, trusting(authority, ENCRYPTED)) as listener:
        await until(lambda: bool(listener.events))
    assert [(event.author.name, event.text) for event in listener.events] == [("Ana", "in private")]


@pytest.mark.real
async def test_a_certificate_nobody_vouches_for_is_not_trusted() -> None:
    async with tls_server("127.0.0.1"), listening(ENCRYPTED) as listener:
        await until(lambda: listener.states[-1:] == ["degraded"])
        assert "certificate is not trusted" in listener.details[-1]
        assert listener.events == []


@pytest.mark.real
async def test_a_certificate_for_another_name_is_not_trusted() -> None:
    async with (
        tls_server("irc.example.com") as authority,
        listening(ENCRYPTED, trusting(authority, ENCRYPTED)) as listener,
    ):
        await until(lambda: listener.states[-1:] == ["degraded"])
        assert "certificate is not trusted" in listener.details[-1]


@pytest.mark.real
async def test_the_probe_says_whether_the_server_can_be_reached() -> None:
    options = PLAIN.model_copy(update={"port": TLS_PORT})
    probe = env(lambda *_: None)
    assert [finding.severity async for finding in SPEC.probe(options, probe)] == ["error"]
    async with await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=TLS_PORT):
        assert [finding.severity async for finding in SPEC.probe(options, probe)] == ["ok"]
