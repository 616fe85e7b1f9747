"""Shapes against what the makers publish."""

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.published import PUBLISHED, known, published
from spark_vtuber.serving.shape import Experts, Shape, Window

BILLIONS = {
    "llama-3.2-1b": (1.24, 1.24),
    "llama-3.2-3b": (3.21, 3.21),
    "llama-3.1-8b": (8.03, None),
    "llama-3.1-70b": (70.55, None),
    "qwen3-0.6b": (0.6, None),
    "qwen3-1.7b": (1.7, None),
    "qwen3-4b": (4.0, None),
    "qwen3-8b": (8.2, None),
    "qwen3-14b": (14.8, None),
    "qwen3-32b": (32.8, None),
    "qwen3-30b-a3b": (30.5, 3.3),
    "gpt-oss-20b": (20.9, 3.6),
    "gpt-oss-120b": (116.8, 5.1),
    "mistral-small-24b": (23.6, None),
    "gemma-3-4b": (3.88, None),
    "gemma-3-12b": (11.8, None),
    "gemma-3-27b": (27.0, None),
}
"""Parameters, all and active, as the model cards state them (Gemma without its vision tower)."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_shape_has_the_parameters_of_its_model_card(name: str) -> None:
    shape, (stated, active) = PUBLISHED[name], BILLIONS[name]
    assert shape.parameters / 1e9 == pytest.approx(stated, rel=0.015)
    if active is not None:
        outer = shape.embedding_parameters / 1e9  # Qwen counts its embedding, OpenAI does not
        assert shape.active_parameters / 1e9 == pytest.approx(active, abs=outer + 0.02)


def test_a_token_of_llama_3_1_70b_takes_327_680_bytes_at_16_bits() -> None:
    shape = known("llama-3.1-70b")
    assert (shape.layers, shape.kv_heads, shape.head_dim) == (80, 8, 128)
    assert shape.kv_bytes_per_token() == 327_680
    assert shape.kv_bytes(10_000) == 3_276_800_000
    assert shape.kv_bytes_per_token(8) == 163_840


def test_the_weights_of_llama_3_1_70b_are_as_large_as_its_index_says() -> None:
    total_size = 141_107_412_992  # metadata.total_size of meta-llama/Llama-3.1-70B-Instruct
    assert known("llama-3.1-70b").parameters * 2 == pytest.approx(total_size, rel=1e-4)


def test_layers_with_a_window_keep_no_more_than_it() -> None:
    shape = Shape("small", 4, 64, 4, 2, 16, 128, 512, window=Window(100, 3))
    per_layer = 2 * 2 * 16 * 2
    assert shape.kv_bytes(50) == 4 * per_layer * 50
    assert shape.kv_bytes(1_000) == per_layer * 1_000 + 3 * per_layer * 100


def test_of_a_mixture_only_the_experts_that_are_asked_are_read() -> None:
    mixed = Shape("mixed", 1, 8, 1, 1, 8, 16, 10, experts=Experts(count=4, active=1, width=16))
    dense = Shape("dense", 1, 8, 1, 1, 8, 16, 10)
    router = 8 * 4
    assert mixed.active_block_parameters == dense.active_block_parameters + router
    assert mixed.block_parameters == dense.block_parameters + 3 * (3 * 8 * 16) + router


def test_an_adapter_grows_with_its_rank() -> None:
    shape = known("llama-3.1-8b")
    # 41,943,040 parameters at rank 16 on all seven projections of Llama 3.1 8B, as PEFT prints them.
    assert shape.adapter_bytes(16) == 2 * 41_943_040
    assert shape.adapter_bytes(64) == 4 * shape.adapter_bytes(16)
    assert known("gpt-oss-20b").adapter_bytes(16) < shape.adapter_bytes(16)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("meta-llama/Llama-3.1-70B-Instruct", "llama-3.1-70b"),
        ("llama3.1:70b", "llama-3.1-70b"),
        ("llama3.3:70b", "llama-3.1-70b"),
        ("Meta-Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("Qwen/Qwen3-30B-A3B-GPTQ-Int4", "qwen3-30b-a3b"),
        ("Qwen3-14B-AWQ", "qwen3-14b"),
        ("gpt-oss:20b", "gpt-oss-20b"),
    ],
)
def test_a_model_is_known_by_the_names_that_people_write(written: str, name: str) -> None:
    shape = published(written)
    assert shape is not None
    assert shape.name == name


def test_a_model_nobody_knows_is_told_with_those_that_are_known() -> None:
    with pytest.raises(SparkError, match="not known") as told:
        known("my-own-model")
    assert "llama-3.1-8b" in told.value.fix
