import logging
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.chat.oauth import Tokens
from spark_vtuber.chat.oauth_account import OAuth
from spark_vtuber.chat.youtube import BOOKMARK, KEPT, SPEC, YouTubeChat, YouTubeOptions, shortened
from spark_vtuber.chat.youtube_account import LOGIN, SCOPES, SECRET, provider_of
from spark_vtuber.core.accounts import AccountView
from spark_vtuber.core.engine import EngineEnv, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.youtube_chat import LiveChat
from spark_vtuber.testing.youtube_fake import FakeYouTube
from spark_vtuber.testing.youtube_server import YouTubeTransport

CHANNEL = "UCstreamer______________"
VIDEO = "video123456"


def set_up(**keys: Any) -> YouTubeOptions:
    return YouTubeOptions.model_validate({"api_key": "secret:youtube", **keys})


OPTIONS = set_up(channel=CHANNEL)
NO_KEY = set_up(channel=CHANNEL, api_key="")
KEY = "key-of-the-streamer"
CLIENT_SECRET = "no-secret-at-all"


@dataclass
class Stage:
    """A YouTube without a network, and what the source said about itself."""

    youtube: FakeYouTube
    transport: YouTubeTransport
    kept: MemoryKeepsake = field(default_factory=MemoryKeepsake)
    bookmark: MemoryKeepsake = field(default_factory=MemoryKeepsake)
    said: list[tuple[str, str, str]] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)
    heard: list[ChatEvent] = field(default_factory=list)
    accounts: list[AccountView] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=lambda: {"youtube": KEY, "youtube-client": CLIENT_SECRET})

    def report(self, state: str, detail: str = "", fix: str = "") -> None:
        self.said.append((state, detail, fix))

    def measure(self, name: str, _meaning: str, value: float) -> None:
        self.measured[name] = value

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.heard]

    def env(self) -> EngineEnv:
        def unused(*_: Any, **__: Any) -> Any:
            raise AssertionError

        def keepsake(name: str) -> MemoryKeepsake:
            return {KEPT: self.kept, BOOKMARK: self.bookmark}[name]

        def secret(name: str) -> str:
            if name not in self.secrets:
                raise EngineError("no_secret", name)
            return self.secrets[name]

        async def keep(name: str, value: str) -> None:
            self.secrets[name] = value

        ports = {"report": self.report, "keepsake": keepsake, "measure": self.measure, "account": self.accounts.append}
        return EngineEnv(
            clock=VirtualClock(),
            random=random.Random(5),
            data_dir=Path("nowhere"),
            secret=secret,
            log=logging.getLogger("test"),
            worker=unused,
            http=httpx.AsyncClient(transport=self.transport),
            ports=ports,
            keep_secret=keep,
        )


@pytest.fixture
def stage() -> Stage:
    youtube = FakeYouTube(VirtualClock().unix_ms, keys={KEY}, handles={"streamer": CHANNEL})
    return Stage(youtube, YouTubeTransport(youtube))


@pytest.fixture
def chat(stage: Stage) -> LiveChat:
    return stage.youtube.go_live(VIDEO, CHANNEL, "frogs")


@asynccontextmanager
async def listening(stage: Stage, options: YouTubeOptions = OPTIONS) -> AsyncIterator[YouTubeChat]:
    async with SPEC.open(options, stage.env()) as source, anyio.create_task_group() as tasks:

        async def listen() -> None:
            async with aclosing(source.events()) as events:
                async for event in events:
                    stage.heard.append(event)

        tasks.start_soon(listen)
        await anyio.sleep(1)
        yield source
        tasks.cancel_scope.cancel()


async def refusal(stage: Stage, options: YouTubeOptions = OPTIONS) -> EngineError:
    with pytest.raises(EngineError) as raised:
        async with SPEC.open(options, stage.env()) as source, aclosing(source.events()) as events:
            await anext(events)
    return raised.value


# ------------------------------------------------------------------------------------------------------------ finding


