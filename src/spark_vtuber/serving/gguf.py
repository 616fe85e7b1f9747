"""Reads the header of a GGUF file: what the model or the adapter in it is. Weights are never read.

Source of the format: `docs/gguf.md` of ggml, versions 2 and 3; of the file types: `enum llama_ftype` in llama.h.
Files come from strangers, so that every length is checked before anything is read by it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from spark_vtuber.core.errors import ProtocolError, SparkError
from spark_vtuber.serving.shape import Experts, Shape, Window

MAGIC: Final = b"GGUF"
MOST_KEYS: Final = 10_000
MOST_TENSORS: Final = 200_000
LONGEST_TEXT: Final = 4 << 20
MOST_VALUES: Final = 4_000_000
LARGEST_HEADER: Final = 256 << 20

_NUMBERS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9

FILE_TYPES: Final = {
    0: "f32", 1: "f16", 2: "q4_0", 3: "q4_1", 7: "q8_0", 8: "q5_0", 9: "q5_1", 10: "q2_k", 11: "q3_k_s", 12: "q3_k_m",
    13: "q3_k_l", 14: "q4_k_s", 15: "q4_k_m", 16: "q5_k_s", 17: "q5_k_m", 18: "q6_k", 19: "iq2_xxs", 20: "iq2_xs",
    21: "q2_k_s", 22: "iq3_xs", 23: "iq3_xxs", 24: "iq1_s", 25: "iq4_nl", 26: "iq3_s", 27: "iq3_m", 28: "iq2_s",
    29: "iq2_m", 30: "iq4_xs", 31: "iq1_m", 32: "bf16-gguf", 36: "tq1_0", 37: "tq2_0", 38: "mxfp4_moe",
    39: "nvfp4-gguf",
}  # fmt: skip
"""Names of `quantisation.QUANTISATIONS` by the number in `general.file_type`."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself. Of arrays only the length is kept; `tensors` are sizes by name, the fastest first."""

    values: Mapping[str, Any]
    tensors: Mapping[str, tuple[int, ...]]

    @property
    def is_adapter(self) -> bool:
        """Whether it is a LoRA adapter."""
        return self.values.get("general.type") == "adapter"

    @property
    def file_type(self) -> str:
        """How its weights are stored; empty where it does not say, or in a way that we do not know."""
        return FILE_TYPES.get(_as_int(self.values.get("general.file_type")), "")

    @property
    def adapter_rank(self) -> int:
        """The largest rank of an adapter's tensors, 0 where it has none; `lora_a` is (inputs, rank)."""
        ranks = (dims[1] for name, dims in self.tensors.items() if name.endswith(".lora_a") and len(dims) == 2)
        return max(ranks, default=0)


@dataclass(frozen=True, slots=True)
class Length:
    """Stands for an array in a header."""

    count: int


def read_header(file: BinaryIO) -> Header:
    """The header of an open file.

    Raises:
        ProtocolError: it is no GGUF file, is cut off, or says sizes beyond reason.
    """
    reader = _Reader(file)
    if reader.take(4) != MAGIC:
        raise ProtocolError("this is no GGUF file")
    version = reader.number("I")
    if version not in {2, 3}:
        raise ProtocolError(f"GGUF version {version} is not known")
    tensors, keys = reader.count("Q", MOST_TENSORS), reader.count("Q", MOST_KEYS)
    values = {reader.text(): reader.value(reader.number("I")) for _ in range(keys)}
    return Header(values, dict(_tensor(reader) for _ in range(tensors)))


def shape_of(header: Header, name: str) -> Shape:
    """The shape of the model in a file.

    Raises:
        SparkError: `bad_model`: sizes are missing, or it is an adapter.
    """
    values = header.values
    kind = values.get("general.architecture", "")

    def told(key: str) -> int:
        return _as_int(values.get(f"{kind}.{key}"))

    layers, hidden, heads = told("block_count"), told("embedding_length"), told("attention.head_count")
    tokens = values.get("tokenizer.ggml.tokens")
    vocabulary = told("vocab_size") or (tokens.count if isinstance(tokens, Length) else 0)
    ffn = told("feed_forward_length") or told("expert_feed_forward_length")
    if header.is_adapter or not all((layers, hidden, heads, vocabulary, ffn)):
        raise SparkError(
            f"{name} does not say the sizes of a language model", code="bad_model", fix="give the GGUF of a model"
        )
    count, active = told("expert_count"), told("expert_used_count")
    width, window = told("expert_feed_forward_length") or ffn, told("attention.sliding_window")
    return Shape(
        name=name,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=told("attention.head_count_kv") or heads,
        head_dim=told("attention.key_length") or max(1, hidden // heads),
        ffn=ffn,
        vocabulary=vocabulary,
        is_tied="output.weight" not in header.tensors,
        max_context=told("context_length"),
        experts=Experts(count, min(active, count), width) if count and active else None,
        window=Window(window, _windowed(str(kind), layers)) if window and _windowed(str(kind), layers) else None,
    )


def _windowed(kind: str, layers: int) -> int:
    """Layers with a window; the file does not say which, so that only architectures are known whose makers did."""
    if kind == "gemma3":
        return layers - layers // 6
    return layers // 2 if kind == "gpt-oss" else 0


def _tensor(reader: "_Reader") -> tuple[str, tuple[int, ...]]:
    name, dims = reader.text(), reader.count("I", 8)
    sizes = tuple(reader.number("Q") for _ in range(dims))
    reader.take(4 + 8)  # its type and where it begins
    return name, sizes


def _as_int(value: Any) -> int:
    """A size; 0 for what is none. Some models have one for each layer, of which only the length is kept."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40 else 0


class _Reader:
    """Takes numbers and texts from a file, little-endian, and no more of them than a header may hold."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = LARGEST_HEADER

    def take(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise ProtocolError("the header of the GGUF file has no end")
        data = self._file.read(size)
        if len(data) < size:
            raise ProtocolError("the GGUF file is cut off")
        return data

    def number(self, kind: str) -> Any:
        return struct.unpack(f"<{kind}", self.take(struct.calcsize(f"<{kind}")))[0]

    def count(self, kind: str, most: int) -> int:
        value: int = self.number(kind)
        if value > most:
            raise ProtocolError(f"the GGUF file says {value:,} of something that has {most:,} at most")
        return value

    def text(self) -> str:
        return self.take(self.count("Q", LONGEST_TEXT)).decode(errors="replace")

    def value(self, kind: int, *, depth: int = 0) -> Any:
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == _TEXT:
            return self.text()
        if kind != _ARRAY or depth > 2:
            raise ProtocolError(f"the GGUF file holds a value of the unknown kind {kind}")
        inner, count = self.number("I"), self.count("Q", MOST_VALUES)
        if inner in _NUMBERS:
            self.take(count * struct.calcsize(f"<{_NUMBERS[inner]}"))
        else:
            for _ in range(count):
                self.value(inner, depth=depth + 1)
        return Length(count)
