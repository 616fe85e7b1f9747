import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.irc_protocol import Message, join, parse
from spark_vtuber.chat.twitch_irc_room import BOMBS, SEEN, Room
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, EmoteSpan, Reward, Role
from spark_vtuber.core.ids import Serial

LINES: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[2] / "data" / "twitch_irc" / "lines.json").read_text("utf-8")
)


def room_of(line: str) -> Room:
    return Room(parse(line).param(0).removeprefix("#"), Serial("n").next)


def event_of(name: str) -> ChatEvent | None:
    """What the last line of a recorded case is to a new room."""
    line = LINES[name][-1]
    return room_of(line).read(parse(line))


def told(name: str) -> tuple[ChatKind, str, str, float]:
    event = event_of(name)
    assert event is not None
    return event.kind, event.author.name, event.text, event.amount


def line(command: str, text: str | None = None, **tags: str) -> Message:
    params = ("#chan",) if text is None else ("#chan", text)
    return Message(command, params, "ana!ana@ana.example", {key.replace("_", "-"): tags[key] for key in tags})


@pytest.fixture
def room() -> Room:
    return Room("chan", Serial("n").next)


@pytest.mark.parametrize("name", [name for name in LINES if name != "shared-chat-raid"])
def test_every_recorded_line_is_an_event(name: str) -> None:
    room = room_of(LINES[name][0])
    events = [room.read(parse(line)) for line in LINES[name]]
    assert all(event is not None and event.id and event.author.id and event.author.name for event in events)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("action", (ChatKind.ACTION, "the_channel", "Kappa", 0)),
        ("announcement", (ChatKind.MESSAGE, "Viewer_25", "mm test lol", 0)),
        ("cheer2", (ChatKind.BITS, "viewer_23", "Cheer1 a Cheer1 Cheer1 Cheer1 Cheer1 b c", 5)),
        ("cheer4", (ChatKind.BITS, "Viewer_08", "PogChamp10", 10)),
        ("hype-chat0", (ChatKind.SUPER_CHAT, "Viewer_24", "-$5", 5)),
        ("mod-streak-no-msg", (ChatKind.NOTICE, "Viewer_13", "has been a moderator for 18 months!", 0)),
        ("no-nick", (ChatKind.MESSAGE, "viewer_19", "no", 0)),
        ("raid", (ChatKind.RAID, "viewer_19", "", 2)),
        ("reward-known", (ChatKind.REWARD, "viewer_19", "reward 1", 0)),
        ("shared-chat-unknown", (ChatKind.MESSAGE, "viewer_05", "Guys", 0)),
        (
            "social-media-badge1",
            (ChatKind.MESSAGE, "Viewer_11", "Wooohooo, I got a social media badge! or another one", 0),
        ),
        ("sub-first-time", (ChatKind.SUBSCRIPTION, "viewer_02", "", 1)),
        ("sub-gift", (ChatKind.GIFT, "Viewer_27", "", 1)),
        ("sub-message", (ChatKind.RESUBSCRIPTION, "viewer_22", "Great stream -- keep it up!", 6)),
        ("sub-multi-month-gift-count", (ChatKind.GIFT, "Viewer_12", "", 1)),
        ("sub-multi-month-resub", (ChatKind.RESUBSCRIPTION, "viewer_03", "", 9)),
        ("sub-no-message", (ChatKind.RESUBSCRIPTION, "viewer_06", "", 12)),
        (
            "watch-streak-no-msg",
            (
                ChatKind.NOTICE,
                "viewer_04",
                "viewer_04 watched 15 consecutive streams and sparked a watch streak!",
                0,
            ),
        ),
    ],
)
def test_a_recorded_line_tells_who_did_what(name: str, event: tuple[ChatKind, str, str, float]) -> None:
    assert told(name) == event


def test_a_recorded_message_is_read_in_full() -> None:
    assert event_of("mod") == ChatEvent(
        id="97c28382-e8d2-45a0-bb5d-2305fc4ef139",
        source="twitch",
        kind=ChatKind.MESSAGE,
        author=Author("117166826", "테스트계정420", frozenset({Role.MODERATOR, Role.SUBSCRIBER})),
        text="-tags Kreygasm, Kreygasm",
        emotes=frozenset({"Kreygasm"}),
        emote_spans=(EmoteSpan("Kreygasm", "41", 6, 14), EmoteSpan("Kreygasm", "41", 16, 24)),
    )


