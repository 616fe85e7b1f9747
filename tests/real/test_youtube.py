"""The fake YouTube in the hands of Google's client, and a show that reads it over sockets across its restarts."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyio.abc import TaskGroup, TaskStatus
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from spark_vtuber.config.environment import child_environment
from spark_vtuber.core.clock import SystemClock
from spark_vtuber.testing.live import LiveShow, free_port, live_show
from spark_vtuber.testing.youtube_chat import LiveChat
from spark_vtuber.testing.youtube_fake import FakeYouTube
from spark_vtuber.testing.youtube_server import serve_youtube

LIMIT_S = 30
CHANNEL = "UCstreamer______________"
VIDEO = "video123456"
KEY = "hush-hush-key"


@pytest.fixture
def youtube() -> FakeYouTube:
    return FakeYouTube(SystemClock().unix_ms, keys={KEY}, handles={"streamer": CHANNEL})


@pytest.fixture
def chat(youtube: FakeYouTube) -> LiveChat:
    return youtube.go_live(VIDEO, CHANNEL, "frogs")


async def with_googles_client(youtube: FakeYouTube, ask: Callable[[Any], Any], token: str = "") -> Any:
    """Hand Google's client, which blocks, to `ask` in a thread; it talks to the fake."""
    async with serve_youtube(youtube) as port:

        def run() -> Any:
            place = {"api_endpoint": f"http://127.0.0.1:{port}"}
            keys = {"developerKey": KEY} if not token else {"credentials": Credentials(token)}
            with build(
                "youtube", "v3", static_discovery=True, cache_discovery=False, client_options=place, **keys
            ) as client:
                return ask(client)

        with anyio.fail_after(LIMIT_S):
            return await anyio.to_thread.run_sync(run)


@pytest.mark.real
async def test_googles_client_finds_the_chat_and_reads_it_page_by_page(youtube: FakeYouTube, chat: LiveChat) -> None:
    for number in range(450):
        chat.says("ana", str(number))
    chat.super_chat("ben", "take it", 1.75, "USD")

    def read(client: Any) -> list[Any]:
        video = client.videos().list(part="liveStreamingDetails", id=VIDEO).execute()["items"][0]
        messages = client.liveChatMessages()
        request = messages.list(liveChatId=video["liveStreamingDetails"]["activeLiveChatId"], part="id,snippet")
        found: list[Any] = []
        while page := (answer := request.execute())["items"]:
            found += page
            request = messages.list_next(request, answer)
        return found

    found = await with_googles_client(youtube, read)
    assert [one["snippet"]["displayMessage"] for one in found] == [*map(str, range(450)), "take it"]
    assert found[-1]["snippet"]["superChatDetails"]["amountMicros"] == "1750000"


@pytest.mark.real
async def test_googles_client_finds_a_channel_by_its_handle_and_by_the_search(
    youtube: FakeYouTube, chat: LiveChat
) -> None:
    def find(client: Any) -> tuple[str, str, str]:
        channel = client.channels().list(part="id", forHandle="@streamer").execute()["items"][0]["id"]
        uploads = client.playlistItems().list(part="contentDetails", playlistId=f"UU{channel[2:]}").execute()
        search = client.search().list(part="id", channelId=channel, eventType="live", type="video").execute()
        video = uploads["items"][0]["contentDetails"]["videoId"]
        return channel, video, search["items"][0]["id"]["videoId"]

    assert await with_googles_client(youtube, find) == (CHANNEL, VIDEO, VIDEO)
    assert youtube.spent == 1 + 1 + 100


@pytest.mark.real
async def test_googles_client_writes_into_the_chat_with_an_account(youtube: FakeYouTube, chat: LiveChat) -> None:
    access, _ = youtube.accounts.give(CHANNEL)
    message = {"liveChatId": chat.id, "type": "textMessageEvent", "textMessageDetails": {"messageText": "hello"}}

    def write(client: Any) -> Any:
        return client.liveChatMessages().insert(part="snippet", body={"snippet": message}).execute()

    written = await with_googles_client(youtube, write, access)
    assert (written["id"], written["authorDetails"]["isChatOwner"]) == (chat.messages[0]["id"], True)
    assert chat.messages[0]["snippet"]["textMessageDetails"]["messageText"] == "hello"


