import pytest

from spark_vtuber.chat.irc_protocol import Message, parse
from spark_vtuber.chat.twitch_irc_tags import (
    MAX_DIGITS,
    author_of,
    emotes_of,
    money_of,
    months_of,
    moved,
    number,
    words_of,
)
from spark_vtuber.core.events import Author, EmoteSpan, Role


def tagged(**tags: str) -> Message:
    return Message("PRIVMSG", ("#c", ""), "login!login@host", {key.replace("_", "-"): tags[key] for key in tags})


def test_the_author_is_who_the_tags_name() -> None:
    message = tagged(user_id="12", display_name="Ana", badges="broadcaster/1,partner/1")
    assert author_of(message) == Author("12", "Ana", frozenset({Role.BROADCASTER}))


def test_a_localised_name_is_shown_as_chosen() -> None:
    message = tagged(user_id="12", display_name="테스트계정420", login="testaccount_420")
    assert author_of(message).name == "테스트계정420"


def test_without_tags_the_nick_is_both_id_and_name() -> None:
    assert author_of(parse(":ana!a@h PRIVMSG #c :hi")) == Author("ana", "ana")


def test_an_empty_display_name_gives_way_to_the_login() -> None:
    assert author_of(tagged(display_name=" ", login="ana")).name == "ana"
    assert author_of(tagged(display_name="")).name == "login"


@pytest.mark.parametrize(
    ("tags", "role"),
    [
        ({"badges": "broadcaster/1"}, Role.BROADCASTER),
        ({"badges": "moderator/1"}, Role.MODERATOR),
        ({"badges": "lead_moderator/1"}, Role.MODERATOR),
        ({"badges": "vip/1"}, Role.VIP),
        ({"badges": "subscriber/24"}, Role.SUBSCRIBER),
        ({"badges": "founder/0"}, Role.SUBSCRIBER),
        ({"mod": "1"}, Role.MODERATOR),
        ({"vip": "1"}, Role.VIP),
        ({"subscriber": "1"}, Role.SUBSCRIBER),
        ({"first_msg": "1"}, Role.FIRST_TIME),
    ],
)
def test_badges_and_flags_are_roles(tags: dict[str, str], role: Role) -> None:
    assert author_of(tagged(**tags)).roles == {role}


def test_other_badges_and_lowered_flags_are_no_roles() -> None:
    message = tagged(badges="premium/1,,bits/100", mod="0", vip="", subscriber="0", first_msg="0")
    assert author_of(message).roles == set()


@pytest.mark.parametrize(
    ("emotes", "text", "names"),
    [
        ("25:0-4/1902:6-10", "Kappa Keepo", {"Kappa", "Keepo"}),
        ("25:1-5,9-13", "😂Kappa😂 &Kappa a  b", {"Kappa"}),
        ("25:0-4", "Kappa", {"Kappa"}),
        ("", "Kappa", set()),
        ("25:4-0", "Kappa", set()),
        ("25:0-5", "Kappa", set()),
        ("25:9-10", "foo bar", set()),
        ("25:0-3", "a b c", set()),
        ("25:-1-2/25:x-y/25/:/25:0/25:0-", "Kappa", set()),
        ("25:0-99999999999999999999", "Kappa", set()),
        ("25:0-4/25:7-99", "Kappa", {"Kappa"}),
    ],
)
def test_emotes_are_the_words_at_the_named_code_points(emotes: str, text: str, names: set[str]) -> None:
    assert words_of(emotes_of(tagged(emotes=emotes), text)) == names


def test_emotes_tell_which_picture_stands_where() -> None:
    assert emotes_of(tagged(emotes="emotesv2_ab:6-10/25:0-4"), "Kappa Keepo") == (
        EmoteSpan("Kappa", "25", 0, 5),
        EmoteSpan("Keepo", "emotesv2_ab", 6, 11),
    )


def test_positions_count_code_points() -> None:
    (span,) = emotes_of(tagged(emotes="25:1-5"), "😂Kappa")
    assert (span.start, span.end) == (1, 6)


@pytest.mark.parametrize("name", ["..25", "25%2f", "", "a" * 65, "é"])
def test_an_id_that_is_no_name_of_a_picture_leaves_the_word(name: str) -> None:
    (span,) = emotes_of(tagged(emotes=f"{name}:0-4"), "Kappa")
    assert (span.name, span.id) == ("Kappa", "")


def test_of_emotes_that_overlap_the_first_counts() -> None:
    assert [span.id for span in emotes_of(tagged(emotes="1:0-4/2:2-6"), "KappaKeepo")] == ["1"]


def test_emotes_move_with_a_text_whose_beginning_is_cut_off() -> None:
    spans = (EmoteSpan("Kappa", "25", 0, 5), EmoteSpan("Keepo", "2", 6, 11))
    assert moved(spans, 6) == (EmoteSpan("Keepo", "2", 0, 5),)


def test_a_line_without_the_tag_has_no_emotes() -> None:
    assert emotes_of(tagged(), "Kappa") == ()


@pytest.mark.parametrize(
    ("value", "count"),
    [("12", 12), ("0", 0), ("", 0), (None, 0), ("-3", 0), ("1.5", 0), ("many", 0), ("9" * (MAX_DIGITS + 1), 0)],
)
def test_a_number_is_believed_only_where_it_is_one(value: str | None, count: int) -> None:
    assert number(value) == count


@pytest.mark.parametrize(
    ("tags", "months"),
    [
        ({"msg_param_cumulative_months": "9", "msg_param_months": "0"}, 9),
        ({"msg_param_months": "6"}, 6),
        ({"msg_param_months": "0"}, 1),
        ({}, 1),
    ],
)
def test_months_count_from_the_first(tags: dict[str, str], months: int) -> None:
    assert months_of(tagged(**tags)) == months


@pytest.mark.parametrize(
    ("amount", "exponent", "currency", "money"),
    [
        ("500", "2", "USD", (5.0, "USD")),
        ("500", "0", "JPY", (500.0, "JPY")),
        ("1999", "2", "EUR", (19.99, "EUR")),
        ("500", "999999999", "USD", (0.0005, "USD")),
        ("x", "2", "DOUBLOONS", (0.0, "DOUBLOON")),
    ],
)
def test_money_is_scaled_by_its_exponent(amount: str, exponent: str, currency: str, money: tuple[float, str]) -> None:
    tags = {"amount": amount, "exponent": exponent, "currency": currency}
    assert money_of(tagged(**{f"pinned_chat_paid_{key}": value for key, value in tags.items()})) == money


def test_a_line_without_money_has_none() -> None:
    assert money_of(tagged()) == (0.0, "")
