"""Reads shape and quantisation from a model's own `config.json`, as Hugging Face and the servers write it.

Without I/O: what the files hold comes in as parsed JSON, which may be anything. Sources: the configuration classes of
`transformers` (Llama, Qwen3, Qwen3-MoE, Mistral, Gemma 3, gpt-oss), the `quantization_config` of AutoAWQ, GPTQModel,
compressed-tensors, NVIDIA ModelOpt and bitsandbytes.
"""

from collections.abc import Mapping
from typing import Any, Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.shape import Experts, Shape, Window

LARGEST: Final = 100_000_000
"""No size in a configuration is larger; what is, is damage."""


def shape_in(config: Any, name: str) -> Shape:
    """The shape that a configuration tells.

    Raises:
        SparkError: `bad_model`: sizes are missing or make no sense.
    """
    outer = config if isinstance(config, Mapping) else {}
    inner = outer.get("text_config")
    text: Mapping[str, Any] = inner if isinstance(inner, Mapping) else outer
    layers, hidden = _size(text, name, "num_hidden_layers"), _size(text, name, "hidden_size")
    heads = _size(text, name, "num_attention_heads")
    ffn = _size(text, name, "intermediate_size", "moe_intermediate_size")
    is_tied = text.get("tie_word_embeddings", outer.get("tie_word_embeddings", _is_gemma(text)))
    return Shape(
        name=name,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=_optional(text, "num_key_value_heads") or heads,
        head_dim=_optional(text, "head_dim") or max(1, hidden // heads),
        ffn=ffn,
        vocabulary=_size(text, name, "vocab_size"),
        is_tied=bool(is_tied),
        max_context=_optional(text, "max_position_embeddings") or 0,
        experts=_experts(text, ffn),
        window=_window(text, layers),
    )


def quantisation_in(config: Any, extra: Any = None) -> str:
    """What the configuration says of how weights are stored: a name of `quantisation.QUANTISATIONS`, or what stands
    there where it is none of those. `extra` is ModelOpt's `hf_quant_config.json`, None where there is none.
    """
    outer = config if isinstance(config, Mapping) else {}
    inner = outer.get("text_config")
    text: Mapping[str, Any] = inner if isinstance(inner, Mapping) else outer
    told = outer.get("quantization_config", text.get("quantization_config"))
    if isinstance(extra, Mapping) and isinstance(extra.get("quantization"), Mapping):
        told = {"quant_method": "modelopt", **extra["quantization"]}
    if not isinstance(told, Mapping):
        dtype = str(outer.get("dtype", outer.get("torch_dtype", text.get("torch_dtype", "bfloat16")))).lower()
        return "fp16" if dtype in {"float16", "half"} else "bf16"
    method = str(told.get("quant_method", "")).lower()
    match method:
        case "gptq":
            return "gptq-8bit" if _optional(told, "bits") == 8 else "gptq"
        case "bitsandbytes":
            return "bitsandbytes-8bit" if told.get("load_in_8bit") is True else "bitsandbytes"
        case "compressed-tensors":
            return _compressed(told)
        case "modelopt" | "modelopt_fp4":
            algorithm = str(told.get("quant_algo", "")).lower()
            return "nvfp4" if "fp4" in algorithm or method == "modelopt_fp4" else algorithm or "fp8"
        case _:
            return method


def total_size_in(index: Any) -> int | None:
    """Bytes of all weights, from `model.safetensors.index.json`; None where it does not say."""
    metadata = index.get("metadata") if isinstance(index, Mapping) else None
    size = metadata.get("total_size") if isinstance(metadata, Mapping) else None
    return int(size) if isinstance(size, int | float) and not isinstance(size, bool) and 0 < size < 1e15 else None


def _compressed(told: Mapping[str, Any]) -> str:
    """compressed-tensors says bits and kind of number for each group of layers; the first group stands for all."""
    if "nvfp4" in str(told.get("format", "")):
        return "nvfp4"
    groups = told.get("config_groups")
    first: Any = next(iter(groups.values()), None) if isinstance(groups, Mapping) else None
    weights = first.get("weights") if isinstance(first, Mapping) else None
    if not isinstance(weights, Mapping):
        return "compressed-tensors"
    bits, kind = _optional(weights, "num_bits"), weights.get("type")
    if kind == "float":
        return "nvfp4" if bits == 4 else "fp8"
    return "w4a16" if bits == 4 else "w8a8"


def _experts(text: Mapping[str, Any], ffn: int) -> Experts | None:
    counts = (_optional(text, key) for key in ("num_experts", "num_local_experts", "n_routed_experts"))
    count = next((one for one in counts if one), None)
    active = _optional(text, "num_experts_per_tok") or _optional(text, "experts_per_token")
    if not count or not active:
        return None
    return Experts(count, min(active, count), _optional(text, "moe_intermediate_size") or ffn)


def _window(text: Mapping[str, Any], layers: int) -> Window | None:
    tokens = _optional(text, "sliding_window")
    if not tokens or text.get("use_sliding_window") is False:
        return None
    kinds, every = text.get("layer_types"), _optional(text, "sliding_window_pattern")
    if isinstance(kinds, list):
        return Window(tokens, sum(kind == "sliding_attention" for kind in kinds[:layers]))
    if every is None and _is_gemma(text):
        every = 6
    return Window(tokens, layers - layers // every if every else layers)


def _is_gemma(text: Mapping[str, Any]) -> bool:
    return str(text.get("model_type", "")).startswith("gemma")


def _size(text: Mapping[str, Any], model: str, *keys: str) -> int:
    value = next((one for key in keys if (one := _optional(text, key))), None)
    if value is None:
        raise SparkError(
            f'the configuration of {model} does not say "{keys[0]}"',
            code="bad_model",
            fix="give the folder of a language model with its config.json",
        )
    return value


def _optional(table: Mapping[str, Any], key: str) -> int | None:
    value = table.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST else None
