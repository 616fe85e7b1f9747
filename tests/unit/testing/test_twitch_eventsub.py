"""The fake Twitch's EventSub: subscriptions, connections that end and move, messages that come twice."""

import json
from typing import Any, Final

import anyio
import pytest

from spark_vtuber.testing.twitch_fake import CLIENT_ID, OTHER_CLIENT_ID, OTHER_SECRET, FakeTwitch
from spark_vtuber.testing.twitch_fake_eventsub import CUT, GRACE_S, KEPT, STATUSES, UNUSED_S, Session
from spark_vtuber.testing.twitch_fake_topics import TOPICS
from spark_vtuber.testing.twitch_fake_wire import Answer, Request
from spark_vtuber.testing.virtual import VirtualClock

SCOPES: Final = tuple({scope for topic in TOPICS.values() for group in topic.scopes for scope in group})
CHAT: Final = "channel.chat.message"
Message = dict[str, Any]


class Listener:
    """A client without a network."""

    def __init__(self, fake: FakeTwitch, login: str = "streamer", scopes: tuple[str, ...] = SCOPES) -> None:
        self.fake = fake
        self.token, _ = fake.accounts.give(login, scopes, CLIENT_ID)
        self.user_id = fake.world.user(login).id
        self.session = fake.eventsub.connect()

    def ask(self, method: str = "GET", query: str = "", body: Any = None, **headers: str) -> Answer:
        told = {"authorization": f"Bearer {self.token}", "client-id": CLIENT_ID, **headers}
        content = b"" if body is None else json.dumps(body).encode()
        return self.fake.answer(Request(method, "/helix/eventsub/subscriptions", query, told, content))

    def subscribe(self, kind: str = CHAT, version: str = "1", **condition: str) -> Answer:
        own = {"broadcaster_user_id": self.fake.channel.id, "user_id": self.user_id}
        own |= {"moderator_user_id": self.user_id, "to_broadcaster_user_id": self.fake.channel.id}
        keys = TOPICS[kind, version].keys or ("to_broadcaster_user_id",)
        transport = {"method": "websocket", "session_id": self.session.id}
        wanted = {key: own[key] for key in keys} | condition
        return self.ask("POST", body={"type": kind, "version": version, "condition": wanted, "transport": transport})

    def heard(self, session: Session | None = None) -> list[Message]:
        """What came since the last look."""
        outbox = (session or self.session).outbox
        messages = [json.loads(text) for text in outbox]
        outbox.clear()
        return messages

    def statuses(self) -> list[str]:
        return [one["status"] for one in body_of(self.ask())["data"]]


def body_of(answer: Answer) -> Message:
    assert answer.body is not None
    return dict(answer.body)


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, body_of(answer)["message"]


def kinds(messages: list[Message]) -> list[str]:
    return [one["metadata"]["message_type"] for one in messages]


async def wait(fake: FakeTwitch, seconds: float) -> None:
    """Let time pass, second by second, as a server does."""
    for _ in range(round(seconds)):
        await anyio.sleep(1)
        fake.eventsub.advance()


async def test_every_topic_can_be_subscribed_to_with_its_scopes() -> None:
    listener = Listener(FakeTwitch(VirtualClock()))
    answers = [listener.subscribe(kind, version) for kind, version in TOPICS]
    assert [answer.status for answer in answers] == [202] * len(TOPICS)
    last = body_of(answers[-1])
    assert (last["total"], last["total_cost"], last["max_total_cost"]) == (len(TOPICS), 0, 10)


@pytest.mark.parametrize("topic", [one for one in TOPICS if TOPICS[one].scopes], ids=".".join)
async def test_without_its_scopes_a_topic_is_forbidden(topic: tuple[str, str]) -> None:
    listener = Listener(FakeTwitch(VirtualClock()), scopes=("user:read:email",))
    assert refused(listener.subscribe(*topic)) == (403, "subscription missing proper authorization")


async def test_nobody_listens_to_what_is_somebody_elses() -> None:
    fake = FakeTwitch(VirtualClock())
    bot = Listener(fake, "bot")
    assert bot.subscribe(CHAT).status == 202
    assert bot.subscribe("channel.raid").status == 202
    assert bot.subscribe("channel.subscribe").status == 403
    assert bot.subscribe("channel.follow", "2").status == 403
    fake.moderates("bot")
    assert bot.subscribe("channel.follow", "2").status == 202


