"""The routes that change nothing."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from spark_vtuber.core.desk import Desk, Health
from spark_vtuber.core.healing import component_view
from spark_vtuber.telemetry.turns import turn_view, turns_csv

MAX_TURNS: Final = 1_000

Limit = Annotated[int, Query(ge=1, le=MAX_TURNS)]


def router(desk: Desk) -> APIRouter:
    """Health, status, turns and metrics."""
    routes = APIRouter()

    @routes.get("/api/health")
    async def health() -> Response:
        return JSONResponse(health_view(desk.health()))

    @routes.get("/api/status")
    async def status() -> Response:
        return JSONResponse(dict(desk.status()))

    @routes.get("/api/turns")
    async def turns(limit: Limit = 50) -> Response:
        return JSONResponse([turn_view(record) for record in desk.turns(limit)])

    @routes.get("/api/turns.csv")
    async def csv(limit: Limit = MAX_TURNS) -> Response:
        disposition = {"content-disposition": 'attachment; filename="turns.csv"'}
        return Response(turns_csv(desk.turns(limit)), headers=disposition, media_type="text/csv; charset=utf-8")

    @routes.get("/metrics")
    async def metrics() -> Response:
        return PlainTextResponse(desk.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def health_view(health: Health) -> dict[str, Any]:
    """Health as `GET /api/health` shows it; `since` is Unix time in milliseconds."""
    return {
        "status": health.status,
        "uptime_s": round(health.uptime_s, 3),
        "pid": health.pid,
        "version": health.version,
        "session": health.session,
        "components": [component_view(component) for component in health.components],
    }
