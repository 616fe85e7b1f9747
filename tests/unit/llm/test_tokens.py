"""Counting tokens: the estimate, and the model's own tokenizer where its file is at hand."""

import json
from pathlib import Path

import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.prompt import Prompter, prompt_tokens
from spark_vtuber.llm.tokens import Ruler, clip, open_tokenizer, size_of, tokens_in
from spark_vtuber.testing.long_show import IDS, long_show
from spark_vtuber.testing.planted_facts import EMBER, SPARK
from spark_vtuber.testing.prompts import a_cue, a_persona


def test_the_estimate_is_a_token_for_three_bytes() -> None:
    assert [tokens_in(text) for text in ("", "abc", "abcd", "é" * 3, "\ud800")] == [0, 1, 2, 2, 1]
    assert size_of("né") == 3


def test_a_clipped_text_fits_whatever_the_tokenizer() -> None:
    bytes_are_tokens = Ruler(lambda text: size_of(text) + 1)
    for text in ("x" * 500, "ü" * 500, "日本" * 200):
        assert bytes_are_tokens.fits(bytes_are_tokens.clip(text, 60), 60)
        assert bytes_are_tokens.clip(text, 60).endswith("…")
    assert clip("whole", 10) == bytes_are_tokens.clip("whole", 10) == "whole"


def test_short_plain_texts_are_not_counted() -> None:
    def count(_text: str) -> int:
        raise AssertionError

    assert Ruler(count).fits("hello", 10)


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tokenizer of whole bytes with a few merges, as models have, that also truncates and pads."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator(["the viewer writes: hello there, how are you today?"] * 20, trainer)
    made.enable_truncation(4)
    made.enable_padding(length=128)
    file = tmp_path_factory.mktemp("model") / "tokenizer.json"
    file.write_text(made.to_str(), encoding="utf-8")
    return file


def test_a_models_tokenizer_counts_all_of_a_text_and_nothing_else(tokenizer_file: Path) -> None:
    ruler = open_tokenizer(tokenizer_file)
    assert ruler.count("hello there, how are you today?") < tokens_in("hello there, how are you today?")
    assert ruler.count("qzx" * 50) > 100
    assert ruler.count("") == 0
    assert ruler.count("\ud800<|im_end|>") > 0


def test_a_prompt_keeps_to_its_budget_by_the_models_tokenizer(tokenizer_file: Path) -> None:
    ruler = open_tokenizer(tokenizer_file)
    prompter = Prompter({IDS[SPARK]: SPARK, IDS[EMBER]: EMBER})
    shows = [told.record for told in long_show(14_000)]
    for record in shows[: len(shows) // 2]:
        prompter.remember(record)
    prompter.measure(ruler)
    for record in shows[len(shows) // 2 :]:
        prompter.remember(record)
        prompter.tidy()
    budget = prompter.pasts[IDS[SPARK]].budget
    assert prompt_tokens(prompter(a_persona(), a_cue("日本語" * 300)), ruler) <= budget.total_tokens


@pytest.mark.parametrize("content", ["", "{}", "not json", json.dumps({"model": {"type": "BPE"}}), "\x00" * 100])
def test_a_file_that_is_no_tokenizer_says_what_to_do(content: str, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    file = tmp_path / "tokenizer.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(EngineError, match="cannot be read as a tokenizer") as caught:
        open_tokenizer(file)
    assert "[context] tokenizer" in caught.value.fix


def test_a_missing_file_is_told_too(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    with pytest.raises(EngineError, match="cannot be read"):
        open_tokenizer(tmp_path / "none.json")


def test_without_the_extra_the_fix_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(EngineError, match="not installed") as caught:
        open_tokenizer(tmp_path / "tokenizer.json")
    assert "spark-vtuber[tokenizer]" in caught.value.fix
