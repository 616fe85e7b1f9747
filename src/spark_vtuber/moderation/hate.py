"""Hostility against groups of people, told from speech about it.

Words are read as a few classes (see `hate_words`): a group G, contempt H and R, a bad quality N, a dehumanising noun D,
violence K, exclusion X, no worth V, "the worst" W, an ought O. What is blocked is a shape of classes within one
sentence, or over two where the second says "they". Quotes, reports and denials of hate (C, n) turn a shape into a
doubt. A word with one slip of the finger, and two words grown together, still count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from spark_vtuber.moderation.hate_words import GROUPS, KINDS, PEOPLE, PHRASES
from spark_vtuber.moderation.lexicon import COARSE, Lexicon
from spark_vtuber.moderation.reading import Reading, Word
from spark_vtuber.moderation.ruling import Category, Match

HATE: Final = 0.8
DOUBT: Final = 0.3

_FUZZY_LEAST: Final = 5
_SWAP_LEAST: Final = 4
_LONGEST_WORD: Final = 24
_KEPT: Final = 4_096
_REAL_WORDS: Final = frozenset(
    """omen women rash tras hang scums cages cage vile evil live lives rats rate rates dies dead hats hates stab tab
    back lack slack wast west wash hanged changed angst thread treat heat hear heart trust truth pets nest rest best
    worse word words wore where were crush cursed course curse thing things think thins thugs though through ought
    fought bought might night right fight light sight must mush just jest lets lest alter later father gather mother
    brother other gong going wan wanna wants what that this then than them they there their here have gave save safe
    waste taste paste past last list lost most post posts pots spots stop stops step steps people purple apple mean
    mens meant moment comment sore score store stone stoned tone tones bone bones burn born turn urn murder order
    border bored beard bread break bleed bled need seed speed shot short shoot shot shout shut shift shirt ship
    trip tips strip rip drip drop crop rope hope home house hose whose those these disease decease decrease please
    pleased release lease leave leaves lave slaves saves waves rave brave bravery raves grave gravel travel trial
    trail train trains brain brains rains drain drains plan plans planet plane plants plague league vague vegan angel
    angle anger danger ranger stranger strange range rage rages rape drape grape ape aped tape taped tap cape cap
    claim clam calm call calls called scalled caller tall taller small smell sell sells swell well will wills kills
    skill skills skilled killed filled billed skull sulk silk milk ink sink pink thank tank rank crank frank ranks
    beat beast feast east least lest best beats seats eats meat met meet melt belt bell cell""".split()
)
"""Everyday words that are one letter away from one of ours."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """One or more words of one class."""

    kind: str
    start: int
    end: int


_SHAPES: Final = tuple(
    re.compile(shape)
    for shape in (
        r"[HWXVR][^|C]{0,7}G",
        r"G[^|C]{0,8}[DNVXWZR]|G[^|C]{0,8}H[^|C]{0,3}T",
        r"[DNZ][^|C]{0,5}G",
        r"n[^|C]{0,3}Y[^|C]{0,5}G|G[^|C]{0,5}n[^|C]{0,4}Y|n[^|C]{0,4}G[^|C]{0,4}Y",
        r"A[DNZ]|A[^|C]{0,1}[DZ]",
        r"[KO][^|C]{0,8}[K][^|C]{0,6}G|O[^|C]{0,6}K[^|C]{0,6}A",
        r"K[^|C]{0,5}G[^|C]{0,8}O|K[^|C]{0,8}O[^|C]{0,5}G",
        r"G[^|C]{0,8}O[^|C]{0,6}K|O[^|C]{0,4}G[^|C]{0,6}K",
        r"^[^|C]{0,2}K[^|C]{0,3}G",
    )
)
_ACROSS: Final = tuple(
    re.compile(shape)
    for shape in (
        r"G[^C]{0,14}\|[^|CA]{0,4}T?[^|C]{0,8}[HDNVXWZR]",
        r"G[^C]{0,14}\|[^C]{0,8}O[^|C]{0,6}K",
        r"[HDNVXWZR][^C]{0,6}\|[^C|]{0,3}T[^C|]{0,6}G|T[^C|]{0,8}[HDNVXWZR][^C]{0,6}\|[^C]{0,8}G",
        r"O[^C|]{0,6}K[^C|]{0,4}T[^C|]{0,3}\|[^C]{0,6}G",
        r"G[^C|]{0,8}O[^C|]{0,2}\|[^C|]?[KXND](?=\||$)|[HK][^C|]{0,2}\|[^C|]?G(?=\||$)",
        r"G[^C|n]{0,6}\|[^C|]?[DNZ](?=\||$)",
    )
)
_QUOTED: Final = re.compile(r"[\"“”„«»]|(?<!\w)['‘]\w[^'’]{4,}['’](?!\w)")


class Hate:
    """Finds hostility against groups; one object for all texts. English only."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        _vocabulary()

    def matches(self, reading: Reading) -> Iterator[Match]:
        """At most one match: sure, or a doubt where a group and something hostile meet in any other way."""
        vocabulary = _vocabulary()
        words = [part for word in reading.words for part in vocabulary.parts(word)]
        if not any(word.text in vocabulary.groups for word in words):
            return
        units = self._units(reading, words, vocabulary)
        text = "".join(unit.kind for unit in units)
        if "G" not in text and "A" not in text:
            return
        score = self._score(text, reading)
        if score:
            hostile = [unit for unit in units if unit.kind in "GAHNDKXVWZR"]
            rule = "group" if score >= HATE else "group_doubt"
            yield Match(Category.HATE, rule, score, *reading.span(hostile[0].start, hostile[-1].end))

    def _score(self, text: str, reading: Reading) -> float:
        is_quoted = _QUOTED.search(reading.folded) is not None
        for sentence in text.split("|"):
            if any(shape.search(sentence) for shape in _SHAPES):
                return DOUBT if is_quoted or _is_about_hate(sentence) else HATE
        if "|" in text and any(shape.search(text) for shape in _ACROSS):
            return DOUBT if is_quoted or _is_about_hate(text) else HATE
        return DOUBT if re.search("[HNDKXVWZR]", text) else 0.0

    def _units(self, reading: Reading, words: list[Word], vocabulary: "_Vocabulary") -> list[_Unit]:
        """The text as classes; "." is any other word, "|" the end of a sentence."""
        units: list[_Unit] = []
        stops = iter((*reading.stops, len(reading.folded) + 1))
        stop = next(stops)
        at = 0
        while at < len(words):
            while words[at].start > stop:
                units.append(_Unit("|", stop, stop))
                stop = next(stops)
            kind, length = vocabulary.classify(words, at)
            if kind == ".":
                rated = self._lexicon.rate(words[at])
                kind = "Z" if rated is not None and rated[1] >= COARSE else "."
            units.append(_Unit(kind, words[at].start, words[at + length - 1].end))
            at += length
        return units


