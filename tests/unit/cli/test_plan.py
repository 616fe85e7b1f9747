"""`spark-vtuber plan`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli.main import app
from spark_vtuber.testing.model_files import LLAMA_70B, folder


def plan(tmp_path: Path, *options: str, text: str = "") -> Result:
    file = tmp_path / "spark.toml"
    file.write_text(f'[data]\ndir = "{tmp_path.as_posix()}"\n{text}', encoding="utf-8")
    return CliRunner().invoke(app, ["plan", "--config", str(file), *options], env={"COLUMNS": "160"})


def told(tmp_path: Path, *options: str, text: str = "") -> dict[str, Any]:
    result = plan(tmp_path, *options, "--json", text=text)
    assert result.exit_code == 0, result.output
    table: dict[str, Any] = json.loads(result.stdout)
    return table


def test_llama_70b_on_dgx_spark_misses_500_ms_and_the_plan_says_what_would_not(tmp_path: Path) -> None:
    options = ("--machine", "dgx-spark", "--model", "llama-3.1-70b", "--quantisation", "4")
    table = told(tmp_path, *options)
    assert table["model"]["kv_bytes_per_token"] == 327_680
    assert table["speed"]["at_most_tokens_per_s"] <= 7.8
    assert table["speed"]["meets_500_ms"] is False
    assert table["suggestion"]["meets_500_ms"] is True
    text = plan(tmp_path, *options).stdout
    assert "at most 6.2 tokens/s" in text
    assert "it misses 500 ms" in text
    assert f"preset {table['suggestion']['preset']}" in text


def test_what_the_files_of_a_model_say_counts(tmp_path: Path) -> None:
    awq = LLAMA_70B | {"quantization_config": {"quant_method": "awq", "bits": 4}}
    model = folder(tmp_path / "Nemo-70B-AWQ", awq, 39_762_000_000)
    text = f'[engine]\nuse = "vllm"\nmachine = "dgx-spark"\nmodel = "{model.as_posix()}"\n'
    table = told(tmp_path, text=text)
    assert (table["model"]["quantisation"], table["model"]["weight_bytes"]) == ("awq", 39_762_000_000)
    assert table["model"]["measured"] is True
    refused = plan(tmp_path, text=text.replace("vllm", "llamacpp"))
    assert refused.exit_code == 2
    assert "vLLM takes it as awq; llama.cpp needs a GGUF of it" in refused.stderr


def test_an_impossible_start_is_refused_with_the_numbers(tmp_path: Path) -> None:
    result = plan(tmp_path, "--machine", "rtx-3060-12gb", "--model", "llama-3.1-70b")
    assert result.exit_code == 1
    assert "it cannot run" in result.stdout
    assert "12.9 GB" in result.stdout
    assert "instead preset" in result.stdout


def test_a_good_plan_says_so_and_a_slow_machine_names_the_understudy(tmp_path: Path) -> None:
    good = plan(tmp_path, "--machine", "rtx-4090", "--model", "qwen3-14b", "--draft", "qwen3-0.6b")
    assert "good: it fits with head-room" in good.stdout
    assert "draft model" in good.stdout
    assert "(system memory)" in good.stdout
    slow = plan(tmp_path, "--machine", "cpu", "--model", "llama-3.1-8b")
    assert "the understudy answers at once" in slow.stdout


def test_without_a_model_it_shows_what_the_machine_could_run(tmp_path: Path) -> None:
    shown = plan(tmp_path, "--machine", "rtx-3060-12gb")
    assert shown.exit_code == 0
    assert "gpt-oss-120b" in shown.stdout
    assert "too big" in shown.stdout
    assert "good" in shown.stdout
    table = told(tmp_path, "--machine", "rtx-3060-12gb")
    assert [one["fits"] for one in table["presets"]].count(True) >= 3


def test_the_model_that_answers_now_is_planned_where_no_server_is_configured(tmp_path: Path) -> None:
    table = told(tmp_path, "--machine", "dgx-spark", text='[llm]\nuse = "openai"\nmodel = "llama3.1:8b"\n')
    assert table["model"]["name"] == "llama3.1:8b"
    assert table["model"]["layers"] == 32


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--machine", "toaster", "--model", "qwen3-8b"), "toaster"),
        (("--machine", "cpu", "--model", "qwen3-8b", "--quantisation", "q99"), "q99"),
        (("--machine", "cpu", "--model", "nobody-7b"), "nobody-7b"),
        (("--machine", "cpu", "--model", "./nowhere.gguf"), "no model at"),
        (("--machine", "cpu", "--model", "qwen3-8b", "--server", "vllm", "--kv", "q8_0"), "q8_0"),
        (("--machine", "cpu", "--model", "qwen3-8b", "--context", "100000"), "40,960"),
        (("--machine", "cpu", "--model", "qwen3-8b", "--quantisation", "bitsandbytes"), "training only"),
    ],
)
def test_what_cannot_be_planned_is_told(tmp_path: Path, options: tuple[str, ...], why: str) -> None:
    result = plan(tmp_path, *options)
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_pace_above_the_bound_of_the_memory_is_told_with_the_draft_that_makes_it(tmp_path: Path) -> None:
    options = ("--machine", "rtx-4090", "--model", "qwen3-14b")
    assert "with the draft (estimate)" in plan(tmp_path, *options, "--draft", "qwen3-0.6b").stdout
    assert "with the draft" not in plan(tmp_path, *options).stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--context", "999999999"), "engine.context: Input should be less than or equal"),
        (("--model", "~nobody-of-that-name/x.gguf"), "there is no model at"),
        (("--model", "/" + "x" * 300), "there is no model at"),
    ],
)
def test_what_cannot_be_meant_is_told_without_a_traceback(tmp_path: Path, options: tuple[str, str], told: str) -> None:
    result = plan(tmp_path, *options)
    assert result.exit_code == 2
    assert told in result.stderr
