"""Model files as servers read them, small and without weights worth the name."""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "max_position_embeddings": 131072,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
    "num_key_value_heads": 8,
    "torch_dtype": "bfloat16",
    "vocab_size": 128256,
}


def folder(at: Path, config: Mapping[str, Any], total_size: int | None = None, **files: Any) -> Path:
    """A model's folder: `config.json`, an index with `total_size`, and further JSON files."""
    at.mkdir(parents=True)
    (at / "config.json").write_text(json.dumps(config))
    if total_size is not None:
        (at / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": total_size}}))
    for name, content in files.items():
        (at / f"{name}.json").write_text(json.dumps(content))
    return at


def gguf_bytes(values: Mapping[str, Any], tensors: Mapping[str, Sequence[int]] | None = None) -> bytes:
    """A GGUF header, version 3."""
    tensors = tensors or {}
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    for key, value in values.items():
        out += _text(key) + _value(value)
    for offset, (name, dims) in enumerate(tensors.items()):
        out += _text(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", dim) for dim in dims)
        out += struct.pack("<IQ", 0, offset * 32)
    return out


def llama_gguf(file_type: int = 15, **changes: Any) -> bytes:
    """The header of a small Llama."""
    values = {
        "general.architecture": "llama",
        "general.file_type": file_type,
        "llama.block_count": 2,
        "llama.embedding_length": 64,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.feed_forward_length": 128,
        "llama.context_length": 8192,
        "tokenizer.ggml.tokens": ["a"] * 512,
        "tokenizer.ggml.scores": [1.0, 2.0],
        "general.quantized": True,
    }
    return gguf_bytes(values | changes, {"token_embd.weight": (64, 512), "output.weight": (64, 512)})


def adapter_gguf(rank: int = 8) -> bytes:
    """The header of a LoRA adapter."""
    tensors = {"blk.0.attn_q.weight.lora_a": (64, rank), "blk.0.attn_q.weight.lora_b": (rank, 64)}
    return gguf_bytes({"general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": 32.0}, tensors)


def peft_adapter(at: Path, rank: int = 8, **more: Any) -> Path:
    """A folder as PEFT writes it."""
    at.mkdir(parents=True)
    (at / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank, "lora_alpha": 32, **more}))
    (at / "adapter_model.safetensors").write_bytes(bytes(1_000))
    return at


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case _:
            if isinstance(value[0], float):
                return struct.pack("<IIQ", 9, 6, len(value)) + struct.pack(f"<{len(value)}f", *value)
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
