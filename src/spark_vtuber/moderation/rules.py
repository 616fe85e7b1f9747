"""Phrase rules: a tiny language for sequences of words, and a machine that reads all rules at once.

A rule is a line of slots. `kill|murder` is one word of several, `just?` may be missing, `~3` is up to three words of
any kind. The machine also tells whether a text ends in the middle of a rule, so that a voice can wait for the rest.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from spark_vtuber.moderation.reading import Word
from spark_vtuber.text.fold import fold, unstretch

_COMMON: Final = frozenset(
    "i i'm im i'll i'd ill we we'll you you're u your ur he she they him her them his their it my me a an the of to go"
    " is are was be will would should could can and or so just all please no not this that these in on at for with do"
    " should'a gonna going want wanna have has need our any from out how what who us we're don't let's here here's get"
    " got gets getting best world down up hope wish life day find make take give help last old new real feel feeling"
    " free kid kids girl boy girls boys little young post write show tell play watch years year thing things everybody"
    " everyone someone somebody nobody know why it's good right great one 1 2 3 4 5 6 7 8 9 10 come came coming am"
    " see try put off end family mom mother brother sister wife parents bring age better like love too live lives work"
    " works home house school which where when still consider talk talking under".split()
)
"""A text that ends in nothing but these is not worth waiting for."""

_DOUBLED: Final = re.compile(r"(\w)\1+")
_CONTINUED: Final = re.compile(r"\|\s*\n\s*")
"""A line that ends with "|" goes on in the next."""


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that matched, and its words, as indices `first` to `last`."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Slot:
    words: frozenset[str]
    is_optional: bool = False
    gap: int = 0


class _Thread(NamedTuple):
    """A rule that has matched so far: which slot comes next, since which word, and how much of a gap is used."""

    rule: int
    slot: int
    first: int
    gap: int = 0
    is_telling: bool = False


class Rules:
    """All rules of some names, compiled."""

    def __init__(self, rules: Iterable[tuple[str, str]]) -> None:
        """`rules` are pairs of a name and lines of slots; a rule neither begins nor ends with a gap."""
        self._rules: list[tuple[str, tuple[_Slot, ...]]] = []
        self._starts: dict[str, set[tuple[int, int]]] = {}
        self._words: set[str] = set()
        self._spans: list[int] = []
        self._anchored: dict[str, set[int]] = {}
        for name, lines in rules:
            for line in filter(None, map(str.strip, _CONTINUED.sub("|", lines).splitlines())):
                slots = tuple(map(_slot, fold(line).split()))
                self._words.update(word for slot in slots for word in slot.words)
                self._rules.append((name, slots))
                self._spans.append(sum(slot.gap or 1 for slot in slots))
                for word in _anchor(slots):
                    self._anchored.setdefault(word, set()).add(len(self._rules) - 1)
                for at, slot in enumerate(slots):
                    for word in slot.words:
                        self._starts.setdefault(word, set()).add((len(self._rules) - 1, at))
                    if not slot.is_optional:
                        break

    def read(self, words: Iterable[Word]) -> tuple[list[Found], bool]:
        """What matched, in the order of the rules, and whether the words end in the middle of one."""
        texts = [self._plain(word.text.replace("’", "'")) for word in words]
        possible: set[int] = set()
        for text in set(texts):
            possible.update(self._anchored.get(text, ()))
        found: list[tuple[int, Found]] = []
        threads: set[_Thread] = set()
        for index, text in enumerate(texts):
            left = len(texts) - index
            moved: set[_Thread] = set()
            for thread in threads:
                moved.update(self._moved(thread, text))
            for rule, at in self._starts.get(text, ()):
                if rule in possible or left < self._spans[rule]:
                    moved.add(_Thread(rule, at + 1, index, is_telling=text not in _COMMON))
            threads = set()
            for thread in moved:
                name, slots = self._rules[thread.rule]
                if all(slot.is_optional for slot in slots[thread.slot :]):
                    found.append((thread.rule, Found(name, thread.first, index)))
                if thread.slot < len(slots):
                    threads.add(thread)
        found.sort(key=itemgetter(0))
        return [hit for _, hit in found], any(thread.is_telling and not self._is_complete(thread) for thread in threads)

    def _plain(self, text: str) -> str:
        """A word without letters that are drawn out, where that makes it one of ours."""
        if text in self._words or _DOUBLED.search(text) is None:
            return text
        for plain in (unstretch(text), unstretch(text, 2), _DOUBLED.sub(r"\1", text)):
            if plain in self._words:
                return plain
        return text

    def _is_complete(self, thread: _Thread) -> bool:
        return all(slot.is_optional for slot in self._rules[thread.rule][1][thread.slot :])

    def _moved(self, thread: _Thread, text: str) -> Iterator[_Thread]:
        """The threads that one more word makes of a thread."""
        slots = self._rules[thread.rule][1]
        is_telling = thread.is_telling or text not in _COMMON
        used = thread.gap
        for at in range(thread.slot, len(slots)):
            slot = slots[at]
            if slot.gap:
                if used < slot.gap:
                    yield _Thread(thread.rule, at, thread.first, used + 1, thread.is_telling)
                used = 0
            elif text in slot.words:
                yield _Thread(thread.rule, at + 1, thread.first, 0, is_telling)
            if not slot.is_optional:
                return


def _anchor(slots: tuple[_Slot, ...]) -> frozenset[str]:
    """The words of which a text must hold one to match: of a slot that cannot be missing, everyday words last."""
    needed = [slot.words for slot in slots if not slot.is_optional]
    return min(needed, key=lambda words: (len(words & _COMMON), len(words)))


def _slot(text: str) -> _Slot:
    if text.startswith("~"):
        return _Slot(frozenset(), is_optional=True, gap=int(text[1:]))
    return _Slot(frozenset(text.rstrip("?").split("|")), is_optional=text.endswith("?"))
