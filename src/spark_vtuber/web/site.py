"""The web server's application: every route of the interface and the front end, behind the gate."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from spark_vtuber.core.clock import Clock
from spark_vtuber.web import problems
from spark_vtuber.web.authority import OwnNames
from spark_vtuber.web.bundle import Bundle
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.gate import Gate
from spark_vtuber.web.keys import Keys
from spark_vtuber.web.routes import avatars, chat, controls, journal, login, personas, reading, steering
from spark_vtuber.web.routes import obs as obs_routes
from spark_vtuber.web.routes import settings as settings_routes
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.sockets import EventSocket, StageSocket

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
    if doors.settings is not None:
        app.include_router(settings_routes.router(doors.settings, doors.audit))
    if doors.obs is not None:
        app.include_router(obs_routes.router(doors.obs, doors.audit))
    if doors.avatars is not None:
        app.include_router(avatars.router(doors.avatars))
    if doors.log is not None:
        app.include_router(settings_routes.log_router(doors.log))
    if doors.steering is not None:
        app.include_router(steering.router(doors.steering, doors.audit))
    if doors.lines is not None:
        app.include_router(steering.lines_router(doors.lines, doors.audit))
    if doors.emotes is not None:
        app.include_router(steering.emotes_router(doors.emotes))
    if doors.personas is not None:
        app.include_router(personas.router(doors.personas, doors.audit))
    if doors.records is not None:
        app.include_router(journal.router(doors.records))
    if doors.trail is not None:
        app.include_router(journal.trail_router(doors.trail))
    app.router.routes.append(WebSocketRoute("/api/events", EventSocket(doors.desk)))
    app.router.routes.append(WebSocketRoute("/api/stage", StageSocket(doors.desk)))
    app.router.default = Bundle(settings.static)
    return Gate(app, names=OwnNames(settings.host, settings.names), keys=keys)
