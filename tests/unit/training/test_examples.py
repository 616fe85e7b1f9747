"""What an adapter learns from."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.errors import SparkError
from spark_vtuber.training.examples import Exchange, Source, chosen, from_card, from_file, split


def exchange(asked: str, said: str = "yes", source: Source = Source.CARD) -> Exchange:
    return Exchange(asked, said, source)


def test_what_the_streamer_wrote_outweighs_what_she_liked_and_that_the_card() -> None:
    found = [
        exchange("Hi  there", "edited", Source.EDITED),
        exchange("hi there", "card", Source.CARD),
        exchange("hi there", "liked", Source.LIKED),
        exchange("bye", "liked", Source.LIKED),
        exchange("bye", "liked later", Source.LIKED),
    ]
    assert [one.said for one in chosen(found)] == ["edited", "liked later"]


def test_empty_and_endless_exchanges_teach_nothing() -> None:
    assert chosen([exchange(" "), exchange("a", " "), exchange("b" * 4_001), exchange("c", "d" * 4_001)]) == ()


@given(st.lists(st.text(min_size=1), min_size=4, max_size=60, unique=True), st.floats(0, 0.5))
def test_a_split_loses_nothing_and_shares_nothing(asked: list[str], share: float) -> None:
    exchanges = [exchange(one) for one in asked]
    made = split(exchanges, share)
    assert sorted(one.asked for one in (*made.train, *made.held_out)) == sorted(asked)
    assert min(len(made.train), len(made.held_out)) >= 2
    assert not set(made.train) & set(made.held_out)


def test_what_was_held_out_is_never_learnt_from_later() -> None:
    early = [exchange(f"line {number}") for number in range(60)]
    later = [*early, *(exchange(f"new {number}") for number in range(60))]
    assert set(split(early, 0.2).held_out) <= set(split(later, 0.2).held_out)


def test_a_handful_is_too_few() -> None:
    with pytest.raises(SparkError, match="at least 4"):
        split([exchange("a"), exchange("b"), exchange("c")], 0.1)


def test_both_forms_of_a_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    conversation = [
        {"role": "system", "content": "x"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "one"},
        {"role": "user", "content": "second"},
        {"role": "assistant", "content": "two"},
    ]
    lines = [{"messages": conversation}, {"prompt": "third", "completion": "three"}]
    path.write_text("\ufeff" + "\n\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    assert [(one.asked, one.said, one.source) for one in from_file(path)] == [
        ("second", "two", Source.FILE),
        ("third", "three", Source.FILE),
    ]


@pytest.mark.parametrize(
    "line",
    ["no json", "[1]", "{}", '{"prompt": "a"}', '{"prompt": 1, "completion": "b"}', "[" * 100_000,
     '{"messages": [{"role": "user", "content": "a"}]}', '{"messages": ["a", "b"]}',
     '{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}',
     '{"messages": [{"role": "user", "content": ["a"]}, {"role": "assistant", "content": "b"}]}'],
)  # fmt: skip
def test_a_line_that_is_no_example_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(f'{{"prompt": "a", "completion": "b"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(SparkError, match=r"examples\.jsonl, line 2") as error:
        list(from_file(path))
    assert error.value.fix


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(SparkError, match="cannot be read"):
        list(from_file(tmp_path / "none.jsonl"))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(SparkError, match="not UTF-8"):
        list(from_file(tmp_path / "picture.png"))


def test_a_card_gives_its_examples() -> None:
    assert [(one.asked, one.said) for one in from_card((("hi", "[happy] Hey!"),))] == [("hi", "[happy] Hey!")]
