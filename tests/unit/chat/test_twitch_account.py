import logging
import random
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.chat.oauth import Tokens
from spark_vtuber.chat.twitch_account import SPEC
from spark_vtuber.chat.twitch_account_reader import TwitchAccount, load_room, reading
from spark_vtuber.chat.twitch_features import FEATURES, SECRET, TwitchAccountOptions, features_of, scopes_of
from spark_vtuber.chat.twitch_helix import Helix
from spark_vtuber.core.accounts import AccountView
from spark_vtuber.core.engine import EngineEnv, Finding
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.events import ChatEvent, ChatKind, Reward, Role
from spark_vtuber.testing.twitch_fake import CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_memory import transport, wire
from spark_vtuber.testing.virtual import VirtualClock

ALL = {one.name: True for one in FEATURES if one.name != "chat"}
OPTIONS = TwitchAccountOptions(
    client_id=CLIENT_ID,
    features=ALL,
    api_url="https://api.example.com/helix",
    id_url="https://id.example.com/oauth2",
    events_url="wss://events.example.com/ws",
)
WANTED = scopes_of(features_of(OPTIONS))


@dataclass
class House:
    """A show around one account: what was kept, reported and told."""

    fake: FakeTwitch
    kept: dict[str, str] = field(default_factory=dict)
    reports: list[tuple[str, str, str]] = field(default_factory=list)
    views: list[AccountView] = field(default_factory=list)

    def sign_in(self, login: str = "streamer", scopes: tuple[str, ...] = WANTED) -> None:
        access, refresh = self.fake.accounts.give(login, scopes, CLIENT_ID)
        now_ms = self.fake.clock.unix_ms()
        tokens = Tokens(access, refresh, now_ms + 14_400_000, scopes, CLIENT_ID, now_ms)
        self.kept[SECRET] = tokens.to_json()

    @property
    def env(self) -> EngineEnv:
        def secret(name: str) -> str:
            if name not in self.kept:
                raise EngineError("no_secret", f"{name} is not known", fix="set it")
            return self.kept[name]

        async def keep(name: str, value: str) -> None:
            await anyio.sleep(0.01)
            self.kept[name] = value

        return EngineEnv(
            clock=self.fake.clock,
            random=random.Random(5),
            data_dir=Path("nowhere"),
            secret=secret,
            log=logging.getLogger("test"),
            worker=lambda *_: None,  # type: ignore[arg-type,return-value]
            http=httpx.AsyncClient(transport=transport(self.fake)),
            ports={"report": lambda *said: self.reports.append((*said, "", "")[:3]), "account": self.views.append},
            keep_secret=keep,
        )

    @property
    def state(self) -> tuple[str, str, str]:
        return self.reports[-1]


class Listener:
    """Reads a channel in the background, as the show does."""

    def __init__(self, reader: TwitchAccount) -> None:
        self.reader = reader
        self.events: list[ChatEvent] = []
        self.error: SparkError | None = None

    async def listen(self) -> None:
        try:
            async with aclosing(self.reader.events()) as events:
                async for event in events:
                    self.events.append(event)
        except SparkError as error:
            self.error = error

    @property
    def kinds(self) -> list[ChatKind]:
        return [event.kind for event in self.events]


@pytest.fixture
def fake() -> FakeTwitch:
    fake = FakeTwitch(VirtualClock())
    fake.eventsub.url = OPTIONS.events_url
    return fake


@pytest.fixture
async def house(fake: FakeTwitch) -> House:
    house = House(fake)
    house.sign_in()
    return house


@asynccontextmanager
async def listening(house: House, options: TwitchAccountOptions = OPTIONS) -> AsyncIterator[Listener]:
    async with reading(options, house.env, wire(house.fake)) as reader, anyio.create_task_group() as tasks:
        listener = Listener(reader)
        tasks.start_soon(listener.listen)
        await anyio.sleep(5)
        yield listener
        tasks.cancel_scope.cancel()


