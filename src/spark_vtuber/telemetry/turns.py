"""The last turns, for the panel, the interface and the benchmarks."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from spark_vtuber.core.turns import Mark, TurnRecord
from spark_vtuber.telemetry.waterfall import percentiles
from spark_vtuber.text.spreadsheet import harmless

KEPT = 256
"""Turns kept by default: about 3 kB each, so the ring is full, and its memory flat, long before turn 1,000."""

DURATIONS: Final = (
    "recall_ms",
    "prompt_ms",
    "guard_ms",
    "voice_first_ms",
    "voice_total_ms",
    "hear_ms",
    "avatar_sync_ms",
)
COUNTS: Final = ("tokens_in", "tokens_cached", "tokens_out", "tokens_per_s", "interruptions")

_FACTS: Final = ("id", "persona", "cue", "cue_kind", "outcome", "reason", "error", "engine", "degraded", "estimated")
_TEXTS: Final = ("said", "heard")


class TurnRing:
    """The last `capacity` turns."""

    def __init__(self, *, capacity: int = KEPT) -> None:
        self._records: deque[TurnRecord] = deque(maxlen=capacity)

    def append(self, record: TurnRecord) -> None:
        """Keep a turn; the oldest one makes room."""
        self._records.append(record)

    def newest(self, limit: int) -> Sequence[TurnRecord]:
        """Up to `limit` turns, newest first."""
        return tuple(islice(reversed(self._records), limit))


def p95_ms(records: Iterable[TurnRecord], since_s: float, least: int = 5) -> float | None:
    """From received to first played, the p95 of the turns received after `since_s`; None for fewer than `least`."""
    answers = [
        (record.marks[Mark.FIRST_PLAYED] - record.marks[Mark.RECEIVED]) * 1000
        for record in records
        if Mark.FIRST_PLAYED in record.marks and record.marks.get(Mark.RECEIVED, float("-inf")) >= since_s
    ]
    found = percentiles(answers) if len(answers) >= least else None
    return found.p95 if found else None


def marks_ms(record: TurnRecord) -> dict[str, float]:
    """The marks in their order, as milliseconds since the line was received (or since the first mark without it)."""
    present = [(mark, record.marks[mark]) for mark in Mark if mark in record.marks]
    return {mark.value: round((at_s - present[0][1]) * 1000, 3) for mark, at_s in present}


def turn_view(record: TurnRecord) -> dict[str, Any]:
    """A turn as `GET /api/turns` shows it: JSON-ready, durations and counts at the top level."""
    cue = record.cue
    numbers = {**record.durations_ms, **record.counts}
    return {
        **{name: round(value, 3) for name, value in numbers.items()},
        "id": record.id,
        "persona": record.persona,
        "cue": {
            "id": cue.id,
            "kind": cue.kind.value,
            "author": cue.author,
            "text": cue.text,
            "event": cue.event.id if cue.event else None,
        },
        "outcome": record.outcome.value,
        "said": record.said,
        "heard": record.heard,
        "marks": marks_ms(record),
        "reason": record.reason,
        "error": record.error,
        "engine": record.engine,
        "degraded": record.is_degraded,
        "estimated": record.is_estimated,
        "blocked": [{"rule": blocked.rule, "reason": blocked.reason} for blocked in record.blocked],
    }


def turns_csv(records: Iterable[TurnRecord]) -> str:
    """Turns as CSV (RFC 4180) with a header: facts, marks in ms, durations, counts, texts.

    Known columns are always there; durations and counts beyond them follow in alphabetical order. A text that a
    spreadsheet would run as a formula gets an apostrophe in front.
    """
    records = list(records)
    known = {*DURATIONS, *COUNTS}
    extra = sorted({name for record in records for name in (*record.durations_ms, *record.counts)} - known)
    marks = [mark.value for mark in Mark]
    out = io.StringIO()
    writer = csv.DictWriter(out, [*_FACTS, *marks, *DURATIONS, *COUNTS, *extra, *_TEXTS], restval="")
    writer.writeheader()
    for record in records:
        writer.writerow(_row(record))
    return out.getvalue()


def _row(record: TurnRecord) -> dict[str, object]:
    view = turn_view(record)
    cue = view.pop("cue")
    del view["blocked"]
    row = {**view.pop("marks"), **view, "cue": cue["id"], "cue_kind": cue["kind"]}
    return {name: harmless(value) if isinstance(value, str) else value for name, value in row.items()}
