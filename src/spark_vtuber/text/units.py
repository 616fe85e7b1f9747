"""Words that belong to the number before them: units, scales and halves of the day.

The clause splitter never parts them from their number, and the speakable text reads both together.
"""

from typing import Final

UNITS: Final = {
    "km": "kilometer", "cm": "centimeter", "mm": "millimeter", "kg": "kilogram", "mg": "milligram", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "ml": "milliliter", "gb": "gigabyte", "mb": "megabyte", "tb": "terabyte",
    "kb": "kilobyte", "hz": "hertz", "khz": "kilohertz", "mhz": "megahertz", "ghz": "gigahertz", "ms": "millisecond",
    "min": "minute", "mins": "minute", "sec": "second", "secs": "second", "hr": "hour", "hrs": "hour",
    "mph": "mile per hour", "km/h": "kilometer per hour", "kbps": "kilobit per second", "mbps": "megabit per second",
    "gbps": "gigabit per second", "fps": "frame per second", "px": "pixel", "kw": "kilowatt", "kwh": "kilowatt hour",
    "db": "decibel", "ft": "foot", "°c": "degree Celsius", "°f": "degree Fahrenheit", "°": "degree",
}  # fmt: skip
"""Units that may stand apart from their number ("5 kg"), lower-cased, with their singular in English."""

GLUED_UNITS: Final = {
    "m": "meter",
    "g": "gram",
    "h": "hour",
    "s": "second",
    "w": "watt",
    "v": "volt",
    "l": "liter",
    "W": "watt",
    "V": "volt",
    "L": "liter",
}
"""Units of one letter, taken as such only when written onto the number ("5m")."""

SCALES: Final = frozenset({"hundred", "thousand", "million", "billion", "trillion", "k", "m", "b", "bn"})
"""Words that multiply an amount of money before them ("$3 million")."""

DAY_HALVES: Final = {"am": "A.M.", "a.m": "A.M.", "pm": "P.M.", "p.m": "P.M."}
"""Halves of the day as written, lower-cased and without the last dot, with the way they are spoken."""


def belongs_to_number(token: str) -> bool:
    """Whether `token`, standing after a number, must be read together with it."""
    word = token.rstrip(".,!?;:)\"'*_").casefold()
    return word in UNITS or word in SCALES or word in DAY_HALVES or word == "%"
