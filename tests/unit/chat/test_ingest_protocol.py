"""The schema of what other programs push in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.ingest_protocol import KINDS, OUR_NAMES, read_batch, read_event
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward, Role

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("kind", "source", "id", "author", "text", "amount", "currency", "reply_to", "target", "persona", "emotes")


def read(value: Any, source: str | None = "kick", *, trusted: bool = False) -> ChatEvent:
    return read_event(value, source, "i1", are_roles_trusted=trusted)


def refused(value: Any, source: str | None = "kick") -> SparkError:
    with pytest.raises(SparkError) as caught:
        read(value, source)
    return caught.value


def test_a_donation_is_read_with_all_that_it_says() -> None:
    event = read(
        {
            "kind": "super_chat",
            "id": "77",
            "author": {"id": "u1", "name": "Ana", "roles": ["subscriber", "moderator"]},
            "text": "take this Kappa",
            "amount": 5.5,
            "currency": "EUR",
            "reply_to": "76",
            "persona": "main",
            "emotes": ["Kappa"],
        },
        trusted=True,
    )
    assert event == ChatEvent(
        id="kick:77",
        source="kick",
        kind=ChatKind.SUPER_CHAT,
        author=Author("u1", "Ana", frozenset({Role.SUBSCRIBER, Role.MODERATOR})),
        text="take this Kappa",
        amount=5.5,
        currency="EUR",
        reply_to="kick:76",
        persona="main",  # type: ignore[arg-type]  # an id is text
        emotes=frozenset({"Kappa"}),
    )


def test_the_least_line_is_a_name_and_a_text() -> None:
    event = read({"author": {"name": "Ana B"}, "text": "hi"})
    assert (event.id, event.kind, event.author) == ("kick:i1", ChatKind.MESSAGE, Author("ana b", "Ana B"))


def test_null_counts_as_missing_and_a_number_may_be_an_id() -> None:
    event = read({"id": 12, "author": {"id": None, "name": "Ana"}, "text": "hi", "amount": None, "reward": None})
    assert (event.id, event.author.id, event.amount, event.reward) == ("kick:12", "ana", 0.0, None)


def test_roles_count_only_where_they_are_trusted() -> None:
    line = {"author": {"name": "Ana", "roles": ["moderator", "broadcaster", "vip"]}, "text": "hi"}
    assert read(line).author.roles == frozenset()
    assert read(line, trusted=True).author.roles == {Role.MODERATOR, Role.BROADCASTER, Role.VIP}


def test_an_event_may_name_its_source_itself() -> None:
    assert read({"source": "tik_tok-1", "author": {"name": "Ana"}, "text": "hi"}).id == "tik_tok-1:i1"
    assert refused({"author": {"name": "Ana"}, "text": "hi"}, None).code == "no_source"


@pytest.mark.parametrize("name", sorted(OUR_NAMES))
def test_nobody_speaks_in_the_name_of_our_own_sources(name: str) -> None:
    assert refused({"author": {"name": "Ana"}, "text": "hi"}, name).code == "bad_source"


@pytest.mark.parametrize("name", ["Kick", "", "a b", "x" * 21, "käse", "a:b", "a\n"])
def test_a_source_is_a_short_plain_name(name: str) -> None:
    with pytest.raises(SparkError):
        read_batch({"source": name, "events": [1]})
    assert refused({"source": name, "author": {"name": "Ana"}, "text": "hi"}).code == "bad_event"


def test_what_is_taken_back_is_named_as_the_show_knows_it() -> None:
    assert read({"kind": "deletion", "target": "76"}).target == "kick:76"
    assert read({"kind": "ban", "target": "u1"}).target == "u1"
    assert read({"kind": "reward", "author": {"name": "a"}, "reward": {"title": "Flip"}}).reward == Reward("", "Flip")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ammount": 5}, "ammount"),
        ({"text": "  "}, "text"),
        ({"author": None}, "author"),
        ({"author": {"name": ""}}, "author.name"),
        ({"author": {"name": "a", "roles": ["king"]}}, "author.roles"),
        ({"amount": -1}, "amount"),
        ({"amount": float("nan")}, "amount"),
        ({"amount": 1e10}, "amount"),
        ({"currency": "euro"}, "currency"),
        ({"text": "\ud83d"}, "text"),
        ({"text": "x" * 4_001}, "text"),
        ({"id": "a\nb"}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"kind": "hype_train"}, "kind"),
        ({"kind": "deletion"}, "target"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(change: dict[str, Any], told: str) -> None:
    error = refused({"author": {"name": "Ana"}, "text": "secretive", **change})
    assert error.code == "bad_event"
    assert told in error.message
    assert "secretive" not in error.message


@given(st.one_of(JSON, st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(sorted(KINDS)))))
def test_anything_is_an_event_or_an_error_of_ours(value: Any) -> None:
    try:
        event = read(value)
    except SparkError as error:
        error.message.encode()
    else:
        assert event.id.startswith(f"{event.source}:")
        assert event.source not in OUR_NAMES
        assert event.author.roles == frozenset()
        (event.text + event.author.name + event.id).encode()


@given(JSON)
def test_anything_is_a_batch_or_an_error_of_ours(value: Any) -> None:
    batch = value if isinstance(value, dict) else {"events": value}
    try:
        count, code = len(read_batch(batch).events), ""
    except SparkError as error:
        count, code = 0, error.code
    assert (1 <= count <= 100) != (code == "bad_batch")
