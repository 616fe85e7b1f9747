"""The web server's application: every route of the interface and the front end, behind the gate."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from spark_vtuber.core.clock import Clock
from spark_vtuber.web import models, problems
from spark_vtuber.web.authority import OwnNames
from spark_vtuber.web.bundle import Bundle
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.gate import Gate
from spark_vtuber.web.keys import Keys
from spark_vtuber.web.routes import (
    accounts,
    avatars,
    chat,
    controls,
    duets,
    healing,
    ingest,
    journal,
    login,
    machine,
    personas,
    ratings,
    reading,
    steering,
)
from spark_vtuber.web.routes import guard as guard_routes
from spark_vtuber.web.routes import obs as obs_routes
from spark_vtuber.web.routes import settings as settings_routes
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.sockets import EventSocket, IngestSocket, StageSocket

NOTHING_LEAVES: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI would send what viewers wrote to any exporter that the environment names."""


def build(doors: Doors, settings: WebSettings, *, clock: Clock, count_drop: Callable[[str], None]) -> ASGIApp:
    """The ASGI application of the show.

    Reads the front end from `settings.static` once. `count_drop` is called with a reason for every line that the
    door's own rate keeps out. The schema at `/api/openapi.json` is made when it is first asked for.
    """
    keys = Keys(desk=settings.desk_token, stage=settings.stage_token)
    app = FastAPI(
        title="Spark VTuber",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NOTHING_LEAVES,
    )
    problems.teach(app)
    app.include_router(reading.router(doors.desk))
    app.include_router(chat.router(doors.desk, settings, clock, count_drop))
    app.include_router(controls.router(doors.desk, doors.audit))
    app.include_router(login.router(keys, clock, doors.audit))
    for router in _facets(doors):
        app.include_router(router)
    if settings.models is not None:
        app.include_router(models.router(settings.models))
    app.router.routes.append(WebSocketRoute("/api/events", EventSocket(doors.desk)))
    app.router.routes.append(WebSocketRoute("/api/stage", StageSocket(doors.desk)))
    if doors.ingest is not None:
        door = ingest.IngestDoor(doors.ingest, clock, doors.audit)
        app.include_router(ingest.router(doors.ingest, door))
        socket = IngestSocket(doors.ingest, door.check, door.note_guess)
        app.router.routes.append(WebSocketRoute("/api/ingest", socket))
    app.router.default = Bundle(settings.static)
    return Gate(app, names=OwnNames(settings.host, settings.names), keys=keys)


def _facets(doors: Doors) -> Iterator[APIRouter]:
    """The routes of every facet that this show has."""
    audit = doors.audit
    facets: tuple[tuple[Any, Callable[[Any], APIRouter]], ...] = (
        (doors.settings, lambda facet: settings_routes.router(facet, audit)),
        (doors.obs, lambda facet: obs_routes.router(facet, audit)),
        (doors.avatars, avatars.router),
        (doors.healing, lambda facet: healing.router(facet, audit)),
        (doors.log, settings_routes.log_router),
        (doors.steering, lambda facet: steering.router(facet, audit)),
        (doors.lines, lambda facet: steering.lines_router(facet, audit)),
        (doors.emotes, steering.emotes_router),
        (doors.personas, lambda facet: personas.router(facet, audit)),
        (doors.growth, lambda facet: personas.growth_router(facet, audit)),
        (doors.duets, lambda facet: duets.router(facet, audit)),
        (doors.ratings, lambda facet: ratings.router(facet, audit)),
        (doors.records, journal.router),
        (doors.trail, journal.trail_router),
        (doors.machine, machine.machine_router),
        (doors.alerts, lambda facet: machine.alerts_router(facet, audit)),
        (doors.guarding, lambda facet: guard_routes.router(facet, audit)),
        (doors.accounts, lambda facet: accounts.router(facet, audit)),
    )
    for facet, make in facets:
        if facet is not None:
            yield make(facet)
