"""Names in a line: whole words, with or without `@`, as a reader sees them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from spark_vtuber.text.fold import fold

_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters of scripts that put no space between words, or glue endings to a name: Thai, Lao, Burmese, Khmer, kana, Han,
Hangul."""


def first_mention(folded: str, names: Sequence[str]) -> int | None:
    """Where the first of `names` stands in a folded text (`text.fold`), None for nowhere.

    "spark" is in "hey @Spark!" and in "Sparк, hi", not in "sparkling". Names in scripts without spaces are found inside
    longer runs too.
    """
    pattern = _pattern(tuple(names))
    found = pattern.search(folded) if pattern is not None else None
    return found.start() if found else None


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    folded = sorted({fold(name).strip() for name in names} - {""}, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(_bounded, folded))) if folded else None


def _bounded(name: str) -> str:
    before = "" if _UNSPACED.match(name[0]) else r"(?<!\w)"
    after = "" if _UNSPACED.match(name[-1]) else r"(?!\w)"
    return f"{before}{re.escape(name)}{after}"
