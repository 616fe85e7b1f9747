"""What viewers told in this session: a few small facts each, for a bounded number of viewers."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

MAX_VIEWERS: Final = 500
MAX_FACT_CHARS: Final = 28
MAX_FACT_WORDS: Final = 4

FACTS: Final = frozenset({"name", "pet", "pet_kind", "like", "home", "job"})


@dataclass(slots=True)
class Viewer:
    """One viewer of the session: facts by name, and the intent that was answered last."""

    facts: dict[str, str] = field(default_factory=dict)
    last_intent: str = ""
    lines: int = 0

    def learn(self, fact: str, words: str) -> bool:
        """Keep a fact, cut to a few words; False where nothing is left of it."""
        if fact not in FACTS:
            raise ValueError(f"{fact} is no fact that is kept")
        kept = " ".join(words.split()[:MAX_FACT_WORDS])[:MAX_FACT_CHARS].strip()
        if kept:
            self.facts[fact] = kept
        return bool(kept)


class Viewers:
    """The viewers who spoke last; the one who was silent longest is forgotten first."""

    def __init__(self, limit: int = MAX_VIEWERS) -> None:
        self._limit = limit
        self._viewers: OrderedDict[str, Viewer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._viewers)

    def of(self, key: str) -> Viewer:
        """The viewer with this key, new ones included."""
        viewer = self._viewers.setdefault(key, Viewer())
        self._viewers.move_to_end(key)
        while len(self._viewers) > self._limit:
            self._viewers.popitem(last=False)
        return viewer
