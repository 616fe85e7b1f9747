import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.twitch_irc_protocol import Closing, Conversation, Joined, Moving, Refused, Send, Step
from spark_vtuber.chat.twitch_irc_room import Room
from spark_vtuber.core.events import ChatEvent, ChatKind
from spark_vtuber.core.ids import Serial

LINES = Path(__file__).parents[2] / "data" / "twitch_irc" / "lines.json"
SERVER = ":tmi.twitch.tv"


def new(channel: str = "chan") -> Conversation:
    return Conversation(channel, Room(channel, Serial("n").next), random.Random(7))


def steps(conversation: Conversation, *lines: str) -> list[Step]:
    return list(conversation.feed("".join(f"{line}\r\n" for line in lines).encode()))


def nick(conversation: Conversation) -> str:
    return conversation.hello().decode().split("NICK ")[1].split("\r\n")[0]


@pytest.fixture
def conversation() -> Conversation:
    return new()


def test_the_hello_asks_for_tags_and_needs_no_password(conversation: Conversation) -> None:
    lines = conversation.hello().decode().split("\r\n")
    assert lines[0] == "CAP REQ :twitch.tv/tags twitch.tv/commands"
    assert lines[1].removeprefix("NICK justinfan").isdigit()
    assert lines[2] == f"USER {nick(conversation)} 0 * {nick(conversation)}"
    assert lines[3:] == [""]


@pytest.mark.parametrize("answer", ["ACK", "NAK"])
def test_whatever_the_server_says_to_the_capabilities_we_go_on(conversation: Conversation, answer: str) -> None:
    assert steps(conversation, f"{SERVER} CAP * {answer} :twitch.tv/tags twitch.tv/commands") == [Send(b"CAP END\r\n")]
    assert steps(conversation, f"{SERVER} CAP * LS :multi-prefix", "CAP") == []


def test_we_join_when_we_are_welcome(conversation: Conversation) -> None:
    assert steps(conversation, f"{SERVER} 001 justinfan1 :Welcome, GLHF!") == [Send(b"JOIN #chan\r\n")]


@pytest.mark.parametrize(
    "line",
    [
        ":{nick}!{nick}@{nick}.tmi.twitch.tv JOIN #chan",
        ":{nick}!{nick}@host JOIN :#Chan",
        ":irc.example.com 366 {nick} #chan :End of /NAMES list.",
        "@emote-only=0;room-id=1 :tmi.twitch.tv ROOMSTATE #chan",
    ],
)
def test_we_are_in_when_the_server_says_so_and_that_once(conversation: Conversation, line: str) -> None:
    line = line.format(nick=nick(conversation))
    assert steps(conversation, line, line) == [Joined()]


def test_joins_of_others_and_other_rooms_tell_nothing(conversation: Conversation) -> None:
    other = f":{nick(conversation)}!x@y JOIN #other"
    assert steps(conversation, ":ana!a@h JOIN #chan", other, f"{SERVER} 366 x #other :End", "JOIN") == []


def test_a_nick_in_use_is_changed(conversation: Conversation) -> None:
    old = nick(conversation)
    assert steps(conversation, f"{SERVER} 433 * {old} :Nickname is already in use") == [
        Send(f"NICK {nick(conversation)}\r\n".encode())
    ]
    assert nick(conversation) != old
    assert steps(conversation, f":{nick(conversation)}!x@y JOIN #chan") == [Joined()]


def test_a_ping_is_answered_with_what_it_said(conversation: Conversation) -> None:
    assert steps(conversation, "PING :tmi.twitch.tv", "PING :two words", "PING") == [
        Send(b"PONG tmi.twitch.tv\r\n"),
        Send(b"PONG :two words\r\n"),
        Send(b"PONG\r\n"),
    ]


def test_our_own_ping_and_good_bye(conversation: Conversation) -> None:
    assert conversation.ping().startswith(b"PING justinfan")
    assert conversation.bye() == b"QUIT\r\n"
    assert steps(conversation, f"{SERVER} PONG tmi.twitch.tv :x") == []


def test_a_server_that_goes_down_says_so(conversation: Conversation) -> None:
    assert steps(conversation, f"{SERVER} RECONNECT") == [Moving()]


def test_a_server_that_closes_says_why(conversation: Conversation) -> None:
    assert steps(conversation, "ERROR :Closing link: (ping timeout)", "ERROR") == [
        Closing("Closing link: (ping timeout)"),
        Closing(""),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #chan :no", "channel_gone"),
        ("@msg-id=tos_ban :tmi.twitch.tv NOTICE #chan :no", "channel_gone"),
        ("@msg-id=msg_room_not_found :tmi.twitch.tv NOTICE #chan :no", "channel_gone"),
        ("@msg-id=msg_banned :tmi.twitch.tv NOTICE #chan :no", "banned"),
        (":irc.example.com 403 x #chan :no", "channel_gone"),
        (":irc.example.com 474 x #chan :no", "banned"),
        (":irc.example.com 465 x :no", "banned"),
    ],
)
def test_a_room_that_cannot_be_read_is_refused(conversation: Conversation, line: str, code: str) -> None:
    assert steps(conversation, line) == [Refused(code, "no")]


def test_a_refusal_may_say_nothing(conversation: Conversation) -> None:
    assert steps(conversation, "474") == [Refused("banned", "")]


def test_a_login_that_is_turned_down_is_refused_only_at_the_door(conversation: Conversation) -> None:
    notice = f"{SERVER} NOTICE * :Login authentication failed"
    assert steps(conversation, notice) == [Refused("not_let_in", "Login authentication failed")]
    steps(conversation, f"{SERVER} ROOMSTATE #chan")
    assert steps(conversation, notice) == []


def test_other_notices_are_for_the_room(conversation: Conversation) -> None:
    found = steps(conversation, f"@msg-id=slow_on {SERVER} NOTICE #chan :slow", ":irc.example.com NOTICE * :*** Hello")
    assert [(step.kind, step.text) for step in found if isinstance(step, ChatEvent)] == [(ChatKind.NOTICE, "slow")]
    assert len(found) == 1


def test_lines_of_the_room_are_events_and_the_rest_is_nothing(conversation: Conversation) -> None:
    found = steps(conversation, ":ana!a@h PRIVMSG #chan :hi", f"{SERVER} 372 x :motd", ":ana!a@h PART #chan", "<html>")
    assert [step.text for step in found if isinstance(step, ChatEvent)] == ["hi"]
    assert len(found) == 1
    assert conversation.skipped == 1


RECORDED = [line for lines in json.loads(LINES.read_text("utf-8")).values() for line in lines]
SPOKEN = ["PING :x", ":t RECONNECT", ":t 001 x :hi", ":t CAP * NAK :x", ":t 366 x #the_channel :End", "ERROR :x", "<"]


@given(st.lists(st.sampled_from(RECORDED + SPOKEN), max_size=8), st.lists(st.integers(0, 8_000), max_size=12))
def test_any_split_gives_the_same_steps(lines: list[str], cuts: list[int]) -> None:
    stream = "".join(f"{line}\r\n" for line in lines).encode()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    split = new("the_channel")
    found = [step for start, end in itertools.pairwise(edges) for step in split.feed(stream[start:end])]
    assert found == list(new("the_channel").feed(stream))


@given(st.lists(st.binary(max_size=40) | st.sampled_from([line.encode() for line in SPOKEN]), max_size=10))
def test_garbage_raises_nothing(pieces: list[bytes]) -> None:
    conversation = new()
    for piece in pieces:
        assert all(isinstance(step, Step) for step in conversation.feed(piece + b"\r\n"))
