"""What is said letter by letter: spelled aloud, or as the first letters of words and sentences."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.view import WORDLIKE, Piece, View, around
from spark_vtuber.moderation.words import SLURS, STEMS

_NATO: Final = {
    word: word[0]
    for word in (
        "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliett juliet kilo lima mike november oscar "
        "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
    ).split()
}
_AS_IN: Final = re.compile(r"\b([a-z])['’]?,? (?:as in|like in|for|wie|comme|como) [a-z]+")
_LETTER: Final = re.compile(r"(?<![\w'’])([a-z])(?![\w'’])")
_BETWEEN: Final = re.compile(
    r"(?:\W|_|\b(?:and|then|next|dash|hyphen|dot|space|minus|period|comma|plus|letter|letters|the|is|comes|first|second|"
    r"third|fourth|fifth|sixth|last|now|another|followed|by|after|that|und|capital|double)\b)*"
)
_LEAST_LETTERS: Final = 3


def spelled(reading: Reading) -> Iterator[View]:
    """The text with letters that are told one after the other as words: "n as in night", "kilo", "k dash y"."""
    text = reading.folded
    letters: list[Piece] = [(found[1], *found.span()) for found in _AS_IN.finditer(text)]
    taken = [(start, end) for _, start, end in letters]
    letters.extend(
        (found[1], *found.span())
        for found in _LETTER.finditer(text)
        if not any(start <= found.start() < end for start, end in taken)
    )
    letters.extend((_NATO[word], start, end) for word, start, end in reading.bare if word in _NATO)
    if len(letters) < _LEAST_LETTERS:
        return
    letters.sort(key=lambda letter: letter[1])
    runs: list[list[Piece]] = []
    for letter in letters:
        if runs and _BETWEEN.fullmatch(text, runs[-1][-1][2], letter[1]):
            runs[-1].append(letter)
        else:
            runs.append([letter])
    words = [run for run in runs if len(run) >= _LEAST_LETTERS and _is_told(text, run)]
    if words:
        pieces = list(_with_runs(reading, words))
        starts = {run[0][1] for run in words}
        yield View("spelled", around(pieces, {at for at, piece in enumerate(pieces) if piece[1] in starts}))


def _is_told(text: str, run: list[Piece]) -> bool:
    """Whether letters come with words; those that merely stand alone are read as a word anyway."""
    if any(end - start > 1 for _, start, end in run):
        return True
    return any(WORDLIKE.search(text, left[2], right[1]) for left, right in pairwise(run))


def _with_runs(reading: Reading, runs: list[list[Piece]]) -> Iterator[Piece]:
    """The words of a text with each run of letters as one word."""
    at = 0
    for token in (*reading.bare, ("", len(reading.folded) + 1, len(reading.folded) + 1)):
        while at < len(runs) and runs[at][-1][2] <= token[1]:
            run = runs[at]
            yield "".join(letter for letter, _, _ in run), run[0][1], run[-1][2]
            at += 1
        if token[0] and not (at < len(runs) and runs[at][0][1] <= token[1]):
            yield token


_SENTENCE: Final = re.compile(r"(?:^|[.!?\n]\s*)([a-z])\w*")
_CAPITALS: Final = re.compile(r"(?:\b[A-Z][a-z]+[\s,.!?]+){3,40}\b[A-Z][a-z]+")
_LEAST_INITIALS: Final = 4


def initials(reading: Reading) -> Iterator[View]:
    """A strong word in the first letters of sentences, or of words with a capital."""
    starts = [(found[1], *found.span(1)) for found in _SENTENCE.finditer(reading.folded)]
    runs = [starts] if len(starts) > _LEAST_INITIALS else []
    if reading.text.isascii():
        for capitals in _CAPITALS.finditer(reading.text):
            words = re.finditer(r"[A-Z][a-z]+", capitals[0])
            runs.append(
                [(word[0][0].lower(), capitals.start() + word.start(), capitals.start() + word.end()) for word in words]
            )
    for run in runs:
        found = _acrostics().search("".join(letter for letter, _, _ in run))
        if found is not None:
            letters = run[found.start() : found.end()]
            yield View("initials", ((found[0], letters[0][1], letters[-1][2]),))
            return


@cache
def _acrostics() -> re.Pattern[str]:
    words = {word for word in SLURS | STEMS if len(word) >= _LEAST_INITIALS} | {"killyou", "killyourself"}
    return re.compile("|".join(sorted(words, key=len, reverse=True)))
