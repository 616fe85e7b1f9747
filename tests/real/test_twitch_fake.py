"""The fake Twitch and the client libraries of other people: what they take for Twitch, our client may as well."""

import asyncio
import inspect
import json
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from spark_vtuber.testing.live import until
from spark_vtuber.testing.twitch_fake import CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_fake_oauth import DEVICE_GRANT
from spark_vtuber.testing.twitch_fake_topics import TOPICS
from spark_vtuber.testing.twitch_server import TwitchServer, serve_twitch

pytestmark = pytest.mark.real

LIMIT_S: Final = 10
SCOPES: Final = sorted({scope for topic in TOPICS.values() for group in topic.scopes for scope in group})
OLD: Final = {("channel.hype_train.begin", "1"), ("channel.hype_train.progress", "1"), ("channel.hype_train.end", "1")}


def evening(fake: FakeTwitch) -> None:
    """One of everything that may happen on a channel."""
    first = fake.says("Ana", "hello @Streamer Kappa")
    fake.says("Lea", "over there", source="Neighbour")
    fake.cheers("Bo", 100, "nice")
    fake.subscribes("Cy", is_prime=True)
    fake.resubs("Dee", 7, "still here", streak=7)
    fake.gifts("Eve", ["Fay", "Gus"])
    fake.gifts("", ["Fay"], is_anonymous=True)
    fake.follows("Hal")
    fake.raids("Ida", 42)
    fake.redeems("Jo", "Hydrate", "now")
    for phase in ("begin", "progress", "end"):
        fake.hype_train(phase, "Bo", 500, level=2)
        fake.poll(phase, "Tea?", {"yes": 1, "no": 2})
        fake.shares_chat("Neighbour", phase=phase if phase != "progress" else "update")
    for phase in ("begin", "progress", "lock", "end"):
        fake.prediction(phase, "Win?", {"yes": 1, "no": 2}, winner="yes", by=["Bo"])
    fake.ad_break(90)
    fake.deletes(first)
    fake.bans("Kim", "spam")
    fake.clears_chat()
    fake.announces("Nat", "news")
    fake.goes_live()
    fake.goes_off()


STREAMER: Final = "streamer"
HEARD: Final = sorted(
    [
        ("channel.ad_break.begin", 90),
        ("channel.ban", ("kim", "spam")),
        ("channel.bits.use", ("bo", 100)),
        ("channel.channel_points_custom_reward_redemption.add", ("jo", "Hydrate", "now")),
        ("channel.chat.clear", STREAMER),
        ("channel.chat.clear_user_messages", "kim"),
        ("channel.chat.message", ("ana", "hello @Streamer Kappa", "")),
        ("channel.chat.message", ("bo", "Cheer100 nice", "")),
        ("channel.chat.message", ("jo", "now", "")),
        ("channel.chat.message", ("lea", "over there", "neighbour")),
        ("channel.chat.message_delete", "ana"),
        *(
            ("channel.chat.notification", kind)
            for kind in ("announcement", "community_sub_gift", "raid", "resub", "sub", *["sub_gift"] * 3)
        ),
        ("channel.cheer", ("bo", 100)),
        ("channel.follow", "hal"),
        ("channel.hype_train.begin", (2, 500)),
        ("channel.hype_train.end", (2, 1500)),
        ("channel.hype_train.progress", (2, 1000)),
        *(("channel.moderate", action) for action in ("ban", "clear", "delete")),
        *((f"channel.poll.{phase}", ("Tea?", 1, 2)) for phase in ("begin", "end", "progress")),
        *((f"channel.prediction.{phase}", ("Win?", "yes", "no")) for phase in ("begin", "end", "lock", "progress")),
        ("channel.raid", ("ida", 42)),
        *((f"channel.shared_chat.{phase}", STREAMER) for phase in ("begin", "end", "update")),
        ("channel.subscribe", ("cy", "1000", False)),
        *(("channel.subscribe", (login, "1000", True)) for login in ("fay", "fay", "gus")),
        ("channel.subscription.gift", ("", 1)),
        ("channel.subscription.gift", ("eve", 2)),
        ("channel.subscription.message", ("dee", 7, "still here")),
        ("stream.offline", STREAMER),
        ("stream.online", STREAMER),
    ],
    key=repr,
)
"""What a library must make of the evening."""

