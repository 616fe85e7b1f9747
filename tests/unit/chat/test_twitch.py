import logging
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from pydantic import ValidationError

from spark_vtuber.chat import buffer as buffers
from spark_vtuber.chat.twitch import SPEC, TwitchOptions, TwitchReader, reading
from spark_vtuber.chat.twitch_irc_link import Pace
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.testing.irc import FakeChatServer, FakeConnection
from spark_vtuber.testing.virtual import VirtualClock

OPTIONS = TwitchOptions(channel="chan", host="irc.example.com", port=6697)
STEADY_S = 30


@dataclass
class Reports:
    """What the reader said about itself."""

    said: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, state: str, detail: str = "", fix: str = "") -> None:
        self.said.append((state, detail, fix))

    @property
    def states(self) -> list[str]:
        return [state for state, _, _ in self.said]


def env_of(reports: Reports | None = None) -> EngineEnv:
    def unused(*_: Any, **__: Any) -> Any:
        raise AssertionError

    return EngineEnv(
        clock=VirtualClock(),
        random=random.Random(5),
        data_dir=Path("nowhere"),
        secret=unused,
        log=logging.getLogger("test"),
        worker=unused,
        http=httpx.AsyncClient(),
        ports={"report": reports} if reports else {},
    )


class Listener:
    """Reads a channel in the background, as the show does."""

    def __init__(self, reader: TwitchReader) -> None:
        self.reader = reader
        self.heard: list[ChatEvent] = []
        self.pause_s = 0.0

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.heard]

    async def listen(self) -> None:
        async with aclosing(self.reader.events()) as events:
            async for event in events:
                self.heard.append(event)
                if self.pause_s:
                    await anyio.sleep(self.pause_s)


@asynccontextmanager
async def listening(
    server: FakeChatServer, reports: Reports | None = None, pace: Pace | None = None
) -> AsyncIterator[Listener]:
    async with reading(OPTIONS, env_of(reports), server.connect, pace) as reader, anyio.create_task_group() as tasks:
        listener = Listener(reader)
        tasks.start_soon(listener.listen)
        await anyio.sleep(0.1)
        yield listener
        tasks.cancel_scope.cancel()


@pytest.fixture
def server() -> FakeChatServer:
    return FakeChatServer()


@pytest.fixture
def reports() -> Reports:
    return Reports()


def said(text: str, id: str = "") -> str:
    return f"@id={id} :ana!ana@h PRIVMSG #chan :{text}"


async def test_a_line_that_is_written_is_an_event(server: FakeChatServer, reports: Reports) -> None:
    async with listening(server, reports) as listener:
        server.last.say(said("hello"), said("again"))
        await anyio.sleep(1)
        assert [(event.author.name, event.text) for event in listener.heard] == [("ana", "hello"), ("ana", "again")]
    assert reports.said == [
        ("starting", "connects to irc.example.com:6697", ""),
        ("ok", "reads #chan at irc.example.com:6697", ""),
    ]


async def test_nothing_is_connected_before_events_are_asked_for(server: FakeChatServer) -> None:
    async with reading(OPTIONS, env_of(), server.connect):
        await anyio.sleep(100)
    assert server.attempts_s == []


async def test_a_server_without_tags_is_read_all_the_same(reports: Reports) -> None:
    server = FakeChatServer(lambda: FakeConnection(accepts=False))
    async with listening(server, reports) as listener:
        server.last.say(":ana!ana@h PRIVMSG #chan :hello")
        await anyio.sleep(1)
        assert listener.texts == ["hello"]
    assert "CAP END" in server.last.heard


async def test_a_ping_is_answered_while_the_listener_is_busy(server: FakeChatServer) -> None:
    async with listening(server) as listener:
        listener.pause_s = 3600
        server.last.say(said("hello"), said("again"))
        await anyio.sleep(1)
        server.last.say("PING :are you there")
        await anyio.sleep(1)
        assert server.last.heard[-1] == "PONG :are you there"


async def test_leaving_says_good_bye(server: FakeChatServer) -> None:
    async with listening(server):
        assert not server.last.is_left
    assert server.last.heard[-1] == "QUIT"
    assert server.last.is_left


async def test_closing_the_events_leaves_although_the_reader_lives_on(server: FakeChatServer) -> None:
    async with reading(OPTIONS, env_of(), server.connect) as reader:
        events: AsyncGenerator[ChatEvent, None] = reader.events()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_speak_when_joined, server)
            assert (await anext(events)).text == "hello"
        await events.aclose()
        assert (server.last.heard[-1], server.last.is_left) == ("QUIT", True)
        await anyio.sleep(100)
        assert len(server.connections) == 1


