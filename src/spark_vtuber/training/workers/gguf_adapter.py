"""A PEFT adapter as llama.cpp takes it: `python -m spark_vtuber.training.workers.gguf_adapter ADAPTER BASE FILE`.

ADAPTER is a folder with `adapter_config.json` and `adapter_model.safetensors`, BASE the model it belongs to (only its
`config.json` is read), FILE what is written. Tells of it as `training.workers.lora` does.

The layout is that of llama.cpp's own `convert_lora_to_gguf.py`: `general.type = adapter`, `adapter.type = lora`, and
for every layer `NAME.weight.lora_a` of rank × inputs and `NAME.weight.lora_b` of outputs × rank. Models whose rotary
embedding llama.cpp turns in pairs have the rows of their queries and keys in another order.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
from safetensors.numpy import load_file

from spark_vtuber.core.frames import encode

_FAMILIES: Final = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma2": gguf.MODEL_ARCH.GEMMA2,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "phi3": gguf.MODEL_ARCH.PHI3,
}
_PAIRED: Final = frozenset({"llama", "mistral"})
"""Families whose queries and keys are reordered."""

_TENSOR: Final = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<half>[AB])\.weight")

Array = np.ndarray[Any, np.dtype[np.float32]]


def convert(adapter: Path, base: Path, file: Path) -> int:
    """Write the adapter; gives the number of its layers.

    Raises:
        ValueError: the model's family or one of the adapter's tensors is not known here.
        OSError: a file cannot be read or written.
    """
    own = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    model = json.loads((base / "config.json").read_text(encoding="utf-8"))
    family = model["model_type"]
    if family not in _FAMILIES:
        raise ValueError(f"models of the family {family} cannot be converted; known are {', '.join(_FAMILIES)}")
    if own.get("use_dora") or own.get("modules_to_save"):
        raise ValueError("an adapter with DoRA or whole layers cannot be converted")
    arch = _FAMILIES[family]
    names = gguf.get_tensor_name_map(arch, model["num_hidden_layers"])
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, _alpha(own))
    layers = set()
    for key, values in sorted(load_file(adapter / "adapter_model.safetensors").items()):
        found = _TENSOR.fullmatch(key)
        name = names.get_name(found["layer"]) if found else None
        if found is None or name is None:
            raise ValueError(f"the tensor {key} is not known")
        is_turned = found["half"] == "B" and family in _PAIRED
        rows = _reordered(found["layer"], values, model) if is_turned else values
        layers.add(name)
        writer.add_tensor(f"{name}.weight.lora_{found['half'].lower()}", np.ascontiguousarray(rows, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(layers)


def _alpha(own: dict[str, Any]) -> float:
    """LoRA's alpha. llama.cpp divides it by the rank; rank-stabilised LoRA divides by the rank's root."""
    alpha, rank = float(own["lora_alpha"]), int(own["r"])
    return alpha * rank**0.5 if own.get("use_rslora") else alpha


def _reordered(layer: str, values: Array, model: dict[str, Any]) -> Array:
    """Rows of queries and keys in llama.cpp's order: of each head the two halves are interleaved."""
    heads = {
        "q_proj": model["num_attention_heads"],
        "k_proj": model.get("num_key_value_heads") or model["num_attention_heads"],
    }.get(layer.rsplit(".", 1)[-1])
    if heads is None:
        return values
    rows = values.shape[0]
    return values.reshape(heads, 2, rows // heads // 2, -1).swapaxes(1, 2).reshape(values.shape)


def main() -> None:
    """Convert what is named."""
    adapter, base, file = map(Path, sys.argv[1:4])
    try:
        told: dict[str, Any] = {"type": "end", "layers": convert(adapter, base, file)}
    except (ValueError, KeyError, OSError) as error:
        told = {"type": "error", "code": "not_converted", "message": str(error), "fix": ""}
    sys.stdout.buffer.write(encode(told))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