Reader = Callable[[Any], object]


def _name(user: Any) -> str:
    return user.name if user else ""


TWITCHIO: Final[dict[str, tuple[str, Reader]]] = {
    "ad_break": ("channel.ad_break.begin", lambda it: it.duration),
    "ban": ("channel.ban", lambda it: (it.user.name, it.reason)),
    "bits_use": ("channel.bits.use", lambda it: (it.user.name, it.bits)),
    "custom_redemption_add": (
        "channel.channel_points_custom_reward_redemption.add",
        lambda it: (it.user.name, it.reward.title, it.user_input),
    ),
    "chat_clear": ("channel.chat.clear", lambda it: it.broadcaster.name),
    "chat_clear_user": ("channel.chat.clear_user_messages", lambda it: it.user.name),
    "message": ("channel.chat.message", lambda it: (it.chatter.name, it.text, _name(it.source_broadcaster))),
    "message_delete": ("channel.chat.message_delete", lambda it: it.user.name),
    "chat_notification": ("channel.chat.notification", lambda it: it.notice_type),
    "cheer": ("channel.cheer", lambda it: (it.user.name, it.bits)),
    "follow": ("channel.follow", lambda it: it.user.name),
    "hype_train": ("channel.hype_train.begin", lambda it: (it.level, it.total)),
    "hype_train_progress": ("channel.hype_train.progress", lambda it: (it.level, it.total)),
    "hype_train_end": ("channel.hype_train.end", lambda it: (it.level, it.total)),
    "mod_action": ("channel.moderate", lambda it: it.action),
    **{
        f"poll_{phase}": (f"channel.poll.{phase}", lambda it: (it.title, *(one.votes for one in it.choices)))
        for phase in ("begin", "progress", "end")
    },
    **{
        f"prediction_{phase}": (
            f"channel.prediction.{phase}",
            lambda it: (it.title, *(one.title for one in it.outcomes)),
        )
        for phase in ("begin", "progress", "lock", "end")
    },
    "raid": ("channel.raid", lambda it: (it.from_broadcaster.name, it.viewer_count)),
    **{
        f"shared_chat_{phase}": (f"channel.shared_chat.{phase}", lambda it: it.host.name)
        for phase in ("begin", "update", "end")
    },
    "subscription": ("channel.subscribe", lambda it: (it.user.name, it.tier, it.gift)),
    "subscription_gift": ("channel.subscription.gift", lambda it: (_name(it.user), it.total)),
    "subscription_message": (
        "channel.subscription.message",
        lambda it: (it.user.name, it.cumulative_months, it.text),
    ),
    "stream_offline": ("stream.offline", lambda it: it.broadcaster.name),
    "stream_online": ("stream.online", lambda it: it.broadcaster.name),
}
"""By the name of twitchio's event: the type of the subscription, and how its model is read."""

TWITCHAPI: Final[dict[str, Reader]] = {
    "channel.ad_break.begin": lambda it: it.duration_seconds,
    "channel.ban": lambda it: (it.user_login, it.reason),
    "channel.bits.use": lambda it: (it.user_login, it.bits),
    "channel.channel_points_custom_reward_redemption.add": lambda it: (it.user_login, it.reward.title, it.user_input),
    "channel.chat.clear": lambda it: it.broadcaster_user_login,
    "channel.chat.clear_user_messages": lambda it: it.target_user_login,
    "channel.chat.message": lambda it: (
        it.chatter_user_login,
        it.message.text,
        it.source_broadcaster_user_login or "",
    ),
    "channel.chat.message_delete": lambda it: it.target_user_login,
    "channel.chat.notification": lambda it: it.notice_type,
    "channel.cheer": lambda it: (it.user_login, it.bits),
    "channel.follow": lambda it: it.user_login,
    **{f"channel.hype_train.{phase}": lambda it: (it.level, it.total) for phase in ("begin", "progress", "end")},
    "channel.moderate": lambda it: it.action,
    **{
        f"channel.poll.{phase}": lambda it: (it.title, *(one.votes for one in it.choices))
        for phase in ("begin", "progress", "end")
    },
    **{
        f"channel.prediction.{phase}": lambda it: (it.title, *(one.title for one in it.outcomes))
        for phase in ("begin", "progress", "lock", "end")
    },
    "channel.raid": lambda it: (it.from_broadcaster_user_login, it.viewers),
    **{
        f"channel.shared_chat.{phase}": lambda it: it.host_broadcaster_user_login
        for phase in ("begin", "update", "end")
    },
    "channel.subscribe": lambda it: (it.user_login, it.tier, it.is_gift),
    "channel.subscription.gift": lambda it: (it.user_login or "", it.total),
    "channel.subscription.message": lambda it: (it.user_login, it.cumulative_months, it.message.text),
    "stream.offline": lambda it: it.broadcaster_user_login,
    "stream.online": lambda it: it.broadcaster_user_login,
}
"""By the type of the subscription: how twitchAPI's model is read."""


