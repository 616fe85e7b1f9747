"""How weights are stored, and which server takes which: the one table that `plan` and `engine up` go by."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from spark_vtuber.core.errors import SparkError


class Server(StrEnum):
    """A kind of model server."""

    VLLM = "vllm"
    LLAMACPP = "llamacpp"
    OLLAMA = "ollama"
    SGLANG = "sglang"
    TENSORRT = "tensorrt"

    @property
    def label(self) -> str:
        """As its makers write it."""
        return _TITLES[self]


class Family(StrEnum):
    """Who can read a model: the tensors of Hugging Face, or one GGUF file."""

    SAFETENSORS = "safetensors"
    GGUF = "gguf"


@dataclass(frozen=True, slots=True)
class Quantisation:
    """A way to store weights.

    `bits` are those of one weight of the layers, with the scales of its group. `outer_bits` are those of the
    embedding and the output layer, which most schemes leave alone; a GGUF has one mean for all. `attention_bits` differ
    where only experts are stored in few bits. `name` is what files and servers call it.
    """

    name: str
    family: Family
    bits: float
    outer_bits: float
    title: str
    is_for_training: bool = False
    has_plain_attention: bool = False

    @property
    def attention_bits(self) -> float:
        """Bits of one weight of the attention."""
        return self.outer_bits if self.has_plain_attention else self.bits


_TITLES: Final = {
    Server.VLLM: "vLLM",
    Server.LLAMACPP: "llama.cpp",
    Server.OLLAMA: "Ollama",
    Server.SGLANG: "SGLang",
    Server.TENSORRT: "TensorRT-LLM",
}


def _gguf(name: str, bits: float) -> Quantisation:
    return Quantisation(name, Family.GGUF, bits, bits, f"{name.removesuffix('-gguf').upper()} GGUF")


def _tensors(name: str, bits: float, outer_bits: float, title: str, *, is_for_training: bool = False) -> Quantisation:
    return Quantisation(name, Family.SAFETENSORS, bits, outer_bits, title, is_for_training)


_ALL: Final = (
    # Groups of 128 share a scale of 16 bits and, where it is asymmetric, a zero point of 4 (AutoAWQ, GPTQ papers).
    _tensors("bf16", 16, 16, "BF16"),
    _tensors("fp16", 16, 16, "FP16"),
    _tensors("awq", 4 + 20 / 128, 16, "AWQ"),
    _tensors("gptq", 4 + 20 / 128, 16, "GPTQ"),
    _tensors("gptq-8bit", 8 + 24 / 128, 16, "GPTQ (8 bits)"),
    _tensors("fp8", 8, 16, "FP8"),
    # 16 values share an FP8 scale (NVIDIA's NVFP4), 32 share an exponent of 8 bits (OCP MX specification 1.0).
    _tensors("nvfp4", 4.5, 16, "NVFP4"),
    # Of gpt-oss only the experts are stored so; a GGUF has the rest as Q8_0.
    Quantisation("mxfp4", Family.SAFETENSORS, 4.25, 16, "MXFP4", has_plain_attention=True),
    Quantisation("mxfp4_moe", Family.GGUF, 4.25, 8.5, "MXFP4_MOE GGUF", has_plain_attention=True),
    _tensors("w4a16", 4 + 16 / 128, 16, "compressed-tensors W4A16"),
    _tensors("w8a8", 8 + 16 / 128, 16, "compressed-tensors W8A8"),
    _tensors("bitsandbytes", 4.13, 16, "bitsandbytes NF4", is_for_training=True),
    _tensors("bitsandbytes-8bit", 8, 16, "bitsandbytes INT8", is_for_training=True),
    # The mean over a whole Llama 3.1 8B, outer layers too, as the README of llama.cpp's quantize tool tabulates it.
    # What it does not list follows from the blocks of ggml-common.h (block_q4_0 is 18 bytes for 32 weights).
    _gguf("f32", 32),
    _gguf("f16", 16),
    _gguf("bf16-gguf", 16),
    _gguf("q8_0", 8.5008),
    _gguf("q6_k", 6.5633),
    _gguf("q5_k_m", 5.7036),
    _gguf("q5_k_s", 5.5704),
    _gguf("q5_1", 6.0),
    _gguf("q5_0", 5.5),
    _gguf("q4_k_m", 4.8944),
    _gguf("q4_k_s", 4.6672),
    _gguf("q4_1", 5.0),
    _gguf("q4_0", 4.5),
    _gguf("iq4_nl", 4.6818),
    _gguf("iq4_xs", 4.4597),
    _gguf("nvfp4-gguf", 4.5),
    _gguf("q3_k_l", 4.2979),
    _gguf("q3_k_m", 3.9960),
    _gguf("q3_k_s", 3.6429),
    _gguf("iq3_m", 3.7628),
    _gguf("iq3_s", 3.6606),
    _gguf("iq3_xs", 3.4977),
    _gguf("iq3_xxs", 3.2548),
    _gguf("q2_k", 3.1593),
    _gguf("q2_k_s", 2.9697),
    _gguf("iq2_m", 2.9294),
    _gguf("iq2_s", 2.7403),
    _gguf("iq2_xs", 2.5882),
    _gguf("iq2_xxs", 2.3824),
    _gguf("iq1_m", 2.1460),
    _gguf("iq1_s", 2.0042),
    _gguf("tq2_0", 2.06),
    _gguf("tq1_0", 1.69),
)

QUANTISATIONS: Final = {one.name: one for one in _ALL}
"""Every way we know, by name."""

_SAFETENSORS_OF_VLLM: Final = ("bf16", "fp16", "awq", "gptq", "gptq-8bit", "fp8", "nvfp4", "mxfp4", "w4a16", "w8a8")
_GGUFS: Final = tuple(one.name for one in _ALL if one.family is Family.GGUF)

TAKES: Final[dict[Server, tuple[str, ...]]] = {
    Server.VLLM: _SAFETENSORS_OF_VLLM,
    Server.SGLANG: ("bf16", "fp16", "awq", "gptq", "fp8", "nvfp4", "mxfp4", "w4a16", "w8a8"),
    Server.TENSORRT: ("bf16", "fp16", "awq", "gptq", "fp8", "nvfp4", "mxfp4"),
    Server.LLAMACPP: _GGUFS,
    Server.OLLAMA: tuple(name for name in _GGUFS if not name.startswith(("tq", "iq1", "nvfp4"))),
}
"""What we start each server with, from their documentation of supported quantisations (November 2026).

