"""The fake Twitch's Helix: rights, limits of the chat, rewards."""

import json
from typing import Any, Final
from urllib.parse import urlencode

import anyio
import pytest

from spark_vtuber.testing import twitch_fake, twitch_fake_chat
from spark_vtuber.testing.twitch_fake import CLIENT_ID, OTHER_CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_fake_wire import Answer, Request
from spark_vtuber.testing.virtual import EPOCH_MS, VirtualClock

SCOPES: Final = ("user:write:chat", "channel:manage:redemptions", "moderation:read", "user:read:moderated_channels")
REWARDS: Final = "channel_points/custom_rewards"
REDEMPTIONS: Final = f"{REWARDS}/redemptions"
Body = dict[str, Any]


class Client:
    """Whoever holds a token."""

    def __init__(self, fake: FakeTwitch, login: str = "streamer", scopes: tuple[str, ...] = SCOPES) -> None:
        self.fake = fake
        self.client_id = CLIENT_ID
        self.token, _ = fake.accounts.give(login, scopes, CLIENT_ID)
        self.user_id = fake.world.user(login).id

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        headers = {"authorization": f"Bearer {self.token}", "client-id": self.client_id}
        content = b"" if body is None else json.dumps(body).encode()
        return self.fake.answer(Request(method, f"/helix/{path}", urlencode(query), headers, content))

    def say(self, text: str, **more: str) -> Answer:
        body = {"broadcaster_id": self.fake.channel.id, "sender_id": self.user_id, "message": text, **more}
        return self.ask("POST", "chat/messages", body)

    def data(self, method: str, path: str, body: Any = None, **query: str) -> list[Body]:
        return data_of(self.ask(method, path, body, **query))


def data_of(answer: Answer) -> list[Body]:
    assert answer.body is not None, answer
    return list(answer.body["data"])


def refused(answer: Answer) -> tuple[int, str]:
    assert answer.body is not None
    return answer.status, answer.body["message"]


async def test_a_request_needs_a_token_and_the_client_that_it_belongs_to() -> None:
    fake = FakeTwitch(VirtualClock())
    client = Client(fake)
    assert refused(fake.answer(Request("GET", "/helix/users"))) == (401, "OAuth token is missing")
    bare = Request("GET", "/helix/users", headers={"authorization": f"Bearer {client.token}"})
    assert refused(fake.answer(bare)) == (401, "Client ID is missing")
    client.client_id = OTHER_CLIENT_ID
    assert refused(client.ask("GET", "users")) == (401, "Client ID and OAuth token do not match")
    client.token = "made-up"
    assert refused(client.ask("GET", "users")) == (401, "Invalid OAuth token")


async def test_a_missing_scope_is_named() -> None:
    client = Client(FakeTwitch(VirtualClock()), scopes=())
    assert refused(client.say("hello")) == (401, "Missing scope: user:write:chat")


async def test_users_are_found_by_id_and_login_and_token() -> None:
    fake = FakeTwitch(VirtualClock())
    client, ana = Client(fake), fake.world.user("Ana")
    assert [one["login"] for one in client.data("GET", "users")] == ["streamer"]
    assert [one["display_name"] for one in client.data("GET", "users", login="ANA")] == ["Ana"]
    assert [one["id"] for one in client.data("GET", "users", id=ana.id)] == [ana.id]
    assert client.data("GET", "users", login="nobody") == []


async def test_a_channel_and_its_stream_are_shown() -> None:
    fake = FakeTwitch(VirtualClock())
    client = Client(fake)
    shown = client.data("GET", "channels", broadcaster_id=fake.channel.id)
    assert [one["broadcaster_name"] for one in shown] == ["Streamer"]
    assert client.data("GET", "streams", user_id=fake.channel.id) == []
    fake.goes_live()
    assert [one["user_login"] for one in client.data("GET", "streams", user_id=fake.channel.id)] == ["streamer"]
    fake.goes_off()
    assert client.data("GET", "streams", user_id=fake.channel.id) == []