# ------------------------------------------------------------------------------------------------------------ twitchio


@asynccontextmanager
async def signed_in_with_twitchio(server: TwitchServer) -> AsyncIterator[tuple[Any, list[tuple[str, Any]]]]:
    """Twitchio's client after a login by code, subscribed to everything that it knows; and what it dispatches."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it inherits from a class of aiohttp that discourages it
        import twitchio
        from twitchio import eventsub, http
        from twitchio.eventsub import websockets as eventsub_sockets

    heard: list[tuple[str, Any]] = []

    class Client(twitchio.Client):
        def dispatch(self, event: str, payload: Any | None = None) -> None:
            heard.append((event, payload))
            super().dispatch(event, payload)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.Route, "BASE", f"{server.api_url}/")
        patch.setattr(http.Route, "ID_BASE", server.id_url.removesuffix("oauth2"))
        patch.setattr(eventsub_sockets, "WSS", server.eventsub_url)
        client = Client(client_id=CLIENT_ID, client_secret="", scopes=twitchio.Scopes([*SCOPES, "user:write:chat"]))
        try:
            code = await client.login_dcf(load_token=False, save_token=False)
            assert code is not None
            server.fake.accounts.approve(code["user_code"], STREAMER)
            await client.start_dcf(device_code=code["device_code"], interval=1, block=False)
            me = server.fake.channel.id
            for kind in _subclasses(eventsub.SubscriptionPayload):
                topic = TOPICS.get((str(getattr(kind.type, "value", kind.type)), kind.version))
                if topic is not None:
                    keys = topic.keys or ("to_broadcaster_user_id",)
                    await client.subscribe_websocket(kind(**dict.fromkeys(keys, me)), token_for=me)
            yield client, heard
        finally:
            await client.close()


def _subclasses(parent: type) -> list[Any]:
    return parent.__subclasses__()


def read_twitchio(heard: list[tuple[str, Any]]) -> list[tuple[str, object]]:
    """What twitchio's models say."""
    known = [(*TWITCHIO[event], payload) for event, payload in heard if event in TWITCHIO]
    return sorted(((kind, reader(payload)) for kind, reader, payload in known), key=repr)


async def test_twitchio_signs_in_hears_everything_and_writes() -> None:
    async with serve_twitch() as server, signed_in_with_twitchio(server) as (client, heard):
        fake = server.fake
        listened = {(one.type, one.version) for one in fake.eventsub.subscriptions.values()}
        assert set(TOPICS) - listened == OLD
        evening(fake)
        await until(lambda: len(read_twitchio(heard)) >= len(HEARD), LIMIT_S)
        assert read_twitchio(heard) == HEARD
        user = await client.fetch_user(id=fake.channel.id)
        sent = await user.send_message("I am here", sender=fake.channel.id, token_for=fake.channel.id)
        assert sent.sent
        assert [one.text for one in fake.sent] == ["I am here"]


async def test_twitchio_moves_to_another_connection_and_renews_its_token() -> None:
    async with serve_twitch() as server, signed_in_with_twitchio(server) as (client, heard):
        fake = server.fake
        before = fake.eventsub.sessions[0]
        fake.reconnect()
        await until(lambda: before not in fake.eventsub.sessions, LIMIT_S)
        fake.says("Ana", "still there?")
        await until(lambda: bool(read_twitchio(heard)), LIMIT_S)
        assert read_twitchio(heard) == [("channel.chat.message", ("ana", "still there?", ""))]
        fake.expire_tokens()
        users = await client.fetch_users(logins=["Ana"], token_for=fake.channel.id)
        assert [user.name for user in users] == ["ana"]
        assert ("POST", "/oauth2/token") in fake.asked[-3:]


