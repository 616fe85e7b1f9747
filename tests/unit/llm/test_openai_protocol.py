import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.tools import ToolCall
from spark_vtuber.llm import openai_protocol
from spark_vtuber.llm.call_pieces import Calls
from spark_vtuber.llm.openai_protocol import (
    AnswerReader,
    Cut,
    Failure,
    Finish,
    Part,
    Text,
    Thought,
    failure_in,
    models_in,
)
from spark_vtuber.llm.port import Usage

DONE = b"data: [DONE]\n\n"


def event(fields: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(content: Any = None, finish: str | None = None, **fields: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": content, **fields}, "finish_reason": finish}]})


ROLE = delta("", role="assistant")
STOP = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
USAGE = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})


def parts(*data: bytes, max_chars: int = 10_000) -> list[Part]:
    reader = AnswerReader(max_chars)
    return [part for chunk in data for part in reader.feed(chunk)] + list(reader.close())


def test_an_answer_comes_in_order_with_its_counts_last() -> None:
    assert parts(ROLE, delta("Hi"), delta(" you"), STOP, USAGE, DONE) == [
        Text("Hi"),
        Text(" you"),
        Finish("stop"),
        Usage(9, None, 3),
    ]


def test_a_missing_done_is_no_mishap() -> None:
    assert parts(ROLE, delta("Hi", "stop"), USAGE) == [Text("Hi"), Finish("stop"), Usage(9, None, 3)]


def test_done_alone_finishes_an_answer() -> None:
    assert parts(ROLE, delta("Hi"), DONE) == [Text("Hi"), Finish("")]


def test_nothing_is_read_after_done() -> None:
    assert parts(delta("Hi", "stop"), DONE, delta("again"), b"data: {garbage\n\n") == [Text("Hi"), Finish("stop")]


def test_text_after_the_finish_is_dropped() -> None:
    assert parts(delta("Hi", "stop"), delta("again"), STOP, DONE) == [Text("Hi"), Finish("stop")]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_in_a_field_of_their_own_are_no_text(field: str) -> None:
    assert parts(delta(None, **{field: "hm"}), delta("Hi", "stop")) == [Thought("hm"), Text("Hi"), Finish("stop")]


def test_cached_tokens_are_counted() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}

    assert parts(delta("a", "stop"), event({"usage": usage}))[-1] == Usage(9, 8, 3)


def test_counts_that_are_no_counts_are_unknown() -> None:
    usage = {"prompt_tokens": "9", "completion_tokens": -3, "prompt_tokens_details": {"cached_tokens": True}}

    assert parts(delta("a", "stop"), event({"usage": usage}))[-1] == Usage(None, None, None)


def test_only_the_last_counts_are_given() -> None:
    first = event({"choices": [{"delta": {"content": "a"}}], "usage": {"completion_tokens": 1}})

    assert parts(first, STOP, USAGE, DONE) == [Text("a"), Finish("stop"), Usage(9, None, 3)]


@pytest.mark.parametrize("delta_field", [{}, {"delta": None}])
def test_a_finish_needs_no_delta(delta_field: dict[str, None]) -> None:
    finish = event({"choices": [{"index": 0, "finish_reason": "stop", **delta_field}]})

    assert parts(delta("Hi"), finish) == [Text("Hi"), Finish("stop")]


def test_other_choices_are_not_read() -> None:
    assert parts(event({"choices": [{"index": 1, "delta": {"content": "no"}}]}), delta("yes", "stop")) == [
        Text("yes"),
        Finish("stop"),
    ]


def test_content_may_be_a_list_of_parts() -> None:
    content = [
        {"type": "text", "text": "a"},
        {"type": "image"},
        {"type": "text", "text": 3},
        {"type": "text", "text": "b"},
    ]

    assert parts(delta(content, "stop")) == [Text("ab"), Finish("stop")]


def test_half_a_character_becomes_a_replacement() -> None:
    assert parts(delta("\ud83d!", "stop")) == [Text("\ufffd!"), Finish("stop")]


def test_half_a_character_in_a_call_becomes_a_replacement() -> None:
    calls = Calls()
    calls.add({"id": "a\ud83d", "function": {"name": "b\ud83d", "arguments": "\ud83d"}})
    calls.add({"function": {"arguments": "\ude00\ud83d"}})
    assert calls.whole() == (ToolCall("a\ufffd", "b\ufffd", "\U0001f600\ufffd"),)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"error": {"message": "no", "code": 503}}, Failure("no", 503)),
        ({"error": {"message": "no", "code": "x", "status": 400}}, Failure("no", 400)),
        ({"error": {"type": "x"}}, Failure("no reason given")),
        ({"error": "no"}, Failure("no")),
        ({"object": "error", "message": "no", "code": 404}, Failure("no", 404)),
    ],
)
def test_an_error_object_is_a_failure_in_the_stream_and_as_the_body(error: dict[str, Any], failure: Failure) -> None:
    assert parts(ROLE, delta("Hi"), event(error), delta("more")) == [Text("Hi"), failure]
    assert parts(json.dumps(error).encode()) == [failure]
    assert failure_in(json.dumps(error).encode()) == failure


def test_llama_cpp_says_error_as_a_field() -> None:
    assert parts(b'error: {"code": 500, "message": "slot"}\n\n') == [Failure("slot", 500)]
    assert parts(b"error: it broke\n\n") == [Failure("it broke")]
    assert parts(b"error: {}\n\n") == [Failure("no reason given")]


