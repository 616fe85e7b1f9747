"""Restarts by name, and the cues that could not be answered."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.healing import DeadLetter, Healing
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Name


class Which(BaseModel):
    """The body of `POST /api/components/restart`."""

    name: Name


class Letter(BaseModel):
    """The body of the routes of one dead letter."""

    id: Annotated[str, Field(min_length=1, max_length=40)]


def router(healing: Healing, audit: Audit) -> APIRouter:
    """`/api/components/restart` and `/api/dead-letters`."""
    routes = APIRouter()

    @routes.post("/api/components/restart")
    async def restart(request: Request, which: Which) -> Response:
        try:
            is_begun = healing.restart(which.name)
        except SparkError as error:
            return problem(404 if error.code == "unknown_component" else 409, error.code, error.message, error.fix)
        audit("component.restart", actor=actor(request), target=which.name)
        return JSONResponse({"restarted": is_begun})

    @routes.get("/api/dead-letters")
    async def dead_letters() -> Response:
        return JSONResponse([letter_view(letter) for letter in healing.dead_letters()])

    @routes.post("/api/dead-letters/retry")
    async def retry(request: Request, letter: Letter) -> Response:
        is_retried = healing.retry(letter.id)
        audit("dead_letter.retry", actor=actor(request), target=letter.id)
        return JSONResponse({"retried": is_retried})

    @routes.post("/api/dead-letters/drop")
    async def drop(request: Request, letter: Letter) -> Response:
        is_dropped = healing.drop(letter.id)
        audit("dead_letter.drop", actor=actor(request), target=letter.id)
        return JSONResponse({"dropped": is_dropped})

    return routes


def letter_view(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as JSON; `at` is Unix time in milliseconds."""
    return {
        "id": letter.id,
        "at": letter.at_ms,
        "persona": letter.persona,
        "author": letter.author,
        "text": letter.text,
        "error": letter.error,
        "attempts": letter.attempts,
    }
