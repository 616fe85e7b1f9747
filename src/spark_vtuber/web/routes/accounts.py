"""Who is signed in to which platform, signing in and out, and a line written as the account."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from spark_vtuber.core.accounts import Accounts, account_view
from spark_vtuber.core.audit import Audit
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Name, Text


class Which(BaseModel):
    """The body of the routes of one platform."""

    platform: Name


class Words(Which):
    """The body of `POST /api/accounts/send`."""

    text: Annotated[Text, Field(min_length=1, max_length=500)]


def router(accounts: Accounts, audit: Audit) -> APIRouter:
    """`/api/accounts` and what is below it."""
    routes = APIRouter()

    @routes.get("/api/accounts")
    async def listed() -> Response:
        return JSONResponse([account_view(one) for one in accounts.accounts()])

    @routes.post("/api/accounts/login")
    async def login(request: Request, which: Which) -> Response:
        try:
            code = await accounts.sign_in(which.platform)
        except SparkError as error:
            return _refusal(error)
        audit("account.login", actor=actor(request), target=which.platform)
        return JSONResponse({"address": code.address, "code": code.code, "expires_at": code.expires_at_ms})

    @routes.post("/api/accounts/logout")
    async def logout(request: Request, which: Which) -> Response:
        try:
            is_done = await accounts.sign_out(which.platform)
        except SparkError as error:
            return _refusal(error)
        audit("account.logout", actor=actor(request), target=which.platform)
        return JSONResponse({"signed_out": is_done})

    @routes.post("/api/accounts/send")
    async def send(request: Request, words: Words) -> Response:
        try:
            await accounts.send(words.platform, words.text)
        except SparkError as error:
            return _refusal(error)
        audit("account.send", actor=actor(request), target=words.platform)
        return JSONResponse({"sent": True})

    return routes


def _refusal(error: SparkError) -> Response:
    """404 for a platform that is none, 503 where it may work later, 409 where something must be done first."""
    if error.code == "unknown_platform":
        return problem(404, error.code, error.message, error.fix)
    may_work_later = isinstance(error, EngineError) and error.retryable
    return problem(503 if may_work_later else 409, error.code, error.message, error.fix)
