"""What was kept: latency, shows, counters, the audit log, exports."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from spark_vtuber.core.records import (
    Act,
    AuditTrail,
    ExportForm,
    ExportKind,
    Latency,
    Quantiles,
    Records,
    ShowRecord,
)

MAX_ENTRIES: Final = 1_000
MAX_SHOWS: Final = 200
MAX_HOURS: Final = 24 * 31

MEDIA: Final[Mapping[ExportForm, str]] = {
    ExportForm.CSV: "text/csv; charset=utf-8",
    ExportForm.JSONL: "application/x-ndjson",
}

Minutes = Annotated[float, Query(ge=0, le=525_600, allow_inf_nan=False)]
Hours = Annotated[int, Query(ge=1, le=MAX_HOURS)]
Shows = Annotated[int, Query(ge=1, le=MAX_SHOWS)]
Entries = Annotated[int, Query(ge=1, le=MAX_ENTRIES)]
Before = Annotated[int | None, Query(ge=1, lt=2**63)]


def router(records: Records) -> APIRouter:
    """Latency, shows, counters and exports; 503 while the journal cannot be read."""
    routes = APIRouter()

    @routes.get("/api/latency")
    async def latency(minutes: Minutes = 5) -> Response:
        return JSONResponse(latency_view(await records.latency(minutes)))

    @routes.get("/api/shows")
    async def shows(limit: Shows = 20) -> Response:
        return JSONResponse([show_view(show) for show in await records.shows(limit)])

    @routes.get("/api/counters")
    async def counters(hours: Hours = 24) -> Response:
        counted = await records.counters(hours)
        return JSONResponse({"hours": [{"hour": hour.at_ms, "counts": dict(hour.counts)} for hour in counted]})

    @routes.get("/api/export/{kind}.{form}")
    async def export(kind: ExportKind, form: ExportForm) -> Response:
        pieces = records.export(kind, form)
        first = await anext(pieces, "")
        disposition = {"content-disposition": f'attachment; filename="{kind}.{form}"'}
        return StreamingResponse(_all(first, pieces), media_type=MEDIA[form], headers=disposition)

    return routes


def trail_router(trail: AuditTrail) -> APIRouter:
    """The audit log; 503 while the journal cannot be read."""
    routes = APIRouter()

    @routes.get("/api/audit")
    async def audit(limit: Entries = 200, before: Before = None) -> Response:
        acts = await trail.acts(limit + 1, before)
        return JSONResponse({"entries": [act_view(act) for act in acts[:limit]], "more": len(acts) > limit})

    return routes


def latency_view(latency: Latency) -> dict[str, Any]:
    """Latency as `GET /api/latency` shows it."""
    return {
        "window_min": latency.window_min,
        "turns": latency.turns,
        "marks": _quantiles(latency.marks),
        "durations": _quantiles(latency.durations),
        "series": [
            {"at": point.at_ms, "response_ms": point.response_ms, "first_played_ms": point.first_played_ms}
            for point in latency.series
        ],
    }


def show_view(show: ShowRecord) -> dict[str, Any]:
    """A show as `GET /api/shows` shows it; `estimated` where it was killed and its end is when it was last seen."""
    return {
        "session": show.session,
        "started": show.started_ms,
        "ended": show.ended_ms,
        "estimated": show.is_estimated,
        "version": show.version,
        "turns": show.turns,
        "lines": show.lines,
        "p50_ms": show.p50_ms,
        "p95_ms": show.p95_ms,
        "uptime_s": round(show.uptime_s, 3),
        "counters": dict(show.counters),
    }


def act_view(act: Act) -> dict[str, Any]:
    """A privileged act as `GET /api/audit` shows it."""
    return {
        "id": act.id,
        "at": act.at_ms,
        "session": act.session,
        "actor": act.actor,
        "act": act.act,
        "target": act.target,
        "old": act.old,
        "new": act.new,
    }


def _quantiles(found: Mapping[str, Quantiles]) -> dict[str, dict[str, float]]:
    return {name: {"p50": one.p50, "p95": one.p95, "count": one.count} for name, one in found.items()}


async def _all(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    """The pieces of an export. A journal that fails in the middle breaks the download off, so that it shows."""
    yield first
    async for piece in rest:
        yield piece
