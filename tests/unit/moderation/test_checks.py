"""The checks one by one: rules of words, personal data, links, languages."""

import pytest

from spark_vtuber.moderation.language import language_of
from spark_vtuber.moderation.links import links
from spark_vtuber.moderation.personal import is_card, personal
from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.rules import Rules


@pytest.mark.parametrize(
    ("rule", "text", "is_found", "is_unfinished"),
    [
        ("kill|stab the? dragon", "now kill the dragon", True, False),
        ("kill|stab the? dragon", "stab dragon", True, False),
        ("kill|stab the? dragon", "kill a dragon", False, False),
        ("kill|stab the? dragon", "they kill the", False, True),
        ("eat ~2 cake", "eat cake", True, True),
        ("eat ~2 cake", "eat a big cake", True, False),
        ("eat ~2 cake", "eat a very big cake", False, False),
        ("eat ~2 cake", "eat a very", False, True),
        ("you eat", "and you", False, False),
        ("eat|\n drink up", "drink up", True, False),
    ],
)
def test_a_rule_reads_a_sequence_of_words(rule: str, text: str, is_found: bool, is_unfinished: bool) -> None:
    found, unfinished = Rules((("name", rule),)).read(Reading(text).words)
    assert (bool(found), unfinished) == (is_found, is_unfinished)


@pytest.mark.parametrize(
    ("text", "rule", "shown"),
    [
        ("mail bob.smith@example.com", "e_mail", "bob.smith@example.com"),
        ("bob at example dot com", "e_mail", "bob at example dot com"),
        ("pay with 5500 0000 0000 0004", "card", "5500 0000 0000 0004"),
        ("or 630.362.5206", "phone", "630.362.5206"),
        ("on 84.12.9.200", "ip", "84.12.9.200"),
        ("at 2a00:1450:4001::200e", "ip", "2a00:1450:4001::200e"),
        ("is 123-45-6789", "ssn", "123-45-6789"),
        ("to DE89 3704 0044 0532 0130 00", "iban", "DE89 3704 0044 0532 0130 00"),
        ("in 221 Baker Street", "street", "221 Baker Street"),
        ("in Hauptstra\u00dfe 12", "street", "Hauptstra\u00dfe 12"),
    ],
)
def test_personal_data_is_found_where_it_is(text: str, rule: str, shown: str) -> None:
    assert [(match.rule, text[match.start : match.end]) for match in personal(Reading(text))] == [(rule, shown)]


@pytest.mark.parametrize(
    "text",
    ["1000000 points", "12.05.2024", "2024-2025", "127.0.0.1", "192.168.0.10", "version 1.2.3.4", "4111 1111 1111 1112",
     "call the lifeline 0800 111 222 333", "999.1.1.1", "3:45:10", "at dot", "@@@"],
)  # fmt: skip
def test_ordinary_numbers_are_no_personal_data(text: str) -> None:
    assert list(personal(Reading(text))) == []


def test_a_card_number_has_its_sum() -> None:
    assert is_card("4111 1111 1111 1111")
    assert not is_card("4111 1111 1111 1112")
    assert not is_card("0000 0000 0000 0000")


@pytest.mark.parametrize(
    ("text", "count"),
    [("evil.com", 1), ("a twitch.tv/x b", 0), ("clips.twitch.tv/x", 0), ("eviltwitch.tv", 1), ("twitch.tv.evil.com", 1),
     ("http://twitch.tv@evil.com", 1), ("steam dot gift", 1), ("ok.so what", 0), ("javascript:alert(1)", 1)],
)  # fmt: skip
def test_a_link_is_trusted_by_its_host_alone(text: str, count: int) -> None:
    assert len(list(links(Reading(text), ("twitch.tv",)))) == count


@pytest.mark.parametrize(
    ("text", "language"),
    [("hello how are you", "en"), ("das ist nicht gut", "de"), ("hola, ¿cómo estás?", "es"),
     ("\u043f\u0440\u0438\u0432\u0435\u0442", "ru"),
     ("\u043f\u0440\u0438\u0432\u0456\u0442", "uk"), ("こんにちは 世界", "ja"), ("你好", "zh"), ("안녕", "ko"),
     ("PogChamp", ""), ("", ""), ("fu\u0441k", "")],
)  # fmt: skip
def test_a_language_is_told_by_script_and_common_words(text: str, language: str) -> None:
    assert language_of(text) == language
