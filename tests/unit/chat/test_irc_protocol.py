import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_vtuber.chat.irc_protocol import MAX_LINE_BYTES, Message, MessageReader, encode, join, parse
from spark_vtuber.core.errors import ProtocolError

VECTORS = Path(__file__).parents[2] / "data" / "irc_vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / name).read_text("utf-8"))  # type: ignore[no-any-return]


def message_of(atoms: dict[str, Any]) -> Message:
    return Message(atoms["verb"], tuple(atoms.get("params", ())), atoms.get("source", ""), atoms.get("tags", {}))


@pytest.mark.parametrize("vector", vectors("msg-split.json"), ids=lambda vector: vector["input"])
def test_a_line_splits_as_the_vector_says(vector: dict[str, Any]) -> None:
    assert parse(vector["input"]) == message_of(vector["atoms"])


@pytest.mark.parametrize("vector", vectors("msg-join.json"), ids=lambda vector: vector["desc"])
def test_a_message_joins_as_the_vector_says(vector: dict[str, Any]) -> None:
    assert join(message_of(vector["atoms"])) in vector["matches"]


def test_a_message_knows_its_nick_and_its_parameters() -> None:
    message = parse(":ana!a@host PRIVMSG #c :hello there")
    assert (message.nick, message.param(1), message.param(2)) == ("ana", "hello there", "")
    assert parse(":irc.example.com PING").nick == "irc.example.com"


@pytest.mark.parametrize(
    "line", ["", "   ", "@a=b", "@a=b ", ":source", ":source  ", "@a :b  ", "<html>", "12 x", "é x"]
)
def test_a_line_without_a_command_is_refused(line: str) -> None:
    with pytest.raises(ProtocolError, match="without a command"):
        parse(line)


@given(st.text())
@example("@=;;=x;\\ :\x00 PING")
def test_garbage_raises_only_protocol_errors(line: str) -> None:
    try:
        message = parse(line)
    except ProtocolError:
        return
    assert message.command


WORD = st.text(st.characters(exclude_characters=" \r\n\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda word: not word.startswith(":")
)
KEY = st.from_regex(r"[a-z][a-z0-9/-]{0,8}", fullmatch=True)
VALUE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
MESSAGES = st.builds(
    lambda command, words, last, source, tags: Message(command, (*words, *last), source, tags),
    st.from_regex(r"[A-Z]{1,8}|[0-9]{3}", fullmatch=True),
    st.lists(WORD, max_size=4),
    st.lists(VALUE.filter(lambda text: not {"\r", "\n"} & set(text)), max_size=1),
    WORD | st.just(""),
    st.dictionaries(KEY, VALUE, max_size=4),
)


@given(MESSAGES)
def test_a_joined_message_splits_into_itself(message: Message) -> None:
    assert parse(join(message)) == message


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (Message("JOIN", ("#a\r\nQUIT",)), "line breaks"),
        (Message("PONG", ("a\0b",)), "line breaks"),
        (Message("NICK", ("a b", "c")), "last parameter"),
        (Message("NICK", ("", "c")), "last parameter"),
        (Message("NICK", (":a", "c")), "last parameter"),
        (Message("NICK", ("a",), source="x y"), "last parameter"),
    ],
)
def test_what_no_line_can_carry_is_refused(message: Message, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        join(message)


def test_a_command_is_encoded_with_its_line_end() -> None:
    assert encode("USER", "ana", "0", "*", "the reader") == b"USER ana 0 * :the reader\r\n"


def read(*pieces: bytes) -> tuple[list[Message], int]:
    reader = MessageReader()
    messages = [message for piece in pieces for message in reader.feed(piece)]
    return messages, reader.skipped


def test_lines_end_with_crlf_or_lf_and_empty_lines_are_nothing() -> None:
    messages, skipped = read(b"PING a\r\nPING b\n\r\n\n  \r\nPING c\r\r\nPING d")
    assert [message.params for message in messages] == [("a",), ("b",), ("c",)]
    assert skipped == 0


def test_what_is_not_utf8_is_replaced() -> None:
    assert read(b"PRIVMSG #c :caf\xe9 \xff\n")[0][0].params == ("#c", "caf\ufffd \ufffd")


def test_a_bad_line_costs_only_itself() -> None:
    messages, skipped = read(b"PING a\n<html>\n:\nPING b\n")
    assert [message.params for message in messages] == [("a",), ("b",)]
    assert skipped == 2


def test_the_longest_line_is_read_and_a_longer_one_left_out() -> None:
    longest = b"PING :" + b"a" * (MAX_LINE_BYTES - 6)
    messages, skipped = read(longest + b"\n" + longest + b"b\nPING c\n")
    assert [len(message.param(0)) for message in messages] == [MAX_LINE_BYTES - 6, 1]
    assert skipped == 1


def test_an_endless_line_takes_no_memory() -> None:
    reader = MessageReader()
    for _ in range(100):
        assert list(reader.feed(b"x" * 4096)) == []
        assert len(reader._rest) <= MAX_LINE_BYTES
    assert [message.command for message in reader.feed(b"\nPING\n")] == ["PING"]


PIECES = [b"@a=b\\s;c :ana!a@h PRIVMSG #c :hi \xf0\x9f\x98\x82\r\n", b"PING a\n", b"\r\n", b"<\n", b"\xff\r"]
LONG = [b"P" * MAX_LINE_BYTES, b"P" * (MAX_LINE_BYTES + 1)]
STREAMS = st.lists(st.sampled_from(PIECES + LONG) | st.binary(max_size=20)).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 3 * MAX_LINE_BYTES), max_size=12))
def test_any_split_gives_the_same_messages(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert read(*(stream[start:end] for start, end in itertools.pairwise(edges))) == read(stream)


def test_bytes_one_by_one_give_the_same_messages() -> None:
    stream = b"".join([*PIECES, b"\n", *LONG, b"\n", *PIECES])
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == read(stream)
