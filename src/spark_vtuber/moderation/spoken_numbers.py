"""Numbers written as words: the digits that a listener writes down."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.view import Piece, View

NUMBERS: Final = "numbers"

_ONES: Final = {
    word: str(number)
    for number, words in enumerate(
        (
            "zero oh o null nil", "one eins", "two zwei", "three drei", "four vier", "five fünf", "six sechs",
            "seven sieben", "eight acht", "nine neun",
        )
    )
    for word in words.split()
}  # fmt: skip
_TEENS: Final = {
    word: str(number)
    for number, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), start=10
    )
}
_TENS: Final = {
    word: number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_TIMES: Final = {"double": 2, "triple": 3}
_JOINS: Final = re.compile(r"[\s,.\-–…]{1,4}")
_MARKS: Final = {"dot": ".", "point": ".", "plus": "+", "dash": "-", "hyphen": "-"}
_STEPS: Final = frozenset({-2, -1, 0, 1, 2, 5, 10})
_PHONE_DIGITS: Final = range(9, 14)
_PAUSES: Final = frozenset(",.-–…")
_PART: Final = re.compile(r"[^\W_]+|[^\s\w]")
_NUMBER: Final = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|t[ew]\w+|\w+teen|\w+ty|eins|null|zwei)\b"
)


def in_digits(reading: Reading) -> Iterator[View]:
    """The text with its number words as digits, where it has any; at most one view.

    A long run of digits becomes a number that begins with "+", as telephones are written; counting up or down does
    not.
    """
    if not _NUMBER.search(reading.folded):
        return
    pieces: list[Piece] = []
    words = [(found[0], *found.span()) for found in _PART.finditer(reading.folded)]
    at = 0
    has_any = False
    while at < len(words):
        digits, following = _run(words, at)
        is_spoken = any(word.isalpha() for word, _, _ in words[at:following])
        if is_spoken and any(map(str.isdecimal, digits)) and not _is_counting(digits):
            pieces.append((_written("".join(digits)), words[at][1], words[following - 1][2]))
            has_any = True
        else:
            following = max(following, at + 1)
            pieces.extend(words[at:following])
        at = following
    if has_any:
        yield View(NUMBERS, tuple(pieces))


def _run(words: list[Piece], at: int) -> tuple[list[str], int]:
    """The digits of the number words from `at` on, with the marks between them, and where they end."""
    digits: list[str] = []
    last = at
    while at < len(words):
        if digits and words[at][0] in _PAUSES:
            at += 1
            continue
        said, used = _number(words, at) or _mark(words, at, is_first=not digits)
        if not used:
            break
        digits.append(said)
        at += used
        last = at
    return digits, last


def _number(words: list[Piece], at: int) -> tuple[str, int] | None:
    """The digits that the words from `at` on stand for, and how many words these are."""
    word, following, third = (words[index][0] if index < len(words) else "" for index in range(at, at + 3))
    if word in _TIMES and following in _ONES:
        return _ONES[following] * _TIMES[word], 2
    if word in _TENS:
        hyphens = following == "-" and third in _ONES
        one = _ONES.get(third if hyphens else following, "0")
        return (f"{_TENS[word]}{one}", 2 + hyphens) if one != "0" else (f"{_TENS[word]}0", 1)
    if word in _ONES:
        return (f"{_ONES[word]}00", 2) if following == "hundred" else (_ONES[word], 1)
    if word in _TEENS:
        return _TEENS[word], 1
    return (word, 1) if word.isdecimal() else None


def _mark(words: list[Piece], at: int, *, is_first: bool) -> tuple[str, int]:
    """A spoken mark before another number."""
    mark = _MARKS.get(words[at][0], "")
    return (mark, 1) if mark and (mark == "+" or not is_first) and _number(words, at + 1) else ("", 0)


def _is_counting(digits: list[str]) -> bool:
    """Whether numbers go in even steps, or are all the same."""
    numbers = [int(digit) for digit in digits if digit.isdecimal()]
    steps = {second - first for first, second in pairwise(numbers)}
    return len(numbers) > 2 and len(steps) == 1 and steps <= _STEPS


def _written(digits: str) -> str:
    bare = digits.replace("-", "")
    if bare.isdecimal() and len(bare) in _PHONE_DIGITS:
        return f"+{bare}"
    return digits if "." in digits else bare