def test_a_recorded_hype_chat_is_read_in_full() -> None:
    assert event_of("hype-chat2") == ChatEvent(
        id="39a80a3d-c16e-420f-9bbb-faba4976a3bb",
        source="twitch",
        kind=ChatKind.SUPER_CHAT,
        author=Author("518404689", "viewer_21", frozenset({Role.SUBSCRIBER})),
        text="viewer_09 please read my super chat. Please.",
        amount=5.0,
        currency="USD",
    )


@pytest.mark.parametrize(
    ("name", "text", "reply_to"),
    [
        ("reply-root", "d", "72d76cb2-f34d-4a93-8005-61bf244456ee"),
        ("reply-unescape", "b", "241c2a7e-be6e-4132-981b-fc76c5137e3a"),
    ],
)
def test_a_recorded_reply_loses_the_name_it_starts_with(name: str, text: str, reply_to: str) -> None:
    event = event_of(name)
    assert event is not None
    assert (event.text, event.reply_to) == (text, reply_to)


def test_a_recorded_timeout_names_the_viewer_by_id() -> None:
    message = LINES["timeout-stack-always"][1]
    event, said = event_of("timeout-stack-always"), room_of(message).read(parse(message))
    assert event is not None
    assert said is not None
    assert (event.kind, event.target, event.author.name) == (ChatKind.BAN, said.author.id, "viewer_26")


def test_a_recorded_deletion_names_the_line_and_forgets_its_words() -> None:
    message = LINES["clearmsg-truncated"][0]
    event, said = event_of("clearmsg-truncated"), room_of(message).read(parse(message))
    assert event is not None
    assert said is not None
    assert (event.kind, event.target, event.text) == (ChatKind.DELETION, said.id, "")


def test_a_recorded_clearing_is_for_the_whole_room() -> None:
    event = event_of("clearchat")
    assert event is not None
    assert (event.kind, event.target) == (ChatKind.CLEAR, None)


def test_a_recorded_raid_on_a_shared_chat_is_for_another_channel() -> None:
    assert event_of("shared-chat-raid") is None


def test_an_action_without_its_end_is_still_one(room: Room) -> None:
    event = room.read(line("PRIVMSG", "\x01ACTION waves"))
    assert event is not None
    assert (event.kind, event.text) == (ChatKind.ACTION, "waves")


def test_questions_between_programs_are_nothing(room: Room) -> None:
    assert room.read(line("PRIVMSG", "\x01VERSION\x01")) is None


@pytest.mark.parametrize("command", ["ROOMSTATE", "USERSTATE", "HOSTTARGET", "JOIN"])
def test_the_state_of_the_room_is_nothing(room: Room, command: str) -> None:
    assert room.read(line(command, "x")) is None


def test_lines_for_others_are_nothing(room: Room) -> None:
    assert room.read(parse(":ana!a@h PRIVMSG justinfan1 :hi")) is None
    assert room.read(parse(":ana!a@h PRIVMSG #other :hi")) is None
    assert room.read(parse("PRIVMSG")) is None


def test_the_name_of_the_room_may_come_in_capitals(room: Room) -> None:
    assert room.read(parse(":ana!a@h PRIVMSG #Chan :hi")) is not None


def test_a_highlighted_message_is_a_reward(room: Room) -> None:
    event = room.read(line("PRIVMSG", "look", msg_id="highlighted-message"))
    assert event is not None
    assert (event.kind, event.reward) == (ChatKind.REWARD, None)


def test_a_reward_with_words_is_known_by_its_id_and_cannot_be_settled(room: Room) -> None:
    event = room.read(line("PRIVMSG", "please", custom_reward_id="r-1"))
    assert event is not None
    assert (event.kind, event.reward) == (ChatKind.REWARD, Reward("r-1"))


def test_the_systems_own_words_in_a_hype_chat_are_left_out(room: Room) -> None:
    tags = {"pinned_chat_paid_amount": "100", "pinned_chat_paid_is_system_message": "1"}
    event = room.read(line("PRIVMSG", "User sent Hype Chat", **tags))
    assert event is not None
    assert (event.kind, event.amount, event.text) == (ChatKind.SUPER_CHAT, 100, "")


def test_emotes_of_a_reply_are_counted_with_its_name(room: Room) -> None:
    event = room.read(line("PRIVMSG", "@ben Kappa", reply_parent_msg_id="p", emotes="25:5-9"))
    assert event is not None
    assert (event.text, event.emotes, event.reply_to) == ("Kappa", {"Kappa"}, "p")
    assert event.emote_spans == (EmoteSpan("Kappa", "25", 0, 5),)


