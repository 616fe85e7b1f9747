"""What leaves the stream of a model's answer before it is shown: thoughts, tags, directions, names, template tokens."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.text.markup import Markup, Part, Tag, Text


def read(*deltas: str, starts_in_thought: bool = False) -> list[Part]:
    markup = Markup(["happy", "Sad"], name="Spark", starts_in_thought=starts_in_thought)
    parts = [part for delta in deltas for part in markup.feed(delta)]
    return joined([*parts, *markup.close()])


def joined(parts: list[Part]) -> list[Part]:
    result: list[Part] = []
    for part in parts:
        match result, part:
            case [*_, Text(before)], Text(text):
                result[-1] = Text(before + text)
            case _:
                result.append(part)
    return result


def text_of(*deltas: str) -> str:
    return "".join(part.text for part in read(*deltas) if isinstance(part, Text))


BITS = [
    *(
        "<think>",
        "</think>",
        "<THINKING>",
        "</thinking>",
        "[happy]",
        "[SAD]",
        "[laughs]",
        "[action: waves]",
        "[mood: happy]",
    ),
    *(
        "[1]",
        "[a long note here]",
        "[label](http://x.y)",
        "Spark:",
        "**Spark:**",
        "Sparkle:",
        "<|im_start|>assistant\n",
    ),
    *("<|im_end|>", "</s>", "<|eot_id|>", "<s>", "<3", "a<b", "[open", "<", "[", "]", "hello", "there, world!", "😊"),
    *(
        "<|start_header_id|>user<|end_header_id|>",
        "<end_of_turn>",
        "<|not a token|>",
        "<｜end▁of▁sentence｜>",
        " ",
        "\n",
    ),
]


@given(
    bits=st.lists(st.sampled_from(BITS), max_size=12),
    cuts=st.lists(st.integers(0, 80)),
    thought=st.booleans(),
)
def test_parts_are_the_same_for_any_chunking(bits: list[str], cuts: list[int], thought: bool) -> None:
    text = "".join(bits)
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    deltas = [text[start:end] for start, end in pairwise(edges)]
    whole = read(text, starts_in_thought=thought)
    assert read(*deltas, starts_in_thought=thought) == whole
    assert read(*text, starts_in_thought=thought) == whole


@given(text=st.text(alphabet="abc ,.!<[]>\n", max_size=60))
def test_nothing_is_held_back_without_a_reason(text: str) -> None:
    markup = Markup([])
    released = "".join(part.text for part in markup.feed(text) if isinstance(part, Text))
    if "<" not in text and "[" not in text:
        assert released == text.lstrip()


@pytest.mark.parametrize(
    "answer",
    [
        "<think>I should greet.</think>Hello",
        "<THINKING>a < b </thinking>\n\nHello",
        "<think>one<think>two</think>Hello",
        "</think>\n\nHello",
        "Hello<think>never closed",
        "<reasoning>x</reasoning> Hello",
    ],
)
def test_thoughts_are_never_released(answer: str) -> None:
    assert text_of(answer) == "Hello"
    assert text_of(*answer) == "Hello"


def test_a_closing_tag_that_nothing_opened_is_reported() -> None:
    markup = Markup([])
    assert markup.feed("Hm, so. </think> Hi") == [Text("Hm, so. Hi")]
    assert markup.has_unopened_thought
    assert not Markup([]).has_unopened_thought


def test_an_answer_that_starts_in_a_thought_is_silent_until_its_end() -> None:
    markup = Markup([], starts_in_thought=True)
    assert markup.feed("I think") == []
    assert markup.feed(" so.</th") == []
    assert markup.feed("ink>Yes") == [Text("Yes")]


def test_expression_tags_carry_their_place_in_the_text() -> None:
    assert read("[happy] Hi there. [SAD]Oh no.") == [
        Tag("happy", 0),
        Text("Hi there. "),
        Tag("Sad", 10),
        Text("Oh no."),
    ]
    assert read("[mood: happy]Hi") == [Tag("happy", 0), Text("Hi")]


@pytest.mark.parametrize("direction", ["[laughs]", "[softly laughs]", "[action: waves at chat]", "[clears-throat]"])
def test_stage_directions_are_dropped(direction: str) -> None:
    assert text_of(f"Well {direction} okay") == "Well okay"
    assert text_of(*f"Well {direction} okay") == "Well okay"
    assert text_of(f"Well{direction}") == "Well"


@pytest.mark.parametrize(
    "kept", ["[1]", "[three words here]", "[label](http://x.y)", "a[0]", "[", "[]", "x < y", "I <3 u", "<b>"]
)
def test_other_brackets_stay(kept: str) -> None:
    assert text_of(f"See {kept} there") == f"See {kept} there"
    assert text_of(f"See {kept}") == f"See {kept}"


@pytest.mark.parametrize("held", ["<thi", "[hap", "[laughs", "</", "<|im_"])
def test_unfinished_markup_is_held_and_released_at_the_end(held: str) -> None:
    markup = Markup(["happy"])
    assert markup.feed(f"So {held}") == [Text("So ")]
    assert markup.close() == [Text(held)]


def test_a_direction_waits_for_one_character_more() -> None:
    markup = Markup([])
    assert markup.feed("[laughs]") == []
    assert markup.feed("H") == [Text("H")]
    assert markup.feed("[laughs]") == []
    assert markup.close() == []


@pytest.mark.parametrize(
    "prefix",
    [
        "Spark: ",
        "spark:",
        "**Spark:** ",
        "**Spark**: ",
        "Spark : ",
        "[Spark]: ",
        "\n*Spark:* ",
        "Spark：",
        "Spark: Spark: ",
    ],
)
def test_the_speakers_own_name_is_stripped_at_the_start(prefix: str) -> None:
    assert text_of(f"{prefix}Hello, Spark: me") == "Hello, Spark: me"
    assert text_of(*f"{prefix}Hello") == "Hello"


def test_a_name_that_only_begins_like_the_speakers_stays() -> None:
    assert text_of("Sparkle: no") == "Sparkle: no"
    assert text_of("Spark") == "Spark"
    assert "".join(part.text for part in Markup([]).feed("Spark: hi") if isinstance(part, Text)) == "Spark: hi"


@pytest.mark.parametrize(
    "end", ["<|im_end|>", "</s>", "<|eot_id|>", "<end_of_turn>", "<｜end▁of▁sentence｜>", "<|im_start|>"]
)
def test_an_answer_ends_where_its_turn_ends(end: str) -> None:
    assert text_of(f"Hello{end}\nuser: hi") == "Hello"
    assert text_of("Hello", end, "more") == "Hello"


@pytest.mark.parametrize(
    "start",
    ["<|im_start|>assistant\n", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<s>", "</s>",
     "<|begin_of_text|> ", "<start_of_turn>model\n"],
)  # fmt: skip
def test_template_tokens_before_the_answer_are_dropped(start: str) -> None:
    assert text_of(f"{start}Hello") == "Hello"
    assert text_of(*f"{start}Hello") == "Hello"


def test_a_header_that_is_none_stays() -> None:
    assert text_of("<|im_start|>this is no role but a long text") == "this is no role but a long text"


def test_white_space_at_the_start_is_dropped() -> None:
    assert read(" \n", " ") == []
    assert text_of(" \n ", "Hi  you ") == "Hi  you "
