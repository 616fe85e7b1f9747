"""Simple sums, worked out for real."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MAX_DIGITS: Final = 7
MAX_NUMBERS: Final = 5

_NUMBER_WORDS: Final = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
     "hundred": "100"}  # fmt: skip
_SIGNS: Final = {
    "plus": "+", "and": "+", "add": "+", "minus": "-", "less": "-", "times": "*", "x": "*", "×": "*", "·": "*",
    "multiplied": "*", "divided": "/", "over": "/", "÷": "/", ":": "/", "–": "-", "−": "-", "**": "**", "^": "**",
}  # fmt: skip
_NUMBER: Final = rf"(?:\d{{1,{MAX_DIGITS}}}(?:[.,]\d{{1,3}})?(?![\d])|\b(?:{'|'.join(_NUMBER_WORDS)})\b)"
_SIGN: Final = r"(?:\*\*|[-+*/×·÷^–−]|\b(?:plus|minus|times|x|multiplied by|divided by|over)\b|(?<=\d)x(?=\d))"
_SUM: Final = re.compile(
    rf"(?<![\w.,])({_NUMBER}(?:\s?{_SIGN}\s?{_NUMBER}){{1,{MAX_NUMBERS - 1}}})(?!\s?[-+*/^]?[\w(])", re.IGNORECASE
)
_ASKED: Final = re.compile(
    r"\b(?:what|whats|how much|calculate|compute|solve|math|maths|equals?|sum)\b|=|\?", re.IGNORECASE
)
_PART: Final = re.compile(rf"({_NUMBER})|({_SIGN})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum somebody asked for; `answer` is None where it has none, as for a division by zero."""

    answer: str | None


def find_sum(text: str) -> Sum | None:
    """The first simple sum in a line: up to five numbers with + - * / or their words, no powers and no brackets."""
    found = _SUM.search(text[:200])
    if found is None or (not _ASKED.search(text) and found[0].strip() != text.strip(" .!")):
        return None
    numbers: list[Fraction] = []
    signs: list[str] = []
    for part in _PART.finditer(found[0]):
        if part[1]:
            word = part[1].casefold()
            numbers.append(Fraction(_NUMBER_WORDS.get(word, word).replace(",", ".")))
        else:
            word = part[2].casefold().split()[0]
            signs.append(_SIGNS.get(word, word))
    if "**" in signs or len(numbers) != len(signs) + 1:
        return None
    try:
        return Sum(_spoken(_worked_out(numbers, signs)))
    except ZeroDivisionError:
        return Sum(None)


_POINT: Final[dict[str, Callable[[Fraction, Fraction], Fraction]]] = {"*": lambda a, b: a * b, "/": lambda a, b: a / b}


def _worked_out(numbers: list[Fraction], signs: list[str]) -> Fraction:
    terms = [numbers[0]]
    for sign, number in zip(signs, numbers[1:], strict=True):
        if sign in _POINT:
            terms[-1] = _POINT[sign](terms[-1], number)
        else:
            terms.append(number if sign == "+" else -number)
    return sum(terms, Fraction(0))


def _spoken(number: Fraction) -> str:
    sign = "minus " if number < 0 else ""
    size = abs(number)
    if size.denominator == 1:
        return f"{sign}{size.numerator}"
    rounded = f"{float(size):.3f}".rstrip("0").rstrip(".")
    about = "" if Fraction(rounded) == size else "about "
    return f"{about}{sign}{rounded}"