async def test_the_same_twice_is_a_conflict() -> None:
    listener = Listener(FakeTwitch(VirtualClock()))
    assert listener.subscribe().status == 202
    assert refused(listener.subscribe()) == (409, "subscription already exists")
    assert body_of(listener.subscribe())["error"] == "Conflict"


async def test_what_a_broadcaster_has_not_authorised_costs() -> None:
    listener = Listener(FakeTwitch(VirtualClock()), "bot")
    answers = [listener.subscribe("stream.online", broadcaster_user_id=str(number)) for number in range(11)]
    assert [answer.status for answer in answers] == [202] * 10 + [429]
    assert body_of(listener.ask())["total_cost"] == 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "channel.nothing"}, "invalid subscription type and version"),
        ({"version": "9"}, "invalid subscription type and version"),
        ({"condition": {}}, "invalid condition"),
        ({"condition": None}, "invalid condition"),
        ({"transport": {"method": "webhook"}}, "invalid transport method"),
        (
            {"transport": {"method": "websocket", "session_id": "gone"}},
            "websocket transport session does not exist or has already disconnected",
        ),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(change: Message, message: str) -> None:
    listener = Listener(FakeTwitch(VirtualClock()))
    condition = {"broadcaster_user_id": listener.user_id, "user_id": listener.user_id}
    transport = {"method": "websocket", "session_id": listener.session.id}
    body = {"type": CHAT, "version": "1", "condition": condition, "transport": transport} | change
    assert refused(listener.ask("POST", body=body)) == (400, message)


async def test_a_body_that_is_no_object_is_refused() -> None:
    assert Listener(FakeTwitch(VirtualClock())).ask("POST", body=[1]).status == 400


async def test_the_token_of_an_app_cannot_listen() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    form = f"client_id={OTHER_CLIENT_ID}&client_secret={OTHER_SECRET}&grant_type=client_credentials"
    listener.token = body_of(fake.answer(Request("POST", "/oauth2/token", form)))["access_token"]
    body = {"type": "channel.raid", "version": "1", "condition": {"to_broadcaster_user_id": "1"}}
    body |= {"transport": {"method": "websocket", "session_id": listener.session.id}}
    answer = listener.ask("POST", body=body, **{"client-id": OTHER_CLIENT_ID})
    assert refused(answer) == (400, "invalid transport and auth combination")


async def test_a_fourth_connection_of_a_user_is_too_many() -> None:
    fake = FakeTwitch(VirtualClock())
    listeners = [Listener(fake) for _ in range(4)]
    assert [one.subscribe().status for one in listeners] == [202, 202, 202, 429]


async def test_a_connection_belongs_to_one_user() -> None:
    fake = FakeTwitch(VirtualClock())
    ana, bo = Listener(fake, "ana"), Listener(fake, "bo")
    ana.subscribe()
    bo.session = ana.session
    assert bo.subscribe().status == 400


async def test_a_deleted_subscription_hears_nothing() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    one = body_of(listener.subscribe())["data"][0]
    assert listener.ask("DELETE", f"id={one['id']}").status == 204
    assert listener.ask("DELETE", f"id={one['id']}").status == 404
    listener.heard()
    fake.says("Ana", "hello")
    assert listener.heard() == []


async def test_a_connection_without_a_subscription_is_closed() -> None:
    fake = FakeTwitch(VirtualClock())
    idle, busy = Listener(fake), Listener(fake)
    busy.subscribe()
    await wait(fake, UNUSED_S)
    assert (idle.session.end, idle.session.reason) == (4003, "connection unused")
    assert busy.session.end is None


async def test_silence_is_broken_by_keepalives() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    listener.heard()
    await wait(fake, 8)
    fake.says("Ana", "hello")
    await wait(fake, 9)
    assert kinds(listener.heard()) == ["notification"]
    await wait(fake, 11)
    assert kinds(listener.heard()) == ["session_keepalive", "session_keepalive"]


@pytest.mark.parametrize(("asked", "given"), [("30", 30), ("1", 10), ("1000", 600), ("x", 10), ("", 10)])
async def test_a_client_may_ask_for_another_keepalive(asked: str, given: int) -> None:
    session = FakeTwitch(VirtualClock()).eventsub.connect(f"keepalive_timeout_seconds={asked}")
    described = json.loads(session.outbox[0])["payload"]["session"]
    assert described["keepalive_timeout_seconds"] == given