vLLM and SGLang can read some GGUF files too, slowly and without adapters, so that they are not given any.
"""

FOUR_BITS: Final = {
    Server.VLLM: "awq",
    Server.SGLANG: "awq",
    Server.TENSORRT: "awq",
    Server.LLAMACPP: "q4_k_m",
    Server.OLLAMA: "q4_k_m",
}
"""What "4" means for a server: its usual way with four bits a weight."""

KV_BITS: Final = {"f16": 16.0, "fp8": 8.0, "q8_0": 8.5, "q4_0": 4.5}
"""Ways to store keys and values."""

KV_TAKES: Final[dict[Server, tuple[str, ...]]] = {
    Server.VLLM: ("f16", "fp8"),
    Server.SGLANG: ("f16", "fp8"),
    Server.TENSORRT: ("f16", "fp8"),
    Server.LLAMACPP: ("f16", "q8_0", "q4_0"),
    Server.OLLAMA: ("f16", "q8_0", "q4_0"),
}


def quantisation(name: str, server: Server = Server.LLAMACPP) -> Quantisation:
    """The quantisation of a name as people write it; "4" is the usual one of `server` with four bits.

    Raises:
        SparkError: `unknown_quantisation`, with the names there are.
    """
    plain = name.strip().lower().removesuffix("-gguf") if name.strip().lower() not in QUANTISATIONS else name.lower()
    if plain in {"4", "4bit", "4-bit", "int4"}:
        plain = FOUR_BITS[server]
    known = QUANTISATIONS.get(plain.strip())
    if known is None:
        raise SparkError(
            f'there is no quantisation "{name}"',
            code="unknown_quantisation",
            fix=f"there are: {', '.join(TAKES[server])}",
        )
    return known


def servers_of(one: Quantisation) -> tuple[Server, ...]:
    """The servers that take it."""
    return tuple(server for server in Server if one.name in TAKES[server])


def check(server: Server, one: Quantisation, model: str = "this") -> None:
    """Refuse what a server does not take.

    Raises:
        SparkError: `wrong_quantisation`: what the model is, who takes it under which name, and what the server needs.
    """
    if one.name in TAKES[server]:
        return
    takers = servers_of(one)
    what = f"{model} is a {one.title} model"
    if one.is_for_training:
        fix = f"bitsandbytes is for training only; {server.label} takes: {_short(server)}"
    elif one.family is Family.GGUF and server not in {Server.LLAMACPP, Server.OLLAMA}:
        fix = f'use = "llamacpp", or the same model as {_short(server)}'
    elif one.family is Family.SAFETENSORS and server in {Server.LLAMACPP, Server.OLLAMA}:
        who = f"{takers[0].label} takes it as {one.name}; " if takers else ""
        fix = f"{who}{server.label} needs a GGUF of it"
    else:
        who = f"{takers[0].label} takes it as {one.name}; " if takers else ""
        fix = f"{who}{server.label} takes: {_short(server)}"
    raise SparkError(f"{what}, and {server.label} does not take that", code="wrong_quantisation", fix=fix)


def check_kv(server: Server, name: str) -> None:
    """Refuse a way to store keys and values that a server does not have.

    Raises:
        SparkError: `wrong_kv`, with those it has.
    """
    if name not in KV_TAKES[server]:
        offered = ", ".join(KV_TAKES[server])
        raise SparkError(
            f"{server.label} does not keep keys and values as {name}", code="wrong_kv", fix=f"kv = one of: {offered}"
        )


def _short(server: Server) -> str:
    """The names of a server, cut where they would fill a page."""
    if server in {Server.LLAMACPP, Server.OLLAMA}:
        return "GGUF files, as q4_k_m, q5_k_m, q6_k, q8_0 or mxfp4_moe"
    return ", ".join(TAKES[server])
