"""What models and adapters on the disk say of themselves."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.errors import ProtocolError, SparkError
from spark_vtuber.serving.files import read_adapter, read_model
from spark_vtuber.serving.gguf import Length, read_header
from spark_vtuber.serving.hf_config import quantisation_in, shape_in, total_size_in
from spark_vtuber.serving.published import known
from spark_vtuber.serving.shape import Experts, Window
from spark_vtuber.testing.model_files import LLAMA_70B, adapter_gguf, folder, gguf_bytes, llama_gguf, peft_adapter


def test_a_folder_tells_shape_quantisation_and_size(tmp_path: Path) -> None:
    model = read_model(folder(tmp_path / "big", LLAMA_70B, 141_107_412_992))
    published = known("llama-3.1-70b")
    assert model.shape.parameters == published.parameters
    assert model.shape.max_context == 131_072
    assert (model.quantisation.name, model.weight_bytes) == ("bf16", 141_107_412_992)
    assert model.active_bytes == pytest.approx(2 * published.active_parameters, rel=1e-3)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"quant_method": "awq", "bits": 4}, "awq"),
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"quant_method": "gptq", "bits": 8}, "gptq-8bit"),
        ({"quant_method": "fp8"}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8"),
        ({"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}, "nvfp4"),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}}}},
            "w4a16",
        ),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8, "type": "int"}}}},
            "w8a8",
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"g": {"weights": {"num_bits": 8, "type": "float"}}},
            },
            "fp8",
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"g": {"weights": {"num_bits": 4, "type": "float"}}},
            },
            "nvfp4",
        ),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes-8bit"),
    ],
)
def test_the_quantisation_is_read_from_the_models_own_configuration(told: dict[str, Any], name: str) -> None:
    assert quantisation_in(LLAMA_70B | {"quantization_config": told}) == name


def test_a_quantisation_beside_the_configuration_counts(tmp_path: Path) -> None:
    extra = {"quantization": {"quant_algo": "NVFP4"}}
    assert read_model(folder(tmp_path / "m", LLAMA_70B, 10, hf_quant_config=extra)).quantisation.name == "nvfp4"
    assert quantisation_in(LLAMA_70B | {"torch_dtype": "float16"}) == "fp16"


def test_a_way_to_store_weights_that_nobody_knows_is_named(tmp_path: Path) -> None:
    odd = LLAMA_70B | {"quantization_config": {"quant_method": "my-own"}}
    with pytest.raises(SparkError, match='not known here: "my-own"'):
        read_model(folder(tmp_path / "m", odd, 10))


def test_mixtures_windows_and_nested_configurations_are_understood() -> None:
    qwen = {"num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768}
    assert shape_in(LLAMA_70B | qwen, "m").experts == Experts(128, 8, 768)
    gpt = {"num_local_experts": 32, "num_experts_per_tok": 4, "sliding_window": 128}
    layers = ["sliding_attention", "full_attention"] * 40
    shape = shape_in(LLAMA_70B | gpt | {"layer_types": layers}, "m")
    assert (shape.experts, shape.window) == (Experts(32, 4, 28_672), Window(128, 40))
    gemma = {"text_config": LLAMA_70B | {"model_type": "gemma3_text", "num_hidden_layers": 48, "sliding_window": 1024}}
    shape = shape_in(gemma, "m")
    assert (shape.window, shape.is_tied) == (Window(1024, 40), True)
    assert shape_in(LLAMA_70B | {"sliding_window": 4096, "use_sliding_window": False}, "m").window is None


@pytest.mark.parametrize("config", [None, [], {}, {"hidden_size": "big"}, LLAMA_70B | {"num_hidden_layers": -1}])
def test_a_configuration_that_is_none_is_told(config: Any) -> None:
    with pytest.raises(SparkError) as told:
        shape_in(config, "m")
    assert told.value.code == "bad_model"


@pytest.mark.parametrize("index", [None, {}, {"metadata": 3}, {"metadata": {"total_size": "x"}}, {"metadata": {}}])
def test_an_index_that_says_no_size_is_none(index: Any) -> None:
    assert total_size_in(index) is None


def test_sizes_of_files_count_where_there_is_no_index(tmp_path: Path) -> None:
    place = folder(tmp_path / "m", LLAMA_70B)
    with pytest.raises(SparkError, match="no weights"):
        read_model(place)
    (place / "model.safetensors").write_bytes(bytes(100))
    assert read_model(place).weight_bytes == 100


def test_a_gguf_tells_shape_and_quantisation(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(llama_gguf(file_type=15) + bytes(5_000))
    model = read_model(file)
    shape = model.shape
    assert (shape.layers, shape.hidden, shape.kv_heads, shape.head_dim, shape.vocabulary) == (2, 64, 2, 16, 512)
    assert (model.quantisation.name, model.weight_bytes, shape.is_tied) == ("q4_k_m", file.stat().st_size, False)


def test_a_gguf_with_sizes_of_each_layer_has_the_published_shape_of_its_name(tmp_path: Path) -> None:
    odd = llama_gguf(**{"llama.attention.head_count": 0})
    (tmp_path / "Qwen3-8B-Q4_K_M.gguf").write_bytes(odd)
    (tmp_path / "own.gguf").write_bytes(odd)
    assert read_model(tmp_path / "Qwen3-8B-Q4_K_M.gguf").shape == known("qwen3-8b")
    with pytest.raises(SparkError, match="sizes of a language model"):
        read_model(tmp_path / "own.gguf")


def test_parts_of_a_gguf_count_together_and_a_missing_one_is_told(tmp_path: Path) -> None:
    first, second = (tmp_path / f"big[1]-0000{n}-of-00002.gguf" for n in (1, 2))
    first.write_bytes(llama_gguf())
    with pytest.raises(SparkError, match="of the 2 parts"):
        read_model(first)
    second.write_bytes(bytes(1_000))
    assert read_model(first).weight_bytes == first.stat().st_size + 1_000


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (b"PK\x03\x04 zip", "no GGUF"),
        (b"GGUF\x09\0\0\0", "version 9"),
        (llama_gguf()[:200], "cut off"),
        (b"GGUF\x03\0\0\0" + b"\xff" * 16, "at most"),
        (gguf_bytes({"a": 1})[:-8] + b"\x63\0\0\0" + bytes(4), "unknown kind"),
    ],
)
def test_a_damaged_gguf_is_told_and_nothing_is_read_by_its_lengths(data: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        read_header(io.BytesIO(data))


@given(st.binary(max_size=300), st.integers(0, 400))
def test_garbage_raises_a_protocol_error_only(garbage: bytes, at: int) -> None:
    whole = llama_gguf()
    try:
        read_header(io.BytesIO(whole[:at] + garbage + whole[at + len(garbage) :]))
    except ProtocolError:
        return


def test_arrays_of_a_header_are_lengths() -> None:
    header = read_header(io.BytesIO(llama_gguf()))
    assert header.values["tokenizer.ggml.tokens"] == Length(512)
    assert header.values["tokenizer.ggml.scores"] == Length(2)
    assert header.values["general.quantized"] is True


def test_an_adapter_is_no_model_and_the_other_way_round(tmp_path: Path) -> None:
    adapter, model = tmp_path / "a.gguf", tmp_path / "m.gguf"
    adapter.write_bytes(adapter_gguf(rank=24))
    model.write_bytes(llama_gguf())
    assert read_adapter(adapter).rank == 24
    with pytest.raises(SparkError, match="sizes of a language model"):
        read_model(adapter)
    with pytest.raises(SparkError, match="no LoRA adapter"):
        read_adapter(model)


def test_the_rank_of_an_adapter_of_peft_is_its_largest(tmp_path: Path) -> None:
    made = peft_adapter(tmp_path / "a", 8, rank_pattern={"q_proj": 32}, base_model_name_or_path="Qwen/Qwen3-8B")
    adapter = read_adapter(made)
    assert (adapter.rank, adapter.bytes, adapter.base) == (32, 1_000, "Qwen/Qwen3-8B")


def test_an_adapter_without_a_rank_or_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SparkError, match="the rank"):
        read_adapter(peft_adapter(tmp_path / "a", True))
    with pytest.raises(SparkError, match="no adapter at"):
        read_adapter(tmp_path / "nothing.gguf")
    with pytest.raises(SparkError, match="no model at"):
        read_model(tmp_path / "nothing.gguf")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "adapter_config.json").write_text("{")
    with pytest.raises(SparkError, match="not valid JSON"):
        read_adapter(tmp_path / "b")
