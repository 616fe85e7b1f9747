"""The guard's facet in memory: entries, words and strikes without a show."""

from collections import Counter
from collections.abc import Sequence

from anyio.lowlevel import checkpoint

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.guarding import (
    NO_LISTS,
    Entry,
    HourCount,
    ListName,
    Opinion,
    Remedy,
    Selection,
    Stance,
    Struck,
    Switch,
    bad_phrase,
)
from spark_vtuber.core.verdicts import Decision, Direction, Position

HOUR_MS = 3_600_000


def entry(number: int, **more: object) -> Entry:
    """An entry of a blocked line; `more` replaces fields."""
    fields: dict[str, object] = {
        "id": number,
        "at_ms": 1_000 * number,
        "direction": Direction.IN,
        "position": Position.CHAT,
        "decision": Decision.BLOCK,
        "category": "profanity",
        "rule": "word",
        "reason": "profanity",
        "score": 0.9,
        "digest": f"d{number}",
        "length": 12,
        "spans": ((4, 8),),
        "source": "twitch",
        "viewer": "v1",
        "meaning": "A coarse word.",
    }
    return Entry(**{**fields, **more})  # type: ignore[arg-type]  # fields by name


class FakeBook:
    """Implements `GuardBook` over `all`, oldest first."""

    def __init__(self, *entries: Entry) -> None:
        self.all = list(entries)

    async def entries(self, limit: int, before: int | None, selection: Selection) -> tuple[Sequence[Entry], bool]:
        """The newest first."""
        await checkpoint()
        found = [one for one in reversed(self.all) if (before is None or one.id < before) and selection.holds(one)]
        return found[:limit], len(found) > limit

    async def counts(self, hours: int) -> Sequence[HourCount]:
        """By hour and category."""
        await checkpoint()
        del hours
        counted = Counter((one.at_ms // HOUR_MS * HOUR_MS, one.category, one.decision) for one in self.all)
        return [HourCount(*key, count) for key, count in sorted(counted.items())]


class FakeWords:
    """Implements `GuardWords`: blocks what holds a phrase of `block` and none of `allow`; without lists, nothing."""

    def __init__(self, *, has_lists: bool = True) -> None:
        self.lists: dict[ListName, list[str]] | None = {"allow": [], "block": ["bad"]} if has_lists else None
        self.is_broken = False

    def stance(self) -> Stance:
        """Two levels, two categories."""
        if self.lists is None:
            return Stance("fake")
        return Stance(
            "fake",
            (
                Switch("strict", "Strict", "For all ages.", is_on=False),
                Switch("pg-13", "PG-13", "Mild words pass.", is_on=True),
            ),
            (
                Switch("slur", "Slurs", "A slur.", is_on=True, is_fixed=True),
                Switch("profanity", "Swearing", "A coarse word.", is_on=True),
            ),
            tuple(self.lists["allow"]),
            tuple(self.lists["block"]),
        )

    async def check(self, text: str, direction: Direction) -> Opinion:
        """A look at the lists."""
        await checkpoint()
        del direction
        if self.is_broken:
            raise EngineError("guard_hung", "the guard was silent")
        lists = self.lists or {"allow": [], "block": []}
        for phrase in lists["block"]:
            at = text.find(phrase)
            if at >= 0 and not any(allowed in text for allowed in lists["allow"]):
                remedies = (Remedy("unblock", phrase), Remedy("allow", phrase))
                return _opinion(Decision.BLOCK, "", "blocked", ((at, at + len(phrase)),), remedies)
        return _opinion(Decision.ALLOW, text)

    async def edit(self, name: ListName, phrase: str, *, is_in: bool) -> bool:
        """Change a list."""
        await checkpoint()
        if not phrase.strip() or len(phrase) > 200:
            raise bad_phrase("the phrase is blank or too long")
        if self.lists is None:
            raise SparkError("this guard has no lists", code=NO_LISTS, fix="use another")
        phrases = self.lists[name]
        if is_in == (phrase in phrases):
            return False
        if is_in:
            phrases.append(phrase)
        else:
            phrases.remove(phrase)
        return True

    def trace(self, text: str) -> str:
        """Not the text."""
        return f"#{len(text)}"


class FakeStrikes:
    """Implements `StrikeBook` over `all`."""

    def __init__(self, *struck: Struck) -> None:
        self.all = {one.key: one for one in struck}

    def strikes(self) -> Sequence[Struck]:
        """Who is not answered first."""
        return sorted(self.all.values(), key=lambda struck: (-struck.until_ms, -struck.strikes))

    async def pardon(self, key: str) -> Struck | None:
        """Forget one."""
        await checkpoint()
        return self.all.pop(key, None)


def _opinion(
    decision: Decision,
    text: str,
    category: str = "",
    spans: tuple[tuple[int, int], ...] = (),
    remedies: tuple[Remedy, ...] = (),
) -> Opinion:
    is_blocked = decision is Decision.BLOCK
    rule, score, meaning = ("word", 0.95, "It is on your list.") if is_blocked else ("", 0.0, "")
    return Opinion(decision, text, category, rule, category, score, spans, "en", "pg-13", 12.5, meaning, remedies)
