"""The ledger wired: verdicts become entries, events, rows of the journal, and strikes against who wrote them."""

import json
import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from spark_vtuber.app.journal import JournalRecords
from spark_vtuber.app.keepsake import replace_file
from spark_vtuber.app.strikes import KeptStrikes
from spark_vtuber.app.viewers import viewer_key
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.guarding import Entry, HourCount, Selection, entry_view
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.journal.notes import whole
from spark_vtuber.journal.rows import HOUR_MS
from spark_vtuber.moderation.ledger import Ledger
from spark_vtuber.moderation.meanings import meaning
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.phrase import GUARD_FAILED, PROMPT

KEY_FILE: Final = "guard.key"
KEY_BYTES: Final = 32

LATE: Final = "late"
"""Why a clause is held back whose verdict took too long: the guard itself then told nobody."""


class Clerk:
    """Hears of verdicts (`app.equipment.Told`): writes them down, announces them, counts them against viewers."""

    def __init__(self, ledger: Ledger, strikes: KeptStrikes, announce: Announce) -> None:
        self._ledger = ledger
        self._strikes = strikes
        self._announce = announce

    def __call__(self, text: str, direction: Direction, context: GuardContext, verdict: Verdict) -> None:
        """Never waits."""
        viewer = viewer_key(context.source, context.author_id) if context.author_id else ""
        entry = self._ledger.note(text, direction, context, verdict, viewer)
        self._announce("guard", turn=TurnId(entry.turn) if entry.turn else None, **entry_view(entry))
        if viewer and direction is Direction.IN and verdict.is_blocked and verdict.rule != GUARD_FAILED:
            name = "" if context.position is Position.NAME else context.author
            self._strikes.strike(viewer, whole(name), whole(context.source), verdict.category)

    def hear(self, kind: str, text: str) -> None:
        """A tap of the event log: clauses that were held back without a verdict are entries without a hash."""
        if kind != "clause.blocked":
            return
        _, _, turn, data = json.loads(text)
        if data["rule"] == PROMPT or data["reason"] == LATE:
            context = GuardContext(position=Position.CLAUSE, turn=turn or "")
            self("", Direction.OUT, context, Verdict(Decision.BLOCK, "", data["rule"], data["reason"]))


class LedgerBook:
    """Implements `core.guarding.GuardBook`: what is newest from memory, what is older from the journal."""

    def __init__(self, ledger: Ledger, records: JournalRecords | None, clock: Clock) -> None:
        """Without `records` there is nothing older."""
        self._ledger = ledger
        self._records = records
        self._clock = clock

    async def entries(self, limit: int, before: int | None, selection: Selection) -> tuple[Sequence[Entry], bool]:
        """The newest first."""
        wanted = limit + 1
        found = list(self._ledger.page(wanted, before, selection))
        if len(found) < wanted and self._records is not None:
            edges = [edge for edge in (before, self._ledger.oldest) if edge is not None]
            # A journal that cannot be read now shortens the list, which is still right.
            with suppress(EngineError):
                older = await self._records.rulings(wanted - len(found), min(edges, default=None), selection)
                found += [replace(one, meaning=meaning(one.decision, one.category, one.rule)) for one in older]
        return found[:limit], len(found) > limit

    async def counts(self, hours: int) -> Sequence[HourCount]:
        """Of all shows where there is a journal, else of this one as far as it is remembered."""
        if self._records is not None:
            with suppress(EngineError):
                return await self._records.ruling_counts(hours)
        first_ms = (self._clock.unix_ms() // HOUR_MS - hours + 1) * HOUR_MS
        counted = Counter(
            (entry.at_ms // HOUR_MS * HOUR_MS, entry.category, entry.decision) for entry in self._ledger.since(first_ms)
        )
        return [HourCount(*key, count) for key, count in sorted(counted.items())]


def installation_key(folder: Path, log: logging.Logger) -> bytes:
    """The key of this installation's hashes; made where there is none.

    Where it cannot be kept, the hashes of this show cannot be compared with those of others.
    """
    path = folder / KEY_FILE
    try:
        known = bytes.fromhex(path.read_text(encoding="ascii").strip())
        if len(known) == KEY_BYTES:
            return known
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        log.warning("%s cannot be read: equal texts of other shows are not recognised", path.name)
    fresh = secrets.token_bytes(KEY_BYTES)
    try:
        replace_file(path, fresh.hex())
    except OSError as error:
        log.warning("%s cannot be written: %s", path.name, error)
    return fresh