async def test_moderators_are_known_to_the_broadcaster_and_to_themselves() -> None:
    fake = FakeTwitch(VirtualClock(), moderators=["Bot"])
    streamer, bot = Client(fake), Client(fake, "bot")
    listed = streamer.data("GET", "moderation/moderators", broadcaster_id=streamer.user_id)
    assert [one["user_name"] for one in listed] == ["Bot"]
    assert bot.ask("GET", "moderation/moderators", broadcaster_id=streamer.user_id).status == 401
    where = bot.data("GET", "moderation/channels", user_id=bot.user_id)
    assert [one["broadcaster_login"] for one in where] == ["streamer"]


async def test_a_sent_message_appears_in_the_chat_and_answers_another() -> None:
    fake = FakeTwitch(VirtualClock())
    bot, first = Client(fake, "bot"), fake.says("Ana", "who are you?")
    sent = data_of(bot.say("I am Nova", reply_parent_message_id=first))[0]
    assert (sent["is_sent"], sent["drop_reason"]) == (True, None)
    assert [one.text for one in fake.sent] == ["I am Nova"]
    shown = fake.messages[sent["message_id"]]
    assert (shown["chatter_user_login"], shown["reply"]["parent_message_id"]) == ("bot", first)


@pytest.mark.parametrize(("login", "limit"), [("viewer", 20), ("bot", 100), ("streamer", 100)])
async def test_too_many_messages_in_thirty_seconds_are_refused(login: str, limit: int) -> None:
    fake = FakeTwitch(VirtualClock(), moderators=["bot"])
    client = Client(fake, login)
    answers = [client.say(f"line {number}") for number in range(limit)]
    assert [answer.status for answer in answers] == [200] * limit
    assert answers[0].headers["Ratelimit-Limit"] == str(limit)
    assert answers[-1].headers["Ratelimit-Remaining"] == "0"
    late = client.say("one more")
    assert late.status == 429
    reset_s = int(late.headers["Ratelimit-Reset"]) - VirtualClock().unix_ms() / 1000
    assert 29 < reset_s <= 31
    await anyio.sleep(30)
    assert client.say("one more").status == 200
    assert len(fake.sent) == limit + 1


async def test_limits_are_those_of_the_window_and_not_of_the_minute() -> None:
    client = Client(FakeTwitch(VirtualClock()), "viewer")
    for number in range(60):
        assert client.say(f"line {number}").status == 200
        await anyio.sleep(1.5)


async def test_the_same_line_again_is_dropped_with_the_reason() -> None:
    fake = FakeTwitch(VirtualClock())
    viewer = Client(fake, "viewer")
    assert data_of(viewer.say("hello"))[0]["is_sent"]
    again = data_of(viewer.say("hello"))[0]
    assert (again["is_sent"], again["drop_reason"]["code"], again["message_id"]) == (False, "msg_duplicate", "")
    await anyio.sleep(30)
    assert data_of(viewer.say("hello"))[0]["is_sent"]
    assert [one.text for one in fake.sent] == ["hello", "hello"]


async def test_what_automod_holds_back_is_dropped_with_the_reason() -> None:
    fake = FakeTwitch(VirtualClock())
    fake.sending.rejected.add("darn")
    dropped = data_of(Client(fake, "viewer").say("Darn it"))[0]
    assert dropped["drop_reason"]["code"] == "msg_rejected"
    assert fake.sent == []


@pytest.mark.parametrize(("text", "status"), [("", 400), ("  ", 400), ("x" * 500, 200), ("x" * 501, 422)])
async def test_a_line_has_one_to_five_hundred_characters(text: str, status: int) -> None:
    assert Client(FakeTwitch(VirtualClock())).say(text).status == status


async def test_nobody_writes_as_somebody_else() -> None:
    fake = FakeTwitch(VirtualClock())
    client = Client(fake, "viewer")
    assert client.say("hello", sender_id=fake.channel.id).status == 401