async def _speak_when_joined(server: FakeChatServer) -> None:
    await anyio.sleep(1)
    server.last.say(said("hello"))


async def test_a_deaf_server_cannot_hold_up_the_good_bye(server: FakeChatServer) -> None:
    async with listening(server):
        server.last.is_deaf = True
        begun_s = anyio.current_time()
    assert anyio.current_time() - begun_s <= 2
    assert server.last.is_left


async def test_a_silent_server_is_asked_and_kept_while_it_answers(server: FakeChatServer) -> None:
    async with listening(server):
        await anyio.sleep(1000)
        assert [line.split()[0] for line in server.last.heard[5:]] == ["PING"] * 16
        assert len(server.connections) == 1


async def test_a_dead_server_is_left_after_seventy_seconds(server: FakeChatServer, reports: Reports) -> None:
    async with listening(server, reports) as listener:
        server.last.is_polite = False
        await anyio.sleep(69.5)
        assert len(server.connections) == 1
        await anyio.sleep(2)
        server.last.say(said("hello"))
        await anyio.sleep(1)
        assert listener.texts == ["hello"]
    assert "silent for 70 s" in reports.said[2][1]
    assert reports.states == ["starting", "ok", "degraded", "ok"]


async def test_a_server_that_takes_nothing_is_dead(server: FakeChatServer, reports: Reports) -> None:
    async with listening(server, reports):
        server.last.is_deaf = True
        server.last.say("PING :x")
        await anyio.sleep(15)
        assert "took nothing for 10 s" in reports.said[2][1]
        assert len(server.connections) == 2


async def test_after_a_break_the_reader_comes_back(server: FakeChatServer, reports: Reports) -> None:
    async with listening(server, reports) as listener:
        server.last.say(said("before"))
        server.last.drop()
        await anyio.sleep(2)
        server.last.say(said("after"))
        await anyio.sleep(1)
        assert listener.texts == ["before", "after"]
    assert reports.states == ["starting", "ok", "degraded", "ok"]
    assert "closed the connection" in reports.said[2][1]


async def test_half_a_line_is_lost_with_its_connection(server: FakeChatServer) -> None:
    async with listening(server) as listener:
        server.last.push(said("half").encode())
        server.last.drop()
        await anyio.sleep(2)
        server.last.say(said("whole"))
        await anyio.sleep(1)
        assert listener.texts == ["whole"]


async def test_pauses_double_from_one_second_to_a_minute_and_are_jittered(server: FakeChatServer) -> None:
    server.failures.extend(OSError("refused") for _ in range(10))
    async with listening(server):
        await anyio.sleep(600)
    pauses = [after - before for before, after in zip(server.attempts_s, server.attempts_s[1:], strict=False)]
    bounds = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert [bound / 2 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True)] == [True] * 10
    assert len({pause / bound for pause, bound in zip(pauses, bounds, strict=True)}) == 10


async def test_a_connection_that_held_starts_the_pauses_anew(server: FakeChatServer) -> None:
    server.failures.extend(OSError("refused") for _ in range(5))
    async with listening(server):
        await anyio.sleep(60)
        server.last.drop()
        await anyio.sleep(2)
        assert len(server.connections) == 2


async def test_a_server_that_drops_everybody_is_not_hammered(server: FakeChatServer) -> None:
    async with listening(server):
        for _ in range(100):
            server.last.drop()
            await anyio.sleep(1)
        assert len(server.attempts_s) < 10


async def test_who_is_never_let_in_tries_again(reports: Reports) -> None:
    server = FakeChatServer(lambda: FakeConnection(is_polite=False))
    async with listening(server, reports):
        await anyio.sleep(15)
        server.last.say("PING :x")
        await anyio.sleep(7)
        assert len(server.connections) == 2
    assert "not let into the room within 20 s" in reports.said[1][1]


async def test_a_connection_that_never_comes_is_given_up(reports: Reports) -> None:
    async with reading(OPTIONS, env_of(reports), anyio.sleep_forever) as reader:
        with anyio.move_on_after(25):
            await Listener(reader).listen()
    assert "no connection within 20 s" in reports.said[1][1]


