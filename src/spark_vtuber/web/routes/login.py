"""`POST /api/login`: the token of the desk becomes a cookie."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, SecretStr

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.clock import Clock
from spark_vtuber.web.actor import actor
from spark_vtuber.web.bucket import Bucket
from spark_vtuber.web.keys import Keys, Role
from spark_vtuber.web.problems import problem, too_many

LOGIN_RATE_PER_S: Final = 1.0
LOGIN_BURST: Final = 10

NOTES_PER_S: Final = 1 / 60
NOTES_BURST: Final = 10
"""Refusals are noted one by one, then in sums: whoever guesses must not fill the audit log."""


class LoginIn(BaseModel):
    """The body of `POST /api/login`."""

    token: SecretStr


def router(keys: Keys, clock: Clock, audit: Audit) -> APIRouter:
    """`POST /api/login`: the token of the desk becomes a cookie; guessing is slowed down."""
    routes = APIRouter()
    bucket = Bucket(clock, rate_per_s=LOGIN_RATE_PER_S, burst=LOGIN_BURST)
    notes = Bucket(clock, rate_per_s=NOTES_PER_S, burst=NOTES_BURST)
    unnoted = 0

    def refuse(request: Request) -> None:
        nonlocal unnoted
        unnoted += 1
        if notes.take() == 0.0:
            audit("login.refused", actor=actor(request), new={"times": unnoted})
            unnoted = 0

    @routes.post("/api/login")
    async def log_in(request: Request, body: LoginIn) -> Response:
        if not keys.are_needed:
            return JSONResponse({"role": Role.DESK})
        wait_s = bucket.take()
        if wait_s > 0.0:
            return too_many(wait_s)
        if not keys.opens(Role.DESK, body.token.get_secret_value()):
            refuse(request)
            return problem(401, "wrong_token", "this is not the token of the desk", "look it up where it was set")
        audit("login", actor=actor(request))
        return JSONResponse({"role": Role.DESK}, headers={"set-cookie": keys.cookie(Role.DESK)})

    return routes
