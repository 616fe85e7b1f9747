"""`POST /api/chat`: lines that come through our own door."""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, field_validator, model_validator

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Desk, Line
from spark_vtuber.core.events import SPOKEN_KINDS, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason
from spark_vtuber.web.bucket import Bucket
from spark_vtuber.web.problems import too_many
from spark_vtuber.web.routes.texts import Name, Text
from spark_vtuber.web.settings import WebSettings

_WORDLESS: Final = SPOKEN_KINDS - {ChatKind.MESSAGE, ChatKind.ACTION}
"""Kinds that say something without a text."""


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


def router(desk: Desk, settings: WebSettings, clock: Clock, count_drop: Callable[[str], None]) -> APIRouter:
    """`POST /api/chat`, behind the door's own rate."""
    routes = APIRouter()
    bucket = Bucket(clock, rate_per_s=settings.chat_rate_per_s, burst=settings.chat_burst)

    @routes.post("/api/chat", status_code=202)
    async def say(line: LineIn) -> Response:
        wait_s = bucket.take()
        if wait_s > 0.0:
            count_drop(Reason.RATE)
            return too_many(wait_s)
        return JSONResponse({"id": desk.chat(line.line())}, status_code=202)

    return routes
