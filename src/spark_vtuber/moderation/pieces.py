"""What is said piece by piece: among noise, in quoted parts, in halves of a word."""

import re
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from typing import Final

from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.view import WORDLIKE, View, around, start_of
from spark_vtuber.moderation.words import STEMS

NOISE: Final = "noise"
QUOTED: Final = "quoted"

_FILLERS: Final = frozenset(
    "lol lmao kappa pogchamp pog poggers lul lulw kekw omegalul monkas pepehands pepega sadge copium kreygasm "
    "residentsleeper biblethump heyguys 4head xd comma pause literally".split()
)
_TEACHING: Final = frozenset("repeat say word words first then add combine part next second third finally plus".split())
_COUNTING: Final = frozenset("one two three four 1 2 3 4 and now with after me the is".split())
_LEAST_TAUGHT: Final = 2
"""Who teaches a phrase word by word needs so many of these."""

_SOUND: Final = re.compile(r"u+h+m*|u+m+|e+r+m?|a+h+|o+h+|h+m+|(?:ha){2,}h?|(?:he){2,}h?")
_LONGEST_SOUND: Final = 12
_SIGNS: Final = re.compile(
    r"(?<!\S):\w+:(?!\S)|(?<![\w/])[:;=][-o]?[()dp3](?!\w)|<3(?!\w)|\*[^*\n]{1,30}\*|[\U0001f000-\U0001faff\u2190-\u2bff]+"
)


def quiet(reading: Reading) -> Iterator[View]:
    """The text without what a listener skips between the words of a phrase."""
    text = reading.folded
    found = [sign.span() for sign in _SIGNS.finditer(text)]
    is_taught = sum(word in _TEACHING for word, _, _ in reading.bare) >= _LEAST_TAUGHT
    found += [
        (start, end)
        for word, start, end in reading.bare
        if _is_filler(word) or (is_taught and (word in _TEACHING or word in _COUNTING))
    ]
    noises = [(start, end) for start, end in found if WORDLIKE.search(text, 0, start) and WORDLIKE.search(text, end)]
    if not noises:
        return
    bare = text
    for start, end in noises:
        bare = bare[:start] + " " * (end - start) + bare[end:]
    tokens = [(found[0], *found.span()) for found in re.finditer(r"\S+", bare)]
    places = {bisect(tokens, start, key=start_of) for start, _ in noises}
    yield View(NOISE, around(tokens, places))


def _is_filler(word: str) -> bool:
    return word in _FILLERS or (len(word) <= _LONGEST_SOUND and _SOUND.fullmatch(word) is not None)


_PARTS: Final = re.compile(r"[\"“„«']([^\"“”„«»'\n]{1,60})[\"”»'](?!\w)")


def pieced(reading: Reading) -> Iterator[View]:
    """The quoted parts of a text as one, and the halves of a strong word."""
    text = reading.folded
    found = [(part[1].strip(" .,!?;:-…"), *part.span(1)) for part in _PARTS.finditer(text)]
    quoted = [piece for piece in found if piece[0]]
    if len(quoted) > 1:
        quoted = quoted[-_MOST_PARTS:]
        yield View(QUOTED, tuple(quoted))
        if not any(" " in piece for piece, _, _ in quoted):
            whole = "".join(piece for piece, _, _ in quoted)
            yield View("pieces", ((whole, quoted[0][1], quoted[-1][2]),))
    tokens = reading.bare
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
