import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.avatar.vts_protocol import Answer, Conversation, Event, Refusal
from spark_vtuber.core.errors import ProtocolError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["apiName", "apiVersion", "requestID", "messageType", "data", "timestamp", "errorID", "message"])


def frame(id_: object, kind: object, data: object = None, name: object = "VTubeStudioPublicAPI") -> str:
    return json.dumps({"apiName": name, "apiVersion": "1.0", "requestID": id_, "messageType": kind, "data": data})


def test_a_request_is_what_the_api_says() -> None:
    id_, text = Conversation().ask("Authentication", {"authenticationToken": "t"})

    assert json.loads(text) == {
        "apiName": "VTubeStudioPublicAPI",
        "apiVersion": "1.0",
        "requestID": id_,
        "messageType": "AuthenticationRequest",
        "data": {"authenticationToken": "t"},
    }
    assert 1 <= len(id_) <= 64
    assert id_.isascii()


def test_a_response_answers_the_request_with_its_id() -> None:
    conversation = Conversation()
    first, _ = conversation.ask("APIState")
    second, _ = conversation.ask("APIState")

    assert conversation.read(frame(second, "APIStateResponse", {"active": True})) == Answer(
        second, "APIState", {"active": True}
    )
    assert conversation.read(frame(first, "APIStateResponse")) == Answer(first, "APIState", {})


def test_an_error_answers_with_its_number() -> None:
    conversation = Conversation()
    id_, _ = conversation.ask("HotkeyTrigger")

    assert conversation.read(frame(id_, "APIError", {"errorID": 203, "message": "too soon"})) == Refusal(
        id_, "HotkeyTrigger", 203, "too soon"
    )


def test_an_event_with_the_id_of_its_subscription_overtakes_the_answer() -> None:
    conversation = Conversation()
    id_, _ = conversation.ask("EventSubscription", {"eventName": "ModelMovedEvent"})

    assert conversation.read(frame(id_, "ModelMovedEvent", {"x": 1})) == Event("ModelMovedEvent", {"x": 1})
    assert isinstance(conversation.read(frame(id_, "EventSubscriptionResponse")), Answer)


def test_an_answer_that_nobody_waits_for_is_an_event() -> None:
    conversation = Conversation()
    id_, _ = conversation.ask("Statistics")
    conversation.forget(id_)

    assert conversation.read(frame(id_, "StatisticsResponse")) == Event("StatisticsResponse")
    assert conversation.read(frame("never asked", "APIError")) == Event("APIError")
    assert conversation.waiting == 0


def test_an_answer_counts_once() -> None:
    conversation = Conversation()
    id_, _ = conversation.ask("Statistics")
    conversation.read(frame(id_, "StatisticsResponse"))

    assert isinstance(conversation.read(frame(id_, "StatisticsResponse")), Event)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1" * 5000,
        "[" * 100_000,
        json.dumps({"messageType": "TestEvent"}),
        frame("1", "TestEvent", name="Another"),
        frame("1", ""),
        frame("1", None),
        frame("1", 7),
        "x" * (4 * 1024 * 1024 + 1),
    ],
)
def test_what_is_no_frame_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        Conversation().read(text)


@given(st.text() | st.dictionaries(KEYS, JSON).map(json.dumps) | JSON.map(json.dumps))
def test_garbage_raises_only_protocol_errors(text: str) -> None:
    conversation = Conversation()
    conversation.ask("APIState")
    with suppress(ProtocolError):
        conversation.read(text)


@given(id_=JSON, kind=st.sampled_from(["APIStateResponse", "APIError", "TestEvent", "X"]), data=JSON)
def test_strange_values_in_a_frame_are_read_all_the_same(id_: Any, kind: str, data: Any) -> None:
    conversation = Conversation()
    ours, _ = conversation.ask("APIState")

    for given_id in (id_, ours):
        read = conversation.read(frame(given_id, kind, data))
        assert isinstance(read, Answer | Refusal | Event)