def test_a_whole_completion_is_an_answer() -> None:
    body = json.dumps(
        {
            "choices": [{"index": 0, "message": {"content": "Hi you"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        }
    ).encode()

    assert parts(b" \r\n", body[:9], body[9:]) == [Text("Hi you"), Finish("stop"), Usage(1, None, 2)]


def test_a_whole_completion_needs_no_reason() -> None:
    assert parts(b'{"choices": [{"message": {"content": "Hi"}}]}') == [Text("Hi"), Finish("")]


def test_cumulative_text_is_given_once() -> None:
    assert parts(ROLE, delta("Oh"), delta("Oh hey"), STOP) == [Text("Oh"), Text(" hey"), Finish("stop")]


def test_a_stream_sent_twice_at_once_is_given_once() -> None:
    data = [chunk for chunk in (ROLE, delta("ha"), delta("ha"), STOP, DONE) for _ in range(2)]

    assert parts(*data) == [Text("ha"), Text("ha"), Finish("stop")]


@pytest.mark.parametrize("end", [b"", DONE])
def test_what_was_held_is_given_at_the_end(end: bytes) -> None:
    assert parts(delta("ha"), delta("ha"), end)[:2] == [Text("ha"), Text("ha")]


def test_an_answer_without_end_is_finished_at_its_limit() -> None:
    reader = AnswerReader(10)

    given_parts = [part for letter in "abcdef" for part in reader.feed(delta(letter * 4))]

    assert given_parts == [Text("aaaa"), Text("bbbb"), Text("cccc"), Finish("length")]
    assert reader.is_done


@pytest.mark.parametrize("data", [[], [ROLE], [ROLE, delta("Hi")], [b": here\n\n", delta("Hi")]])
def test_an_answer_that_breaks_off_is_cut(data: list[bytes]) -> None:
    assert parts(*data)[-1] == Cut()


def test_an_event_without_its_empty_line_still_counts() -> None:
    assert parts(delta("Hi"), STOP.rstrip()) == [Text("Hi"), Finish("stop")]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>no</html>",
        b"data: {half\n\n",
        b"data: [1]\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"{half",
        b'{"hello": 1}',
        b": only comments\n\n",
        b'data: {"choices": [{"delta": {"tool_calls": [{"index": "x"}]}}]}\n\n',
    ],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        parts(body)


def test_a_body_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_protocol, "MAX_BODY_BYTES", 10)

    with pytest.raises(ProtocolError, match="longer than"):
        parts(b'{"a": "', b"xxxxxxxxxxx")


def test_tool_calls_are_put_together_and_kept_aside() -> None:
    reader = AnswerReader(1000)
    pieces = [
        [{"index": 1, "id": "b", "function": {"name": "jump", "arguments": "{}"}}],
        [{"index": 0, "id": "a", "function": {"name": "wave", "arguments": '{"hand":'}}],
        [{"index": 0, "function": {"arguments": ' "left"}'}}, {"index": 1, "function": None}, "x"],
    ]

    found = [part for piece in pieces for part in reader.feed(delta(None, tool_calls=piece))]
    found += [*reader.feed(delta(None, "tool_calls"))]

    assert found == [Finish("tool_calls")]
    assert reader.tool_calls == (ToolCall("a", "wave", '{"hand": "left"}'), ToolCall("b", "jump", "{}"))


def test_models_are_listed_in_order() -> None:
    body = json.dumps({"data": [{"id": "b"}, {"id": "a"}, {"id": 3}, {"id": ""}, "x"]}).encode()

    assert models_in(body) == ("b", "a")
    assert models_in(b'{"object": "list", "data": null}') == ()


@pytest.mark.parametrize("name", ["\ud800", "a\nb", "\u202egguf", "x" * 501])
def test_a_model_whose_name_nobody_could_type_is_not_listed(name: str) -> None:
    assert models_in(json.dumps({"data": [{"id": name}, {"id": "Qwen 3 é"}]}).encode()) == ("Qwen 3 é",)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"\xff"])
def test_what_is_no_list_of_models_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        models_in(body)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"error": ""}', b'{"error": 3}'])
def test_a_body_without_a_reason_has_no_failure(body: bytes) -> None:
    assert failure_in(body) is None


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def outcome(chunks: list[bytes]) -> tuple[list[Part], bool]:
    reader, found = AnswerReader(10_000), []
    try:
        for chunk in chunks:
            found += reader.feed(chunk)
        found += reader.close()
    except ProtocolError:
        return found, False
    return found, True


PIECES = st.lists(
    st.sampled_from([
        ROLE, delta("Hi"), delta(" é"), delta("ha"), STOP, USAGE, DONE, b": c\n\n", b"data: {no\n\n",
        b'{"error": "x"}\n',
        delta(None, reasoning="hm"), event({"error": "x"}), b"\r\n", b"id: 1\n", b"error: x\n\n",
    ]),
    max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(pieces=PIECES, places=st.lists(st.integers(0, 3000), max_size=8))
def test_any_split_of_an_answer_gives_the_same_text(pieces: list[bytes], places: list[int]) -> None:
    data = b"".join(pieces)
    whole, is_whole = outcome([data])
    found, is_found = outcome(cut(data, places))

    assert is_found == is_whole
    assert found == whole or not is_whole


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "delta", "content", "error", "usage", "index", "tool_calls", "message", "function",
                         "finish_reason", "prompt_tokens", "prompt_tokens_details", "reasoning", "id", "arguments"]),
        inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(JSON, max_size=4))
def test_any_json_in_the_stream_raises_nothing_but_protocol_errors(values: list[Any]) -> None:
    outcome([b"data: " + json.dumps(value).encode() + b"\n\n" for value in values])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_protocol_errors(data: bytes) -> None:
    outcome([data])
