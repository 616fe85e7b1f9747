"""A text as the checks read it: folded, and cut into words that know their places in the original."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from spark_vtuber.moderation.words import STEMS
from spark_vtuber.text.fold import fold_with_map, unleet

LONGEST: Final = 1_200
"""Characters that are read: the longest clause, and the end of what was said before it."""

_TOKEN: Final = re.compile(r"[^\s.,;:?\"“”„«»()\[\]{}<>…—–/\\~_#&=-]+")
_BARE: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_EDGES: Final = "'’‘`!*+|^%"
_LETTER_SIGNS: Final = frozenset("!|")
_SPELLED_GAP: Final = re.compile(r"[\s.,;:*_/\\~|'’-]{1,3}")
_SPELLED_LEAST: Final = 3
_MENTION_LEAST: Final = 6
_STOPS: Final = re.compile(r"[.!?\n]+(?=\s|$)|[.!?]+(?=[\"”’'])")
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|[a-z]{2,8});", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the folded text; `start` and `end` are places in the folded text.

    `text` is without disguise: leet read as letters, letters that were spelled one by one joined. `is_plain` tells
    that nothing had to be undone.
    """

    text: str
    start: int
    end: int
    is_plain: bool = True


class Reading:
    """One text, read once for all checks. Never raises; a reading is cheap to make and thrown away with its text."""

    def __init__(self, text: str) -> None:
        self.text = text[:LONGEST]
        folded, self._places = fold_with_map(self.text)
        if "&" in folded:
            folded = _ENTITY.sub(lambda found: " " * len(found[0]), folded)
        self.folded = folded

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a range of the folded text is in the original; never empty for a range that is not."""
        if start >= len(self._places) or start >= end:
            return (len(self.text), len(self.text))
        last = self._places[min(end, len(self._places)) - 1]
        while end < len(self._places) and self._places[end] == last:
            end += 1
        return self._places[start], self._places[end] if end < len(self._places) else len(self.text)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words in order; a word that was spelled letter by letter is one word."""
        words: list[Word] = []
        run: list[Word] = []
        for found in _TOKEN.finditer(self.folded):
            token = found[0].strip(_EDGES) or ("i" if run and found[0] in _LETTER_SIGNS else "")
            if not token:
                continue
            start = found.start() + max(0, found[0].find(token))
            if token[0] == "@" and len(token) >= _MENTION_LEAST and f"a{token[1:]}" not in STEMS:
                token, start = token[1:], start + 1
            word = self._word(token, start)
            if run and not (len(token) == 1 and _SPELLED_GAP.fullmatch(self.folded, run[-1].end, start)):
                words.extend(self._joined(run))
                run = []
            if len(token) == 1:
                run.append(word)
            else:
                words.append(word)
        words.extend(self._joined(run))
        return tuple(words)

    @cached_property
    def bare(self) -> tuple[tuple[str, int, int], ...]:
        """The runs of letters and figures in order, as they stand, with their ranges in the folded text."""
        return tuple((found[0], *found.span()) for found in _BARE.finditer(self.folded))

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """Where sentences end, as places in the folded text."""
        return tuple(found.start() for found in _STOPS.finditer(self.folded))

    def _word(self, token: str, start: int) -> Word:
        if token.isalpha():
            return Word(token, start, start + len(token))
        plain = unleet(token)
        return Word(plain, start, start + len(token), is_plain=plain == token)

    def _joined(self, run: list[Word]) -> Iterator[Word]:
        """Letters that stand alone, three or more, as the words they spell; a gap unlike the others parts two."""
        if len(run) < _SPELLED_LEAST:
            yield from run
            return
        gaps = [self.folded[left.end : right.start] for left, right in pairwise(run)]
        usual = max(set(gaps), key=gaps.count)
        first = 0
        for at, gap in enumerate((*gaps, None), start=1):
            if gap is not None and (gap == usual or (len(gap) <= len(usual) and not gap.isspace())):
                continue
            letters = run[first:at]
            yield Word("".join(letter.text for letter in letters), letters[0].start, letters[-1].end, is_plain=False)
            first = at
