"""Shapes of well-known models that need not be on the disk to be planned for.

Each is what the maker's `config.json` on Hugging Face says (repository named at each). Parameters that follow from
it agree with the counts in the makers' model cards, which a test compares.
"""

from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.serving.shape import Experts, Shape, Window


def _llama(
    name: str, layers: int, hidden: int, heads: int, ffn: int, head_dim: int = 128, *, is_tied: bool = False
) -> Shape:
    return Shape(name, layers, hidden, heads, 8, head_dim, ffn, 128_256, is_tied, 131_072)


def _qwen3(name: str, layers: int, hidden: int, heads: int, ffn: int, *, is_tied: bool = False) -> Shape:
    return Shape(name, layers, hidden, heads, 8, 128, ffn, 151_936, is_tied, 40_960)


def _gemma3(name: str, layers: int, hidden: int, heads: int, kv_heads: int, head_dim: int, ffn: int) -> Shape:
    """Five of six layers look back 1,024 tokens only."""
    local = Window(1_024, layers - layers // 6)
    return Shape(name, layers, hidden, heads, kv_heads, head_dim, ffn, 262_208, True, 131_072, None, local)


def _gpt_oss(name: str, layers: int, experts: int) -> Shape:
    """Every second layer looks back 128 tokens only."""
    mixture = Experts(experts, 4, 2_880)
    return Shape(name, layers, 2_880, 64, 8, 64, 2_880, 201_088, False, 131_072, mixture, Window(128, layers // 2))


_ALL: Final = (
    _llama("llama-3.2-1b", 16, 2_048, 32, 8_192, 64, is_tied=True),  # meta-llama/Llama-3.2-1B-Instruct
    _llama("llama-3.2-3b", 28, 3_072, 24, 8_192, is_tied=True),  # meta-llama/Llama-3.2-3B-Instruct
    _llama("llama-3.1-8b", 32, 4_096, 32, 14_336),  # meta-llama/Llama-3.1-8B-Instruct
    _llama("llama-3.1-70b", 80, 8_192, 64, 28_672),  # meta-llama/Llama-3.1-70B-Instruct; 3.3 has the same shape
    _qwen3("qwen3-0.6b", 28, 1_024, 16, 3_072, is_tied=True),  # Qwen/Qwen3-0.6B
    _qwen3("qwen3-1.7b", 28, 2_048, 16, 6_144, is_tied=True),  # Qwen/Qwen3-1.7B
    _qwen3("qwen3-4b", 36, 2_560, 32, 9_728, is_tied=True),  # Qwen/Qwen3-4B
    _qwen3("qwen3-8b", 36, 4_096, 32, 12_288),  # Qwen/Qwen3-8B
    _qwen3("qwen3-14b", 40, 5_120, 40, 17_408),  # Qwen/Qwen3-14B
    _qwen3("qwen3-32b", 64, 5_120, 64, 25_600),  # Qwen/Qwen3-32B
    # Qwen/Qwen3-30B-A3B
    Shape("qwen3-30b-a3b", 48, 2_048, 32, 4, 128, 6_144, 151_936, False, 40_960, Experts(128, 8, 768)),
    _gpt_oss("gpt-oss-20b", 24, 32),  # openai/gpt-oss-20b
    _gpt_oss("gpt-oss-120b", 36, 128),  # openai/gpt-oss-120b
    # mistralai/Mistral-Small-3.2-24B-Instruct-2506
    Shape("mistral-small-24b", 40, 5_120, 32, 8, 128, 32_768, 131_072, False, 131_072),
    _gemma3("gemma-3-4b", 34, 2_560, 8, 4, 256, 10_240),  # google/gemma-3-4b-it
    _gemma3("gemma-3-12b", 48, 3_840, 16, 8, 256, 15_360),  # google/gemma-3-12b-it
    _gemma3("gemma-3-27b", 62, 5_376, 32, 16, 128, 21_504),  # google/gemma-3-27b-it
)

PUBLISHED: Final = {one.name: one for one in _ALL}


def published(name: str) -> Shape | None:
    """The shape of a model, from its name as people and servers write it: `meta-llama/Llama-3.1-70B-Instruct`,
    `llama3.1:70b`, `Qwen3-14B-AWQ`; None where none is known.
    """
    wanted = _folded(name)
    names = sorted(PUBLISHED, key=lambda one: len(_folded(one)), reverse=True)
    return next((PUBLISHED[one] for one in names if _folded(one) in wanted), None)


def known(name: str) -> Shape:
    """As `published`.

    Raises:
        SparkError: `unknown_model`, with the names there are.
    """
    shape = published(name)
    if shape is None:
        raise SparkError(
            f'the shape of "{name}" is not known',
            code="unknown_model",
            fix=f"give its folder or its GGUF file, or one of: {', '.join(PUBLISHED)}",
        )
    return shape


def _folded(name: str) -> str:
    """Letters and digits only, so that `llama3.3:70b` and `Llama-3.3-70B` are one name, and 3.3 is 3.1 in shape."""
    folded = "".join(letter for letter in name.lower() if letter.isalnum())
    return folded.replace("llama3370b", "llama3170b").replace("metallama3", "llama3")
