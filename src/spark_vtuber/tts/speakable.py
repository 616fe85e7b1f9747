"""What a voice engine may be given, and how long it rests after it."""

import unicodedata
from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")
_MARKUP: Final = frozenset("<>[]{}|`\\^~")
_CLOSING: Final = frozenset("\"'”’»)]}*_ \t\n")

_PAUSES_MS: Final = {
    ".": 260.0,
    "!": 260.0,
    "?": 280.0,
    "…": 320.0,
    "。": 260.0,
    "！": 260.0,
    "？": 280.0,
    ";": 180.0,
    ":": 180.0,
    "—": 160.0,
    "–": 160.0,
    "-": 120.0,
    ",": 120.0,
    "、": 120.0,
    "，": 120.0,
}
_NO_MARK_MS: Final = 20.0


def neutral(text: str) -> str:
    """`text` without anything that a voice engine could take for a command, as many characters as before.

    Control characters (espeak-ng reads commands after U+0001), characters of no meaning or of private use (it uses
    some internally), lone surrogates, invisible format characters, and the signs of SSML and phoneme input become
    spaces. Zero-width joiners stay: Indic and Arabic scripts need them.
    """
    return "".join(" " if _is_command(character) else character for character in text)


def _is_command(character: str) -> bool:
    if character in _MARKUP:
        return True
    return unicodedata.category(character)[0] == "C" and character not in _JOINERS


def has_sound(text: str) -> bool:
    """Whether a voice has anything to say to `text`: letters, digits, or signs that have a name."""
    return any(unicodedata.category(character)[0] in "LNS" for character in text)


def pause_ms(text: str) -> float:
    """How long to rest after `text`: by its last mark, looking through closing quotes and brackets."""
    for character in reversed(text):
        if character not in _CLOSING:
            return 320.0 if text.rstrip().endswith("...") else _PAUSES_MS.get(character, _NO_MARK_MS)
    return _NO_MARK_MS
