import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat import youtube_room
from spark_vtuber.chat.youtube_protocol import Page, read_page, read_refusal
from spark_vtuber.chat.youtube_room import Room
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.events import ChatEvent, ChatKind, Role
from spark_vtuber.testing.youtube_chat import LiveChat

NOW_MS = 1_800_000_000_000


@pytest.fixture
def chat() -> LiveChat:
    return LiveChat("chat", "video", "UCstreamer", "a stream", lambda: NOW_MS)


def page(*messages: Any) -> Page:
    return read_page({"items": list(messages), "nextPageToken": "t"})


def told(chat: LiveChat) -> list[ChatEvent]:
    return list(Room(0).read(page(*chat.messages)))


def one(chat: LiveChat) -> ChatEvent:
    (event,) = told(chat)
    return event


def test_a_line_is_what_its_author_wrote(chat: LiveChat) -> None:
    line = chat.says("ana", "hello 😂", isChatModerator=True, isChatSponsor=True)
    event = one(chat)
    assert (event.id, event.source, event.kind, event.text) == (line, "youtube", ChatKind.MESSAGE, "hello 😂")
    assert (event.author.name, event.author.roles) == ("ana", {Role.MODERATOR, Role.SUBSCRIBER})


def test_a_handle_is_a_name_without_its_sign(chat: LiveChat) -> None:
    chat.says("@ana", "hello")
    assert one(chat).author.name == "ana"


def test_the_owner_of_the_channel_is_the_broadcaster(chat: LiveChat) -> None:
    chat.says("streamer", "hi", isChatOwner=True)
    assert one(chat).author.roles == {Role.BROADCASTER}


Given = tuple[Callable[[LiveChat], object], ChatKind, float, str, str]


@pytest.mark.parametrize(
    ("given_", "kind", "amount", "currency", "text"),
    [
        (lambda chat: chat.super_chat("ana", "take it", 1.75, "USD"), ChatKind.SUPER_CHAT, 1.75, "USD", "take it"),
        (lambda chat: chat.sticker("ana", "a cat waves", 5, "JPY"), ChatKind.STICKER, 5, "JPY", "a cat waves"),
        (lambda chat: chat.joins("ana"), ChatKind.SUBSCRIPTION, 1, "", ""),
        (lambda chat: chat.milestone("ana", 14, "still here"), ChatKind.RESUBSCRIPTION, 14, "", "still here"),
        (lambda chat: chat.jewels("ana", "Heart", 20, 3), ChatKind.BITS, 60, "jewels", "Heart"),
        (lambda chat: chat.poll("Tea?", "yes", "no"), ChatKind.POLL, 0, "", "Tea? yes, no"),
        (
            lambda chat: chat.poll("Tea?", "yes", "no", tallies=(3, 1)),
            ChatKind.POLL,
            0,
            "",
            "Tea? yes (3), no (1)",
        ),
        (lambda chat: chat.members_only(), ChatKind.NOTICE, 0, "", "Members-only mode is on"),
    ],
)
def test_what_is_given_and_told_has_its_kind_and_amount(
    chat: LiveChat, given_: Callable[[LiveChat], object], kind: ChatKind, amount: float, currency: str, text: str
) -> None:
    given_(chat)
    event = one(chat)
    assert (event.kind, event.amount, event.currency, event.text) == (kind, amount, currency, text)


def test_gift_memberships_are_one_gift_and_who_got_them_is_news(chat: LiveChat) -> None:
    chat.gifts("ana", "ben", "cem")
    assert [(event.kind, event.amount) for event in told(chat)] == [
        (ChatKind.GIFT, 2),
        (ChatKind.NOTICE, 0),
        (ChatKind.NOTICE, 0),
    ]


def test_what_is_taken_back_names_the_line(chat: LiveChat) -> None:
    first, second, third = (chat.says("ana", text) for text in ("a", "b", "c"))
    chat.delete(first)
    chat.retract(second, "ana")
    chat.bury(third)
    deletions = told(chat)[3:]
    assert [(event.kind, event.target) for event in deletions] == [
        (ChatKind.DELETION, first),
        (ChatKind.DELETION, second),
        (ChatKind.DELETION, third),
    ]
    assert len({event.id for event in told(chat)}) == 6


