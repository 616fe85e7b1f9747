"""The words of a text as a voice sees them: where they are, and when they sound."""

import re
from typing import Final

from spark_vtuber.core.audio import WordTime

Range = tuple[int, int]

_UNSPACED: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana, CJK ideographs
    "\U00020000-\U0003ffff"  # CJK ideographs of the supplementary planes
)
"""Scripts that put no space between words; each of their characters counts as a word."""

_WORD: Final = re.compile(rf"[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+")


def words_of(text: str) -> tuple[Range, ...]:
    """The character ranges of the words of `text`, in order.

    A word is what stands between white space, with its punctuation; scripts without spaces are taken character
    by character.
    """
    return tuple(match.span() for match in _WORD.finditer(text))


def share(text: str, words: tuple[Range, ...], ms: float, ms_end: float) -> tuple[WordTime, ...]:
    """Times for consecutive words of `text` that a voice speaks between `ms` and `ms_end`.

    A voice that joins words (`e.g. this`) gives one time for all of them; they share it by their lengths.
    """
    total = sum(end - start for start, end in words)
    times, begin, done = [], ms, 0
    for start, end in words:
        done += end - start
        stop = ms + (ms_end - ms) * done / total
        times.append(WordTime(begin, stop, text[start:end], start, end))
        begin = stop
    return tuple(times)
