"""The machine and the alerts."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from spark_vtuber.core.alerts import Alerts, alert_view
from spark_vtuber.core.audit import Audit
from spark_vtuber.core.machine import Machine
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Name


class AlertIn(BaseModel):
    """The body of `POST /api/alerts/ack`."""

    id: Name


def machine_router(machine: Machine) -> APIRouter:
    """Memory, processor, cards and temperatures."""
    routes = APIRouter()

    @routes.get("/api/machine")
    async def look() -> Response:
        return JSONResponse(dict(machine.view()))

    return routes


def alerts_router(alerts: Alerts, audit: Audit) -> APIRouter:
    """The alerts, and that somebody has seen one."""
    routes = APIRouter()

    @routes.get("/api/alerts")
    async def listed() -> Response:
        return JSONResponse([alert_view(alert) for alert in alerts.alerts()])

    @routes.post("/api/alerts/ack")
    async def acknowledge(request: Request, which: AlertIn) -> Response:
        if not alerts.acknowledge(which.id):
            return problem(404, "unknown_alert", f"there is no alert {which.id}", "see GET /api/alerts")
        audit("alert.acknowledge", actor=actor(request), target=which.id)
        return JSONResponse({"acknowledged": True})

    return routes