def _is_about_hate(sentence: str) -> bool:
    """Whether a sentence speaks of hate, or turns a threat round: "we must not let them be hurt"."""
    if "C" in sentence:
        return True
    return re.search(r"n[^|Y]{0,7}[KDN]|n[^|]{0,3}H|G[^|]{0,4}n[^|Y]{0,4}[NDK]", sentence) is not None


class _Vocabulary:
    def __init__(self) -> None:
        self.groups = frozenset(GROUPS.split()) | frozenset(KINDS.split())
        self._kinds = frozenset(KINDS.split())
        self._nouns = frozenset(GROUPS.split())
        self._people = frozenset(PEOPLE.split())
        self._classes: dict[tuple[str, ...], str] = {}
        for kind, phrases in PHRASES.items():
            for phrase in phrases.split("|"):
                self._classes.setdefault(tuple(phrase.split()), kind)
        self._longest: dict[str, int] = {}
        for words in self._classes:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))
        known = {phrase[0] for phrase in self._classes if len(phrase) == 1} | self.groups | self._people
        self._known = frozenset(known | {word for phrase in self._classes for word in phrase})
        told = {words[0] for words, kind in self._classes.items() if len(words) == 1 and kind in "Cn"}
        swapped = sorted(self._known - told)
        self._slips = {slip: word for word in swapped if len(word) >= _SWAP_LEAST for slip in _swaps(word)}
        self._slips |= {slip: word for word in sorted(known) if len(word) >= _FUZZY_LEAST for slip in _gaps(word)}
        for word in self._known | _REAL_WORDS:
            self._slips.pop(word, None)

        self._split = lru_cache(_KEPT)(self._split_anew)

    def parts(self, word: Word) -> tuple[Word, ...]:
        """The word without slips, as two words where two grew together."""
        parts = self._split(word.text, word.is_plain)
        if len(parts) == 1:
            return (Word(parts[0], word.start, word.end),)
        middle = word.start + min(len(parts[0]), word.end - word.start)
        return Word(parts[0], word.start, middle), Word(parts[1], middle, word.end)

    def _split_anew(self, text: str, is_plain: bool) -> tuple[str, ...]:
        text = text.replace("’", "'").removesuffix("'s")
        if text in self._known or len(text) < _FUZZY_LEAST - 1:
            return (text,)
        if text in self._slips:
            return (self._slips[text],)
        if not is_plain and text[0] in "ai" and text[1:] in self._known:
            return text[0], text[1:]
        for cut in range(1, min(len(text), _LONGEST_WORD)):
            left, right = text[:cut], text[cut:]
            if self._is_part(left, right) and self._is_part(right, left):
                return left, right
        return (text,)

    def _is_part(self, text: str, other: str) -> bool:
        if len(text) >= _FUZZY_LEAST - 1:
            return text in self._known or text in _JOINERS
        return text in _JOINERS and len(other) >= _FUZZY_LEAST - 1 and other in self._known

    def classify(self, words: list[Word], at: int) -> tuple[str, int]:
        """The class of the word at `at`, and how many words it takes."""
        text = words[at].text
        if text in self._kinds:
            following = words[at + 1].text if at + 1 < len(words) else ""
            if following in self._people or following in self._nouns:
                return "G", 2
            if text not in self._nouns:
                return "A", 1
        if text in self._nouns:
            return "G", 1
        for length in range(min(self._longest.get(text, 0), len(words) - at), 0, -1):
            kind = self._classes.get(tuple(word.text for word in words[at : at + length]))
            if kind is not None:
                return kind, length
        return ".", 1


_JOINERS: Final = frozenset(
    "i a to the of are is be so just too like all and you we should would in on for with those these them can will"
    " must by have at do complete people around country much many such very total absolute absolutely massive massively"
    " utter utterly nothing typical behaviour behavior die stupid dirty ugly every another really who what".split()
)


def _gaps(word: str) -> Iterator[str]:
    """The word without one of its inner letters."""
    return (word[:at] + word[at + 1 :] for at in range(1, len(word)))


def _swaps(word: str) -> Iterator[str]:
    """The word with two neighbours in each other's place."""
    return (word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] for at in range(2, len(word)))


@cache
def _vocabulary() -> _Vocabulary:
    return _Vocabulary()
