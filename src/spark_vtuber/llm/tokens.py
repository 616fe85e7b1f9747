"""How many tokens a text takes: counted with the model's own tokenizer where its file is at hand, else estimated.

The estimate is one token for three bytes of UTF-8, which is more than tokenizers of current models need for any common
script. No tokenizer makes more tokens than bytes of plain ASCII: those of current models fall back to single bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spark_vtuber.core.errors import EngineError

BYTES_PER_TOKEN: Final = 3
LARGEST_FILE_BYTES: Final = 256 * 1024 * 1024

CountTokens = Callable[[str], int]


def tokens_in(text: str) -> int:
    """About how many tokens a model makes of `text`; rather too many than too few."""
    return -(-size_of(text) // BYTES_PER_TOKEN)


def size_of(text: str) -> int:
    """Bytes of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def clip(text: str, tokens: int) -> str:
    """`text`, or as much of its beginning as fits into `tokens` by the estimate, then with an ellipsis."""
    data = text.encode("utf-8", "replace")
    size = max(tokens, 0) * BYTES_PER_TOKEN
    if len(data) <= size:
        return data.decode()
    return data[: size - BYTES_PER_TOKEN].decode("utf-8", "ignore") + "…" if size else ""


@dataclass(frozen=True, slots=True)
class Ruler:
    """Measures texts with `count`. Plain texts that fit by their bytes alone are not counted."""

    count: CountTokens = tokens_in

    def fits(self, text: str, tokens: int) -> bool:
        """Whether `text` takes at most `tokens`."""
        return (text.isascii() and len(text) < tokens) or self.count(text) <= tokens

    def clip(self, text: str, tokens: int) -> str:
        """`text`, or as much of its beginning as takes at most `tokens`, then with an ellipsis."""
        size = tokens
        while not self.fits(clipped := clip(text, size), tokens):
            size = size * 2 // 3
        return clipped


def open_tokenizer(path: Path) -> Ruler:
    """A ruler that counts with the `tokenizer.json` at `path`; reads a file, so call it where that holds nobody up.

    Raises:
        EngineError: `not_installed` without the extra `tokenizer`, `no_tokenizer` where the file is none.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        fix = 'pip install "spark-vtuber[tokenizer]"'
        raise EngineError("not_installed", "tokens are estimated: tokenizers is not installed", fix=fix) from error
    fix = "give the tokenizer.json of the model, or leave [context] tokenizer empty"
    try:
        is_small = path.stat().st_size <= LARGEST_FILE_BYTES
        tokenizer = Tokenizer.from_file(str(path)) if is_small else None
    except Exception as error:
        raise EngineError("no_tokenizer", f"{path} cannot be read as a tokenizer", fix=fix) from error
    if tokenizer is None:
        raise EngineError("no_tokenizer", f"{path} is too large for a tokenizer", fix=fix)
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        safe = text.encode("utf-8", "replace").decode()
        return len(tokenizer.encode(safe, add_special_tokens=False).ids)

    return Ruler(count)
