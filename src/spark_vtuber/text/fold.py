"""Folding of look-alikes, so that guards and duplicate detection see what a reader sees.

Steps: NFKC, invisible characters out, look-alikes to Latin, combining marks off Latin and Greek letters, case folded.
The table of look-alikes is our own and small: letters of other scripts that are drawn like a Latin one. They are
replaced only in words that mix scripts or consist of look-alikes alone, so that Russian or Greek text stays what it
is.
"""

import re
import unicodedata
from typing import Final

INVISIBLE_CLASS: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
"""Zero-width, bidirectional, filler, variation and tag characters, as the inside of a regular expression's class."""

_MARKS_CLASS: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_CLUSTER: Final = re.compile(rf"[\x00-\x7f]+(?=[\x00-\x7f]|\Z)|.[{_MARKS_CLASS}{INVISIBLE_CLASS}]*", re.DOTALL)
"""A run of ASCII but its last character, which may carry marks; or one character with its marks."""

_INVISIBLE: Final = re.compile(f"[{INVISIBLE_CLASS}]")
_MARKS: Final = re.compile(f"[{_MARKS_CLASS}]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile(r"[a-zà-öø-ɏ]")

_BOXED: Final = {first + at: chr(ord("a") + at) for first in (0x1F150, 0x1F170) for at in range(26)}
"""White letters on black circles and squares, which have no compatible form."""

_LETTERS: Final = _BOXED | str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ƒ": "f", "ꜰ": "f", "ꜱ": "s"}
)
"""Latin letters whose stroke is no combining mark."""


def _pairs(text: str) -> dict[int, str]:
    return str.maketrans({pair[0]: pair[1] for pair in text.split()})


_PLAIN_LOOKALIKES: Final = _pairs(
    "аa еe оo рp сc уy хx іi їi јj ѕs һh ԁd ԛq ԝw ѵv ӏl οo αa νv ρp υu ιi ϳj օo ոn սu հh ցg զq ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ɴn "
    "ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ɑa ɡg ɩi ɪi ʏy ʀr ʙb ʟl ɢg ʜh ⲟo ⲣp ⲥc ғf"
)
"""Letters that a reader cannot tell from the Latin ones."""

_ROUGH_LOOKALIKES: Final = _pairs("вb гr кk мm нh пn тt иu ьb ёe эe єe βb εe ηn κk μu τt χx ωw γy σo ռn տs")
"""Letters that are read as Latin ones only in Latin company."""


_LEET: Final = str.maketrans("013457@$!|+€£¢", "oieastasiitelc")
_COUNTED: Final = re.compile(r"[$€£@+]?\d+(?:[a-z]{1,2}|st|nd|rd|th)?|[a-z]{1,3}\d{1,4}")
_MOST_ADDED: Final = 4
"""A ligature of more letters than this is a whole phrase ("ﷺ"), which nobody hides a word in."""

_STRETCHED: Final = re.compile(r"(.)\1{2,}")


def fold(text: str) -> str:
    """`text` as a reader sees it, for comparing: "Ｓｐ\u0430r\u200bk" is "spark"."""
    return fold_with_map(text)[0]


def fold_with_map(text: str) -> tuple[str, tuple[int, ...]]:
    """The folded text, and for each of its characters the index in `text` that it came from (never decreasing)."""
    if text.isascii():
        return text.lower(), tuple(range(len(text)))
    characters: list[str] = []
    places: list[int] = []
    for found in _CLUSTER.finditer(text):
        cluster = found[0]
        if cluster.isascii():
            characters.append(cluster.lower())
            places.extend(range(found.start(), found.end()))
            continue
        folded = _fold_cluster(cluster)
        characters.append(folded)
        places.extend([found.start()] * len(folded))
    return _WORD.sub(_latinised, "".join(characters)), tuple(places)


def unleet(word: str) -> str:
    """A folded word with figures and signs read as the letters they stand for: "sh1t", "a$$".

    A word without any letter, and one that is a number with a unit or ends in figures ("5pm", "mp3"), stays as it is.
    """
    if word.isalpha() or not any(map(str.isalpha, word)) or _COUNTED.fullmatch(word):
        return word
    return word.replace("11", "ll").translate(_LEET)


def unstretch(word: str, length: int = 1) -> str:
    """A word with letters that come three times and more in a row cut to `length` of them."""
    return _STRETCHED.sub(lambda found: found[1] * length, word)


def _fold_cluster(cluster: str) -> str:
    bare = _INVISIBLE.sub("", cluster)
    normal = unicodedata.normalize("NFKC", bare)
    if len(normal) > len(bare) + _MOST_ADDED:
        normal = bare
    folded = normal.casefold().translate(_LETTERS)
    return "".join(map(_bare, _INVISIBLE.sub("", folded)))


def _bare(char: str) -> str:
    """`char` without combining marks, where these only decorate: on Latin and Greek letters, and standing alone."""
    if _MARKS.match(char):
        return ""
    base = unicodedata.normalize("NFD", char)[0]
    return base if _LATIN.match(base) or "\u0370" <= base <= "\u03ff" else char


def _latinised(found: re.Match[str]) -> str:
    word = found[0]
    if word.isascii():
        return word
    plain = word.translate(_PLAIN_LOOKALIKES)
    is_latin = _LATIN.search(word) is not None
    if is_latin:
        return plain.translate(_ROUGH_LOOKALIKES)
    return plain if all(map(_LATIN.match, plain)) else word