# ----------------------------------------------------------------------------------------------------------- twitchAPI


async def with_twitchapi(server: TwitchServer, work: Callable[[Any, Any, list[Any]], Awaitable[None]]) -> None:
    """Sign in with twitchAPI by code, subscribe to everything that it knows, then do some work.

    Its `start` and `stop` block the thread that they are called in, and its connection lives in another one, so all of
    it runs apart from the loop of the server.
    """
    from twitchAPI.eventsub.websocket import EventSubWebsocket
    from twitchAPI.oauth import CodeFlow
    from twitchAPI.twitch import Twitch
    from twitchAPI.type import AuthScope

    async def run() -> None:
        me = server.fake.channel.id
        scopes = [AuthScope(scope) for scope in (*SCOPES, "user:write:chat")]
        base, oauth = f"{server.api_url}/", f"{server.id_url}/"
        client = await Twitch(CLIENT_ID, "", authenticate_app=False, base_url=base, auth_base_url=oauth)
        flow = CodeFlow(client, scopes, auth_base_url=oauth)
        code, _ = await flow.get_code()
        anyio.from_thread.run_sync(server.fake.accounts.approve, code, STREAMER)
        await client.set_user_authentication(*_tokens(await flow.wait_for_auth_complete(), scopes))
        heard: list[Any] = []

        async def hear(event: Any) -> None:
            heard.append(event)

        events: Any = EventSubWebsocket(client, connection_url=server.eventsub_url, subscription_url=base)
        events.start()
        try:
            for listen in _listeners(events):
                own = {name: me for name in inspect.signature(listen).parameters if name.endswith("user_id")}
                own.pop("from_broadcaster_user_id", None)
                await listen(**own, callback=hear)
            await work(client, events, heard)
        finally:
            await events.stop()
            events._socket_thread.join(LIMIT_S)
            events._socket_loop.close()  # it leaves that to nobody
            await client.close()

    await anyio.to_thread.run_sync(asyncio.run, run())


def _tokens(pair: tuple[str, str], scopes: list[Any]) -> tuple[str, list[Any], str]:
    return pair[0], scopes, pair[1]


def _listeners(events: Any) -> list[Callable[..., Awaitable[str]]]:
    """The methods that subscribe to what the fake knows, by the types that their source names."""
    found = [one for name, one in inspect.getmembers(events) if name.startswith("listen_")]
    quoted = [(one, [f"'{kind}'" for kind, _ in TOPICS if f"'{kind}'" in inspect.getsource(one)]) for one in found]
    return [one for one, kinds in quoted if kinds and _version(one) in {v for k, v in TOPICS if f"'{k}'" in kinds}]


def _version(listen: Callable[..., Any]) -> str:
    return "2" if "'2'" in inspect.getsource(listen) else "1"


def read_twitchapi(heard: list[Any]) -> list[tuple[str, object]]:
    """What twitchAPI's models say."""
    known = [(one.metadata.subscription_type, one.event) for one in list(heard)]
    return sorted(((kind, TWITCHAPI[kind](event)) for kind, event in known), key=repr)


async def has(heard: list[Any], count: int) -> None:
    with anyio.fail_after(LIMIT_S):
        while len(heard) < count:
            await anyio.sleep(0.02)


async def test_twitchapi_signs_in_hears_everything_writes_and_moves() -> None:
    async with serve_twitch() as server:
        fake = server.fake

        async def work(client: Any, _events: Any, heard: list[Any]) -> None:
            anyio.from_thread.run_sync(evening, fake)
            await has(heard, len(HEARD))
            assert read_twitchapi(heard) == HEARD
            sent = await client.send_chat_message(fake.channel.id, fake.channel.id, "I am here")
            assert sent.is_sent
            before = fake.eventsub.sessions[0]
            anyio.from_thread.run_sync(fake.reconnect)
            with anyio.fail_after(LIMIT_S):
                while before in fake.eventsub.sessions:
                    await anyio.sleep(0.02)
            anyio.from_thread.run_sync(partial(fake.says, "Ana", "still there?"))
            await has(heard, len(HEARD) + 2)
            last = sorted(one.event.message.text for one in heard[-2:])
            assert last == ["I am here", "still there?"]

        await with_twitchapi(server, work)
        assert [one.text for one in fake.sent] == ["I am here"]