async def test_on_reconnect_the_new_connection_is_made_before_the_old_is_left(
    server: FakeChatServer, reports: Reports
) -> None:
    async with listening(server, reports) as listener:
        old = server.last
        await anyio.sleep(STEADY_S)
        server.make = lambda: FakeConnection(is_polite=False)
        old.say(said("first", "1"), ":tmi.twitch.tv RECONNECT", said("second", "2"))
        await anyio.sleep(1)
        new = server.last
        assert new is not old
        old.say(said("third", "3"))
        await anyio.sleep(1)
        assert not old.is_left
        new.say(":tmi.twitch.tv ROOMSTATE #chan", said("third", "3"), said("fourth", "4"))
        old.say(said("fourth", "4"))
        await anyio.sleep(1)

        assert old.is_left
        assert old.heard[-1] == "QUIT"
        assert listener.texts == ["first", "second", "third", "fourth"]
        assert "degraded" not in reports.states
        assert server.attempts_s[1] - server.attempts_s[0] == pytest.approx(STEADY_S + 0.1)


async def test_the_old_connection_is_read_while_the_new_one_fails(server: FakeChatServer) -> None:
    async with listening(server) as listener:
        old = server.last
        await anyio.sleep(STEADY_S)
        server.failures.extend([OSError("no"), OSError("no")])
        old.say(":tmi.twitch.tv RECONNECT")
        await anyio.sleep(0.3)
        old.say(said("still here"))
        await anyio.sleep(5)
        assert listener.texts == ["still here"]
        assert (len(server.connections), old.is_left) == (2, True)


async def test_a_server_that_asks_again_and_again_is_not_hammered(server: FakeChatServer) -> None:
    def moving() -> FakeConnection:
        connection = FakeConnection()
        connection.say(":tmi.twitch.tv ROOMSTATE #chan", ":tmi.twitch.tv RECONNECT")
        return connection

    server.make = moving
    async with listening(server):
        await anyio.sleep(100)
    assert len(server.attempts_s) < 10
    assert all(connection.is_left for connection in server.connections)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #chan :This channel has been suspended.", "channel_gone"),
        (":irc.example.com 474 x #chan :Cannot join channel (+b)", "banned"),
        (":tmi.twitch.tv NOTICE * :Login authentication failed", "not_let_in"),
    ],
)
async def test_a_refusal_ends_the_reading_for_good(line: str, code: str) -> None:
    def refusing() -> FakeConnection:
        connection = FakeConnection(is_polite=False)
        connection.say(line)
        return connection

    server = FakeChatServer(refusing)
    with pytest.raises(EngineError, match=r"#chan at irc\.example\.com:6697 cannot be read: \w+") as caught:
        async with reading(OPTIONS, env_of(), server.connect) as reader, aclosing(reader.events()) as events:
            await anext(events)
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert caught.value.fix
    assert len(server.connections) == 1
    assert server.last.is_left


async def test_a_successor_that_is_refused_ends_the_old_connection_too(server: FakeChatServer) -> None:
    async with reading(OPTIONS, env_of(), server.connect) as reader:
        failures: list[EngineError] = []

        async def listen() -> None:
            try:
                await Listener(reader).listen()
            except EngineError as error:
                failures.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.sleep(STEADY_S)
            server.make = partial(FakeConnection, is_polite=False)
            server.last.say(":tmi.twitch.tv RECONNECT")
            await anyio.sleep(1)
            server.last.say("474 x #chan :no")
        assert [failure.code for failure in failures] == ["banned"]
        assert [connection.is_left for connection in server.connections] == [True, True]


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


def unreachable() -> OSError:
    error = OSError("all attempts failed")
    error.__cause__ = ConnectionRefusedError("connection refused")
    return error


@pytest.mark.parametrize(
    ("failure", "why", "fix"),
    [
        (untrusted, "its certificate is not trusted (self-signed certificate)", "check chat.twitch.host"),
        (unreachable, "connection refused", ""),
        (lambda: OSError("name not known"), "name not known", ""),
        (anyio.EndOfStream, "closed the connection", ""),
        (anyio.BrokenResourceError, "closed the connection", ""),
    ],
)
async def test_what_went_wrong_is_said_and_tried_again(
    server: FakeChatServer, reports: Reports, failure: Callable[[], Exception], why: str, fix: str
) -> None:
    server.failures.append(failure())
    async with listening(server, reports) as listener:
        await anyio.sleep(2)
        server.last.say(said("hello"))
        await anyio.sleep(1)
        assert listener.texts == ["hello"]
    state, detail, told_fix = reports.said[1]
    assert state == "degraded"
    assert why in detail
    assert told_fix.startswith(fix)


