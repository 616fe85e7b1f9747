"""Two characters talk to each other: begin it, end it, see how far it is."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.duets import LEAST_EXCHANGES, LONGEST_TOPIC, MOST_EXCHANGES, Duets, duet_view
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.web.actor import actor
from spark_vtuber.web.routes.texts import Name, Text

Words = Annotated[Text, Field(max_length=LONGEST_TOPIC)]


class DuetIn(BaseModel):
    """The body of `POST /api/duet`; what is left out is chosen."""

    model_config = ConfigDict(extra="forbid")

    topic: Words = ""
    tension: Words = ""
    exchanges: Annotated[int, Field(ge=LEAST_EXCHANGES, le=MOST_EXCHANGES)] | None = None
    opener: Name | None = None


def router(duets: Duets, audit: Audit) -> APIRouter:
    """Start and stop a duet."""
    routes = APIRouter()

    @routes.get("/api/duet")
    async def state() -> Response:
        return JSONResponse(duet_view(duets.state()))

    @routes.post("/api/duet")
    async def start(request: Request, body: DuetIn | None = None) -> Response:
        asked = body or DuetIn()
        opener = None if asked.opener is None else PersonaId(asked.opener)
        begun = await duets.start(asked.topic, asked.tension, asked.exchanges, opener)
        audit("duet", actor=actor(request), target=begun.id, new={"steps": begun.of})
        return JSONResponse(duet_view(begun), 202)

    @routes.post("/api/duet/stop")
    async def stop(request: Request) -> Response:
        name = duets.state().id
        is_stopped = duets.stop()
        if is_stopped:
            audit("duet_stop", actor=actor(request), target=name)
        return JSONResponse({"stopped": is_stopped})

    return routes
