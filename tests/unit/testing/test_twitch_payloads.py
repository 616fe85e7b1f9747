"""What the fake Twitch tells has the shape of what the real one told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from spark_vtuber.testing.twitch_fake import CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_fake_topics import TOPICS
from spark_vtuber.testing.twitch_fake_wire import Request
from spark_vtuber.testing.virtual import VirtualClock

REAL: Final = json.loads((Path(__file__).parents[2] / "data/twitch_eventsub/messages.json").read_text("utf-8"))

CAME_LATER: Final = {"modiversary", "watch_streak", "is_source_only"}
"""Fields that Twitch has added since the real messages were recorded, as were those of shared chats."""

SAME_IN_THE_FAKE: Final[dict[str, Callable[[FakeTwitch], object]]] = {
    "automod.message.hold": lambda fake: fake.holds("Bad", "Awful text"),
    "channel.ban": lambda fake: fake.bans("Bad", "spam", seconds=600),
    "channel.chat.notification-community-sub-gift": lambda fake: fake.gifts("Ana", ["Bo", "Cy"], is_anonymous=True),
    "channel.chat.notification-resub": lambda fake: fake.resubs("Ana", 2),
    "channel.chat.notification-resub-2": lambda fake: fake.resubs("Ana", 10),
    "channel.moderate": lambda fake: fake.acts("followers", {"follow_duration_minutes": 0}),
    "channel.moderate-emoteonly": lambda fake: fake.acts("emoteonly"),
    "channel.moderate-followersoff": lambda fake: fake.acts("followersoff"),
    "channel.moderate-timeout": lambda fake: fake.bans("Bad", "spam", seconds=5),
    "channel.suspicious_user.update": lambda fake: fake.suspects("Bad"),
    "stream.online": lambda fake: fake.goes_live(),
}


def told(fake: FakeTwitch, wanted: tuple[str, str], script: Callable[[FakeTwitch], object]) -> dict[str, Any]:
    """The first notification of a type that a listener hears of a script."""
    scopes = tuple(scope for topic in TOPICS.values() for group in topic.scopes for scope in group)
    token, _ = fake.accounts.give("streamer", scopes, CLIENT_ID)
    session = fake.eventsub.connect()
    session.outbox.clear()
    own = dict.fromkeys(("broadcaster_user_id", "moderator_user_id", "user_id"), fake.channel.id)
    body = {
        "type": wanted[0],
        "version": wanted[1],
        "condition": {key: own[key] for key in TOPICS[wanted].keys},
        "transport": {"method": "websocket", "session_id": session.id},
    }
    headers = {"authorization": f"Bearer {token}", "client-id": CLIENT_ID, "content-type": "application/json"}
    request = Request("POST", "/helix/eventsub/subscriptions", headers=headers, body=json.dumps(body).encode())
    assert fake.answer(request).status == 202
    script(fake)
    message: dict[str, Any] = json.loads(session.outbox.popleft())
    return message


def differences(real: Any, ours: Any, where: str = "") -> list[str]:
    """Fields of the real value that ours lacks, and values of another type; null goes with everything."""
    if real is None or ours is None:
        return []
    if isinstance(real, dict) and isinstance(ours, dict):
        missing = [f"{where}.{name} is missing" for name in real if name not in ours]
        return missing + [one for name in real if name in ours for one in differences(real[name], ours[name], name)]
    if isinstance(real, list) and isinstance(ours, list):
        return [one for item in ours if real for one in differences(real[0], item, where)]
    return [] if type(real) is type(ours) else [f"{where}: {type(real).__name__}, not {type(ours).__name__}"]


def topic_of(case: str) -> tuple[str, str]:
    """The type and version of a real notification."""
    metadata = REAL[case]["metadata"]
    return metadata["subscription_type"], metadata["subscription_version"]


@pytest.mark.parametrize("case", SAME_IN_THE_FAKE)
async def test_a_message_has_every_field_of_the_real_one(case: str) -> None:
    assert differences(REAL[case], told(FakeTwitch(VirtualClock()), topic_of(case), SAME_IN_THE_FAKE[case])) == []


async def test_the_welcome_has_every_field_of_the_real_one() -> None:
    fake = FakeTwitch(VirtualClock())
    assert differences(REAL["session-welcome"], json.loads(fake.eventsub.connect().outbox.popleft())) == []


@pytest.mark.parametrize("case", SAME_IN_THE_FAKE)
async def test_an_event_says_nothing_that_the_real_one_did_not_know(case: str) -> None:
    ours = told(FakeTwitch(VirtualClock()), topic_of(case), SAME_IN_THE_FAKE[case])["payload"]["event"]
    unknown = set(ours) - set(REAL[case]["payload"]["event"]) - CAME_LATER
    assert {name for name in unknown if not name.startswith(("shared_chat_", "source_"))} == set()


async def test_a_gift_to_the_community_tells_of_every_viewer_who_got_one() -> None:
    fake = FakeTwitch(VirtualClock())
    gift = told(fake, ("channel.chat.notification", "1"), lambda fake: fake.gifts("Ana", ["Bo", "Cy"]))
    rest = [json.loads(text)["payload"]["event"] for text in fake.eventsub.sessions[0].outbox]
    community = gift["payload"]["event"]["community_sub_gift"]["id"]
    got = [(one["sub_gift"]["recipient_user_name"], one["sub_gift"]["community_gift_id"]) for one in rest]
    assert got == [("Bo", community), ("Cy", community)]


async def test_words_of_a_message_are_emotes_mentions_and_cheermotes() -> None:
    fake = FakeTwitch(VirtualClock())
    event = told(fake, ("channel.chat.message", "1"), lambda fake: fake.cheers("Ana", 100, "hi @Streamer Kappa"))
    fragments = event["payload"]["event"]["message"]["fragments"]
    assert "".join(one["text"] for one in fragments) == "Cheer100 hi @Streamer Kappa"
    assert [one["type"] for one in fragments] == ["cheermote", "text", "mention", "text", "emote"]
    assert fragments[0]["cheermote"] == {"prefix": "cheer", "bits": 100, "tier": 100}


async def test_a_message_of_a_shared_chat_names_its_channel() -> None:
    fake = FakeTwitch(VirtualClock())
    event = told(fake, ("channel.chat.message", "1"), lambda fake: fake.says("Ana", "hi", source="Neighbour"))
    event = event["payload"]["event"]
    assert event["broadcaster_user_name"] == "Streamer"
    assert event["source_broadcaster_user_name"] == "Neighbour"
    assert event["source_message_id"] not in (None, event["message_id"])


async def test_an_answer_names_the_message_that_it_answers() -> None:
    fake = FakeTwitch(VirtualClock())
    first = fake.says("Bo", "who are you?")
    event = told(fake, ("channel.chat.message", "1"), lambda fake: fake.says("Ana", "me", reply_to=first))
    reply = event["payload"]["event"]["reply"]
    assert (reply["parent_user_name"], reply["parent_message_body"]) == ("Bo", "who are you?")