@pytest.mark.parametrize(
    ("options", "units"),
    [
        (set_up(channel=CHANNEL), 2 + 5),
        (set_up(channel="@streamer"), 3 + 5),
        (set_up(video=VIDEO), 1 + 5),
        (set_up(channel=f"https://www.youtube.com/watch?v={VIDEO}"), 1 + 5),
    ],
)
async def test_a_live_chat_is_found_for_a_few_units(
    stage: Stage, chat: LiveChat, options: YouTubeOptions, units: int
) -> None:
    async with listening(stage, options):
        chat.says("ana", "hello")
        await anyio.sleep(1)
    assert stage.texts == ["hello"]
    assert stage.youtube.spent == units == stage.measured["youtube_quota_spent_units"]


async def test_a_stream_that_is_announced_is_read_once_it_has_begun(stage: Stage) -> None:
    chat = stage.youtube.go_live(VIDEO, CHANNEL, has_begun=False)
    async with listening(stage):
        assert stage.said[-1] == ("ok", f"{CHANNEL} is not live; waits for it; 0 % of today's quota is spent", "")
        chat.has_begun = True
        chat.says("ana", "first!")
        await anyio.sleep(60)
        assert stage.texts == ["first!"]


async def test_waiting_all_day_costs_little(stage: Stage) -> None:
    stage.youtube.go_live(VIDEO, CHANNEL, has_begun=False)
    async with listening(stage):
        await anyio.sleep(8 * 3600)
    assert stage.youtube.spent < 1_500


async def test_the_search_is_the_last_resort_and_asked_once_an_hour(stage: Stage) -> None:
    stage.youtube.go_live(VIDEO, CHANNEL, has_begun=False)
    async with listening(stage):
        await anyio.sleep(40)
        assert stage.youtube.asked("/search") == 0
        await anyio.sleep(3500)
        assert stage.youtube.asked("/search") == 1


async def test_a_stream_that_the_list_hides_is_found_by_the_search(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.hides_from_list = True
    async with listening(stage):
        await anyio.sleep(300)
        chat.says("ana", "hidden")
        await anyio.sleep(1)
        assert stage.texts == ["hidden"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (set_up(channel="@nobody"), "no_channel"),
        (set_up(channel="UCnobody________________"), "no_channel"),
        (set_up(video="nosuchvideo"), "no_video"),
        (set_up(channel="what is this"), "no_channel"),
        (set_up(), "no_channel"),
        (NO_KEY, "no_secret"),
    ],
)
async def test_a_place_that_is_none_is_told_with_the_fix(stage: Stage, options: YouTubeOptions, code: str) -> None:
    error = await refusal(stage, options)
    assert (error.code, error.retryable, bool(error.fix)) == (code, False, True)