async def test_a_server_that_says_why_it_closes_is_quoted(server: FakeChatServer, reports: Reports) -> None:
    async with listening(server, reports):
        server.last.say("ERROR :Closing link: going down")
        await anyio.sleep(2)
    assert "Closing link: going down" in reports.said[2][1]


async def test_a_burst_reaches_a_prompt_listener_whole(server: FakeChatServer) -> None:
    async with listening(server) as listener:
        server.last.say(*(said(f"line {number}", f"i{number}") for number in range(20_000)))
        await anyio.sleep(10)
        assert listener.texts == [f"line {number}" for number in range(20_000)]


async def test_what_a_slow_listener_misses_is_counted_and_told(
    server: FakeChatServer, reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(server, reports) as listener:
        listener.pause_s = 3600
        server.last.say(*(said("x", f"i{number}") for number in range(buffers.CAPACITY + 11)))
        server.last.say("@target-user-id=1 :tmi.twitch.tv CLEARCHAT #chan ana")
        await anyio.sleep(1)
        listener.pause_s = 0
        await anyio.sleep(7200)
        kinds = [event.kind for event in listener.heard]
        assert len(kinds) == buffers.CAPACITY + 2
        assert kinds[-1] is ChatKind.BAN
    told = [detail for _, detail, _ in reports.said if "; " in detail]
    assert [detail.split("; ")[1].split()[0] for detail in told] == ["1", "2", "4", "8"]
    assert "8 lines were dropped" in caplog.text


async def test_a_mistake_of_ours_is_not_hidden(server: FakeChatServer) -> None:
    server.failures.append(ValueError("a bug"))
    with pytest.raises(ExceptionGroup) as caught:
        async with listening(server):
            await anyio.sleep(10)
    assert caught.group_contains(ValueError, match="a bug")


async def test_nothing_can_be_sent(server: FakeChatServer) -> None:
    async with reading(OPTIONS, env_of(), server.connect) as reader:
        with pytest.raises(EngineError, match="without an account") as caught:
            await reader.send("hello")
    assert (caught.value.code, caught.value.retryable) == ("read_only", False)


async def test_without_a_channel_there_is_nothing_to_open() -> None:
    with pytest.raises(EngineError, match="no Twitch channel"):
        async with SPEC.open(TwitchOptions(channel=""), env_of()):
            raise AssertionError
    assert [finding.detail async for finding in SPEC.probe(TwitchOptions(channel=""), env_of())] == ["off"]


async def test_the_engine_opens_without_a_connection() -> None:
    async with SPEC.open(OPTIONS, env_of()) as reader:
        assert isinstance(reader, TwitchReader)


@pytest.mark.parametrize("name", ["Example_1", "#example_1"])
def test_a_channel_is_named_as_twitch_writes_it(name: str) -> None:
    assert TwitchOptions(channel=name).channel == "example_1"


@pytest.mark.parametrize("name", ["a b", "a\r\nQUIT", "##a", "https://twitch.tv/a"])
def test_what_is_no_channel_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TwitchOptions(channel=name)


class Broken(FakeConnection):
    """A connection that breaks when it is read."""

    async def receive(self, max_bytes: int = 65536) -> bytes:
        raise anyio.BrokenResourceError


async def test_a_connection_that_breaks_while_it_is_read_is_made_again(
    server: FakeChatServer, reports: Reports
) -> None:
    server.make = Broken
    async with listening(server, reports):
        server.make = FakeConnection
        await anyio.sleep(2)
    assert "the connection broke" in reports.said[1][1]
    assert reports.states[-1] == "ok"


async def test_a_connection_that_breaks_while_it_is_written_is_made_again(
    server: FakeChatServer, reports: Reports
) -> None:
    async with listening(server, reports):
        server.last.is_left = True
        server.last.say("PING :x")
        await anyio.sleep(2)
    assert "the connection broke" in reports.said[2][1]
    assert reports.states[-1] == "ok"


async def test_after_a_refusal_nothing_is_tried_although_nobody_has_read_of_it_yet(server: FakeChatServer) -> None:
    async with reading(OPTIONS, env_of(), server.connect) as reader, aclosing(reader.events()) as events:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_speak_when_joined, server)
            assert (await anext(events)).text == "hello"
        server.last.say("474 x #chan :no")
        await anyio.sleep(600)
        assert (len(server.attempts_s), server.last.is_left) == (1, True)
        with pytest.raises(EngineError, match="cannot be read: no"):
            await anext(events)
