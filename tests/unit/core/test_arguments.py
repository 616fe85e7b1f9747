import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.arguments import ArgumentsError, arguments_of
from spark_vtuber.core.tools import Tool

PROPERTIES: dict[str, Any] = {
    "face": {"type": "string", "enum": ["happy", "Sad"]},
    "text": {"type": "string", "minLength": 2, "maxLength": 5},
    "count": {"type": "integer", "minimum": 1, "maximum": 3},
    "weight": {"type": "number"},
    "now": {"type": "boolean"},
    "names": {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2},
    "odd": {"type": "object"},
}
TOOL = Tool("try", "", {"type": "object", "properties": PROPERTIES})


def read(**arguments: Any) -> dict[str, Any]:
    return arguments_of(TOOL, json.dumps(arguments))


def test_arguments_come_with_their_types() -> None:
    given = {"face": "happy", "text": "abc", "count": 2, "weight": 0.5, "now": True, "names": ["a", "b"]}
    assert read(**given) == given


@pytest.mark.parametrize("text", ["", "  ", "{}", "null and {}"])
def test_a_tool_without_needs_is_called_with_nothing(text: str) -> None:
    assert arguments_of(TOOL, text) == {}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('```json\n{"count": 2}\n```', {"count": 2}),
        ('Sure! {"face": "happy"} there', {"face": "happy"}),
        ('{"face": "HAPPY"}', {"face": "happy"}),
        ('{"count": "2"}', {"count": 2}),
        ('{"weight": "0.25"}', {"weight": 0.25}),
        ('{"now": " True "}', {"now": True}),
        ('{"text": 123}', {"text": "123"}),
        ('{"text": " abc "}', {"text": "abc"}),
        ('{"count": 1, "other": 5}', {"count": 1}),
        ('{"count": null}', {}),
    ],
)
def test_what_is_obviously_meant_is_mended(written: str, meant: dict[str, Any]) -> None:
    assert arguments_of(TOOL, written) == meant


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"face": "angry"}, "face is one of happy, Sad"),
        ({"face": ["happy"]}, "face is a text"),
        ({"text": "x"}, "2 to 5"),
        ({"text": "abcdef"}, "2 to 5"),
        ({"count": 4}, "between 1 and 3"),
        ({"count": 1.5}, "whole number"),
        ({"count": True}, "is a number"),
        ({"count": [1]}, "is a number"),
        ({"weight": "heavy"}, "is a number"),
        ({"weight": 10**400}, "is a number"),
        ({"now": "maybe"}, "true or false"),
        ({"now": 1}, "true or false"),
        ({"names": "a"}, "a list"),
        ({"names": ["a", "b", "c"]}, "a list of 2"),
        ({"names": ["long"]}, "names is a text"),
        ({"odd": {}}, "cannot be of the type"),
        ({"text": "a\ud83d"}, "half a character"),
    ],
)
def test_what_is_wrong_is_told_so_that_it_can_be_written_again(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentsError) as raised:
        read(**arguments)
    assert told in raised.value.message


@pytest.mark.parametrize("text", ["[1]", "{", "3", '"x"', "x" * 4_001, "[" * 3_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ArgumentsError):
        arguments_of(TOOL, text)


def test_what_is_needed_must_be_there() -> None:
    tool = Tool("try", "", {"properties": PROPERTIES, "required": ["face", "count"]})
    with pytest.raises(ArgumentsError, match="face, count"):
        arguments_of(tool, '{"face": null}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PROPERTIES]), inner, max_size=4),
    max_leaves=12,
)


@given(JSON | st.text(max_size=60))
def test_whatever_a_model_writes_gives_arguments_or_an_arguments_error(value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        found = arguments_of(TOOL, text)
    except ArgumentsError as error:
        assert error.code == "bad_arguments"  # noqa: PT017 - any other error fails the test
    else:
        assert found.keys() <= PROPERTIES.keys()
        assert found.get("face") in (None, "happy", "Sad")