async def test_a_wrong_key_is_told_with_the_fix_and_never_shown(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.keys = {"another"}
    error = await refusal(stage)
    assert (error.code, error.retryable) == ("bad_key", False)
    assert "spark-vtuber secrets set youtube" in error.fix
    assert KEY not in f"{error} {error.fix} {stage.said} {stage.youtube.log}"


@pytest.mark.parametrize(("reason", "code"), [("accessNotConfigured", "not_enabled"), ("forbidden", "refused")])
async def test_a_project_that_may_not_is_told_with_the_fix(stage: Stage, reason: str, code: str) -> None:
    stage.youtube.mishaps.append((403, reason))
    error = await refusal(stage)
    assert (error.code, bool(error.fix)) == (code, True)


# ------------------------------------------------------------------------------------------------------------ reading


async def test_the_stream_costs_five_units_however_long_it_lasts(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        for number in range(200):
            chat.says("ana", str(number))
            await anyio.sleep(1)
    assert stage.texts == [str(number) for number in range(200)]
    assert (stage.youtube.asked("/liveChat/messages/stream"), stage.youtube.asked("/liveChat/messages")) == (1, 0)
    assert len(stage.said) == 2
    assert stage.transport.streams == 0


async def test_what_was_written_before_she_came_is_not_answered(stage: Stage, chat: LiveChat) -> None:
    chat.says("ana", "yesterday")
    await anyio.sleep(10)
    async with listening(stage):
        chat.says("ana", "now")
        await anyio.sleep(1)
    assert stage.texts == ["now"]


@pytest.mark.parametrize("ahead_s", [-600, 600])
async def test_a_clock_that_is_wrong_here_loses_nothing_and_answers_no_history(stage: Stage, ahead_s: int) -> None:
    stage.youtube.unix_ms = lambda: VirtualClock().unix_ms() - 1000 * ahead_s
    chat = stage.youtube.go_live(VIDEO, CHANNEL)
    chat.says("ana", "yesterday")
    await anyio.sleep(10)
    async with listening(stage):
        await anyio.sleep(5)
        chat.says("ana", "now")
        await anyio.sleep(1)
    assert stage.texts == ["now"]


async def test_where_the_stream_is_refused_pages_are_read(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.refuses_streams = True
    async with listening(stage):
        chat.says("ana", "hello")
        await anyio.sleep(30)
        assert stage.texts == ["hello"]
        assert stage.youtube.asked("/liveChat/messages/stream") == 1
        assert "every 9 s" in stage.said[-1][1]


async def test_the_stream_is_tried_again_after_a_while(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.refuses_streams = True
    async with listening(stage):
        await anyio.sleep(60)
        stage.youtube.refuses_streams = False
        await anyio.sleep(700)
        chat.says("ana", "hello")
        await anyio.sleep(0.1)
        assert stage.texts == ["hello"]


async def test_pages_are_never_asked_for_faster_than_youtube_wants(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.refuses_streams, stage.youtube.interval_ms = True, 60_000
    async with listening(stage):
        await anyio.sleep(600)
        assert stage.youtube.asked("/liveChat/messages") <= 12


@pytest.mark.parametrize("is_streaming", [True, False])
async def test_across_a_killed_server_nothing_is_lost_and_nothing_comes_twice(
    stage: Stage, chat: LiveChat, is_streaming: bool
) -> None:
    stage.youtube.refuses_streams = not is_streaming
    async with listening(stage):
        chat.says("ana", "before")
        await anyio.sleep(10)
        stage.transport.is_up = False
        stage.transport.drop()
        chat.says("ana", "meanwhile")
        await anyio.sleep(30)
        assert stage.said[-1][0] == "degraded"
        stage.transport.is_up = True
        await anyio.sleep(60)
        chat.says("ana", "after")
        await anyio.sleep(20)
        assert stage.said[-1][0] == "ok"
    assert stage.texts == ["before", "meanwhile", "after"]


@pytest.mark.parametrize("is_streaming", [True, False])
async def test_across_a_restart_of_the_show_nothing_is_lost_and_nothing_comes_twice(
    stage: Stage, chat: LiveChat, is_streaming: bool
) -> None:
    stage.youtube.refuses_streams = not is_streaming
    async with listening(stage):
        chat.says("ana", "before")
        await anyio.sleep(60)
    chat.says("ana", "meanwhile")
    await anyio.sleep(60)
    async with listening(stage):
        chat.says("ana", "after")
        await anyio.sleep(60)
    assert stage.texts == ["before", "meanwhile", "after"]


async def test_a_show_that_stops_in_the_middle_of_a_page_goes_on_there(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.refuses_streams = True
    for texts in (("one", "two", "three"), ()):
        async with (
            SPEC.open(OPTIONS, stage.env()) as source,
            aclosing(source.events()) as events,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(write_later, chat, *texts)
            stage.heard.append(await anext(events))
    async with listening(stage):
        await anyio.sleep(60)
    assert stage.texts == ["one", "two", "three"]


async def write_later(chat: LiveChat, *texts: str) -> None:
    await anyio.sleep(1)
    for text in texts:
        chat.says("ana", text)


async def test_a_page_that_youtube_forgot_over_a_restart_brings_no_history(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        chat.says("ana", "before")
        await anyio.sleep(1)
    stage.youtube.forgets_pages = True
    chat.says("ana", "meanwhile")
    async with listening(stage):
        await anyio.sleep(60)
    assert stage.texts == ["before", "meanwhile"]


async def test_what_was_written_long_before_a_restart_is_not_answered(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        chat.says("ana", "before")
        await anyio.sleep(1)
    chat.says("ana", "meanwhile")
    await anyio.sleep(1800)
    async with listening(stage):
        await anyio.sleep(60)
    assert stage.texts == ["before"]


async def test_a_show_that_was_killed_repeats_nothing(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        chat.says("ana", "one")
        await anyio.sleep(1)
    stopped = stage.bookmark.value
    async with listening(stage):
        chat.says("ana", "two")
        await anyio.sleep(1)
        killed = stage.bookmark.value
    assert (bool(stopped), bool(killed)) == (True, False)


@pytest.mark.parametrize("kept", [5, [], {}, {"chat": 5}, {"chat": "x", "token": "t", "since_ms": "1", "ids": [1]}])
async def test_a_damaged_bookmark_is_none(stage: Stage, chat: LiveChat, kept: Any) -> None:
    stage.bookmark.value = kept
    async with listening(stage):
        chat.says("ana", "now")
        await anyio.sleep(1)
    assert stage.texts == ["now"]


async def test_a_page_that_youtube_forgot_is_found_again_without_repetitions(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        chat.says("ana", "before")
        await anyio.sleep(1)
        stage.youtube.forgets_pages = True
        stage.transport.drop()
        chat.says("ana", "after")
        await anyio.sleep(60)
    assert stage.texts == ["before", "after"]


async def test_a_server_in_trouble_is_asked_again_with_growing_pauses(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.mishaps.extend([(503, "backendError")] * 6)
    began_s = anyio.current_time()
    async with listening(stage):
        while not stage.youtube.asked("/liveChat/messages/stream"):
            await anyio.sleep(0.5)
        assert 15 <= anyio.current_time() - began_s <= 64
        assert stage.said[1][0] == "degraded"


async def test_a_silent_stream_is_opened_anew_after_five_minutes(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        await anyio.sleep(3600)
        assert 11 <= stage.youtube.asked("/liveChat/messages/stream") <= 13
        chat.says("ana", "hello")
        await anyio.sleep(1)
        assert stage.texts == ["hello"]


async def test_after_the_end_the_next_stream_is_looked_for(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        chat.says("ana", "bye")
        chat.end()
        await anyio.sleep(5)
        assert "has ended" in stage.said[-1][1]
        again = stage.youtube.go_live("video654321", CHANNEL, "more frogs")
        await anyio.sleep(120)
        again.says("ana", "back")
        await anyio.sleep(1)
    assert stage.texts == ["bye", "back"]


async def test_a_chat_that_is_switched_off_is_told_and_waited_for(stage: Stage, chat: LiveChat) -> None:
    chat.is_disabled = True
    async with listening(stage):
        assert (stage.said[-1][0], "switched off" in stage.said[-1][1]) == ("degraded", True)
        chat.is_disabled = False
        await anyio.sleep(70)
        chat.says("ana", "on")
        await anyio.sleep(1)
        assert stage.texts == ["on"]


async def test_events_come_in_the_order_in_which_they_were_written(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        chat.says("ana", "a")
        line = chat.super_chat("ben", "b", 5)
        chat.delete(line)
        chat.ban("ana")
        await anyio.sleep(1)
    assert [event.kind for event in stage.heard] == [
        ChatKind.MESSAGE,
        ChatKind.SUPER_CHAT,
        ChatKind.DELETION,
        ChatKind.BAN,
    ]


# -------------------------------------------------------------------------------------------------------------- quota


async def test_polling_for_a_whole_day_stays_within_the_quota_and_four_fifths_are_told_with_how_much_slower_it_gets(
    stage: Stage, chat: LiveChat, caplog: pytest.LogCaptureFixture
) -> None:
    stage.youtube.refuses_streams = True
    async with listening(stage):
        for minute in range(9 * 60):
            chat.says("ana", "hello")
            await anyio.sleep(60)
            if minute == 5 * 60:
                state, detail, fix = stage.said[-1]
                assert (state, "slowed down" in detail, bool(fix)) == ("degraded", True, True)
    assert stage.youtube.spent <= 10_000
    assert len(stage.heard) >= 9 * 60 - 5
    assert not any("used up" in detail for _, detail, _ in stage.said)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "youtube: 80 % of today's quota is spent"
    ]


async def test_a_used_up_quota_is_told_once_and_so_is_its_return(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        stage.youtube.units = 0
        stage.transport.drop()
        chat.says("ana", "meanwhile")
        await anyio.sleep(5 * 3600)
        about = [detail for state, detail, _ in stage.said if "used up" in detail and state == "degraded"]
        assert len(about) == 1
        stage.youtube.units = 10_000
        await anyio.sleep(3600)
        assert stage.texts == ["meanwhile"]
        assert sum("quota is back" in detail for _, detail, _ in stage.said) == 1


async def test_what_was_spent_is_remembered_by_the_next_show(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage):
        await anyio.sleep(1)
    assert stage.kept.value["units"] == 7
    async with listening(stage):
        assert stage.measured["youtube_quota_spent_units"] == 14
        assert stage.measured["youtube_quota_limit_units"] == 10_000


async def test_a_budget_below_googles_is_kept(stage: Stage, chat: LiveChat) -> None:
    stage.youtube.refuses_streams = True
    async with listening(stage, set_up(channel=CHANNEL, quota=500, hours=0.5)):
        await anyio.sleep(8 * 3600)
    assert stage.youtube.spent <= 500


# ------------------------------------------------------------------------------------------------------------ writing


async def test_without_an_account_nothing_is_sent_and_the_fix_is_told(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage) as source:
        with pytest.raises(EngineError) as raised:
            await source.send("hello")
    assert (raised.value.code, "chat login youtube" in raised.value.fix) == ("read_only", True)
    assert chat.messages == []


WRITING = set_up(channel=CHANNEL, account=True, client_secret="secret:youtube-client")


def sign_in(stage: Stage) -> None:
    accounts, clock = stage.youtube.accounts, VirtualClock()
    access, refresh = accounts.give(CHANNEL)
    now_ms = clock.unix_ms()
    tokens = Tokens(access, refresh, now_ms + 3_599_000, SCOPES, accounts.client_id, now_ms)
    stage.secrets[SECRET] = tokens.to_json()


async def test_what_she_sends_is_in_the_chat_and_not_answered(stage: Stage, chat: LiveChat) -> None:
    sign_in(stage)
    async with listening(stage, WRITING) as source:
        await source.send("  hello\neverybody ")
        chat.says("ana", "hi")
        await anyio.sleep(1)
    assert [message["snippet"]["textMessageDetails"]["messageText"] for message in chat.messages] == [
        "hello everybody",
        "hi",
    ]
    assert stage.texts == ["hi"]
    assert stage.youtube.spent == 2 + 5 + 20


async def test_a_line_waits_until_the_chat_is_found(stage: Stage, chat: LiveChat) -> None:
    sign_in(stage)
    async with SPEC.open(WRITING, stage.env()) as source, anyio.create_task_group() as tasks:

        async def listen() -> None:
            async with aclosing(source.events()) as events:
                async for event in events:
                    stage.heard.append(event)

        tasks.start_soon(listen)
        await source.send("we are live")
        tasks.cancel_scope.cancel()
    assert len(chat.messages) == 1


async def test_a_line_of_hers_that_comes_before_youtube_took_it_is_not_answered(stage: Stage, chat: LiveChat) -> None:
    sign_in(stage)
    async with listening(stage, WRITING) as source:
        stage.transport.latency_s = 2.0
        await source.send("hello")
        await anyio.sleep(5)
    assert (len(chat.messages), stage.texts) == (1, [])


async def test_a_token_that_ended_is_renewed_and_kept(stage: Stage, chat: LiveChat) -> None:
    sign_in(stage)
    before = stage.secrets[SECRET]
    stage.youtube.accounts.expire()
    async with listening(stage, WRITING) as source:
        await source.send("hello")
    assert len(chat.messages) == 1
    assert stage.secrets[SECRET] != before


async def test_an_account_that_was_revoked_is_told_with_the_fix_and_reading_goes_on(
    stage: Stage, chat: LiveChat
) -> None:
    sign_in(stage)
    stage.youtube.accounts.revoke()
    async with listening(stage, WRITING) as source:
        with pytest.raises(EngineError) as raised:
            await source.send("hello")
        assert (raised.value.code, LOGIN in raised.value.fix) == ("signed_out", True)
        assert [(view.platform, view.state) for view in stage.accounts] == [("youtube", "refused")]
        assert "access-1" not in f"{raised.value} {raised.value.fix} {stage.said}"
        chat.says("ana", "hi")
        await anyio.sleep(1)
        assert stage.texts == ["hi"]


async def test_where_nobody_is_signed_in_she_reads_and_cannot_write(stage: Stage, chat: LiveChat) -> None:
    async with listening(stage, WRITING) as source:
        with pytest.raises(EngineError) as raised:
            await source.send("hello")
        assert (raised.value.code, LOGIN in raised.value.fix) == ("read_only", True)


async def test_while_nothing_is_live_nothing_is_sent(stage: Stage) -> None:
    sign_in(stage)
    async with listening(stage, WRITING) as source:
        with pytest.raises(EngineError, match="nothing is live"):
            await source.send("hello")


async def test_sending_stops_where_the_quota_does_not_allow_it(stage: Stage, chat: LiveChat) -> None:
    sign_in(stage)
    async with listening(stage, WRITING.model_copy(update={"quota": 100})) as source:
        for _ in range(4):
            await source.send("hello")
        with pytest.raises(EngineError) as raised:
            await source.send("hello")
    assert raised.value.code == "quota_exceeded"
    assert len(chat.messages) == 4


async def test_signing_in_takes_a_code_that_somebody_types(stage: Stage, chat: LiveChat) -> None:
    accounts, env = stage.youtube.accounts, stage.env()
    provider = provider_of("https://oauth2.googleapis.com", accounts.client_id, accounts.client_secret)
    oauth = OAuth(provider, env.http, env.clock)
    login, prompt = await oauth.begin(SCOPES)
    assert prompt.address == "https://www.google.com/device"
    async with anyio.create_task_group() as tasks:

        async def wait() -> None:
            stage.secrets[SECRET] = (await oauth.finish(login, prompt)).to_json()

        tasks.start_soon(wait)
        await anyio.sleep(12)
        assert SECRET not in stage.secrets
        accounts.approve(CHANNEL)
    async with listening(stage, WRITING) as source:
        await source.send("hello")
    assert chat.messages[0]["authorDetails"]["isChatOwner"] is True


def test_a_long_line_is_cut_at_a_word() -> None:
    assert shortened("a" * 300) == "a" * 199 + "…"
    assert shortened("word " * 60) == ("word " * 39).strip() + "…"
    assert all(len(shortened(text)) <= 200 for text in ("a" * 201, "ab " * 100, "a " + "b" * 300))


# -------------------------------------------------------------------------------------------------------------- probe


async def findings(stage: Stage, options: YouTubeOptions) -> list[Finding]:
    return [finding async for finding in SPEC.probe(options, stage.env())]


async def test_the_probe_says_whether_it_would_work(stage: Stage, chat: LiveChat) -> None:
    (off,) = await findings(stage, set_up())
    (found,) = await findings(stage, set_up(channel="@streamer"))
    (wrong,) = await findings(stage, set_up(channel="@nobody"))
    assert (off.severity, found.severity, wrong.severity) == ("note", "ok", "error")
    assert '"frogs" is live' in found.detail