@pytest.mark.real
async def test_googles_client_takes_the_stream_for_what_google_sends(youtube: FakeYouTube, chat: LiveChat) -> None:
    chat.says("ana", "hello")
    chat.end()

    def read(client: Any) -> Any:
        return client.youtube().v3().liveChat().messages().stream(liveChatId=chat.id, part=["snippet"]).execute()

    (page,) = await with_googles_client(youtube, read)
    assert page["items"][0]["snippet"]["displayMessage"] == "hello"
    assert page["offlineAt"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("spoil", "status", "reason"),
    [
        (lambda youtube: setattr(youtube, "units", 0), 403, "quotaExceeded"),
        (lambda youtube: youtube.keys.clear(), 400, "badRequest"),
        (lambda youtube: youtube.chats.clear(), 404, "liveChatNotFound"),
    ],
)
async def test_googles_client_sees_the_errors_that_google_sends(
    youtube: FakeYouTube, chat: LiveChat, spoil: Callable[[FakeYouTube], None], status: int, reason: str
) -> None:
    spoil(youtube)

    def ask(client: Any) -> HttpError:
        with pytest.raises(HttpError) as raised:
            client.liveChatMessages().list(liveChatId=chat.id, part="id").execute()
        return raised.value

    error = await with_googles_client(youtube, ask)
    assert error.resp.status == status
    assert error.error_details[0]["reason"] == reason


class Served:
    """The fake behind a port, for as long as `tasks` lives; can be killed and started again."""

    def __init__(self, youtube: FakeYouTube, tasks: TaskGroup) -> None:
        self.port = free_port()
        self._youtube = youtube
        self._tasks = tasks
        self._scope = anyio.CancelScope()
        self._is_gone = anyio.Event()

    async def start(self) -> None:
        self._scope, self._is_gone = anyio.CancelScope(), anyio.Event()
        await self._tasks.start(self._serve)

    async def kill(self) -> None:
        self._scope.cancel()
        await self._is_gone.wait()

    async def _serve(self, task_status: TaskStatus[None]) -> None:
        with self._scope:
            async with serve_youtube(self._youtube, self.port):
                task_status.started()
                await anyio.sleep_forever()
        self._is_gone.set()


@asynccontextmanager
async def serving(youtube: FakeYouTube) -> AsyncIterator[Served]:
    async with anyio.create_task_group() as tasks:
        served = Served(youtube, tasks)
        await served.start()
        yield served
        tasks.cancel_scope.cancel()


SECRETS = {
    "SPARK_SECRET_YOUTUBE": KEY,
    "SPARK_SECRET_YOUTUBE_CLIENT": "no-secret-at-all",
    "SPARK_PASSPHRASE": "a passphrase of a test",
}


def config(port: int) -> str:
    return f"""
[chat.youtube]
channel = "@streamer"
api_key = "secret:youtube"
quota = 10_000_000
account = true
client_id = "client.apps.example.com"
client_secret = "secret:youtube-client"
id_url = "http://127.0.0.1:{port}"
api_url = "http://127.0.0.1:{port}/youtube/v3"

[inbox]
viewer_per_s = 100.0
viewer_burst = 100
"""


async def in_state(show: LiveShow, state: str, words: str = "") -> str:
    """How the source says it is, once it is in that state and says these words."""
    with anyio.fail_after(LIMIT_S):
        while True:
            component = await show.component("chat:youtube")
            if component["state"] == state and words in component["detail"]:
                return str(component["detail"])
            await asyncio.sleep(0.02)


async def until_signed_in(show: LiveShow) -> None:
    with anyio.fail_after(LIMIT_S):
        while True:
            views = (await show.http.get("/api/accounts")).json()
            if next(one for one in views if one["platform"] == "youtube")["state"] == "signed_in":
                return
            await asyncio.sleep(0.05)


async def answered(show: LiveShow, count: int) -> list[tuple[str, str]]:
    """Who was answered what, oldest first, once there are so many."""
    turns = await show.wait_for_turns(count)
    return [(turn["cue"]["author"], turn["cue"]["text"]) for turn in reversed(turns)]


