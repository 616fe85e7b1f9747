"""Every error of the application in the one form of the interface."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.web.refusal import error_json

log = logging.getLogger(__name__)


def problem(status: int, code: str, message: str, fix: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as a response."""
    return Response(error_json(code, message, fix), status, headers, media_type="application/json")


def too_many(wait_s: float) -> Response:
    """429 with the whole seconds to wait."""
    return problem(429, "rate", "too many at once", "wait as Retry-After says", {"retry-after": str(math.ceil(wait_s))})


def teach(app: FastAPI) -> None:
    """Give `app` the project's answers to what can go wrong in a route."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(SparkError, _failed)
    app.add_exception_handler(Exception, _broken)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    mistakes = error.errors()
    if any(mistake["type"] == "json_invalid" for mistake in mistakes):
        return problem(400, "bad_json", "the body is not JSON", "send one JSON object")
    text = "; ".join(f"{_place(mistake['loc'])}: {_reason(mistake['msg'])}" for mistake in mistakes)
    return problem(400, "bad_input", text, "see the reference of this route")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    code = HTTPStatus(error.status_code).name.lower()
    return problem(error.status_code, code, str(error.detail), "see the reference of the routes", error.headers)


async def _failed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SparkError)  # noqa: S101 - what it is registered for
    return problem(503 if isinstance(error, EngineError) else 400, error.code, error.message, error.fix)


async def _broken(request: Request, _error: Exception) -> Response:
    log.error("bug in %s %s", request.method, request.url.path)
    return problem(500, "bug", "this is a bug of the show", "please report it with the log")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in ("body", "query")) or "body"


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")