def test_a_ban_names_the_viewer_and_a_time_out_its_seconds(chat: LiveChat) -> None:
    chat.says("ana", "bad")
    chat.ban("ana")
    chat.ban("ana", seconds=300)
    line, banned, timed_out = told(chat)
    assert (banned.kind, banned.target, banned.amount) == (ChatKind.BAN, line.author.id, 0)
    assert (timed_out.kind, timed_out.target, timed_out.amount) == (ChatKind.BAN, line.author.id, 300)


def test_the_end_of_the_chat_is_a_property_of_the_page(chat: LiveChat) -> None:
    chat.end()
    last = page(*chat.messages)
    assert (last.is_over, list(Room(0).read(last))) == (True, [])


def test_a_page_that_comes_again_tells_nothing_twice(chat: LiveChat) -> None:
    room = Room(0)
    chat.says("ana", "a")
    assert len(list(room.read(page(*chat.messages)))) == 1
    chat.says("ana", "b")
    assert [event.text for event in room.read(page(*chat.messages))] == ["b"]


def test_what_was_written_before_is_history(chat: LiveChat) -> None:
    chat.says("ana", "a")
    assert list(Room(NOW_MS + 1).read(page(*chat.messages))) == []
    assert len(list(Room(NOW_MS).read(page(*chat.messages)))) == 1


def test_what_the_memory_of_ids_lost_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(youtube_room, "SEEN", 3)
    now = iter(range(NOW_MS, NOW_MS + 100))
    chat = LiveChat("chat", "video", "UCstreamer", "a stream", lambda: next(now))
    for number in range(10):
        chat.says("ana", str(number))
    room = Room(0)
    assert len(list(room.read(page(*chat.messages)))) == 10
    assert list(room.read(page(*chat.messages))) == []


def test_a_line_of_our_own_is_not_told_whichever_comes_first(chat: LiveChat) -> None:
    room = Room(0)
    room.expect("she says hi")
    mine = chat.says("streamer", "she says hi")
    assert list(room.read(page(*chat.messages))) == []
    room.sent("she says hi", mine)
    chat.says("ana", "she says hi")
    assert [event.author.name for event in room.read(page(*chat.messages))] == ["ana"]


def test_a_line_that_was_sent_before_it_came_is_known_by_its_id(chat: LiveChat) -> None:
    room = Room(0)
    room.expect("hi")
    room.sent("hi", chat.says("streamer", "hi"))
    assert list(room.read(page(*chat.messages))) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
TYPES = st.sampled_from(
    [
        "textMessageEvent", "superChatEvent", "superStickerEvent", "newSponsorEvent", "memberMilestoneChatEvent",
        "membershipGiftingEvent", "giftMembershipReceivedEvent", "messageDeletedEvent", "messageRetractedEvent",
        "userBannedEvent", "pollEvent", "giftEvent", "tombstone", "chatEndedEvent", "fanFundingEvent", "what",
    ]
)  # fmt: skip
FIELDS = st.sampled_from(
    [
        "textMessageDetails", "superChatDetails", "superStickerDetails", "memberMilestoneChatDetails", "pollDetails",
        "messageDeletedDetails", "userBannedDetails", "giftDetails", "displayMessage", "publishedAt", "metadata",
    ]
)  # fmt: skip


@given(
    items=st.lists(
        st.fixed_dictionaries(
            {
                "id": JSON | st.text(min_size=1),
                "snippet": st.dictionaries(FIELDS, JSON, max_size=4).flatmap(
                    lambda fields: TYPES.map(lambda kind: {**fields, "type": kind})
                ),
                "authorDetails": JSON | st.dictionaries(st.sampled_from(["channelId", "isChatOwner"]), JSON),
            }
        )
        | JSON,
        max_size=4,
    ),
    rest=st.dictionaries(st.sampled_from(["pollingIntervalMillis", "offlineAt", "activePollItem", "items"]), JSON),
)
def test_hostile_pages_give_events_or_nothing(items: list[Any], rest: dict[str, Any]) -> None:
    try:
        read = read_page({"items": items, **rest})
    except ProtocolError:
        return
    for event in Room(0).read(read):
        event.text.encode()
        assert event.id
        assert event.amount >= 0
    assert 0 <= read.interval_s <= 600


@given(st.binary(max_size=100) | st.builds(lambda value: json.dumps(value).encode(), JSON))
def test_the_body_of_an_error_may_be_anything(body: bytes) -> None:
    assert read_refusal(500, body).status == 500
