"""Whether somebody says long pieces of a text word for word."""

import re
from typing import Final

from spark_vtuber.text.fold import fold

_WORD: Final = re.compile(r"\w+")


class Recital:
    """The runs of `length` words of a text, to be found again in what is said piece by piece.

    Case, marks, spacing and look-alike letters make no difference. What is told in other words is not found.
    """

    __slots__ = ("_length", "_runs")

    def __init__(self, text: str, length: int) -> None:
        self._length = length
        self._runs = frozenset(self._runs_of(_words(text)))

    def holds(self, before: str, text: str) -> bool:
        """Whether `text`, said after `before`, completes a run."""
        fresh = _words(text)
        if not fresh:
            return False
        known = _words(before)[-(self._length - 1) :]
        return not self._runs.isdisjoint(self._runs_of([*known, *fresh]))

    def _runs_of(self, words: list[str]) -> list[int]:
        return [hash(tuple(words[at : at + self._length])) for at in range(len(words) - self._length + 1)]


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
