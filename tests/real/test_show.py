"""The whole show as a process, with a scripted model server and a listener on its stage."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream

from spark_vtuber.core.turns import Mark
from spark_vtuber.testing.live import Listener, LiveShow, live_show, model_config, until
from spark_vtuber.testing.llm_script import TEXTS, Mishap, Script
from spark_vtuber.testing.llm_server import ScriptedServer, serve

pytestmark = pytest.mark.real

ANSWER = TEXTS["short"]


TALE = Script(text="comma", tokens_per_s=10)
AT_ONCE = Script(text="short", tokens_per_s=0)


@dataclass(frozen=True, slots=True)
class Stage:
    """A show that many tests share, its model, and who listens in this test."""

    model: ScriptedServer
    show: LiveShow
    listener: Listener

    async def turn(self, author: str, text: str) -> dict[str, Any]:
        """The turn of one more line."""
        return await self.after(await self.count(), author, text)

    async def after(self, count: int, author: str, text: str) -> dict[str, Any]:
        """The newest turn once a line brought one more than there were."""
        await self.show.write(author, text)
        return (await self.show.wait_for_turns(count + 1))[0]

    async def count(self) -> int:
        """How many turns there were."""
        return len(await self.show.turns(200))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the whole module, most of whose tests share a show."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[tuple[ScriptedServer, LiveShow]]:
    """A show whose patience is short."""
    async with serve(AT_ONCE) as model:
        config = model_config(model.base_url, first_token_timeout_s=0.5, token_timeout_s=0.5)
        async with live_show(f"{config}[replies]\nbreaker_probe_s = 0.5\n") as show:
            yield model, show


@pytest.fixture
async def stage(shared: tuple[ScriptedServer, LiveShow]) -> AsyncIterator[Stage]:
    """The show at rest, as if nothing had been done to it, and a listener whose sound counts."""
    model, show = shared
    model.script = AT_ONCE
    for path, wish in (
        ("panic", {}), ("resume", {}), ("unmute", {}),
        ("fallback", {"module": "llm", "use": ""}), ("fallback", {"module": "tts", "use": ""}),
        ("settings", {"key": "replies.breaker_failures", "value": 1_000}),
    ):  # fmt: skip
        (await show.http.post(f"/api/{path}", json=wish)).raise_for_status()
    model.visits.clear()
    async with show.listening() as listener:
        await until(lambda: listener.of("audio.owner")[-1][1]["you"])
        yield Stage(model, show, listener)


async def test_a_line_becomes_sound_visemes_captions_and_a_turn(stage: Stage) -> None:
    stage.model.script = Script(text="short")
    count = await stage.count()
    line = await stage.show.write("ana", "hello spark, how are you?")
    turn = (await stage.show.wait_for_turns(count + 1))[0]
    listener = stage.listener
    assert turn["outcome"] == "completed"
    assert turn["said"] == turn["heard"] == ANSWER
    assert turn["cue"]["event"] == line
    assert set(turn["marks"]) == {mark.value for mark in Mark}
    assert sum(len(sound.pcm) for _, sound in listener.sounds) > 24_000 * 2
    visemes = [cue for _, message in listener.of("speech.cues") for cue in message["visemes"]]
    assert len({name for _, name, _ in visemes}) >= 6
    assert visemes[-1][1] == "sil"
    assert listener.captions().split() == ANSWER.split()
    assert listener.of("turn.end")[0][1]["heard"] == ANSWER


async def test_an_interrupt_silences_the_stage_and_aborts_the_models_request(stage: Stage) -> None:
    stage.model.script = TALE
    count = await stage.count()
    await stage.show.write("ana", "tell me a long story please")
    await until(lambda: len(stage.listener.sounds) > 3)
    cut_s = anyio.current_time()
    answer = await stage.show.http.post("/api/interrupt", json={})
    turn = (await stage.show.wait_for_turns(count + 1))[0]
    await until(lambda: stage.model.visits[0].is_aborted)
    assert answer.json() == {"turn": turn["id"]}
    assert stage.listener.sounds[-1][0] - cut_s < 0.1
    assert turn["outcome"] == "interrupted"
    assert turn["said"].startswith(turn["heard"])
    assert len(turn["heard"]) < len(TEXTS["comma"])


@pytest.mark.parametrize(
    ("mishap", "code"),
    [
        (Mishap.HANG_HEADERS, "timeout"),
        (Mishap.DROP_HEADERS, "dropped"),
        (Mishap.GARBAGE, "bad_answer"),
        (Mishap.ERROR_500, "server_error"),
        (Mishap.ERROR_200, "refused"),
    ],
)
async def test_a_model_that_fails_before_a_word_is_covered_by_the_understudy(
    mishap: Mishap, code: str, stage: Stage
) -> None:
    stage.model.script = Script(text="short", mishap=mishap)
    turn = await stage.turn("ana", "hello spark!")
    assert turn["outcome"] == "completed"
    assert turn["degraded"]
    assert turn["error"] == code
    assert turn["heard"]
    _assert_nothing_twice(stage.listener.captions(), turn["said"])


@pytest.mark.parametrize(
    ("mishap", "code"),
    [
        (Mishap.HANG_MIDWAY, "timeout"),
        (Mishap.DROP_MIDWAY, "dropped"),
        (Mishap.GARBAGE_MIDWAY, "bad_answer"),
        (Mishap.ERROR_MIDWAY, None),
    ],
)
async def test_a_model_that_fails_midway_is_bridged_and_nothing_is_said_twice(
    mishap: Mishap, code: str | None, stage: Stage
) -> None:
    stage.model.script = Script(text="short", mishap=mishap, at=12)
    turn = await stage.turn("ana", "hello spark!")
    assert turn["outcome"] == "completed"
    assert turn["degraded"]
    assert code is None or turn["error"] == code
    assert turn["said"].startswith("Oh good evening everyone,")
    assert len(stage.model.visits) == 1
    _assert_nothing_twice(stage.listener.captions(), turn["said"])


@pytest.mark.parametrize(
    "mishap",
    [
        Mishap.CUMULATIVE,
        Mishap.DOUBLED,
        Mishap.REPLAYED,
        Mishap.REPEATED_IDS,
        Mishap.NO_DONE,
        Mishap.COMMENTS,
        Mishap.THOUGHT_TAGS,
    ],
)
async def test_a_model_with_odd_habits_is_understood(mishap: Mishap, stage: Stage) -> None:
    stage.model.script = Script(text="short", mishap=mishap)
    turn = await stage.turn("ana", "hello spark!")
    assert turn["said"] == turn["heard"] == ANSWER
    assert not turn["degraded"]
    assert stage.listener.captions().split() == ANSWER.split()


def _assert_nothing_twice(captions: str, said: str) -> None:
    assert captions.split() == said.split()
    sentences = [part.strip() for part in captions.replace("!", ".").replace("?", ".").split(".") if part.strip()]
    assert max(Counter(sentences).values()) == 1


async def test_a_model_that_keeps_failing_is_left_alone_and_the_page_says_so(stage: Stage) -> None:
    show, count = stage.show, await stage.count()
    stage.model.script = Script(text="short", mishap=Mishap.ERROR_500)
    (await show.http.post("/api/settings", json={"key": "replies.breaker_failures", "value": 2})).raise_for_status()
    for number in range(3):
        await show.write(f"viewer{number}", f"hello number {number}")
    turns = (await show.wait_for_turns(count + 3))[:3]
    assert [turn["error"] for turn in turns] == ["breaker_open", "server_error", "server_error"]
    assert (await show.component("llm:main"))["state"] == "degraded"
    assert (await show.health())["status"] == "degraded"
    stage.model.script = AT_ONCE
    with anyio.fail_after(10):
        while (await show.component("llm:main"))["state"] != "ok":
            await anyio.sleep(0.05)


async def test_muted_she_is_read_and_unmuted_she_is_heard_again(stage: Stage) -> None:
    stage.model.script = Script(text="Good evening.", tokens_per_s=0)  # it is read as long as it would be spoken
    await stage.show.http.post("/api/mute", json={})
    turn = await stage.turn("ana", "hello spark!")
    assert turn["heard"] == "Good evening."
    assert stage.listener.sounds == []
    assert stage.listener.of("muted")[-1][1]["personas"] == ["main"]
    await stage.show.http.post("/api/unmute", json={"persona": "main"})
    await stage.turn("ben", "hello again!")
    assert stage.listener.sounds


async def test_a_panic_stops_everything_until_it_is_lifted(stage: Stage) -> None:
    show, listener = stage.show, stage.listener
    stage.model.script = TALE
    count = await stage.count()
    await show.write("ana", "tell me a long story please")
    await until(lambda: len(listener.sounds) > 2)
    await show.write("ben", "and me too, please")
    at_s = anyio.current_time()
    await show.http.post("/api/panic", json={})
    turn = (await show.wait_for_turns(count + 1))[0]
    await show.write("eve", "is anybody there?")
    assert turn["reason"] == "panic"
    assert listener.sounds[-1][0] - at_s < 0.1
    status = (await show.http.get("/api/status")).json()
    assert status["panic"] is True
    await show.http.post("/api/resume", json={})
    stage.model.script = AT_ONCE
    assert (await stage.after(count + 1, "zoe", "welcome back!"))["cue"]["author"] == "zoe"


async def test_a_thousand_lines_a_second_are_survived_and_counted() -> None:
    async with (
        serve(Script(text="short", tokens_per_s=0)) as model,
        chat_server() as irc,
        live_show(model_config(model.base_url) + irc.config) as show,
        show.listening(),
        httpx.AsyncClient(base_url=show.http.base_url, trust_env=False) as door,
    ):
        await until(irc.is_joined)
        before_kb = _resident_kb(show)
        slowest_s = 0.0
        statuses: Counter[int] = Counter()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(irc.flood, 2_500, 5.0)
            for worker in range(5):
                tasks.start_soon(_flood, door, worker, 500, statuses)
            while sum(statuses.values()) < 2_500:
                started_s = time.monotonic()
                assert (await show.http.get("/")).status_code in {200, 503}
                slowest_s = max(slowest_s, time.monotonic() - started_s)
                await anyio.sleep(0.2)
        await _until_received(show, 5_000)
        status = (await show.http.get("/api/status")).json()
        turns = await show.turns(200)
        answered = [(turn["cue"]["author"], turn["cue"]["text"]) for turn in turns]
        assert set(statuses) <= {202, 429}
        assert status["dropped"].get("rate", 0) >= statuses[429]
        assert sum(status["dropped"].values()) >= 4_500
        assert set(status["dropped"]) <= {"rate", "full", "stale", "duplicate", "merged"}
        assert len(answered) == len(set(answered))
        assert slowest_s < 1.0
        assert _resident_kb(show) - before_kb < 60_000


async def _until_received(show: LiveShow, count: int) -> None:
    with anyio.fail_after(20):
        while (await show.http.get("/api/status")).json()["received"] < count:
            await anyio.sleep(0.1)


class ChatServer:
    """Twitch's IRC server, as far as one anonymous reader goes."""

    def __init__(self, port: int) -> None:
        self.config = f'[chat.twitch]\nchannel = "spark"\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
        self._reader: ByteStream | None = None

    def is_joined(self) -> bool:
        return self._reader is not None

    async def serve(self, stream: ByteStream) -> None:
        async with stream:
            lines = BufferedByteReceiveStream(stream)
            with suppress(anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
                while True:
                    command, _, rest = (await lines.receive_until(b"\r\n", 8_192)).decode().partition(" ")
                    match command:
                        case "CAP" if rest.startswith("REQ"):
                            await stream.send(b":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands\r\n")
                        case "NICK":
                            await stream.send(f":tmi.twitch.tv 001 {rest} :Welcome, GLHF!\r\n".encode())
                        case "JOIN":
                            await stream.send(f":justinfan1!j@j.tmi.twitch.tv JOIN {rest}\r\n".encode())
                            await stream.send(f":tmi.twitch.tv 366 justinfan1 {rest} :End of /NAMES list\r\n".encode())
                            self._reader = stream

    async def flood(self, count: int, seconds: float) -> None:
        """Send `count` lines of different viewers, evenly over the time."""
        assert self._reader is not None
        start_s = anyio.current_time()
        for first in range(0, count, 50):
            await anyio.sleep_until(start_s + seconds * first / count)
            await self._reader.send(b"".join(self._line(number) for number in range(first, first + 50)))

    def _line(self, number: int) -> bytes:
        tags = f"@badges=;display-name=Viewer{number};id=00000000-{number:08d};user-id={number};room-id=1"
        sender = f"viewer{number}!viewer{number}@viewer{number}.tmi.twitch.tv"
        return f"{tags} :{sender} PRIVMSG #spark :is this line number {number}?\r\n".encode()


@asynccontextmanager
async def chat_server() -> AsyncIterator[ChatServer]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    server = ChatServer(listener.extra(SocketAttribute.local_port))
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.serve)
        yield server
        tasks.cancel_scope.cancel()


async def _flood(door: httpx.AsyncClient, worker: int, count: int, statuses: Counter[int]) -> None:
    for number in range(count):
        answer = await door.post(
            "/api/chat", json={"author": f"v{worker}-{number}", "text": f"line {worker} {number}?"}
        )
        statuses[answer.status_code] += 1


def _resident_kb(show: LiveShow) -> int:
    with open(f"/proc/{show.pid}/status", encoding="ascii") as lines:  # noqa: PTH123 - a file of the kernel
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def test_each_module_falls_back_and_returns_in_mid_show_with_no_lost_turn(stage: Stage) -> None:
    turns = []
    for number, use in enumerate(("", "understudy", "")):
        await stage.show.http.post("/api/fallback", json={"module": "llm", "use": use})
        await stage.show.http.post("/api/fallback", json={"module": "tts", "use": "espeak" if use else ""})
        turns.append(await stage.turn(f"viewer{number}", f"hello number {number}"))
        if number:
            state = (await stage.show.component("fallback:llm"))["state"]
            assert state == ("degraded" if use else "off")
    assert [turn["engine"] for turn in turns] == ["openai", "understudy", "openai"]
    assert {turn["outcome"] for turn in turns} == {"completed"}