def test_a_reply_without_a_name_keeps_its_words(room: Room) -> None:
    event = room.read(line("PRIVMSG", "yes", reply_parent_msg_id="p"))
    assert event is not None
    assert event.text == "yes"


def test_who_names_somebody_without_replying_keeps_the_name(room: Room) -> None:
    event = room.read(line("PRIVMSG", "@ben yes"))
    assert event is not None
    assert (event.text, event.reply_to) == ("@ben yes", None)


def gift(what: str, giver: str = "1", **tags: str) -> Message:
    return line("USERNOTICE", msg_id=what, user_id=giver, **tags)


@pytest.mark.parametrize("key", ["msg_param_community_gift_id", "msg_param_origin_id"])
def test_the_single_gifts_of_a_gift_to_the_community_are_not_told_again(room: Room, key: str) -> None:
    told = [room.read(gift("submysterygift", msg_param_mass_gift_count="3", **{key: "o"}))]
    told += [room.read(gift("subgift", **{key: "o"})) for _ in range(4)]
    told.append(room.read(gift("subgift", **{key: "p"})))

    assert [event and (event.kind, event.amount) for event in told] == [
        (ChatKind.GIFT, 3),
        None,
        None,
        None,
        (ChatKind.GIFT, 1),
        (ChatKind.GIFT, 1),
    ]


def test_single_gifts_without_a_key_are_counted(room: Room) -> None:
    told = [room.read(gift("anonsubmysterygift", msg_param_mass_gift_count="2"))]
    told += [room.read(gift("anonsubgift")) for _ in range(3)]
    assert [event.amount if event else None for event in told] == [2, None, None, 1]


def test_gifts_of_others_and_other_gifts_are_told_between(room: Room) -> None:
    room.read(gift("submysterygift", msg_param_mass_gift_count="2", msg_param_origin_id="o"))
    assert room.read(gift("subgift", "2", msg_param_origin_id="q")) is not None
    assert room.read(gift("subgift", msg_param_origin_id="q")) is not None
    assert room.read(gift("subgift", msg_param_origin_id="o")) is None


def test_gifts_that_never_follow_are_forgotten(room: Room) -> None:
    for giver in range(2 * BOMBS):
        room.read(gift("submysterygift", str(giver), msg_param_mass_gift_count="1"))
    assert room.read(gift("subgift", "0")) is not None
    assert room.read(gift("subgift", str(2 * BOMBS - 1))) is None
    assert len(room._bombs) < BOMBS


@pytest.mark.parametrize("what", ["sub", "primepaidupgrade", "giftpaidupgrade", "anongiftpaidupgrade"])
def test_every_way_to_subscribe_is_a_subscription(room: Room, what: str) -> None:
    event = room.read(gift(what, msg_param_cumulative_months="3"))
    assert event is not None
    assert (event.kind, event.amount) == (ChatKind.SUBSCRIPTION, 3)


def test_small_news_are_the_viewers_message_or_a_notice(room: Room) -> None:
    said = room.read(line("USERNOTICE", "fifteen! Kappa", msg_id="viewermilestone", emotes="25:9-13", id="1"))
    news = room.read(line("USERNOTICE", msg_id="viewermilestone", system_msg="ana watched 15 streams"))
    nothing = room.read(line("USERNOTICE"))
    assert said is not None
    assert news is not None
    assert nothing is not None
    assert (said.kind, said.text, said.emotes) == (ChatKind.MESSAGE, "fifteen! Kappa", {"Kappa"})
    assert (news.kind, news.text) == (ChatKind.NOTICE, "ana watched 15 streams")
    assert (nothing.kind, nothing.text) == (ChatKind.NOTICE, "")


def test_a_notice_of_the_room_is_a_notice(room: Room) -> None:
    event = room.read(line("NOTICE", "This room is now in slow mode.", msg_id="slow_on"))
    assert event is not None
    assert (event.kind, event.text) == (ChatKind.NOTICE, "This room is now in slow mode.")


GUEST = {"room_id": "1", "source_room_id": "2"}


def test_words_from_a_shared_chat_are_read_with_the_roles_they_have_here(room: Room) -> None:
    event = room.read(line("PRIVMSG", "hi", **GUEST, badges="vip/1", source_badges="broadcaster/1", mod="0"))
    assert event is not None
    assert (event.kind, event.author.roles) == (ChatKind.MESSAGE, {Role.VIP})


