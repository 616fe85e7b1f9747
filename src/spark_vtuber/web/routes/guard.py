"""What the guard held back and why, the streamer's own phrases, and viewers who are not answered for a while."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.guarding import (
    NO_LISTS,
    Entry,
    Guarding,
    ListName,
    Opinion,
    Selection,
    Stance,
    Struck,
    Switch,
    entry_view,
)
from spark_vtuber.core.settings import NOT_WRITTEN, OUTRANKED, UNKNOWN_KEY
from spark_vtuber.core.verdicts import Direction, Position
from spark_vtuber.web.actor import actor
from spark_vtuber.web.problems import problem
from spark_vtuber.web.routes.texts import Name, Text

MAX_ENTRIES: Final = 500
MAX_HOURS: Final = 24 * 31
LONGEST_TEXT: Final = 2_000
LAST_ID: Final = 2**63 - 1

_STATUS: Final = {OUTRANKED: 409, UNKNOWN_KEY: 404, NO_LISTS: 409, NOT_WRITTEN: 507}


class CheckIn(BaseModel):
    """The body of `POST /api/guard/check`."""

    text: Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT)]
    direction: Direction = Direction.IN


class EditIn(BaseModel):
    """The body of `POST /api/guard/lists`: a phrase to add, or one to remove."""

    list: ListName
    add: Annotated[Text, Field(max_length=1_000)] | None = None
    remove: Annotated[Text, Field(max_length=1_000)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "EditIn":
        if (self.add is None) == (self.remove is None):
            raise ValueError("needs either add or remove")
        return self


class KeyIn(BaseModel):
    """The body of `POST /api/guard/pardon`."""

    key: Name


def router(guarding: Guarding, audit: Audit) -> APIRouter:
    """The ledger, the check box, the lists and the strikes."""
    routes = APIRouter()
    _read(routes, guarding)
    _strike(routes, guarding, audit)

    @routes.get("/api/guard")
    async def stance() -> Response:
        return JSONResponse(stance_view(guarding.words.stance()))

    @routes.post("/api/guard/check")
    async def check(body: CheckIn) -> Response:
        try:
            opinion = await guarding.words.check(body.text, body.direction)
        except EngineError as error:
            return problem(503, error.code, error.message, error.fix)
        return JSONResponse(opinion_view(opinion))

    @routes.post("/api/guard/lists")
    async def edit(request: Request, body: EditIn) -> Response:
        is_in = body.add is not None
        phrase = body.add or body.remove or ""
        try:
            is_changed = await guarding.words.edit(body.list, phrase, is_in=is_in)
        except SparkError as error:
            return problem(_STATUS.get(error.code, 400), error.code, error.message, error.fix)
        if is_changed:
            trace = guarding.words.trace(phrase)
            old, new = (None, trace) if is_in else (trace, None)
            audit("guard.lists", actor=actor(request), target=body.list, old=old, new=new)
        stance = guarding.words.stance()
        return JSONResponse({"changed": is_changed, "allow": stance.allow, "block": stance.block})

    return routes


def _read(routes: APIRouter, guarding: Guarding) -> None:
    """The ledger."""

    @routes.get("/api/guard/ledger")
    async def ledger(
        limit: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100,
        before: Annotated[int | None, Query(ge=0, le=LAST_ID)] = None,
        direction: Direction | None = None,
        position: Position | None = None,
        category: Annotated[str, Query(max_length=40)] = "",
        viewer: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        selection = Selection(direction, position, category, viewer)
        entries, has_more = await guarding.book.entries(limit, before, selection)
        return JSONResponse({"entries": [line_view(entry) for entry in entries], "more": has_more})

    @routes.get("/api/guard/summary")
    async def summary(hours: Annotated[int, Query(ge=1, le=MAX_HOURS)] = 24) -> Response:
        counts = await guarding.book.counts(hours)
        categories: dict[str, dict[str, int]] = {}
        by_hour: dict[int, dict[str, int]] = {}
        for one in counts:
            decided = categories.setdefault(one.category, {"block": 0, "rewrite": 0})
            decided[one.decision.value] = decided.get(one.decision.value, 0) + one.count
            hour = by_hour.setdefault(one.hour_ms, {"block": 0, "rewrite": 0})
            hour[one.decision.value] = hour.get(one.decision.value, 0) + one.count
        return JSONResponse(
            {
                "categories": [{"category": name, **decided} for name, decided in categories.items()],
                "hours": [{"hour": hour_ms, **decided} for hour_ms, decided in by_hour.items()],
            }
        )


def _strike(routes: APIRouter, guarding: Guarding, audit: Audit) -> None:
    """Strikes and pardons."""

    @routes.get("/api/guard/strikes")
    async def strikes() -> Response:
        return JSONResponse([struck_view(struck) for struck in guarding.strikes.strikes()])

    @routes.post("/api/guard/pardon")
    async def pardon(request: Request, body: KeyIn) -> Response:
        struck = await guarding.strikes.pardon(body.key)
        if struck is not None:
            audit("guard.pardon", actor=actor(request), target=body.key, old=struck.name)
        return JSONResponse({"pardoned": struck is not None})


def line_view(entry: Entry) -> dict[str, Any]:
    """An entry as `GET /api/guard/ledger` shows it."""
    return {**entry_view(entry), "at": entry.at_ms, "turn": entry.turn}


def stance_view(stance: Stance) -> dict[str, Any]:
    """What the guard goes by, as `GET /api/guard` shows it."""
    return {
        "engine": stance.engine,
        "levels": [_switch_view(one) for one in stance.levels],
        "categories": [_switch_view(one) for one in stance.categories],
        "allow": stance.allow,
        "block": stance.block,
    }


def opinion_view(opinion: Opinion) -> dict[str, Any]:
    """What the guard makes of a text."""
    return {
        "decision": opinion.decision.value,
        "text": opinion.text,
        "category": opinion.category,
        "rule": opinion.rule,
        "reason": opinion.reason,
        "score": round(opinion.score, 3),
        "spans": opinion.spans,
        "language": opinion.language,
        "level": opinion.level,
        "microseconds": round(opinion.microseconds, 1),
        "meaning": opinion.meaning,
        "remedies": [{"kind": remedy.kind, "value": remedy.value} for remedy in opinion.remedies],
    }


def struck_view(struck: Struck) -> dict[str, Any]:
    """A viewer with strikes; times are Unix milliseconds."""
    return {
        "key": struck.key,
        "name": struck.name,
        "source": struck.source,
        "strikes": struck.strikes,
        "lines": struck.lines,
        "last": struck.last_ms,
        "until": struck.until_ms,
        "rests": struck.rests,
    }


def _switch_view(one: Switch) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "meaning": one.meaning,
        "on": one.is_on,
        "fixed": one.is_fixed,
        "set": one.is_set,
    }