# ------------------------------------------------------------------------------------------------------------- sockets


async def subscribe(http: httpx.AsyncClient, server: TwitchServer, welcome: str | bytes) -> int:
    """Listen to the chat on the connection that was welcomed; gives the status of the answer."""
    token, _ = server.fake.accounts.give(STREAMER, ("user:read:chat",), CLIENT_ID)
    me = server.fake.channel.id
    session = json.loads(welcome)["payload"]["session"]["id"]
    body = {"type": "channel.chat.message", "version": "1", "condition": {"broadcaster_user_id": me, "user_id": me}}
    body |= {"transport": {"method": "websocket", "session_id": session}}
    headers = {"Authorization": f"Bearer {token}", "Client-Id": CLIENT_ID}
    answer = await http.post(f"{server.api_url}/eventsub/subscriptions", json=body, headers=headers)
    return answer.status_code


async def test_a_dropped_connection_ends_without_goodbye_and_one_that_speaks_with_4001() -> None:
    async with serve_twitch() as server, httpx.AsyncClient() as http:
        async with connect(server.eventsub_url) as cut, connect(server.eventsub_url) as rude:
            assert await subscribe(http, server, await cut.recv()) == 202
            await rude.recv()
            await rude.send("hello")
            with pytest.raises(ConnectionClosedError) as closed, anyio.fail_after(LIMIT_S):
                await rude.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "client sent inbound traffic")
            server.fake.drop()
            with pytest.raises(ConnectionClosedError) as gone, anyio.fail_after(LIMIT_S):
                await cut.recv()
            assert gone.value.rcvd is None
        await until(lambda: not server.fake.eventsub.sessions, LIMIT_S)


async def test_a_server_that_was_killed_is_back_at_the_same_address_with_what_it_knew() -> None:
    async with serve_twitch() as server, httpx.AsyncClient() as http:
        token, _ = server.fake.accounts.give(STREAMER, ("user:read:chat",), CLIENT_ID)
        headers = {"Authorization": f"OAuth {token}"}
        async with connect(server.eventsub_url) as page:
            assert await subscribe(http, server, await page.recv()) == 202
            async with server.away():
                with pytest.raises(ConnectionClosed), anyio.fail_after(LIMIT_S):
                    await page.recv()
                with pytest.raises(httpx.TransportError):
                    await http.get(f"{server.id_url}/validate", headers=headers)
                with pytest.raises(ConnectionRefusedError):
                    await connect(server.eventsub_url)
        assert (await http.get(f"{server.id_url}/validate", headers=headers)).status_code == 200
        async with connect(server.eventsub_url) as page:
            assert await subscribe(http, server, await page.recv()) == 202
            server.fake.says("Ana", "welcome back")
            with anyio.fail_after(LIMIT_S):
                assert json.loads(await page.recv())["payload"]["event"]["message"]["text"] == "welcome back"


async def test_the_program_lets_somebody_in_and_does_what_it_is_told() -> None:
    command = [sys.executable, "-m", "spark_vtuber.testing.twitch_server"]
    async with await anyio.open_process(command) as program, httpx.AsyncClient() as http:
        assert program.stdout is not None
        with anyio.fail_after(LIMIT_S * 3):
            told = json.loads(await program.stdout.receive())
        asked = {"client_id": told["client_id"], "scopes": "user:read:chat"}
        code = (await http.post(f"{told['id_url']}/device", data=asked)).json()["device_code"]
        grant = {"client_id": told["client_id"], "device_code": code, "grant_type": DEVICE_GRANT}
        assert (await http.post(f"{told['id_url']}/token", data=grant)).json()["scope"] == ["user:read:chat"]
        base = told["api_url"].removesuffix("/helix")
        said = await http.post(f"{base}/fake/says", json={"name": "Ana", "text": "hello"})
        wrong = await http.post(f"{base}/fake/sings", json={})
        assert (said.status_code, wrong.status_code) == (204, 404)
        program.terminate()
