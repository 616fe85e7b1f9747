"""Records in memory: what a journal would answer, computed from a list of turns and acts."""

import csv
import io
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import replace
from typing import Any

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.records import Act, ExportForm, ExportKind, Hour, Latency, Point, Quantiles, ShowRecord
from spark_vtuber.core.turns import Mark
from spark_vtuber.journal.notes import Life, TurnNote
from spark_vtuber.telemetry.turns import marks_ms
from spark_vtuber.telemetry.waterfall import percentiles, response_ms
from spark_vtuber.text.spreadsheet import harmless

HOUR_MS = 3_600_000


class FakeRecords:
    """Implements `core.records.Records` and `AuditTrail`.

    `turns` are those of this show, `past` are the shows before it, newest first. `failure` is raised by every call.
    It is also a `core.audit.Audit`: what was noted is in `noted`.
    """

    def __init__(self, life: Life, clock: Clock) -> None:
        self.turns: list[TurnNote] = []
        self.past: list[ShowRecord] = []
        self.noted: list[Act] = []
        self.failure: EngineError | None = None
        self._life = life
        self._clock = clock

    def __call__(self, act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        """Note an act."""
        number = len(self.noted) + 1
        self.noted.append(Act(number, self._clock.unix_ms(), self._life.session, actor, act, target, old, new))

    async def latency(self, minutes: float) -> Latency:
        """Of the turns that are in the window."""
        self._fail()
        since_ms = self._clock.unix_ms() - minutes * 60_000 if minutes > 0 else 0
        turns = [turn for turn in self.turns if turn.at_ms >= since_ms]
        marks = [(name, ms) for turn in turns for name, ms in marks_ms(turn.record).items() if name != Mark.RECEIVED]
        durations = [pair for turn in turns for pair in turn.record.durations_ms.items()]
        points = tuple(
            Point(
                _received_ms(turn), marks_ms(turn.record).get("first_audio"), marks_ms(turn.record).get("first_played")
            )
            for turn in turns
        )
        return Latency(minutes, len(turns), _quantiles(marks), _quantiles(durations), points)

    async def shows(self, limit: int) -> Sequence[ShowRecord]:
        """This show and the past ones."""
        self._fail()
        found = percentiles(ms for turn in self.turns if (ms := response_ms(turn.record.marks)) is not None)
        this = ShowRecord(
            session=self._life.session,
            started_ms=self._life.started_ms,
            ended_ms=None,
            is_estimated=False,
            uptime_s=(self._clock.unix_ms() - self._life.started_ms) / 1000,
            version=self._life.version,
            turns=len(self.turns),
            lines=0,
            p50_ms=round(found.p50, 3) if found else None,
            p95_ms=round(found.p95, 3) if found else None,
            counters=dict(Counter(name for turn in self.turns for name in _counted(turn))),
        )
        return (this, *self.past)[:limit]

    async def counters(self, hours: int) -> Sequence[Hour]:
        """Turns by the hour."""
        self._fail()
        horizon_ms = self._clock.unix_ms() - hours * HOUR_MS
        counted: dict[int, Counter[str]] = {}
        for turn in self.turns:
            hour_ms = turn.at_ms // HOUR_MS * HOUR_MS
            if hour_ms > horizon_ms:
                counted.setdefault(hour_ms, Counter()).update(_counted(turn))
        return tuple(Hour(at_ms, dict(counts)) for at_ms, counts in sorted(counted.items()))

    async def export(self, kind: ExportKind, form: ExportForm) -> AsyncGenerator[str]:
        """A piece for each turn, with its id alone; no chat."""
        self._fail()
        if form is ExportForm.CSV:
            yield "turn\r\n"
        for turn in self.turns if kind is not ExportKind.CHAT else ():
            row: dict[str, Any] = {"turn": turn.record.id}
            yield _csv_row(row.values()) if form is ExportForm.CSV else json.dumps(row) + "\n"

    async def acts(self, limit: int, before: int | None) -> Sequence[Act]:
        """What was noted, newest first."""
        self._fail()
        older = [act for act in self.noted if before is None or act.id < before]
        return tuple(replace(act) for act in reversed(older))[:limit]

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def _received_ms(turn: TurnNote) -> int:
    return turn.at_ms - round((turn.now_s - min(turn.record.marks.values(), default=turn.now_s)) * 1000)


def _counted(turn: TurnNote) -> tuple[str, ...]:
    outcome = f"turns.{turn.record.outcome.value}"
    return ("turns", outcome, "turns.degraded") if turn.record.is_degraded else ("turns", outcome)


def _quantiles(pairs: Iterable[tuple[str, float]]) -> dict[str, Quantiles]:
    values: dict[str, list[float]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    found = {name: (len(numbers), percentiles(numbers)) for name, numbers in values.items()}
    return {name: Quantiles(size, round(p.p50, 3), round(p.p95, 3)) for name, (size, p) in found.items() if p}


def _csv_row(values: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(value) for value in values])
    return out.getvalue()
