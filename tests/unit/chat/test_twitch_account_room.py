"""Whatever Twitch sends is an event or a protocol error."""

import copy
import json
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.twitch_account_reader import load_room
from spark_vtuber.chat.twitch_eventsub import Inbound, Notification, Seen
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.testing.twitch_fake import FakeTwitch

AccountRoom = load_room().AccountRoom


class Stopped:
    """A clock that stands still."""

    def now(self) -> float:
        return 0.0

    def unix_ms(self) -> int:
        return 1_800_000_000_000


def everything() -> list[tuple[str, Any]]:
    """One event of every kind that an account is told."""
    told: list[tuple[str, Any]] = []
    fake = FakeTwitch(Stopped())
    fake.eventsub = SimpleNamespace(notify=lambda topic, event, _version="": told.append((topic, event)))
    line = fake.says("Ana", "hello Kappa @Ana", badges=["moderator"], bits=5)
    fake.says("Ben", "@Ana hi", reply_to=line)
    fake.resubs("Cleo", 12, "a year Kappa")
    fake.gifts("Dan", ["e1", "e2"])
    fake.raids("Fay", 42)
    fake.redeems("Ana", "Ask", "why")
    fake.follows("Gus")
    fake.hype_train("begin", "Ana", 100, level=1)
    fake.hype_train("end")
    fake.poll("end", "Next?", {"a": 1, "b": 2})
    fake.prediction("end", "Win?", {"yes": 1, "no": 2}, winner="yes")
    fake.ad_break(90)
    fake.deletes(line)
    fake.bans("Ana")
    fake.clears_chat()
    return told


EVENTS = everything()


def read(topic: str, event: Any) -> ChatEvent | None:
    about = {"message_id": "m1", "message_type": "notification", "subscription_type": topic}
    text = json.dumps({"metadata": about, "payload": {"subscription": {}, "event": event}})
    note = Inbound(Seen()).read(text)
    assert isinstance(note, Notification)
    event = AccountRoom("1", set(), lambda *_: False).read(note)
    assert event is None or isinstance(event, ChatEvent)
    return event


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


GARBAGE = st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just([]) | st.just({}) | st.just([5])


@given(st.sampled_from(EVENTS), st.randoms(use_true_random=False), GARBAGE)
def test_a_field_that_is_garbage_or_missing_raises_nothing_but_a_protocol_error(
    told: tuple[str, Any], chance: random.Random, garbage: Any
) -> None:
    topic, event = told[0], copy.deepcopy(told[1])
    *way, last = chance.choice(list(places(event)))
    inner = event
    for key in way:
        inner = inner[key]
    inner[last] = garbage
    try:
        found = read(topic, event)
    except ProtocolError as error:
        assert topic in error.message  # noqa: PT017 - either outcome is right, this one says where
        return
    if found is not None:
        assert isinstance(found.id, str)
        assert isinstance(found.text, str)
        assert isinstance(found.author.name, str)


@pytest.mark.parametrize("field", ["watch_streak", "modiversary", "announcement", "color", "system_message"])
def test_a_field_that_twitch_leaves_out_costs_nobody_their_subscription(field: str) -> None:
    topic, event = next((topic, one) for topic, one in EVENTS if topic == "channel.chat.notification" and one["resub"])
    without = {key: value for key, value in event.items() if key != field}
    found = read(topic, without)
    assert found is not None
    assert (found.kind, found.amount) == ("resubscription", 12)
