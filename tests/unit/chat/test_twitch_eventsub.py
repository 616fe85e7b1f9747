import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.twitch_eventsub import Inbound, Moving, Notification, Revoked, Seen, Welcome
from spark_vtuber.core.errors import ProtocolError


def message(kind: str, payload: dict[str, Any], id: str = "m1", **more: str) -> str:
    return json.dumps({"metadata": {"message_id": id, "message_type": kind, **more}, "payload": payload})


def test_a_session_is_welcomed_moved_and_told() -> None:
    inbound = Inbound(Seen())
    session = {"id": "s1", "keepalive_timeout_seconds": 30}
    assert inbound.read(message("session_welcome", {"session": session})) == Welcome("s1", 30.0)
    assert inbound.read(message("session_keepalive", {}, "m2")) is None
    note = inbound.read(message("notification", {"event": {"a": 1}}, "m3", subscription_type="channel.follow"))
    assert isinstance(note, Notification)
    assert (note.id, note.topic, note.raw["payload"]["event"]["a"]) == ("m3", "channel.follow", 1)
    assert note.raw["payload"]["event"]["what Twitch left out"] is None
    moving = message("session_reconnect", {"session": {"reconnect_url": "wss://x/ws"}}, "m4")
    assert inbound.read(moving) == Moving("wss://x/ws")
    ended = {"subscription": {"type": "channel.follow", "status": "authorization_revoked"}}
    assert inbound.read(message("revocation", ended, "m5")) == Revoked("channel.follow", "authorization_revoked")
    assert inbound.read(message("session_party", {}, "m6")) is None


def test_a_message_that_comes_twice_counts_once_over_all_connections() -> None:
    seen = Seen()
    told = message("notification", {}, subscription_type="channel.follow")
    assert Inbound(seen).read(told) is not None
    assert Inbound(seen).read(told) is None


def test_memory_of_ids_is_bounded() -> None:
    seen = Seen(3)
    assert [seen.is_new(one) for one in "abcda"] == [True, True, True, True, True]
    assert not seen.is_new("d")


@pytest.mark.parametrize("text", ["", "[]", "5", "{}", '{"metadata": 5, "payload": {}}', "[" * 10_000])
def test_what_is_no_eventsub_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        Inbound(Seen()).read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["session", "id", "subscription", "type", "reconnect_url"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KINDS = st.sampled_from(["session_welcome", "session_reconnect", "revocation", "notification", "x"]) | JSON


@given(KINDS, JSON, JSON, JSON)
def test_garbage_raises_nothing_but_protocol_errors(kind: Any, id: Any, payload: Any, topic: Any) -> None:
    about = {"message_type": kind, "message_id": id, "subscription_type": topic}
    with suppress(ProtocolError):
        Inbound(Seen()).read(json.dumps({"metadata": about, "payload": payload}))
