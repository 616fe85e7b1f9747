"""What the streamer's keys do."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.desk import Desk
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Name, Text


class Whom(BaseModel):
    """The body of a control: one persona, or everybody where it is missing."""

    persona: Name | None = None

    @property
    def id(self) -> PersonaId | None:
        """The persona meant."""
        return None if self.persona is None else PersonaId(self.persona)


class PanicIn(BaseModel):
    """The body of `POST /api/panic`: why, for the log."""

    reason: Text = Field(default=Reason.OPERATOR.value, max_length=200)


class SwitchIn(BaseModel):
    """The body of `POST /api/fallback`: a module and its stand-in; empty switches it back."""

    module: Name
    use: Text = Field(default="", max_length=40)


def router(desk: Desk, audit: Audit) -> APIRouter:
    """Interrupt, mute, panic, stand-ins. All are idempotent; an empty body means everybody."""
    routes = APIRouter()

    @routes.post("/api/interrupt")
    async def interrupt(whom: Whom | None = None) -> Response:
        return JSONResponse({"turn": await desk.interrupt(whom.id if whom else None)})

    @routes.post("/api/mute")
    async def mute(request: Request, whom: Whom | None = None) -> Response:
        await desk.mute(whom.id if whom else None)
        audit("mute", actor=actor(request), target=_whom(whom))
        return JSONResponse({"muted": True})

    @routes.post("/api/unmute")
    async def unmute(request: Request, whom: Whom | None = None) -> Response:
        await desk.unmute(whom.id if whom else None)
        audit("unmute", actor=actor(request), target=_whom(whom))
        return JSONResponse({"muted": False})

    @routes.post("/api/panic")
    async def panic(request: Request, why: PanicIn | None = None) -> Response:
        reason = (why or PanicIn()).reason
        await desk.panic(reason)
        audit("panic", actor=actor(request), new=reason)
        return JSONResponse({"panic": True})

    @routes.post("/api/resume")
    async def resume(request: Request, _body: dict[str, Any] | None = None) -> Response:
        await desk.resume()
        audit("resume", actor=actor(request))
        return JSONResponse({"panic": False})

    @routes.post("/api/fallback")
    async def fall_back(request: Request, switch: SwitchIn) -> Response:
        try:
            await desk.fall_back(switch.module, switch.use)
        except SparkError as error:
            return problem(400, error.code, error.message, error.fix)
        audit("fallback", actor=actor(request), target=switch.module, new=switch.use)
        return JSONResponse({"module": switch.module, "use": switch.use})

    return routes


def _whom(whom: Whom | None) -> str:
    return (whom.id if whom else None) or "everybody"
