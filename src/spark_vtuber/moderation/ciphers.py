"""What is said in a cipher or a code that people know by heart, or that a program undoes."""

import binascii
import codecs
import re
from bisect import bisect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.view import View, around, start_of
from spark_vtuber.moderation.words import PROFANE, SLURS, STEMS

_LEAST_COARSE: Final = 6
_TELLING: Final = (
    SLURS
    | STEMS
    | frozenset(word for word in PROFANE if len(word) >= _LEAST_COARSE)
    | frozenset(
        "kill yourself urself hang murder rape stab shoot suicide behead lynch slaughter strangle throat naked nudes "
        "porn women muslims jews immigrants people should black somebody someone everyone family deserve "
        "house subhuman vermin scum hate bitch shit fuck cunt whore".split()
    )
)
_REAL_REVERSED: Final = frozenset(
    {"bats", "gnah", "nips", "tang", "star", "live", "emit", "pans", "spit", "tips", "muck"}
)
_LEAST_TELLING: Final = 4
_COMMON_PIG: Final = frozenset({"always", "away", "today", "okay", "yesterday"})


def _rot13(word: str) -> str:
    return codecs.encode(word, "rot13")


def _backwards(word: str) -> str:
    return word[::-1]


def _from_pig(word: str) -> str:
    if len(word) < _LEAST_TELLING or not word.endswith("ay") or word in _COMMON_PIG:
        return word
    stem = word[:-2]
    for length in (1, 2, 3):
        turned = stem[-length:] + stem[:-length]
        if turned in _TELLING:
            return turned
    if stem[-1] in "wy" and stem[0] in "aeiou":
        return stem[:-1]
    return stem[-1] + stem[:-1]


def _as_pig(word: str) -> Iterator[str]:
    if word[0] in "aeiou":
        yield word + "ay"
        yield word + "way"
    for length in (1, 2, 3):
        yield word[length:] + word[:length] + "ay"


@cache
def _signs() -> dict[str, Callable[[str], str]]:
    """Words that give a cipher away, and how it is read."""
    signs: dict[str, Callable[[str], str]] = {}
    for word in sorted(_TELLING):
        if len(word) < _LEAST_TELLING:
            continue
        signs[_rot13(word)] = _rot13
        if word != word[::-1] and word[::-1] not in _REAL_REVERSED:
            signs[word[::-1]] = _backwards
        for pig in _as_pig(word):
            signs.setdefault(pig, _from_pig)
    for word in _TELLING:
        signs.pop(word, None)
    return signs


def ciphered(reading: Reading) -> Iterator[View]:
    """The text out of ROT13 or pig latin, or read backwards, where one of its words gives that away."""
    signs = _signs()
    tokens = reading.bare
    places: dict[Callable[[str], str], list[int]] = {}
    for at, (word, _, _) in enumerate(tokens):
        if word in signs:
            places.setdefault(signs[word], []).append(at)
    for way, found in places.items():
        read = tuple((way(word), start, end) for word, start, end in around(tokens, found))
        yield View("cipher", read)
        if way is _backwards:
            yield View("cipher", read[::-1])


_LEET: Final = str.maketrans("01345789@$!", "oieastbgasi")
_MIXED: Final = re.compile(r"(?<![\w.])(?=\w*[a-z])(?=\w*\d)[a-z0-9]{2,20}(?![\w.])")
_LEAST_MIXED: Final = 2


def in_figures(reading: Reading) -> Iterator[View]:
    """Whole phrases in figures, numbers among them: "70 b3 0r n07 70 b3"."""
    text = reading.folded
    places = [found.start() for found in _MIXED.finditer(text)]
    if len(places) >= _LEAST_MIXED:
        tokens = [(word.translate(_LEET), start, end) for word, start, end in reading.bare]
        yield View("figures", around(tokens, {bisect(tokens, place, key=start_of) - 1 for place in places}))


_BASE64: Final = re.compile(r"(?<![\w+/])[A-Za-z0-9+/_-]{8,400}={0,2}(?![\w+/])")
_HEX: Final = re.compile(r"(?<!\w)(?:(?:0x|\\x)?[0-9a-f]{2}[\s,:]{0,2}){4,200}(?!\w)")
_BINARY: Final = re.compile(r"(?<!\d)(?:[01]{8}[\s,]{0,2}){3,100}(?!\d)")
_MORSE: Final = re.compile(r"(?<!\S)(?:[.\-–—·•−]{1,5}(?:\s*/\s*|\s{1,3}|$)){3,120}")
_MORSE_LETTERS: Final = {
    code: chr(ord("a") + at)
    for at, code in enumerate(
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- "
        "--..".split()
    )
}
_MOST_ODD: Final = 0.1


def coded(reading: Reading) -> Iterator[View]:
    """What stands in base64, hexadecimal or binary figures, or Morse."""
    text = reading.folded
    if reading.text.isascii():
        for found in _BASE64.finditer(reading.text):
            token = found[0].rstrip("=").replace("-", "+").replace("_", "/")
            if not (token.isalpha() and (token.islower() or token.istitle())):
                yield from _decoded(_from_base64(token), found)
    for found in _HEX.finditer(text):
        yield from _decoded(bytes.fromhex(re.sub(r"0x|\\x|[\s,:]", "", found[0])), found)
    for found in _BINARY.finditer(text):
        yield from _decoded(bytes(int(octet, 2) for octet in re.findall("[01]{8}", found[0])), found)
    for found in _MORSE.finditer(text):
        plain = re.sub("[–—−]", "-", re.sub("[·•]", ".", found[0]))
        words = ("".join(_MORSE_LETTERS.get(code, "") for code in word.split()) for word in plain.split("/"))
        said = " ".join(filter(None, words))
        if said:
            yield View("code", ((said, *found.span()),))


def _from_base64(token: str) -> bytes:
    try:
        return binascii.a2b_base64(token + "=" * (-len(token) % 4))
    except binascii.Error:
        return b""


def _decoded(code: bytes, found: re.Match[str]) -> Iterator[View]:
    """The view of a code that holds text; nothing where it does not."""
    said = code.decode("utf-8", "replace")
    odd = sum(not (char.isalnum() or char.isspace() or char in "'.,!?-") for char in said)
    if said and odd <= len(said) * _MOST_ODD:
        yield View("code", ((said.casefold(), *found.span()),))
