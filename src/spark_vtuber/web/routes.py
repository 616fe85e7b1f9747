"""The HTTP routes of the interface, version 1. What each means stands in docs/reference."""

import math
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import AfterValidator, BaseModel, Field, SecretStr, field_validator, model_validator

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Desk, Health, Line
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import SPOKEN_KINDS, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason
from spark_vtuber.telemetry.turns import turn_view, turns_csv
from spark_vtuber.web.bucket import Bucket
from spark_vtuber.web.keys import Keys, Role
from spark_vtuber.web.problems import problem
from spark_vtuber.web.settings import WebSettings

MAX_TURNS: Final = 1_000
LOGIN_RATE_PER_S: Final = 1.0
LOGIN_BURST: Final = 10

_WORDLESS: Final = SPOKEN_KINDS - {ChatKind.MESSAGE, ChatKind.ACTION}
"""Kinds that say something without a text."""

Limit = Annotated[int, Query(ge=1, le=MAX_TURNS)]


def _whole(text: str) -> str:
    """JSON can escape half of a surrogate pair; such a text can be neither spoken nor written anywhere."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    return text


Text = Annotated[str, AfterValidator(_whole)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]


class LineIn(BaseModel):
    """The body of `POST /api/chat`."""

    author: Name
    text: Text
    kind: ChatKind = ChatKind.MESSAGE
    amount: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    persona: Name | None = None

    @field_validator("author")
    @classmethod
    def _has_a_name(cls, author: str) -> str:
        if not author.strip():
            raise ValueError("must not be blank")
        return author

    @field_validator("kind")
    @classmethod
    def _is_answerable(cls, kind: ChatKind) -> ChatKind:
        if kind not in SPOKEN_KINDS:
            raise ValueError(f"must be one of {', '.join(sorted(SPOKEN_KINDS))}")
        return kind

    @model_validator(mode="after")
    def _says_something(self) -> "LineIn":
        if not self.text.strip() and self.kind not in _WORDLESS:
            raise ValueError("text must not be blank")
        return self

    def line(self) -> Line:
        """The line for the desk."""
        return Line(
            author=self.author,
            text=self.text,
            kind=self.kind,
            amount=self.amount,
            persona=None if self.persona is None else PersonaId(self.persona),
        )


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


class LoginIn(BaseModel):
    """The body of `POST /api/login`."""

    token: SecretStr


def reading(desk: Desk) -> APIRouter:
    """The routes that change nothing."""
    router = APIRouter()

    @router.get("/api/health")
    async def health() -> Response:
        return JSONResponse(health_view(desk.health()))

    @router.get("/api/status")
    async def status() -> Response:
        return JSONResponse(dict(desk.status()))

    @router.get("/api/turns")
    async def turns(limit: Limit = 50) -> Response:
        return JSONResponse([turn_view(record) for record in desk.turns(limit)])

    @router.get("/api/turns.csv")
    async def csv(limit: Limit = MAX_TURNS) -> Response:
        disposition = {"content-disposition": 'attachment; filename="turns.csv"'}
        return Response(turns_csv(desk.turns(limit)), headers=disposition, media_type="text/csv; charset=utf-8")

    @router.get("/metrics")
    async def metrics() -> Response:
        return PlainTextResponse(desk.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def chat(desk: Desk, settings: WebSettings, clock: Clock, count_drop: Callable[[str], None]) -> APIRouter:
    """`POST /api/chat`, behind the door's own rate."""
    router = APIRouter()
    bucket = Bucket(clock, rate_per_s=settings.chat_rate_per_s, burst=settings.chat_burst)

    @router.post("/api/chat", status_code=202)
    async def say(line: LineIn) -> Response:
        wait_s = bucket.take()
        if wait_s > 0.0:
            count_drop(Reason.RATE)
            return too_many(wait_s)
        return JSONResponse({"id": desk.chat(line.line())}, status_code=202)

    return router


def controls(desk: Desk) -> APIRouter:
    """What the streamer's keys do. All are idempotent; an empty body means everybody."""
    router = APIRouter()

    @router.post("/api/interrupt")
    async def interrupt(whom: Whom | None = None) -> Response:
        return JSONResponse({"turn": await desk.interrupt(whom.id if whom else None)})

    @router.post("/api/mute")
    async def mute(whom: Whom | None = None) -> Response:
        await desk.mute(whom.id if whom else None)
        return JSONResponse({"muted": True})

    @router.post("/api/unmute")
    async def unmute(whom: Whom | None = None) -> Response:
        await desk.unmute(whom.id if whom else None)
        return JSONResponse({"muted": False})

    @router.post("/api/panic")
    async def panic(why: PanicIn | None = None) -> Response:
        await desk.panic((why or PanicIn()).reason)
        return JSONResponse({"panic": True})

    @router.post("/api/resume")
    async def resume(_body: dict[str, Any] | None = None) -> Response:
        await desk.resume()
        return JSONResponse({"panic": False})

    @router.post("/api/fallback")
    async def fall_back(switch: SwitchIn) -> Response:
        try:
            await desk.fall_back(switch.module, switch.use)
        except SparkError as error:
            return problem(400, error.code, error.message, error.fix)
        return JSONResponse({"module": switch.module, "use": switch.use})

    return router


def login(keys: Keys, clock: Clock) -> APIRouter:
    """`POST /api/login`: the token of the desk becomes a cookie; guessing is slowed down."""
    router = APIRouter()
    bucket = Bucket(clock, rate_per_s=LOGIN_RATE_PER_S, burst=LOGIN_BURST)

    @router.post("/api/login")
    async def log_in(body: LoginIn) -> Response:
        if not keys.are_needed:
            return JSONResponse({"role": Role.DESK})
        wait_s = bucket.take()
        if wait_s > 0.0:
            return too_many(wait_s)
        if not keys.opens(Role.DESK, body.token.get_secret_value()):
            return problem(401, "wrong_token", "this is not the token of the desk", "look it up where it was set")
        return JSONResponse({"role": Role.DESK}, headers={"set-cookie": keys.cookie(Role.DESK)})

    return router


def too_many(wait_s: float) -> Response:
    """429 with the whole seconds to wait."""
    return problem(429, "rate", "too many at once", "wait as Retry-After says", {"retry-after": str(math.ceil(wait_s))})


def health_view(health: Health) -> dict[str, Any]:
    """Health as `GET /api/health` shows it; `since` is Unix time in milliseconds."""
    return {
        "status": health.status,
        "uptime_s": round(health.uptime_s, 3),
        "pid": health.pid,
        "version": health.version,
        "session": health.session,
        "components": [
            {
                "name": component.name,
                "kind": component.kind,
                "state": component.state,
                "detail": component.detail,
                "since": component.since_ms,
                "fix": component.fix,
            }
            for component in health.components
        ],
    }
