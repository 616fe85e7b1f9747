"""Tiny random models as GGUF files, made on the spot: a base, LoRA adapters and a draft model with its vocabulary.

They prove plumbing and protocol, never the quality of a text or the speed of a real model. Everything follows from
seeds. What they say is random but printable: only printable ASCII has a row of its own in the output matrix, so a
greedy answer never holds half a character and never ends by itself. Under each adapter a prompt has another answer.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; tensors are named as by llama.cpp. Needs the
package `gguf` of the test group.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import gguf
import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]

TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML, which every server knows without help."""

_MERGES: Final = (
    *("t h", "h e", "i n", "e r", "a n", "o n", "r e", "o u", "a t", "i s", "e n", "o r", "l l", "s t", "n d"),
    *("Ġ t", "Ġ a", "Ġ s", "Ġ w", "Ġ th", "Ġth e", "in g", "an d", "Ġ y", "Ġy ou", '{ "', '" :', ": Ġ", '" }'),
)
"""Enough joined pairs that a text is not one token a byte."""

_SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_GAIN: Final = 1.6
"""How much larger than usual random weights are: small ones make every answer one repeated token."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a Llama. `context` is how many tokens the model says it was trained on."""

    hidden: int = 64
    inner: int = 128
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    context: int = 16_384

    @property
    def head(self) -> int:
        """The width of one attention head."""
        return self.hidden // self.heads

    def projections(self) -> Iterator[tuple[str, int, int]]:
        """Name, rows and columns of every matrix that an adapter may change."""
        for layer in range(self.layers):
            yield f"blk.{layer}.attn_q.weight", self.hidden, self.hidden
            yield f"blk.{layer}.attn_k.weight", self.kv_heads * self.head, self.hidden
            yield f"blk.{layer}.attn_v.weight", self.kv_heads * self.head, self.hidden
            yield f"blk.{layer}.attn_output.weight", self.hidden, self.hidden
            yield f"blk.{layer}.ffn_gate.weight", self.inner, self.hidden
            yield f"blk.{layer}.ffn_up.weight", self.inner, self.hidden
            yield f"blk.{layer}.ffn_down.weight", self.hidden, self.inner


TINY: Final = Shape()
TINIER: Final = Shape(hidden=32, inner=64, layers=1, heads=2, kv_heads=1)


def vocabulary() -> tuple[str, ...]:
    """The tokens in their order: 256 bytes as GPT-2 writes them, joined pairs, special ones."""
    return (*_bytes(), *(merge.replace(" ", "") for merge in _MERGES), *_SPECIAL)


def write_model(path: Path, seed: int = 1, shape: Shape = TINY) -> Path:
    """A whole model at `path`; gives the path back."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(f"tiny-{seed}")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.inner)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    tokens = vocabulary()
    writer.add_vocab_size(len(tokens))
    _add_tokenizer(writer, tokens)
    ones = np.ones(shape.hidden, np.float32)
    writer.add_tensor("token_embd.weight", _random(rng, len(tokens), shape.hidden))
    writer.add_tensor("output.weight", _random(rng, len(tokens), shape.hidden) * _printable(tokens))
    writer.add_tensor("output_norm.weight", ones)
    for layer in range(shape.layers):
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
    for name, rows, columns in shape.projections():
        writer.add_tensor(name, _random(rng, rows, columns) * np.float32(_GAIN / columns**0.5))
    return _write(writer, path)


def write_adapter(path: Path, seed: int, shape: Shape = TINY, rank: int = 8, alpha: float = 16.0) -> Path:
    """A LoRA adapter over all seven projections of a model of this shape; gives the path back."""
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for name, rows, columns in shape.projections():
        writer.add_tensor(f"{name}.lora_a", _random(rng, rank, columns) * np.float32(1 / columns**0.5))
        writer.add_tensor(f"{name}.lora_b", _random(rng, rows, rank) * np.float32(0.5 / rank**0.5))
    return _write(writer, path)


def _write(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: gguf.GGUFWriter, tokens: tuple[str, ...]) -> None:
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(list(tokens))
    writer.add_token_types([control if token in _SPECIAL else normal for token in tokens])
    writer.add_token_merges(list(_MERGES))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(TEMPLATE)


def _random(rng: np.random.Generator, *size: int) -> Weights:
    return rng.standard_normal(size, np.float32)


def _printable(tokens: tuple[str, ...]) -> Weights:
    """A column with 1 for what a greedy answer may hold and 0 for the rest, whose logit then never wins."""
    is_good = [token not in _SPECIAL and token.replace("Ġ", " ").isascii() for token in tokens]
    return np.array(is_good, np.float32)[:, np.newaxis]


def _bytes() -> Iterator[str]:
    """The character for each byte in GPT-2's vocabulary: itself where it is printable, else one from 256 on."""
    shown = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)}
    hidden = 256
    for byte in range(256):
        if byte in shown:
            yield chr(byte)
        else:
            yield chr(hidden)
            hidden += 1
