"""The ledger: what the guard blocked or mended, where, by which rule and how surely, and never a word of it."""

import re
from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.guarding import Entry, Selection
from spark_vtuber.core.verdicts import Direction, Verdict
from spark_vtuber.moderation.meanings import meaning
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.text.fold import INVISIBLE_CLASS

CAPACITY: Final = 2_000
MOST_SPANS: Final = 8
COMPARED: Final = 300
"""Characters of a text by which it is recognised."""

IDS_PER_MS: Final = 1_000
"""Ids begin anew from the clock with every show, and must stay below 2**53 for the panel."""

_UNSEEN: Final = re.compile(f"[{INVISIBLE_CLASS}]+")


def trace(key: bytes, text: str) -> str:
    """What stands for a text: who has no `key` can neither read it nor try texts until one fits.

    Case, spaces and invisible characters make no difference. Look-alikes do: to undo those would cost a hostile line
    more than everything else here.
    """
    plain = "".join(text[:COMPARED].casefold().split())
    if not plain.isascii():
        plain = _UNSEEN.sub("", plain)
    return blake2b(plain.encode("utf-8", "replace"), key=key, digest_size=12).hexdigest()


class Ledger:
    """The last entries, in order. Belongs to the event loop's thread."""

    def __init__(self, key: bytes, clock: Clock, capacity: int = CAPACITY) -> None:
        """`key` is up to 64 bytes that nobody else knows."""
        self._key = key
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._last = 0

    @property
    def oldest(self) -> int | None:
        """The id of the first entry that is still held; None where there is none."""
        return self._entries[0].id if self._entries else None

    def note(self, text: str, direction: Direction, context: GuardContext, verdict: Verdict, viewer: str = "") -> Entry:
        """Write down a verdict; `viewer` stands for who wrote the text."""
        at_ms = self._clock.unix_ms()
        self._last = max(self._last + 1, at_ms * IDS_PER_MS)
        entry = Entry(
            id=self._last,
            at_ms=at_ms,
            direction=direction,
            position=context.position,
            decision=verdict.decision,
            category=verdict.category,
            rule=verdict.rule,
            reason=verdict.reason,
            score=round(verdict.score, 3),
            digest=trace(self._key, text) if text else "",
            length=len(text),
            spans=verdict.spans[:MOST_SPANS],
            language=verdict.language,
            source=context.source,
            viewer=viewer,
            turn=context.turn,
            meaning=meaning(verdict.decision, verdict.category, verdict.rule),
        )
        self._entries.append(entry)
        return entry

    def page(self, limit: int, before: int | None, selection: Selection) -> Sequence[Entry]:
        """Up to `limit` entries, newest first, of those with a smaller id than `before`."""
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if len(found) == limit:
                break
            if (before is None or entry.id < before) and selection.holds(entry):
                found.append(entry)
        return found

    def since(self, at_ms: int) -> Sequence[Entry]:
        """All entries from an instant on, oldest first."""
        return [entry for entry in self._entries if entry.at_ms >= at_ms]