def test_what_was_given_to_another_channel_is_only_words(room: Room) -> None:
    event = room.read(line("PRIVMSG", "Cheer100 hi", **GUEST, bits="100"))
    assert event is not None
    assert (event.kind, event.amount) == (ChatKind.MESSAGE, 0)


@pytest.mark.parametrize(("what", "kind"), [("announcement", ChatKind.MESSAGE), ("sub", None), ("raid", None)])
def test_of_another_channels_deeds_only_announcements_are_read(room: Room, what: str, kind: ChatKind | None) -> None:
    event = room.read(line("USERNOTICE", "hi", **GUEST, msg_id="sharedchatnotice", source_msg_id=what))
    assert (event.kind if event else None) is kind


def test_our_own_deeds_in_a_shared_chat_count(room: Room) -> None:
    own = {"room_id": "1", "source_room_id": "1", "msg_id": "sharedchatnotice", "source_msg_id": "raid"}
    event = room.read(line("USERNOTICE", **own, msg_param_viewerCount="7"))
    assert event is not None
    assert (event.kind, event.amount) == (ChatKind.RAID, 7)
    bits = room.read(line("PRIVMSG", "Cheer5", room_id="1", source_room_id="1", bits="5"))
    assert bits is not None
    assert bits.kind is ChatKind.BITS


def test_a_shared_line_counts_once_under_its_first_id(room: Room) -> None:
    assert room.read(line("PRIVMSG", "hi", id="here", source_id="there")) is not None
    assert room.read(line("PRIVMSG", "hi", id="there")) is None


def test_another_channel_cannot_clear_the_room_but_its_bans_are_heeded(room: Room) -> None:
    assert room.read(line("CLEARCHAT", **GUEST)) is None
    assert room.read(line("CLEARCHAT", "ben", **GUEST)) is not None


def test_a_line_that_two_connections_bring_counts_once(room: Room) -> None:
    assert room.read(line("PRIVMSG", "hi", id="1")) is not None
    assert room.read(line("PRIVMSG", "hi", id="1")) is None
    assert room.read(line("USERNOTICE", "hi", id="1")) is None


def test_a_line_that_came_very_long_ago_is_forgotten(room: Room) -> None:
    for number in range(SEEN + 1):
        room.read(line("PRIVMSG", "hi", id=str(number)))
    assert room.read(line("PRIVMSG", "hi", id=str(SEEN))) is None
    assert room.read(line("PRIVMSG", "hi", id="0")) is not None
    assert len(room._seen) == SEEN


def test_lines_without_an_id_get_one_each(room: Room) -> None:
    ids = [event.id for _ in range(3) if (event := room.read(line("PRIVMSG", "hi"))) is not None]
    assert ids == ["n1", "n2", "n3"]


def test_a_deletion_without_a_target_is_nothing(room: Room) -> None:
    assert room.read(line("CLEARMSG", "hi", login="ben")) is None


def test_a_ban_without_tags_names_the_login(room: Room) -> None:
    event = room.read(line("CLEARCHAT", "ben"))
    assert event is not None
    assert (event.target, event.author) == ("ben", Author("ben", "ben"))


TAGS = sorted({tag for lines in LINES.values() for one in lines for tag in parse(one).tags} | {"source-msg-id", "bits"})
VALUES = st.sampled_from(
    ["", "0", "1", "-1", "9" * 30, "²", "x", "sub", "submysterygift", "subgift", "raid", "25:0-4", "0-1/:"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    st.sampled_from(["PRIVMSG", "USERNOTICE", "CLEARMSG", "CLEARCHAT", "NOTICE", "X"]),
    st.lists(st.sampled_from(["#chan", "@ben hi", "\x01ACTION hi\x01", "\x01", ""]), max_size=3),
    st.dictionaries(st.sampled_from(TAGS), VALUES, max_size=8),
)
def test_no_line_breaks_the_room(command: str, params: list[str], tags: dict[str, str]) -> None:
    event = Room("chan", Serial("n").next).read(Message(command, tuple(params), tags=tags))
    assert event is None or (event.id and 0 <= event.amount < 1e13)


def test_recorded_lines_survive_being_joined_again() -> None:
    for lines in LINES.values():
        for one in lines:
            assert parse(join(parse(one))) == parse(one)