async def send(show: LiveShow, text: str) -> None:
    """Write into the chat, as soon as the source reads it with the account."""
    with anyio.fail_after(LIMIT_S):
        while True:
            sent = await show.http.post("/api/accounts/send", json={"platform": "youtube", "text": text})
            if sent.status_code == 200:
                return
            assert sent.json()["error"]["code"] == "not_live", sent.text
            await anyio.sleep(0.02)


@pytest.mark.real
async def test_a_show_answers_each_line_once_across_restarts_writes_and_says_what_to_mend(
    youtube: FakeYouTube, chat: LiveChat
) -> None:
    youtube.interval_ms = 100
    async with (
        serving(youtube) as served,
        live_show(config(served.port), environ=SECRETS) as show,
        show.listening(),
    ):
        assert "as it is written" in await in_state(show, "ok", "frogs")
        chat.says("ana", "do you like frogs?")
        asked = [("ana", "do you like frogs?")]
        assert await answered(show, 1) == asked

        await served.kill()
        chat.super_chat("ben", "do you like cats?", 5)
        await in_state(show, "degraded")
        youtube.refuses_streams = True
        await served.start()
        await in_state(show, "ok", "every")
        asked.append(("ben", "do you like cats?"))
        assert await answered(show, 2) == asked

        await served.kill()
        chat.says("cem", "do you like dogs?")
        await in_state(show, "degraded")
        youtube.forgets_pages = True
        await served.start()
        await in_state(show, "ok", "every")
        youtube.forgets_pages = False
        chat.says("dia", "do you like birds?")
        asked += [("cem", "do you like dogs?"), ("dia", "do you like birds?")]
        assert await answered(show, 4) == asked

        youtube.accounts.interval_s = 1
        code = (await show.http.post("/api/accounts/login", json={"platform": "youtube"})).json()
        assert (code["address"], code["code"]) == ("https://www.google.com/device", "ABC-001")
        youtube.accounts.approve(CHANNEL)
        await until_signed_in(show)
        await in_state(show, "ok", "every")
        await send(show, "hello everybody")
        assert chat.messages[-1]["snippet"]["textMessageDetails"]["messageText"] == "hello everybody"
        chat.says("eva", "do you like ducks?")
        assert await answered(show, 5) == [*asked, ("eva", "do you like ducks?")]

        metrics = (await show.http.get("/metrics")).text
        health = (await show.http.get("/api/health")).text

        youtube.keys.clear()
        await in_state(show, "failed", "does not take the API key")
        assert "spark-vtuber secrets set youtube" in (await show.component("chat:youtube"))["fix"]
        told = "".join([(await show.http.get(path)).text for path in ("/api/health", "/api/log", "/api/accounts")])
        assert not [secret for secret in (KEY, *youtube.accounts.tokens) if secret in told]
    spent = next(line for line in metrics.splitlines() if line.startswith("spark_vtuber_youtube_quota_spent_units "))
    assert 0 < float(spent.split()[1]) <= youtube.spent
    assert "units of today's quota are spent" in health


@pytest.mark.real
async def test_without_a_show_the_command_signs_in_and_writes(
    youtube: FakeYouTube, chat: LiveChat, tmp_path: Path
) -> None:
    youtube.accounts.interval_s = 1
    async with serving(youtube) as served, anyio.create_task_group() as tasks:
        file = tmp_path / "spark.toml"
        file.write_text(config(served.port), "utf-8")

        async def spark_vtuber(*words: str) -> str:
            command = [sys.executable, "-m", "spark_vtuber", "chat", *words]
            options = ["--config", str(file), "--data-dir", str(tmp_path / "data"), "--port", str(free_port())]
            with anyio.fail_after(LIMIT_S):
                done = await anyio.run_process(
                    [*command, *options], check=False, env=child_environment(SECRETS), stderr=subprocess.STDOUT
                )
            assert done.returncode == 0, done.stdout.decode()
            return done.stdout.decode()

        async def type_the_code() -> None:
            while not youtube.accounts.codes:
                await asyncio.sleep(0.05)
            youtube.accounts.approve(CHANNEL)

        tasks.start_soon(type_the_code)
        assert "signed in to YouTube" in await spark_vtuber("login", "youtube")
        await spark_vtuber("send", "youtube", "we are live")
    assert [message["snippet"]["displayMessage"] for message in chat.messages] == ["we are live"]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert not any(token.encode() in kept for token in (*youtube.accounts.tokens, *youtube.accounts.refreshes))
