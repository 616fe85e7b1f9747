"""The routes that read the journal."""

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.journal import LIFE, a_turn
from spark_vtuber.testing.journal_records import FakeRecords
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

BASE = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Shop:
    """A client, and the records behind the routes it asks."""

    http: httpx.AsyncClient
    records: FakeRecords


@pytest.fixture
async def shop(desk: FakeDesk, settings: WebSettings) -> AsyncIterator[Shop]:
    clock = VirtualClock()
    records = FakeRecords(LIFE, clock)
    records.turns.extend(a_turn(number, clock.unix_ms() - number * 60_000) for number in range(3))
    doors = Doors(desk, audit=records, records=records, trail=records)
    app = build(doors, settings, clock=clock, count_drop=desk.counters.drop)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        yield Shop(http, records)


async def test_latency_is_told_by_mark_with_a_series(shop: Shop) -> None:
    told = (await shop.http.get("/api/latency?minutes=1.5")).json()
    assert (told["window_min"], told["turns"]) == (1.5, 2)
    assert told["marks"]["first_audio"] == {"p50": 410, "p95": 410, "count": 2}
    assert told["durations"]["guard_ms"]["p95"] == 1.5
    assert [point["response_ms"] for point in told["series"]] == [410, 410]
    assert (await shop.http.get("/api/latency?minutes=0")).json()["turns"] == 3


async def test_this_show_comes_first(shop: Shop) -> None:
    (this,) = (await shop.http.get("/api/shows")).json()
    assert (this["session"], this["ended"], this["turns"], this["p50_ms"]) == (LIFE.session, None, 3, 410)


async def test_counters_come_by_the_hour(shop: Shop) -> None:
    told = (await shop.http.get("/api/counters?hours=2")).json()
    assert sum(hour["counts"]["turns"] for hour in told["hours"]) == 3


async def test_a_privileged_act_shows_in_the_audit_log_page_by_page(shop: Shop) -> None:
    for _ in range(2):
        await shop.http.post("/api/mute", json={})
        await shop.http.post("/api/panic", json={"reason": "a test"})
    first = (await shop.http.get("/api/audit?limit=3")).json()
    assert ([entry["act"] for entry in first["entries"]], first["more"]) == (["panic", "mute", "panic"], True)
    assert first["entries"][0]["actor"].startswith("desk ")
    rest = (await shop.http.get(f"/api/audit?limit=3&before={first['entries'][-1]['id']}")).json()
    assert ([entry["act"] for entry in rest["entries"]], rest["more"]) == (["mute"], False)


async def test_an_export_is_a_download_in_the_form_that_was_asked_for(shop: Shop) -> None:
    table = await shop.http.get("/api/export/turns.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"] == 'attachment; filename="turns.csv"'
    assert [row["turn"] for row in csv.DictReader(table.text.splitlines())] == ["t0", "t1", "t2"]
    lines = await shop.http.get("/api/export/latency.jsonl")
    assert [json.loads(line)["turn"] for line in lines.text.splitlines()] == ["t0", "t1", "t2"]


@pytest.mark.parametrize("path", ["latency", "shows", "counters", "audit", "export/turns.csv"])
async def test_a_journal_that_cannot_be_read_is_not_a_bug_of_the_show(shop: Shop, path: str) -> None:
    shop.records.failure = EngineError("journal_unreadable", "the disk is gone", fix="see the disk")
    answer = await shop.http.get(f"/api/{path}")
    assert answer.status_code == 503
    assert answer.json()["error"] == {
        "code": "journal_unreadable",
        "message": "the disk is gone",
        "fix": "see the disk",
    }


@pytest.mark.parametrize(
    "path", ["latency?minutes=-1", "latency?minutes=nan", "shows?limit=0", "counters?hours=99999", "export/all.csv"]
)
async def test_bad_questions_are_refused(shop: Shop, path: str) -> None:
    assert (await shop.http.get(f"/api/{path}")).status_code == 400


async def test_a_show_without_a_journal_has_no_such_routes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/latency")).status_code == 404
