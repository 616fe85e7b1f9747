"""Which waiting line asks the same: exact, and fast however many wait."""

import math
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from spark_vtuber.pipeline.choosing.reading import Reading, figures, likeness

ALIKE: Final = 0.66
"""Lines ask the same when two thirds of what they are about is shared."""

K = TypeVar("K", bound=Hashable)


class Alike(Generic[K]):
    """Lines by the words they are about.

    Two lines are alike when their gists are (Jaccard), their numbers are equal and they do not call different
    characters. Lines that are alike share one of the few rarest words of either, so only lines that hold one of those
    are compared (prefix filtering, as for set similarity joins).
    """

    def __init__(self) -> None:
        self._readings: dict[K, Reading] = {}
        self._holders: dict[str, dict[K, None]] = {}

    def add(self, key: K, reading: Reading) -> None:
        """Let a line be found."""
        self._readings[key] = reading
        for word in reading.gist:
            self._holders.setdefault(word, {})[key] = None

    def discard(self, key: K) -> None:
        """Forget a line; one that is not there changes nothing."""
        reading = self._readings.pop(key, None)
        for word in reading.gist if reading is not None else ():
            holders = self._holders[word]
            del holders[key]
            if not holders:
                del self._holders[word]

    def find(self, reading: Reading) -> K | None:
        """A line that asks the same, the one most alike; the first of several. None where there is none."""
        seen: set[K] = set()
        best: tuple[float, K] | None = None
        for word in self._rare(reading.gist):
            for key in self._holders.get(word, ()):
                if key not in seen:
                    seen.add(key)
                    how_much = alike(reading, self._readings[key])
                    if how_much >= ALIKE and (best is None or how_much > best[0]):
                        best = (how_much, key)
        return best[1] if best else None

    def _rare(self, words: frozenset[str]) -> list[str]:
        """So many of the rarest words that a line alike must hold one of them."""
        by_rarity = sorted(words, key=lambda word: (len(self._holders.get(word, ())), word))
        return by_rarity[: len(words) - math.ceil(ALIKE * len(words)) + 1]


def alike(one: Reading, other: Reading) -> float:
    """How much two lines ask the same, 0..1; 0 where they call different characters or hold different numbers."""
    if one.named and other.named and one.named != other.named:
        return 0.0
    shared = likeness(one.gist, other.gist)
    return shared if shared >= ALIKE and figures(one.gist) == figures(other.gist) else 0.0
