"""What every implementation of `core.records` keeps: the journal's and the fake."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark_vtuber.app.journal import JournalRecords
from spark_vtuber.core.audit import Audit
from spark_vtuber.core.records import AuditTrail, ExportForm, ExportKind, Records
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import ActNote, TurnNote
from spark_vtuber.telemetry.waterfall import percentiles
from spark_vtuber.testing.journal import LIFE, NOW_MS, a_turn, inline
from spark_vtuber.testing.journal_records import FakeRecords

HOUR_MS = 3_600_000


class StoppedClock:
    """Stands at `NOW_MS`."""

    def now(self) -> float:
        return 12.0

    def unix_ms(self) -> int:
        return NOW_MS


Subject = tuple[Any, Callable[[TurnNote], None], Audit]


@pytest.fixture(params=["journal", "fake"])
def subject(request: pytest.FixtureRequest, path: Path, ledger: Ledger) -> Subject:
    """Records, the trail beside them, and what fills both."""
    clock = StoppedClock()
    if request.param == "fake":
        fake = FakeRecords(LIFE, clock)
        return fake, fake.turns.append, fake

    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        ledger.write([ActNote(NOW_MS, actor, act, target, old, new)], NOW_MS)

    records = JournalRecords(path, LIFE.session, clock, inline)
    return records, lambda turn: (ledger.write([turn], NOW_MS), None)[1], audit


async def test_records_are_those_of_the_turns_that_were_kept(subject: Subject) -> None:
    records, keep, _ = subject
    await check_records(records, keep)


async def test_the_trail_tells_who_did_what_newest_first(subject: Subject) -> None:
    trail, _, audit = subject
    await check_trail(trail, audit)


async def check_records(records: Records, keep: Callable[[TurnNote], None]) -> None:
    """Checks an empty record of a show that began and stands at `NOW_MS`; turns that are handed to `keep` are in it."""
    empty = await records.latency(0)
    assert (empty.turns, empty.marks, empty.durations, empty.series) == (0, {}, {}, ())
    assert [(show.turns, show.p50_ms, show.ended_ms) for show in await records.shows(5)] == [(0, None, None)]
    assert await records.counters(24) == ()

    responses_s = [0.2, 0.9, 0.4, 0.3, 1.7]
    for number, response_s in enumerate(responses_s):
        keep(a_turn(number, NOW_MS - number * 60_000, response_s))
    keep(a_turn(9, NOW_MS - 25 * HOUR_MS, 7.0, marks={}, is_degraded=True))

    everything = await records.latency(0)
    found = percentiles(response_s * 1000 for response_s in responses_s)
    assert found is not None
    first_audio = everything.marks["first_audio"]
    assert everything.turns == 6
    assert (first_audio.count, first_audio.p50, first_audio.p95) == (5, round(found.p50, 3), round(found.p95, 3))
    assert set(everything.marks) == {"first_audio", "first_played", "last_played"}
    assert everything.durations["guard_ms"].p95 == 1.5
    assert "tokens_out" not in everything.durations

    lately = await records.latency(2.5)
    assert lately.turns == 3
    assert lately.marks["first_audio"].p50 == 400
    assert {point.response_ms for point in lately.series} == {200, 900, 400}
    assert {point.at_ms for point in lately.series} == {NOW_MS - minute * 60_000 - 2_000 for minute in range(3)}

    (show,) = await records.shows(5)
    assert (show.turns, show.p50_ms) == (6, 400)
    assert (show.counters["turns"], show.counters["turns.degraded"]) == (6, 1)
    assert await records.shows(0) == ()
    assert [hour.counts["turns"] for hour in await records.counters(24)] == [4, 1]
    assert sum(hour.counts["turns"] for hour in await records.counters(48)) == 6

    for form in ExportForm:
        text = "".join([piece async for piece in records.export(ExportKind.TURNS, form)])
        rows = list(csv.DictReader(text.splitlines())) if form is ExportForm.CSV else _json_rows(text)
        assert {row["turn"] for row in rows} == {"t0", "t1", "t2", "t3", "t4", "t9"}


async def check_trail(trail: AuditTrail, audit: Audit) -> None:
    """Checks an empty audit log; acts that `audit` is told of are in it."""
    assert await trail.acts(10, None) == ()
    for number in range(5):
        audit("settings.set", actor="desk ::1", target=f"replies.key{number}", old=number, new={"on": True})
    newest = await trail.acts(3, None)
    assert [(act.target, act.old, act.new) for act in newest] == [
        (f"replies.key{number}", number, {"on": True}) for number in (4, 3, 2)
    ]
    assert [act.target for act in await trail.acts(3, newest[-1].id)] == ["replies.key1", "replies.key0"]
    assert {(act.actor, act.act) for act in newest} == {("desk ::1", "settings.set")}


def _json_rows(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]
