"""The settings of the running show, and its log."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.logs import Log, LogLine
from spark_vtuber.core.settings import NOT_WRITTEN, OUTRANKED, UNKNOWN_KEY, Change, RefusedError, Setting, SettingsDesk
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Text

MAX_LINES: Final = 5_000

_STATUS: Final = {OUTRANKED: 409, UNKNOWN_KEY: 404, NOT_WRITTEN: 507}

Key = Annotated[Text, Field(min_length=1, max_length=300)]


class KeyIn(BaseModel):
    """The body of `POST /api/settings/reset`."""

    key: Key


class ValueIn(KeyIn):
    """The body of `POST /api/settings`; the value is JSON of the key's type."""

    value: Any


def router(settings: SettingsDesk, audit: Audit) -> APIRouter:
    """See, set, reset and reload. A refused change changes nothing."""
    routes = APIRouter()

    @routes.get("/api/settings")
    async def listed() -> Response:
        files = settings.files
        keys = [setting_view(one) for one in settings.listed()]
        return JSONResponse({"file": files.file, "overrides": files.overrides, "keys": keys})

    @routes.post("/api/settings")
    async def change(request: Request, body: ValueIn) -> Response:
        try:
            made = await settings.change(body.key, body.value)
        except RefusedError as error:
            return _refused(error)
        audit("settings.set", actor=actor(request), target=made.key, old=made.old, new=made.value)
        return JSONResponse(change_view(made))

    @routes.post("/api/settings/reset")
    async def reset(request: Request, body: KeyIn) -> Response:
        try:
            made = await settings.change(body.key, is_reset=True)
        except RefusedError as error:
            return _refused(error)
        audit("settings.reset", actor=actor(request), target=made.key, old=made.old, new=made.value)
        return JSONResponse(change_view(made))

    @routes.post("/api/settings/reload")
    async def reload(request: Request, _body: dict[str, Any] | None = None) -> Response:
        try:
            made = await settings.reload()
        except RefusedError as error:
            return _refused(error)
        for one in made:
            audit("settings.reload", actor=actor(request), target=one.key, old=one.old, new=one.value)
        return JSONResponse({"changed": [change_view(one) for one in made]})

    return routes


def log_router(log: Log) -> APIRouter:
    """The newest lines of the log."""
    routes = APIRouter()

    @routes.get("/api/log")
    async def newest(limit: Annotated[int, Query(ge=1, le=MAX_LINES)] = 1_000) -> Response:
        return JSONResponse([line_view(line) for line in log.newest(limit)])

    return routes


def setting_view(setting: Setting) -> dict[str, Any]:
    """A key as `GET /api/settings` shows it."""
    return {
        "key": setting.key,
        "section": setting.section,
        "meaning": setting.meaning,
        "type": setting.type,
        "default": setting.default,
        "value": setting.value,
        "source": setting.source,
        "applies": setting.applies,
        **setting.limits,
        "secret": setting.is_secret,
        "pending": setting.is_pending,
    }


def change_view(change: Change) -> dict[str, Any]:
    """A change as the routes answer it."""
    return {"key": change.key, "value": change.value, "old": change.old, "applied": change.applied}


def line_view(line: LogLine) -> dict[str, Any]:
    """A line of the log; `at` is Unix time in milliseconds."""
    view = {
        "at": line.at_ms,
        "level": line.level,
        "logger": line.logger,
        "message": line.message,
        "fields": dict(line.fields),
    }
    return view if line.turn is None else {**view, "turn": line.turn}


def _refused(error: RefusedError) -> Response:
    return problem(_STATUS.get(error.code, 400), error.code, error.message, error.fix)
