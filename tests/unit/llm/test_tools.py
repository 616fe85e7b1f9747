import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.llm.tools import (
    MAX_CALLS,
    Envelope,
    EnvelopeReader,
    envelope_hint,
    envelope_schema,
    parse_envelope,
)
from spark_vtuber.testing.dialects.fake import fitting

SCENES = {"type": "object", "properties": {"scene": {"enum": ["game", "chat"]}}, "required": ["scene"]}
SWITCH = Tool("switch_scene", "Show another scene.", {**SCENES, "additionalProperties": False})
WAVE = Tool("wave", "Wave.")
TOOLS = (SWITCH, WAVE)


def test_the_envelope_of_the_schema_is_one_that_is_understood() -> None:
    schema = envelope_schema(TOOLS)
    written = {"say": "Off we go.", "calls": [{"name": "switch_scene", "arguments": {"scene": "game"}}]}

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(written)
    Draft202012Validator(schema).validate(fitting(schema))
    assert next(iter(schema["properties"])) == "say"
    assert parse_envelope(json.dumps(written)) == Envelope(
        "Off we go.", (ToolCall("call-0", "switch_scene", '{"scene": "game"}'),)
    )
    assert not Draft202012Validator(schema).is_valid({"say": "", "calls": [{"name": "fly", "arguments": {}}]})


def test_without_tools_the_envelope_holds_words_only() -> None:
    schema = envelope_schema(())

    Draft202012Validator(schema).validate({"say": "Hi.", "calls": []})
    assert not Draft202012Validator(schema).is_valid({"say": "Hi.", "calls": [{}]})


def test_the_hint_names_every_tool() -> None:
    assert all(tool.name in envelope_hint(TOOLS) and tool.description in envelope_hint(TOOLS) for tool in TOOLS)


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"say": "Hi.", "calls": []}\n```',
        'Here you are: {"say": "Hi.", "calls": []} Bye!',
        '{"say": "Hi."}',
        '{"say": "Hi.", "calls": "none"}',
        '{"say": "Hi.", "calls": [{"arguments": {}}, 3, {"name": 5}]}',
    ],
)
def test_what_models_write_around_an_envelope_does_not_matter(text: str) -> None:
    assert parse_envelope(text) == Envelope("Hi.")


@pytest.mark.parametrize("text", ["Hello there.", '{"calls": []}', '{"say": 3}', "[]", "", "{" * 5000, '{"say": "Hi.'])
def test_what_is_no_envelope_is_said_as_it_was_written(text: str) -> None:
    envelope = parse_envelope(text)

    assert (envelope.say, envelope.calls) == (text.strip(), ())
    assert envelope.mistake


def test_only_so_many_calls_are_taken() -> None:
    calls = [{"name": "wave"} for _ in range(100)]

    assert len(parse_envelope(json.dumps({"say": "", "calls": calls})).calls) == MAX_CALLS


@given(
    say=st.text(),
    is_ascii=st.booleans(),
    sizes=st.lists(st.integers(1, 9)),
    fence=st.sampled_from(["", "```json\n", " "]),
)
def test_what_is_said_comes_piece_by_piece_and_whole_however_it_is_cut(
    say: str, is_ascii: bool, sizes: list[int], fence: str
) -> None:
    text = fence + json.dumps({"say": say, "calls": [{"name": "wave"}]}, ensure_ascii=is_ascii)
    reader, said, at = EnvelopeReader(), "", 0
    for size in [*sizes, len(text)]:
        said += reader.feed(text[at : at + size])
        at += size

    assert said == say
    assert reader.close().calls == (ToolCall("call-0", "wave", "{}"),)


def test_what_is_said_comes_before_the_calls_are_written() -> None:
    reader = EnvelopeReader()

    assert [reader.feed(piece) for piece in ('{"sa', 'y": "Oh', " he\\", 'n', "llo", '", "calls": [{"na')] == [
        "", "Oh", " he", "\n", "llo", "",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Hello.", '{"calls": [], "say": "late"}', '{"say": 3', '{"say": "\\q'])
def test_what_is_no_envelope_is_not_said_while_it_is_written(text: str) -> None:
    reader = EnvelopeReader()

    assert [reader.feed(char) for char in text] == [""] * len(text)
    assert reader.text == text


def test_half_a_character_is_no_reason_to_fail() -> None:
    reader = EnvelopeReader()

    assert reader.feed('{"say": "a\\ud83d", "calls": []}') == "a\ufffd"
    assert parse_envelope('{"say": "a\\ud83d"}').say == "a\ufffd"
    (call,) = parse_envelope('{"say": "", "calls": [{"name": "a\\ud83d"}]}').calls
    assert call.name == "a\ufffd"