async def test_a_client_that_speaks_is_closed() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    fake.eventsub.hear(listener.session)
    assert listener.session.end == 4001
    fake.eventsub.leave(listener.session)
    assert listener.statuses() == ["websocket_received_inbound_traffic"]


@pytest.mark.parametrize("code", [*STATUSES, CUT])
async def test_a_lost_connection_ends_its_subscriptions(code: int) -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    fake.drop(code)
    assert listener.session.end == code
    fake.eventsub.leave(listener.session)
    assert listener.statuses() == [STATUSES.get(code, "websocket_disconnected")]
    listener.session = fake.eventsub.connect()
    assert listener.subscribe().status == 202


async def test_nothing_is_replayed_after_a_lost_connection() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    fake.drop()
    fake.eventsub.leave(listener.session)
    fake.says("Ana", "is anybody here?")
    listener.session = fake.eventsub.connect()
    listener.subscribe()
    assert kinds(listener.heard()) == ["session_welcome"]


def moved(listener: Listener) -> Session:
    """Connect to the address of the reconnect message."""
    message = listener.heard()[-1]
    assert message["payload"]["session"]["status"] == "reconnecting"
    return listener.fake.eventsub.connect(message["payload"]["session"]["reconnect_url"].partition("?")[2])


async def test_subscriptions_move_to_the_connection_of_a_reconnect() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    fake.reconnect()
    fake.says("Ana", "one")
    notification = listener.session.outbox.pop()
    assert json.loads(notification)["payload"]["event"]["message"]["text"] == "one"
    new = moved(listener)
    fake.says("Ana", "two")
    assert kinds(listener.heard(new)) == ["session_welcome", "notification"]
    assert listener.heard() == []
    fake.eventsub.leave(listener.session)
    assert listener.statuses() == ["enabled"]
    await wait(fake, UNUSED_S + 5)
    assert new.end is None


async def test_the_old_connection_of_a_reconnect_is_closed_in_the_end() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    fake.reconnect()
    await wait(fake, GRACE_S - 1)
    assert listener.session.end is None
    await wait(fake, 1)
    assert listener.session.end == 4004
    fake.eventsub.leave(listener.session)
    assert listener.statuses() == ["websocket_failed_to_reconnect"]


async def test_an_address_to_reconnect_to_works_once() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    fake.reconnect()
    address = listener.heard()[-1]["payload"]["session"]["reconnect_url"].partition("?")[2]
    assert fake.eventsub.connect(address).end is None
    assert fake.eventsub.connect(address).end == 4007
    assert fake.eventsub.connect("id=made-up").end == 4007


async def test_a_revocation_names_what_is_heard_no_longer() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    listener.heard()
    fake.revoke("streamer")
    message = listener.heard()[0]
    assert message["metadata"]["message_type"] == "revocation"
    assert message["payload"]["subscription"]["status"] == "authorization_revoked"
    fake.says("Ana", "hello")
    assert listener.heard() == []
    assert listener.ask().status == 401


async def test_a_message_that_comes_twice_has_the_same_id() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe()
    listener.heard()
    fake.says("Ana", "one")
    fake.says("Ana", "two")
    fake.repeat(2)
    ids = [one["metadata"]["message_id"] for one in listener.heard()]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2


async def test_a_condition_picks_the_reward() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    water = fake.offers("Water")
    kind = "channel.channel_points_custom_reward_redemption.add"
    listener.subscribe(kind, reward_id=water.id)
    listener.heard()
    fake.redeems("Ana", "Stretch")
    fake.redeems("Ana", "Water")
    assert [one["payload"]["event"]["reward"]["title"] for one in listener.heard()] == ["Water"]


async def test_somebody_elses_channel_is_not_heard() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    listener.subscribe(broadcaster_user_id=fake.world.user("Neighbour").id)
    listener.heard()
    fake.says("Ana", "hello")
    assert listener.heard() == []


async def test_subscriptions_that_ended_are_listed_for_a_while_and_not_for_ever() -> None:
    fake = FakeTwitch(VirtualClock())
    listener = Listener(fake)
    for _ in range(KEPT + 5):
        assert listener.subscribe().status == 202
        fake.eventsub.leave(listener.session)
        listener.session = fake.eventsub.connect()
        await anyio.sleep(1)
    assert len(listener.statuses()) == KEPT
