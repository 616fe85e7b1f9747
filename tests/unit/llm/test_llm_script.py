from typing import Any

import pytest

from spark_vtuber.llm.openai_protocol import AnswerReader, Text
from spark_vtuber.testing.llm_script import TEXTS, Mishap, Script, plan


def test_the_texts_are_what_benchmarks_rely_on() -> None:
    tokens = {name: Script(text=name).pieces() for name in TEXTS}

    assert tokens["comma"].index(",") == tokens["short"].index(",") == 4
    assert len(tokens["short"]) == 20
    assert "," not in tokens["nocomma"]
    assert all("".join(tokens[name]) == text for name, text in TEXTS.items())


def test_the_clause_is_complete_at_the_comma_or_at_the_sixth_word() -> None:
    assert plan(Script(text="comma")).clause_at == 4
    assert plan(Script(text="nocomma")).clause_at == 5


@pytest.mark.parametrize("tokens", [1, 20, 500])
def test_a_text_can_be_cut_or_repeated(tokens: int) -> None:
    assert len(Script(tokens=tokens).pieces()) == tokens


@pytest.mark.parametrize("mishap", Mishap)
def test_every_mishap_has_a_plan(mishap: Mishap) -> None:
    assert plan(Script(text="one two", mishap=mishap, at=6)).head.startswith(b"HTTP/1.1 ")


def test_the_frames_say_the_text() -> None:
    answer = plan(Script(text="short"))
    reader = AnswerReader(10_000)
    frames = (frame.split(b"\r\n", 1)[1].removesuffix(b"\r\n") for frame in answer.frames)

    texts = [part.text for frame in frames for part in reader.feed(frame) if isinstance(part, Text)]

    assert tuple(texts) == Script(text="short").pieces()


@pytest.mark.parametrize(
    "changes", [{"speed": 1}, {"ttft_ms": -1}, {"ttft_ms": "fast"}, {"mishap": "fire"}, {"text": ""}, {"at": -1}]
)
def test_a_change_that_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Script().changed(changes)


def test_a_change_keeps_the_rest() -> None:
    script = Script(text="short").changed({"mishap": "doubled", "ttft_ms": 5})

    assert script == Script(text="short", mishap=Mishap.DOUBLED, ttft_ms=5)