async def test_requests_have_a_limit_a_minute() -> None:
    fake = FakeTwitch(VirtualClock())
    client = Client(fake)
    await anyio.sleep(60 - (EPOCH_MS / 1000 + anyio.current_time()) % 60)
    answers = [client.ask("GET", "users") for _ in range(801)]
    assert [answer.status for answer in answers[-2:]] == [200, 429]
    await anyio.sleep(60)
    assert client.ask("GET", "users").status == 200


async def test_a_purchase_is_fulfilled_or_refunded_once() -> None:
    fake = FakeTwitch(VirtualClock())
    client, bought = Client(fake), fake.redeems("Ana", "Say something", "hello there")
    query = {"broadcaster_id": client.user_id, "reward_id": bought.reward.id, "id": bought.id}
    assert [one["user_input"] for one in client.data("GET", REDEMPTIONS, **query, status="UNFULFILLED")] == [
        "hello there"
    ]
    assert client.ask("PATCH", REDEMPTIONS, {"status": "DONE"}, **query).status == 400
    settled = client.data("PATCH", REDEMPTIONS, {"status": "FULFILLED"}, **query)
    assert [one["status"] for one in settled] == ["FULFILLED"]
    assert fake.world.redemptions[bought.id].status == "FULFILLED"
    assert client.ask("PATCH", REDEMPTIONS, {"status": "CANCELED"}, **query).status == 404


async def test_purchases_of_somebody_elses_reward_cannot_be_settled() -> None:
    fake = FakeTwitch(VirtualClock())
    reward = fake.offers("Theirs", client_id=OTHER_CLIENT_ID)
    client, bought = Client(fake), fake.redeems("Ana", "Theirs")
    query = {"broadcaster_id": client.user_id, "reward_id": reward.id, "id": bought.id}
    assert client.ask("PATCH", REDEMPTIONS, {"status": "CANCELED"}, **query).status == 403
    mine = client.data("GET", REWARDS, broadcaster_id=client.user_id, only_manageable_rewards="true")
    assert mine == []
    assert [one["title"] for one in client.data("GET", REWARDS, broadcaster_id=client.user_id)] == ["Theirs"]


async def test_a_reward_is_made_changed_and_removed() -> None:
    client = Client(FakeTwitch(VirtualClock()))
    where = {"broadcaster_id": client.user_id}
    made = client.data("POST", REWARDS, {"title": "Sing", "cost": 500, "is_user_input_required": True}, **where)[0]
    assert (made["cost"], made["is_user_input_required"], made["broadcaster_login"]) == (500, True, "streamer")
    assert client.ask("POST", REWARDS, {"title": "Sing", "cost": 1}, **where).status == 400
    changed = client.data("PATCH", REWARDS, {"is_paused": True}, **where, id=made["id"])[0]
    assert (changed["title"], changed["is_paused"]) == ("Sing", True)
    assert client.ask("DELETE", REWARDS, **where, id=made["id"]).status == 204
    assert client.data("GET", REWARDS, **where) == []


async def test_a_reward_without_a_queue_is_fulfilled_at_once() -> None:
    fake = FakeTwitch(VirtualClock())
    fake.offers("Hydrate").skips_queue = True
    assert fake.redeems("Ana", "Hydrate").status == "FULFILLED"


async def test_a_path_that_is_none_is_not_found() -> None:
    assert Client(FakeTwitch(VirtualClock())).ask("GET", "no/such/thing").status == 404


async def test_a_fake_that_runs_for_hours_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twitch_fake, "KEPT", 3)
    monkeypatch.setattr(twitch_fake_chat, "KEPT", 3)
    fake = FakeTwitch(VirtualClock())
    bot = Client(fake)
    for number in range(5):
        assert bot.say(f"line {number}").status == 200
    assert [line.text for line in fake.sent] == ["line 2", "line 3", "line 4"]
    assert (len(fake.asked), len(fake.messages)) == (3, 3)