async def test_chat_is_read_with_roles_emotes_and_replies(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        assert house.state == ("ok", "reads #streamer as streamer", "")
        first = fake.says("Ana", "hello Kappa", badges=["moderator", "subscriber"])
        fake.says("Ben", "@Ana hi there", reply_to=first)
        fake.says("Ana", "\x01ACTION waves Kappa now\x01")
        fake.says("Ana", "\x01PING\x01")
        await anyio.sleep(1)
    hello, reply, action = heard.events
    assert (hello.id, hello.source, hello.kind, hello.text) == (first, "twitch", ChatKind.MESSAGE, "hello Kappa")
    assert (hello.author.name, hello.author.roles) == ("Ana", {Role.MODERATOR, Role.SUBSCRIBER})
    assert [(span.name, span.start, span.end) for span in hello.emote_spans] == [("Kappa", 6, 11)]
    assert (reply.text, reply.reply_to) == ("hi there", first)
    assert (action.kind, action.text) == (ChatKind.ACTION, "waves Kappa now")
    assert [(span.name, span.start, span.end) for span in action.emote_spans] == [("Kappa", 6, 11)]


async def test_everything_that_somebody_gave_is_told_once_and_with_its_amount(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.cheers("Ana", 150, "great stream")
        fake.subscribes("Ben")
        fake.resubs("Cleo", 12, "a year Kappa")
        fake.gifts("Dan", ["e1", "e2", "e3"])
        fake.gifts("Dan", ["e4"])
        fake.gifts("", ["e5", "e6"], is_anonymous=True)
        fake.raids("Fay", 42)
        fake.follows("Gus")
        await anyio.sleep(1)
    told = [(event.kind, event.author.name, event.amount) for event in heard.events]
    assert told == [
        (ChatKind.BITS, "Ana", 150),
        (ChatKind.SUBSCRIPTION, "Ben", 1),
        (ChatKind.RESUBSCRIPTION, "Cleo", 12),
        (ChatKind.GIFT, "Dan", 3),
        (ChatKind.GIFT, "Dan", 1),
        (ChatKind.GIFT, "Anonymous", 2),
        (ChatKind.RAID, "Fay", 42),
        (ChatKind.FOLLOW, "Gus", 0),
    ]
    assert heard.events[2].text == "a year Kappa"
    assert heard.events[2].emotes == {"Kappa"}


async def test_what_happens_in_the_stream_is_told_in_words(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.hype_train("begin", "Ana", 100, level=1)
        fake.hype_train("progress", "Ana", 100)
        fake.hype_train("progress", "Ben", 900, level=2)
        fake.hype_train("end")
        fake.poll("begin", "Next game?", {"Chess": 0, "Go": 0})
        fake.poll("end", "Next game?", {"Chess": 3, "Go": 9})
        fake.prediction("begin", "Will she win?", {"yes": 0, "no": 0})
        fake.prediction("lock", "Will she win?", {"yes": 10, "no": 0})
        fake.prediction("end", "Will she win?", {"yes": 10, "no": 0}, winner="yes")
        fake.ad_break(90)
        await anyio.sleep(1)
    assert [(event.kind, event.amount) for event in heard.events[:3]] == [
        (ChatKind.HYPE_TRAIN, 1),
        (ChatKind.HYPE_TRAIN, 2),
        (ChatKind.HYPE_TRAIN, 2),
    ]
    assert [event.text for event in heard.events[3:-1]] == [
        "A poll began: Next game? (Chess, Go)",
        "The poll ended: Next game? Most voted for Go.",
        "A prediction began: Will she win? (yes, no)",
        "The prediction is locked: Will she win?",
        "The prediction ended: Will she win? It was yes.",
    ]
    assert (heard.events[-1].kind, heard.events[-1].amount) == (ChatKind.AD_BREAK, 90)


async def test_a_reward_with_words_counts_once_and_its_deletion_finds_it(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        bought = fake.redeems("Ana", "Ask the dragon", "why is the sky blue")
        await anyio.sleep(1)
        line = next(iter(fake.messages))
        fake.deletes(line)
        fake.bans("Ana", seconds=60)
        fake.clears_chat()
        await anyio.sleep(1)
    reward, deletion, ban, clear = heard.events
    assert (reward.kind, reward.text, reward.id) == (ChatKind.REWARD, "why is the sky blue", bought.id)
    assert reward.reward == Reward(bought.reward.id, "Ask the dragon", bought.id)
    assert (deletion.kind, deletion.target) == (ChatKind.DELETION, bought.id)
    assert (ban.kind, ban.target) == (ChatKind.BAN, reward.author.id)
    assert clear.kind is ChatKind.CLEAR


async def test_a_purchase_is_fulfilled_or_given_back(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        first, second = fake.redeems("Ana", "Dance"), fake.redeems("Ben", "Dance")
        await anyio.sleep(1)
        await heard.reader.settle(heard.events[0], is_done=True)
        await heard.reader.settle(heard.events[1], is_done=False)
        told = {one.id: one.status for one in fake.world.redemptions.values()}
        assert told == {first.id: "FULFILLED", second.id: "CANCELED"}
        fake.says("Ana", "no reward at all")
        await anyio.sleep(1)
        with pytest.raises(EngineError, match="without its id"):
            await heard.reader.settle(heard.events[-1], is_done=True)


async def test_a_shared_chat_gives_words_and_none_of_the_money(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.says("Ana", "hello from next door", source="neighbour", badges=["moderator"])
        fake.says("Ana", "Cheer100 for them", source="neighbour", bits=100)
        fake.subscribes("Ben", source="neighbour")
        await anyio.sleep(1)
    assert heard.kinds == [ChatKind.MESSAGE, ChatKind.MESSAGE]


async def test_what_the_program_wrote_is_no_event_while_the_streamer_is_read(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        await heard.reader.send("  hello\nchat ")
        fake.says("Streamer", "!mute")
        await anyio.sleep(1)
    assert [line.text for line in fake.sent] == ["hello chat"]
    assert [event.text for event in heard.events] == ["!mute"]
    assert heard.events[0].author.roles >= {Role.BROADCASTER}


async def test_an_account_of_a_bot_reads_another_channel_with_what_it_may(house: House, fake: FakeTwitch) -> None:
    house.sign_in("helper", WANTED)
    async with listening(house, OPTIONS.model_copy(update={"channel": "streamer"})) as heard:
        state, detail, _ = house.state
        assert (state, "reads #streamer as helper" in detail) == ("ok", True)
        assert "rewards: needs the account of the broadcaster" in detail
        assert "follows" in detail
        fake.says("Helper", "somebody types as the bot")
        bought = fake.redeems("Ana", "Ask", "why?")
        await heard.reader.send("from the bot")
        await anyio.sleep(1)
    assert [(event.kind, event.text) for event in heard.events] == [(ChatKind.REWARD, "why?")]
    assert heard.events[0].reward == Reward(bought.reward.id)


async def test_lines_beyond_the_limit_wait_and_are_refused_when_it_takes_too_long(
    house: House, fake: FakeTwitch
) -> None:
    house.sign_in("helper", WANTED)
    refused: list[str] = []

    async def send(heard: Listener, text: str) -> None:
        try:
            await heard.reader.send(text)
        except EngineError as error:
            refused.append(error.code)

    async with listening(house, OPTIONS.model_copy(update={"channel": "streamer"})) as heard:
        begun_s = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(send, heard, f"line {number}")
        assert anyio.current_time() - begun_s < 11
        assert len(fake.sent) == 13
        assert refused == ["rate"] * 17
        await anyio.sleep(60)
        await heard.reader.send("later")


@pytest.mark.parametrize("text", ["", "  ", "x" * 501])
async def test_a_line_that_twitch_would_not_take_is_not_sent(text: str, house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        with pytest.raises(EngineError) as caught:
            await heard.reader.send(text)
    assert (caught.value.code, fake.sent) == ("too_long", [])


async def test_a_line_whose_answer_was_never_heard_hides_no_later_one_of_the_streamer(
    house: House, fake: FakeTwitch
) -> None:
    async with listening(house) as heard:
        fake.fail("/chat/messages", 503)
        with pytest.raises(EngineError):
            await heard.reader.send("hello chat")
        fake.says("Streamer", "hello chat")
        fake.says("Streamer", "hello chat")
        await anyio.sleep(1)
    assert [event.text for event in heard.events] == ["hello chat"]


async def test_a_reconnect_message_moves_without_a_gap_or_a_repetition(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.says("Ana", "one")
        asked = len(fake.asked)
        fake.reconnect()
        fake.says("Ana", "two")
        await anyio.sleep(1)
        fake.says("Ana", "three")
        fake.repeat(3)
        await anyio.sleep(1)
        assert house.state[0] == "ok"
        assert len(fake.eventsub.sessions) == 1
        assert not any(path.endswith("/subscriptions") for _, path in fake.asked[asked:])
    assert [event.text for event in heard.events] == ["one", "two", "three"]


async def test_a_move_to_an_address_without_encryption_is_not_made(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.eventsub.url = "ws://127.0.0.1/ws"
        fake.reconnect()
        await anyio.sleep(5)
        fake.says("Ana", "one")
        await anyio.sleep(1)
        assert any("without encryption" in detail for _, detail, _ in house.reports)
    assert [event.text for event in heard.events] == ["one"]


@pytest.mark.parametrize("code", [4000, 4002, 4006])
async def test_a_connection_that_breaks_is_made_anew(code: int, house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.says("Ana", "one")
        await anyio.sleep(1)
        fake.drop(code)
        await anyio.sleep(5)
        fake.says("Ana", "two")
        await anyio.sleep(1)
        assert house.state[0] == "ok"
        assert "degraded" in [state for state, _, _ in house.reports]
    assert [event.text for event in heard.events] == ["one", "two"]


async def test_what_was_bought_while_nothing_was_heard_is_asked_for_and_told_once(
    house: House, fake: FakeTwitch
) -> None:
    fake.offers("Ask", wants_text=True)
    fake.redeems("Zoe", "Ask", "long before the show")
    await anyio.sleep(600)
    async with listening(house) as heard:
        fake.redeems("Ana", "Ask", "told")
        await anyio.sleep(1)
        fake.drop()
        fake.redeems("Ben", "Ask", "not told")
        done = fake.redeems("Cleo", "Ask", "settled by hand")
        done.status = "FULFILLED"
        await anyio.sleep(10)
        fake.reconnect()
        await anyio.sleep(5)
        await heard.reader.settle(heard.events[-1], is_done=True)
    assert [event.text for event in heard.events] == ["told", "not told"]


async def test_a_slow_search_for_purchases_keeps_no_connection_from_moving(
    house: House, fake: FakeTwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> Any:
        await anyio.sleep_forever()

    monkeypatch.setattr(Helix, "open_purchases", never)
    async with listening(house) as heard:
        fake.drop()
        await anyio.sleep(8)
        [before] = fake.eventsub.sessions
        fake.reconnect()
        await anyio.sleep(25)
        assert before not in fake.eventsub.sessions
        assert before.end != 4004
        fake.says("Ana", "still here")
        await anyio.sleep(1)
    assert [event.text for event in heard.events] == ["still here"]


async def test_a_server_that_falls_silent_is_left(house: House, fake: FakeTwitch, monkeypatch: Any) -> None:
    async with listening(house) as heard:
        session = fake.eventsub.sessions[0]
        monkeypatch.setattr(type(fake.eventsub), "due_s", lambda *_: fake.clock.now() + 1_000)
        await anyio.sleep(30)
        assert session not in fake.eventsub.sessions
        assert len(fake.eventsub.sessions) == 1
        assert any("silent" in detail for _, detail, _ in house.reports)
        assert heard.error is None


async def test_an_expired_token_is_renewed_in_silence(house: House, fake: FakeTwitch) -> None:
    before = house.kept[SECRET]
    fake.expire_tokens()
    async with listening(house) as heard:
        assert house.state[0] == "ok"
        assert house.kept[SECRET] != before
        fake.expire_tokens()
        await heard.reader.send("still here")
        fake.says("Ana", "hello")
        await anyio.sleep(1)
    assert [line.text for line in fake.sent] == ["still here"]
    assert heard.kinds == [ChatKind.MESSAGE]
    assert not any(state == "failed" for state, _, _ in house.reports)


async def test_the_token_is_validated_at_the_start_and_every_hour(house: House, fake: FakeTwitch) -> None:
    async with listening(house):
        await anyio.sleep(2 * 3600)
    assert sum(path.endswith("/validate") for _, path in fake.asked) == 3


async def test_a_revoked_account_gives_one_message_with_the_fix(house: House, fake: FakeTwitch) -> None:
    async with listening(house) as heard:
        fake.revoke()
        await anyio.sleep(5)
        assert heard.error is not None
    assert (heard.error.code, heard.error.fix) == ("signed_out", "sign in again: spark-vtuber chat login twitch")
    assert (house.views[-1].state, house.views[-1].fix) == ("refused", heard.error.fix)


async def test_a_line_that_cannot_be_sent_for_want_of_an_account_ends_the_reading_too(
    house: House, fake: FakeTwitch
) -> None:
    async with listening(house) as heard:
        fake.accounts.disconnect()
        with pytest.raises(EngineError) as caught:
            await heard.reader.send("hello")
        assert caught.value.code == "signed_out"
        await anyio.sleep(5)
        assert heard.error is not None
        assert heard.error.code == "signed_out"


async def test_an_account_that_was_revoked_while_nobody_looked_says_so_at_the_start(
    house: House, fake: FakeTwitch
) -> None:
    fake.revoke()
    async with listening(house) as heard:
        assert heard.error is not None
        assert heard.error.code == "signed_out"


async def test_a_show_without_an_account_says_how_to_sign_in(fake: FakeTwitch) -> None:
    with pytest.raises(EngineError) as caught:
        async with listening(House(fake)):
            pass
    assert (caught.value.code, caught.value.retryable) == ("not_signed_in", False)
    assert "spark-vtuber chat login twitch" in caught.value.fix


async def test_missing_and_excessive_permissions_are_named_with_the_fix(house: House, fake: FakeTwitch) -> None:
    scopes = tuple({*WANTED, "channel:manage:polls"} - {"moderator:read:followers", "user:write:chat"})
    house.sign_in(scopes=scopes)
    async with listening(house) as heard:
        state, detail, fix = house.state
        assert state == "degraded"
        assert "write, follows" in detail
        assert "moderator:read:followers, user:write:chat" in detail
        assert "spark-vtuber chat login twitch" in fix
        view = house.views[-1]
        assert view.missing == ("moderator:read:followers", "user:write:chat")
        assert view.excess == ("channel:manage:polls",)
        with pytest.raises(EngineError) as caught:
            await heard.reader.send("hello")
        assert caught.value.code == "missing_scope"
        fake.says("Ana", "the chat is read all the same")
        await anyio.sleep(1)
    assert heard.kinds == [ChatKind.MESSAGE]


async def test_without_the_permission_for_the_chat_nothing_works_and_it_says_so(house: House) -> None:
    house.sign_in(scopes=("user:write:chat",))
    async with listening(house) as heard:
        assert heard.error is not None
        assert heard.error.code == "missing_scope"
        assert "user:read:chat" in heard.error.message


async def test_twitch_that_is_away_at_the_start_is_asked_again(house: House, fake: FakeTwitch) -> None:
    fake.fail("/validate", 503, 3)
    async with listening(house) as heard:
        assert house.state[0] == "degraded"
        await anyio.sleep(20)
        assert house.state[0] == "ok"
        assert heard.error is None


async def test_a_message_that_nobody_understands_is_left_out_and_the_next_is_read(
    house: House, fake: FakeTwitch
) -> None:
    async with listening(house) as heard:
        fake.eventsub.notify("channel.chat.message", {**fake.channel.under("broadcaster_"), "message": 5})
        fake.says("Ana", "hello")
        await anyio.sleep(1)
    assert heard.kinds == [ChatKind.MESSAGE]


async def test_a_switched_off_feature_is_neither_asked_for_nor_told(house: House, fake: FakeTwitch) -> None:
    options = OPTIONS.model_copy(update={"features": {**ALL, "follows": False, "rewards": False}})
    async with listening(house, options) as heard:
        fake.follows("Ana")
        fake.redeems("Ana", "Ask", "why?")
        await anyio.sleep(1)
        assert house.views[-1].excess == ("channel:manage:redemptions", "moderator:read:followers")
    assert [(event.kind, event.text) for event in heard.events] == [(ChatKind.REWARD, "why?")]


async def test_without_the_extra_it_says_how_to_install_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("twitchio", "spark_vtuber.chat.twitch_account_room"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "twitchio", None)
    with pytest.raises(EngineError) as caught:
        load_room()
    assert (caught.value.code, 'pip install "spark-vtuber[twitch]"' in caught.value.fix) == ("not_installed", True)
    [missing] = await findings(house)
    assert (missing.severity, missing.fix) == ("error", caught.value.fix)


async def findings(house: House) -> list[Finding]:
    return [finding async for finding in SPEC.probe(OPTIONS, house.env)]


async def test_the_doctor_says_who_is_signed_in_and_what_is_wrong(house: House, fake: FakeTwitch) -> None:
    assert [(one.severity, one.detail) for one in await findings(house)] == [("ok", "signed in as streamer")]
    house.sign_in(scopes=tuple({*WANTED, "channel:manage:polls"} - {"channel:read:ads"}))
    _, lacks, excess = await findings(house)
    assert (lacks.severity, "channel:read:ads" in lacks.detail, "login twitch" in lacks.fix) == ("warning", True, True)
    assert (excess.severity, "channel:manage:polls" in excess.detail) == ("note", True)
    fake.expire_tokens()
    assert [one.severity for one in await findings(house)] == ["note"]
    house.kept.clear()
    [nobody] = await findings(house)
    assert (nobody.severity, "spark-vtuber chat login twitch" in nobody.fix) == ("error", True)
