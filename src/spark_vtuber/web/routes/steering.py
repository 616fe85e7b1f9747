"""What is said next, what may be said at all, the list of lines, who is answered, and the pictures in lines."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.steering import (
    ChatLine,
    ChatLines,
    EmotePictures,
    Held,
    Queue,
    Steering,
    Upcoming,
    Viewer,
    emote_views,
)
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Name, Text

MAX_NEXT: Final = 50
MAX_LINES: Final = 1_000
LONGEST_SAYING: Final = 2_000

_UNCHANGING: Final = {"cache-control": "private, max-age=604800", "x-content-type-options": "nosniff"}


class OnIn(BaseModel):
    """The body of `POST /api/hold`."""

    on: bool


class TurnIn(BaseModel):
    """The body of what is decided about a held answer."""

    turn: Name


class LineIn(BaseModel):
    """The body of what is decided about a line."""

    id: Name


class DropIn(BaseModel):
    """The body of `POST /api/queue/drop`: a cue that waits, or the next one where it is missing."""

    id: Name | None = None


class SayIn(BaseModel):
    """The body of `POST /api/say`."""

    text: Annotated[Text, Field(min_length=1, max_length=LONGEST_SAYING)]
    persona: Name | None = None


class KeyIn(BaseModel):
    """The body of `POST /api/unignore`."""

    key: Name


def router(steering: Steering, audit: Audit) -> APIRouter:
    """The queue and hold mode."""
    routes = _holding(steering, audit)

    @routes.get("/api/queue")
    async def queue(limit: Annotated[int, Query(ge=0, le=MAX_NEXT)] = 3) -> Response:
        return JSONResponse(queue_view(steering.queue(limit)))

    @routes.post("/api/queue/drop")
    async def drop(request: Request, body: DropIn | None = None) -> Response:
        dropped = steering.drop(body.id if body else None)
        if dropped is not None:
            audit("queue.drop", actor=actor(request), target=dropped)
        return JSONResponse({"dropped": dropped})

    @routes.post("/api/say", status_code=202)
    async def say(request: Request, body: SayIn) -> Response:
        persona = None if body.persona is None else PersonaId(body.persona)
        cue = steering.say(body.text, persona)
        audit("say", actor=actor(request), target=body.persona or "", new=body.text)
        return JSONResponse({"id": cue}, status_code=202)

    @routes.post("/api/answer")
    async def answer(request: Request, body: LineIn) -> Response:
        is_queued = steering.answer(body.id)
        if is_queued:
            audit("answer", actor=actor(request), target=body.id)
        return JSONResponse({"queued": is_queued})

    return routes


def _holding(steering: Steering, audit: Audit) -> APIRouter:
    """Hold mode."""
    routes = APIRouter()

    @routes.post("/api/hold")
    async def hold(request: Request, body: OnIn) -> Response:
        before = steering.queue(0).is_held
        steering.hold(is_on=body.on)
        audit("hold", actor=actor(request), old=before, new=body.on)
        return JSONResponse({"hold": body.on})

    @routes.post("/api/approve")
    async def approve(request: Request, body: TurnIn) -> Response:
        is_approved = steering.approve(TurnId(body.turn))
        if is_approved:
            audit("approve", actor=actor(request), target=body.turn)
        return JSONResponse({"approved": is_approved})

    @routes.post("/api/reject")
    async def reject(request: Request, body: TurnIn) -> Response:
        is_rejected = steering.reject(TurnId(body.turn))
        if is_rejected:
            audit("reject", actor=actor(request), target=body.turn)
        return JSONResponse({"rejected": is_rejected})

    return routes


def lines_router(lines: ChatLines, audit: Audit) -> APIRouter:
    """The list of lines, and the viewers who are not answered."""
    routes = APIRouter()

    @routes.get("/api/lines")
    async def listed(
        limit: Annotated[int, Query(ge=1, le=MAX_LINES)] = 200,
        before: Annotated[int | None, Query(ge=0)] = None,
        query: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        found, has_more = lines.lines(limit, before, query)
        return JSONResponse({"lines": [line_view(line) for line in found], "more": has_more})

    @routes.get("/api/ignored")
    async def ignored() -> Response:
        return JSONResponse([viewer_view(viewer) for viewer in lines.ignored()])

    @routes.post("/api/ignore")
    async def ignore(request: Request, body: LineIn) -> Response:
        try:
            viewer = await lines.ignore(body.id)
        except SparkError as error:
            return problem(404, error.code, error.message, error.fix)
        audit("ignore", actor=actor(request), target=viewer.key, new=viewer.name)
        return JSONResponse({"viewer": viewer_view(viewer)})

    @routes.post("/api/unignore")
    async def unignore(request: Request, body: KeyIn) -> Response:
        is_removed = await lines.unignore(body.key)
        if is_removed:
            audit("unignore", actor=actor(request), target=body.key)
        return JSONResponse({"removed": is_removed})

    return routes


def emotes_router(emotes: EmotePictures) -> APIRouter:
    """The pictures of emotes."""
    routes = APIRouter()

    @routes.get("/api/emotes/{source}/{emote}")
    async def picture(source: str, emote: str) -> Response:
        try:
            found = await emotes.picture(source, emote)
        except SparkError as error:
            return problem(404, error.code, error.message, error.fix)
        return Response(found.data, headers=_UNCHANGING, media_type=found.type)

    return routes


def queue_view(queue: Queue) -> dict[str, Any]:
    """The queue as `GET /api/queue` shows it."""
    return {
        "hold": queue.is_held,
        "waiting": queue.waiting,
        "next": [_upcoming_view(one) for one in queue.next],
        "held": [_held_view(one) for one in queue.held],
    }


def line_view(line: ChatLine) -> dict[str, Any]:
    """A line as `GET /api/lines` shows it."""
    return {
        "seq": line.seq,
        "id": line.id,
        "at": line.at_ms,
        "source": line.source,
        "kind": line.kind.value,
        "author": line.author,
        "text": line.text,
        "amount": line.amount,
        "currency": line.currency,
        "emotes": emote_views(line.source, line.emotes),
        "state": line.state.value,
        "reason": line.reason,
        "rule": line.rule,
        "turn": line.turn,
        "scores": dict(line.scores),
    }


def viewer_view(viewer: Viewer) -> dict[str, Any]:
    """A viewer who is not answered; `since` is Unix time in milliseconds."""
    return {"key": viewer.key, "name": viewer.name, "source": viewer.source, "since": viewer.since_ms}


def _upcoming_view(one: Upcoming) -> dict[str, Any]:
    cue, event = one.cue, one.cue.event
    return {
        "id": one.id,
        "author": cue.author,
        "text": cue.text,
        "source": event.source if event else cue.kind.value,
        "kind": event.kind.value if event else cue.kind.value,
        "amount": event.amount if event else 0.0,
        "persona": one.persona,
        "asked_by": one.cue.asked_by,
        "waiting_s": round(one.waiting_s, 3),
        "score": round(sum(one.scores.values()), 3),
        "scores": {name: round(score, 3) for name, score in one.scores.items()},
        "reasons": list(one.reasons),
    }


def _held_view(one: Held) -> dict[str, Any]:
    return {
        "turn": one.turn,
        "persona": one.persona,
        "author": one.cue.author,
        "cue": one.cue.text,
        "text": one.text,
        "complete": one.is_complete,
    }
