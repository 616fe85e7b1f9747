"""Other ways to read a text: what it says in a code, piece by piece, or under noise.

Each view is made only where something tells of it, so that an ordinary line costs a few searches. A view is a text of
its own whose characters know their places in the folded one; the checks read it like any other.
"""

import binascii
import codecs
import re
from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.words import SLURS, STEMS

NOISE: Final = "noise"
MOST: Final = 4
"""Views of one text; who needs more of them than that at once is not understood by listeners either."""

Piece = tuple[str, int, int]
"""A piece of a view, and the range of the folded text that it stands for."""


@dataclass(frozen=True, slots=True)
class View:
    """`pieces` are joined with spaces; `kind` names the way of reading."""

    kind: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """What the checks read."""
        return " ".join(piece for piece, _, _ in self.pieces)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The range of the folded text that a range of `text` stands for."""
        at = 0
        touched: list[tuple[int, int]] = []
        for text, first, last in self.pieces:
            if at < end and start < at + len(text):
                touched.append((first, last))
            at += len(text) + 1
        return min(first for first, _ in touched), max(last for _, last in touched)


def views(reading: Reading) -> Iterator[View]:
    """The other readings of a text that something in it tells of, `MOST` at most."""
    count = 0
    for look in _LOOKS:
        for view in look(reading):
            if count == MOST:
                return
            count += 1
            yield view


def _tokens(reading: Reading) -> list[Piece]:
    return [(found[0], *found.span()) for found in _TOKEN.finditer(reading.folded)]


def _around(tokens: Sequence[Piece], places: Collection[int]) -> tuple[Piece, ...]:
    """The tokens within `_REACH` of the first places of interest, so that a view stays short."""
    near = sorted(places)[:_MOST_PLACES]
    wanted = {at for place in near for at in range(place - _REACH, place + _REACH + 1)}
    return tuple(token for at, token in enumerate(tokens) if at in wanted)


_REACH: Final = 6
_MOST_PLACES: Final = 6
_TOKEN: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# Noise: what a reader or listener skips between the words of a phrase.

_NOISE: Final = re.compile(
    r"\b(?:u+h+|u+m+|e+r+m?|a+h+|o+h+|hm+|lol|lmao|ha(?:ha)+|he(?:he)+|kappa|pogchamp|pog|poggers|lul|lulw|kekw|"
    r"omegalul|monkas|pepehands|pepega|sadge|copium|kreygasm|residentsleeper|biblethump|heyguys|4head|xd|comma|"
    r"pause|literally|you know)\b|(?<!\S):\w+:(?!\S)|(?<![\w/])[:;=][-o]?[()dp3](?!\w)|<3(?!\w)"
    r"|\*[^*\n]{1,30}\*|[\U0001f000-\U0001faff\u2190-\u2bff]+"
)
_SIDES: Final = re.compile(r"\w")


def _quiet(reading: Reading) -> Iterator[View]:
    text = reading.folded
    noises = [
        found.span()
        for found in _NOISE.finditer(text)
        if _SIDES.search(text, 0, found.start()) and _SIDES.search(text, found.end())
    ]
    if not noises:
        return
    bare = _NOISE.sub(lambda found: " " * len(found[0]), text)
    tokens = [(found[0], *found.span()) for found in re.finditer(r"\S+", bare)]
    places = {bisect(tokens, start, key=_start) for start, _ in noises}
    yield View(NOISE, _around(tokens, places))


def _start(piece: Piece) -> int:
    return piece[1]


# Letters, one after the other.

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


def _spelled(reading: Reading) -> Iterator[View]:
    text = reading.folded
    letters: list[Piece] = [(found[1], *found.span()) for found in _AS_IN.finditer(text)]
    taken = [(start, end) for _, start, end in letters]
    letters.extend(
        (found[1], *found.span())
        for found in _LETTER.finditer(text)
        if not any(start <= found.start() < end for start, end in taken)
    )
    letters.extend((_NATO[word], start, end) for word, start, end in _tokens(reading) if word in _NATO)
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
        yield View("spelled", _around(pieces, {at for at, piece in enumerate(pieces) if piece[1] in starts}))


def _is_told(text: str, run: list[Piece]) -> bool:
    """Whether letters come with words; those that merely stand alone are read as a word anyway."""
    if any(end - start > 1 for _, start, end in run):
        return True
    return any(_SIDES.search(text, left[2], right[1]) for left, right in pairwise(run))


def _with_runs(reading: Reading, runs: list[list[Piece]]) -> Iterator[Piece]:
    """The words of a text with each run of letters as one word."""
    at = 0
    for token in (*_tokens(reading), ("", len(reading.folded) + 1, len(reading.folded) + 1)):
        while at < len(runs) and runs[at][-1][2] <= token[1]:
            run = runs[at]
            yield "".join(letter for letter, _, _ in run), run[0][1], run[-1][2]
            at += 1
        if token[0] and not (at < len(runs) and runs[at][0][1] <= token[1]):
            yield token


# Pieces: halves of a word, and what is quoted bit by bit.

_PARTS: Final = re.compile(r"[\"“„«']([^\"“”„«»'\n]{1,60})[\"”»'](?!\w)")


def _pieced(reading: Reading) -> Iterator[View]:
    text = reading.folded
    found = [(part[1].strip(" .,!?;:-…"), *part.span(1)) for part in _PARTS.finditer(text)]
    quoted = [piece for piece in found if piece[0]]
    if len(quoted) > 1:
        quoted = quoted[-_MOST_PARTS:]
        whole = "".join(piece for piece, _, _ in quoted)
        yield View("pieces", (*quoted, (whole, quoted[0][1], quoted[-1][2])))
    tokens = _tokens(reading)
    halves = _halves()
    for at, (left, start, _) in enumerate(tokens):
        if left in halves:
            for right, _, end in tokens[at + 1 : at + 1 + _HALF_WITHIN]:
                if right in halves[left]:
                    yield View("pieces", ((left + right, start, end),))
                    return


_MOST_PARTS: Final = 8
_HALF_WITHIN: Final = 7
_HALVED_LEAST: Final = 5
_REAL_HALVES: Final = frozenset(
    "a i who re ass bad back bitch bull but chin cock dick dip fag fat got head hole ho hot in it jack key man mo "
    "mother no on or pig pus rag shit so spit sy tran wet whit you ret tar rd ty un".split()
)


@cache
def _halves() -> dict[str, frozenset[str]]:
    """The first parts of strong words that are no words themselves, and what may follow each."""
    halves: dict[str, set[str]] = {}
    for word in STEMS:
        if len(word) < _HALVED_LEAST:
            continue
        for cut in range(2, len(word) - 1):
            left, right = word[:cut], word[cut:]
            if left not in _REAL_HALVES and right not in _REAL_HALVES:
                halves.setdefault(left, set()).add(right)
    return {left: frozenset(rights) for left, rights in halves.items()}


# Ciphers that people know by heart.

_TELLING: Final = (
    SLURS
    | STEMS
    | frozenset(
        "kill yourself urself hang murder rape stab shoot suicide behead lynch slaughter strangle throat naked nudes "
        "porn women muslims jews immigrants vermin scum hate bitch shit fuck cunt whore".split()
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
    if stem[-1] in "wy" and stem[0] in "aeiou":
        return stem[:-1]
    for length in (1, 2, 3):
        turned = stem[-length:] + stem[:-length]
        if turned in _TELLING:
            return turned
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


def _ciphered(reading: Reading) -> Iterator[View]:
    signs = _signs()
    tokens = _tokens(reading)
    places: dict[Callable[[str], str], list[int]] = {}
    for at, (word, _, _) in enumerate(tokens):
        if word in signs:
            places.setdefault(signs[word], []).append(at)
    for way, found in places.items():
        read = tuple((way(word), start, end) for word, start, end in _around(tokens, found))
        yield View("cipher", read)
        if way is _backwards:
            yield View("cipher", read[::-1])


# Codes of computers and telegraphs.

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


def _coded(reading: Reading) -> Iterator[View]:
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


# First letters.

_SENTENCE: Final = re.compile(r"(?:^|[.!?\n]\s*)([a-z])\w*")
_CAPITALS: Final = re.compile(r"(?:\b[A-Z][a-z]+[\s,.!?]+){3,40}\b[A-Z][a-z]+")
_LEAST_INITIALS: Final = 4


def _initials(reading: Reading) -> Iterator[View]:
    starts = [(found[1], *found.span(1)) for found in _SENTENCE.finditer(reading.folded)]
    runs = [starts] if len(starts) > _LEAST_INITIALS else []
    if reading.text.isascii():
        for run in _CAPITALS.finditer(reading.text):
            words = re.finditer(r"[A-Z][a-z]+", run[0])
            runs.append([(word[0][0].lower(), run.start() + word.start(), run.start() + word.end()) for word in words])
    for initials in runs:
        found = _acrostics().search("".join(letter for letter, _, _ in initials))
        if found is not None:
            letters = initials[found.start() : found.end()]
            yield View("initials", ((found[0], letters[0][1], letters[-1][2]),))


@cache
def _acrostics() -> re.Pattern[str]:
    words = {word for word in SLURS | STEMS if len(word) >= _LEAST_INITIALS} | {"killyou", "killyourself"}
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


_LOOKS: Final[tuple[Callable[[Reading], Iterable[View]], ...]] = (
    _coded,
    _ciphered,
    _quiet,
    _spelled,
    _pieced,
    _initials,
)
