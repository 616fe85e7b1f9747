"""What of a character's world belongs into a prompt: always, or because somebody named it."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from spark_vtuber.core.personas import Lore
from spark_vtuber.llm.lines import lines
from spark_vtuber.llm.tokens import Ruler
from spark_vtuber.text.fold import fold

LONGEST_KEY: Final = 4
"""Words; a longer key is looked for by its first four."""

_WORD: Final = re.compile(r"\w+")


class LoreBook:
    """The lore of one character, to be asked which entries a text names. Case, marks and look-alikes do not matter."""

    __slots__ = ("_also", "_by_key", "_lore", "constant")

    def __init__(self, lore: Sequence[Lore]) -> None:
        ranked = sorted(lore, key=lambda entry: -entry.priority)
        self._lore = tuple(entry for entry in ranked if not entry.is_constant)
        self.constant = tuple(lines(entry.text) for entry in ranked if entry.is_constant)
        self._by_key: dict[tuple[str, ...], list[int]] = {}
        for number, entry in enumerate(self._lore):
            for words in _keys(entry.keys):
                self._by_key.setdefault(words, []).append(number)
        self._also = {number: _keys(entry.secondary) for number, entry in enumerate(self._lore) if entry.secondary}

    def named_in(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The entries that `texts` name, those with the higher priority first."""
        if not self._by_key:
            return ()
        found: set[int] = set()
        seen: set[tuple[str, ...]] = set()
        wanted = frozenset[tuple[str, ...]]().union(*self._also.values())
        for text in texts:
            words = _WORD.findall(fold(text))
            for at in range(len(words)):
                for length in range(1, LONGEST_KEY + 1):
                    run = tuple(words[at : at + length])
                    found.update(self._by_key.get(run, ()))
                    if run in wanted:
                        seen.add(run)
        held = (number for number in sorted(found) if number not in self._also or self._also[number] & seen)
        return tuple(lines(self._lore[number].text) for number in held)


def _keys(keys: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Keys as the words that are looked for."""
    words = (tuple(_WORD.findall(fold(key))[:LONGEST_KEY]) for key in keys)
    return frozenset(one for one in words if one)


def as_many_as_fit(texts: Iterable[str], tokens: int, ruler: Ruler) -> tuple[str, ...]:
    """Those of `texts`, in their order, that fit into `tokens` with a line break each; one too long is left out."""
    chosen = []
    for text in texts:
        if tokens <= 1:
            break
        if ruler.fits(text, tokens - 1):
            chosen.append(text)
            tokens -= ruler.count(text) + 1
    return tuple(chosen)
