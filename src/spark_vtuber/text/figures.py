"""English readings of single tokens that hold figures: prices, times, dates, versions, ranges, units.

Each reading is a pattern for a whole token and a function from its groups to words. The patterns are tried in order.
"""

import re
from collections.abc import Callable
from typing import Final

from spark_vtuber.text.numbers import cardinal, decimal, digits, ordinal, plural, year
from spark_vtuber.text.units import DAY_HALVES, GLUED_UNITS, UNITS

_CURRENCIES: Final = {
    "$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yen", ""), "₩": ("won", ""),
    "₹": ("rupee", "paisa"), "₽": ("ruble", "kopek"), "₿": ("bitcoin", ""),
}  # fmt: skip
_SCALE_LETTERS: Final = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "t": "trillion"}
_FRACTIONS: Final = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
    "½": "one half", "¼": "one quarter", "¾": "three quarters", "⅓": "one third", "⅔": "two thirds",
}  # fmt: skip
_SIGNS: Final = {
    "-": "minus ",
    "−": "minus ",
    "+": "plus ",
    "~": "about ",
    "≈": "about ",
    "±": "plus or minus ",
    "": "",
}
_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_MONEY: Final = "".join(_CURRENCIES)


def number(text: str) -> str:
    """The words for a plain number with or without thousands separators and decimals; four digits read as a year."""
    bare = text.replace(",", "")
    if "." in bare:
        return decimal(bare)
    if len(bare) > 1 and bare[0] == "0":
        return digits(bare)
    if bare == text and len(bare) == 4 and 1100 <= int(bare) <= 2099:
        return year(int(bare))
    return cardinal(int(bare))


def read_figures(token: str) -> str | None:
    """The words for `token`, or None if it is no figure that is known."""
    for pattern, reading in _READINGS:
        if found := pattern.fullmatch(token):
            return reading(found)
    return None


def _money(found: re.Match[str]) -> str:
    sign, symbol, amount, scale = found["sign"], found["symbol"] or found["after"], found["amount"], found["scale"]
    unit, part = _CURRENCIES[symbol]
    lead = _SIGNS[sign]
    bare = amount.replace(",", "")
    if scale:
        scale = _SCALE_LETTERS.get(scale.casefold(), scale.casefold())
        return f"{lead}{_plain(bare)} {scale} {_many(unit)}"
    whole, _, cents = bare.partition(".")
    if cents and len(cents) != 2:
        return f"{lead}{decimal(bare)} {_many(unit)}"
    words = [] if int(cents or 0) and not int(whole or 0) else [_counted(int(whole), unit)]
    if int(cents or 0):
        words.append(_counted(int(cents), part))
    return lead + " and ".join(words)


def _plain(bare: str) -> str:
    return decimal(bare) if "." in bare else cardinal(int(bare))


def _many(noun: str) -> str:
    if noun in ("yen", "won", ""):
        return noun
    return "pence" if noun == "penny" else plural(noun)


def _counted(count: int, noun: str) -> str:
    return f"{cardinal(count)} {noun if count == 1 else _many(noun)}".rstrip()


def _time(found: re.Match[str]) -> str:
    hour, minute, half = int(found["hour"]), found["minute"], found["half"]
    words = [cardinal(hour)]
    if minute and int(minute):
        words.append(f"oh {cardinal(int(minute))}" if minute[0] == "0" else cardinal(int(minute)))
    elif minute and not half:
        words.append("o'clock" if 0 < hour <= 12 else "hundred")
    if half:
        words.append(DAY_HALVES[half.casefold().rstrip(".")])
    return " ".join(words)


def _version(found: re.Match[str]) -> str:
    parts = " point ".join(cardinal(int(part)) for part in found["parts"].split("."))
    return f"version {parts}" if found["v"] else parts


def _range(found: re.Match[str]) -> str:
    return f"{number(found[1])} to {number(found[2])}{' percent' if found[3] else ''}"


def _unit(found: re.Match[str]) -> str:
    amount, name = found["amount"], found["unit"]
    words = f"{_SIGNS[found['sign']]}{_plain(amount.replace(',', ''))}"
    noun = GLUED_UNITS.get(name) or UNITS.get(name.casefold())
    if noun is None:
        return f"{words} {_SCALE_LETTERS.get(name.casefold(), name.upper())}"
    return f"{words} {noun if amount == '1' else plural(noun)}"


def _signed(found: re.Match[str]) -> str:
    tail = {"%": " percent", "°": " degrees", "x": " times", "X": " times", "+": " plus", "": ""}[found["tail"]]
    return f"{_SIGNS[found['sign']]}{number(found['amount'])}{tail}"


def _slashed(found: re.Match[str]) -> str:
    parts = found[0].split("/")
    joint = " out of " if len(parts) == 2 and parts[1] in ("5", "10", "100") else " "
    return joint.join(number(part) for part in parts)


def _decade(found: re.Match[str]) -> str:
    words = number(found[1])
    head, mark, last = words.rpartition(" ")
    return f"{head}{mark}{plural(last)}"


_UNIT_NAMES: Final = "|".join(sorted(map(re.escape, [*UNITS, *GLUED_UNITS, "k", "b", "bn"]), key=len, reverse=True))
_SCALE_NAMES: Final = "k|m|b|bn|t|hundred|thousand|million|billion|trillion"
_SIGN: Final = r"(?P<sign>[-−+~≈±]?)"
_READINGS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), reading)
    for pattern, reading in (
        (
            rf"{_SIGN}(?P<symbol>[{_MONEY}])(?P<after>)(?P<amount>{_NUMBER})\s?(?P<scale>{_SCALE_NAMES})?",
            _money,
        ),
        (rf"{_SIGN}(?P<symbol>)(?P<amount>{_NUMBER})(?P<scale>k|m|b|bn)?\s?(?P<after>[{_MONEY}])", _money),
        (r"(?P<hour>\d|[01]\d|2[0-4]):(?P<minute>[0-5]\d)\s?(?P<half>[ap]\.?m\.?)?", _time),
        (r"(?P<hour>\d|1[0-2])(?P<minute>)\s?(?P<half>[ap]\.?m\.?)", _time),
        (r"(?P<v>v)\.?(?P<parts>\d+(?:\.\d+)*)", _version),
        (r"(?P<v>)(?P<parts>\d+(?:\.\d+){2,})", _version),
        (r"(\d{1,3}|[12]\d{3})[-–—](\d{1,3}|[12]\d{3})(%?)", _range),
        (r"(\d+)(?:st|nd|rd|th)", lambda found: ordinal(int(found[1]))),
        (r"'?([1-9]0|1[1-9]\d0|20\d0)s", _decade),
        ("|".join(map(re.escape, _FRACTIONS)), lambda found: _FRACTIONS[found[0]]),
        (r"\d{1,4}(?:/\d{1,4})+", _slashed),
        (rf"{_SIGN}(?P<amount>{_NUMBER})\s?(?P<unit>{_UNIT_NAMES})", _unit),
        (rf"{_SIGN}(?P<amount>{_NUMBER})\s?(?P<tail>[%°x+]?)", _signed),
        (r"#(\d+)", lambda found: f"number {number(found[1])}"),
        (r"\d[\d-]*\d", lambda found: digits(found[0].replace("-", ""))),
    )
)
