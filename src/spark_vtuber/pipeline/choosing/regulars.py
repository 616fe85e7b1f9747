"""Who came back: viewers by a key that tells nothing of them, over many streams."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

CAPACITY: Final = 5_000
AWAY_MS: Final = 6 * 3_600_000
"""Whoever was away for so long comes back for another stream."""


def _plain_key(source: str, author: str) -> str:
    return f"{source}\0{author}"


class Regulars:
    """How many streams viewers came to; the `capacity` seen last are remembered.

    `key` makes of a source and an author's id what is kept. `kept` is what `entries` gave in another life of the show;
    whatever in it is no entry is left out.
    """

    def __init__(self, key: Callable[[str, str], str] = _plain_key, kept: Any = None, capacity: int = CAPACITY) -> None:
        self._key = key
        self._capacity = capacity
        self._visits: OrderedDict[str, tuple[int, int]] = OrderedDict()
        for entry in kept if isinstance(kept, list) else ():
            match entry:
                case [str(viewer), int(visits), int(seen_ms)] if visits > 0:
                    self._put(viewer, visits, seen_ms)
        self.is_changed = False

    def meet(self, source: str, author: str, now_ms: int) -> int:
        """A viewer wrote; gives the number of streams that they came to, this one included."""
        viewer = self._key(source, author)
        visits, seen_ms = self._visits.pop(viewer, (0, 0))
        if visits == 0 or now_ms - seen_ms >= AWAY_MS:
            visits += 1
        self._put(viewer, visits, now_ms)
        self.is_changed = True
        return visits

    def known(self, source: str, author: str) -> tuple[int, int]:
        """How many streams a viewer came to, and when they were last seen (wall time in ms); zeros for a stranger."""
        return self._visits.get(self._key(source, author), (0, 0))

    def entries(self) -> Sequence[tuple[str, int, int]]:
        """Key, visits and when last seen (wall time in ms), the longest unseen first."""
        self.is_changed = False
        return [(viewer, visits, seen_ms) for viewer, (visits, seen_ms) in self._visits.items()]

    def _put(self, viewer: str, visits: int, seen_ms: int) -> None:
        self._visits[viewer] = (visits, seen_ms)
        if len(self._visits) > self._capacity:
            self._visits.popitem(last=False)
