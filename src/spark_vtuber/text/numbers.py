"""Numbers in English words, as an American speaker reads them aloud."""

from typing import Final

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_IRREGULAR_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_LARGEST: Final = 10**15


def cardinal(number: int) -> str:
    """The words for a whole number: "forty-two", "one thousand two hundred"; from 10^15 on digit by digit."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number >= _LARGEST:
        return digits(str(number))
    words = []
    for value, name in _SCALES:
        if number >= value:
            words.append(f"{_below_thousand(number // value)} {name}")
            number %= value
    if number or not words:
        words.append(_below_thousand(number))
    return " ".join(words)


def ordinal(number: int) -> str:
    """The place in a row: "first", "twenty-second", "one hundredth"."""
    head, mark, last = _split_last(cardinal(number))
    if last in _IRREGULAR_ORDINALS:
        last = _IRREGULAR_ORDINALS[last]
    elif last.endswith("y"):
        last = f"{last[:-1]}ieth"
    else:
        last = f"{last}th"
    return f"{head}{mark}{last}"


def decimal(text: str) -> str:
    """A decimal fraction: "3.14" as "three point one four"."""
    whole, _, fraction = text.partition(".")
    return f"{cardinal(int(whole or '0'))} point {digits(fraction)}"


def digits(text: str) -> str:
    """Digit by digit: "007" as "zero zero seven"."""
    return " ".join(_ONES[int(digit)] for digit in text)


def year(number: int) -> str:
    """A number of four digits as years are read: "twenty twenty-six", "nineteen oh five", "two thousand one"."""
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(number)
    if not rest:
        return f"{_below_thousand(century)} hundred"
    return f"{_below_thousand(century)} {'oh ' if rest < 10 else ''}{_below_thousand(rest)}"


def plural(noun: str) -> str:
    """The plural of a unit or decade: "pounds", "feet", "twenties", "miles per hour"."""
    head, per, rest = noun.partition(" per ")
    if head == "foot":
        head = "feet"
    elif head.startswith("degree "):
        head = f"degrees {head.removeprefix('degree ')}"
    elif head.endswith("y"):
        head = f"{head[:-1]}ies"
    elif not head.endswith("hertz"):
        head = f"{head}s"
    return f"{head}{per}{rest}"


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words.append(f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens])
    elif rest or not hundreds:
        words.append(_ONES[rest])
    return " ".join(words)


def _split_last(words: str) -> tuple[str, str, str]:
    at = max(words.rfind(" "), words.rfind("-"))
    return (words[:at], words[at], words[at + 1 :]) if at >= 0 else ("", "", words)
