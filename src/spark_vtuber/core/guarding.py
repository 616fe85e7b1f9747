"""The guard as the doors see it: what it held back, why, what it goes by, and who is not answered for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.verdicts import Decision, Direction, Position

ListName = Literal["allow", "block"]
"""Phrases that are harmless as a whole, and phrases that are blocked besides what the guard knows."""

NO_LISTS: Final = "no_lists"
BAD_PHRASE: Final = "bad_phrase"


@dataclass(frozen=True, slots=True)
class Entry:
    """One text that was blocked or mended, without a word of it.

    `id` rises with time, also over shows. `digest` is a hash that only this installation can make: the same text has
    the same one. `length` is in characters, and `spans` are where in the text something matched. `viewer` stands for
    who wrote it (`POST /api/ignore` knows the same key), empty where nobody did. `turn` is the answer it belongs to.
    `meaning` says in plain words what the rule is about.
    """

    id: int
    at_ms: int
    direction: Direction
    position: Position
    decision: Decision
    category: str
    rule: str
    reason: str
    score: float
    digest: str
    length: int
    spans: tuple[tuple[int, int], ...] = field(default=())
    language: str = ""
    source: str = ""
    viewer: str = ""
    turn: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries are wanted; what is None or empty does not matter."""

    direction: Direction | None = None
    position: Position | None = None
    category: str = ""
    viewer: str = ""

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is wanted."""
        return (
            self.direction in (None, entry.direction)
            and self.position in (None, entry.position)
            and self.category in ("", entry.category)
            and self.viewer in ("", entry.viewer)
        )


@dataclass(frozen=True, slots=True)
class HourCount:
    """How many texts of a category met a decision in the hour that began at `hour_ms`."""

    hour_ms: int
    category: str
    decision: Decision
    count: int


class GuardBook(Protocol):
    """The ledger: what was held back."""

    async def entries(self, limit: int, before: int | None, selection: Selection) -> tuple[Sequence[Entry], bool]:
        """Up to `limit` entries, newest first, of those with a smaller id than `before`; and whether there are more."""
        ...

    async def counts(self, hours: int) -> Sequence[HourCount]:
        """What was held back in each of the last `hours` hours, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change with which the text would pass.

    A phrase to `allow` or to `unblock`, a `category` to switch off, another `level`.
    """

    kind: Literal["allow", "unblock", "category", "level"]
    value: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the guard in place makes of a text, and why.

    `text` is what would be used, empty for BLOCK. `meaning` explains the rule in plain words. Each of `remedies` was
    tried and lets the text pass.
    """

    decision: Decision
    text: str
    category: str
    rule: str
    reason: str
    score: float
    spans: tuple[tuple[int, int], ...]
    language: str
    level: str
    microseconds: float
    meaning: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """A level or a category: what it means, and whether it is on.

    `is_fixed`: it cannot be switched off. `is_set`: it is as it is whatever the level says.
    """

    id: str
    title: str
    meaning: str
    is_on: bool
    is_fixed: bool = False
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Stance:
    """What the guard goes by. A guard without levels or lists has none here (`allow` and `block` are then None)."""

    engine: str
    levels: tuple[Switch, ...] = ()
    categories: tuple[Switch, ...] = ()
    allow: tuple[str, ...] | None = None
    block: tuple[str, ...] | None = None


class GuardWords(Protocol):
    """What the guard makes of a text, and the streamer's own phrases."""

    def stance(self) -> Stance:
        """Levels, categories and lists as they count now."""
        ...

    async def check(self, text: str, direction: Direction) -> Opinion:
        """What would become of a text. It is kept nowhere and counts against nobody.

        Raises `EngineError` where the guard cannot tell.
        """
        ...

    async def edit(self, name: ListName, phrase: str, *, is_in: bool) -> bool:
        """Have a phrase in a list or not; counts from the next line on. False where it was so already.

        Raises:
            SparkError: `no_lists` where this guard has none, `bad_phrase` for one that is blank or too long, and
                what changes of settings raise.
        """
        ...

    def trace(self, text: str) -> str:
        """What stands for a text where the text itself must not."""
        ...


@dataclass(frozen=True, slots=True)
class Struck:
    """A viewer with strikes. `strikes` are those that count now, `lines` all that were blocked.

    `key` stands for the platform's id, and `name` is empty where it was blocked itself. `last_ms` is Unix time of the
    last strike. `until_ms` is when the viewer is answered again, 0 while that is so; `rests` is how often there was
    such a while.
    """

    key: str
    name: str
    source: str
    strikes: float
    lines: int
    last_ms: int
    until_ms: int
    rests: int


class StrikeBook(Protocol):
    """Who was blocked again and again."""

    def strikes(self) -> Sequence[Struck]:
        """Everybody with strikes: who is not answered first, then those with most strikes."""
        ...

    async def pardon(self, key: str) -> Struck | None:
        """Forget all strikes of a viewer; gives who it was, None where there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Guarding:
    """The guard's facet of the doors."""

    book: GuardBook
    words: GuardWords
    strikes: StrikeBook


def entry_view(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it, but for the instant and the turn, which events tell themselves."""
    return {
        "id": entry.id,
        "direction": entry.direction,
        "position": entry.position,
        "decision": entry.decision,
        "category": entry.category,
        "rule": entry.rule,
        "reason": entry.reason,
        "score": entry.score,
        "digest": entry.digest,
        "length": entry.length,
        "spans": entry.spans,
        "language": entry.language,
        "source": entry.source,
        "viewer": entry.viewer,
        "meaning": entry.meaning,
    }


def bad_phrase(why: str) -> SparkError:
    """A phrase that no list can hold."""
    return SparkError(why, code=BAD_PHRASE, fix="give a word or a short phrase")
