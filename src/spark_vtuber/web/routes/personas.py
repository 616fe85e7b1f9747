"""The characters and their tempers."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.growth import Growth, disposition_view, move_view
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Expression, Personas, temper_view
from spark_vtuber.web.actor import actor
from spark_vtuber.web.routes.texts import Name

OWN: Final = "own"
"""A mood or an energy that the character has by itself."""

MOST_MOVES: Final = 500

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class TemperIn(BaseModel):
    """The body of `POST /api/persona`: first the preset, then what is named beside it; without a persona, everybody.

    A mood or an energy "own" is the character's own again.
    """

    model_config = ConfigDict(extra="forbid")

    persona: Name | None = None
    preset: Name | None = None
    mood: Expression | Literal["own"] | None = None
    energy: Share | Literal["own"] | None = None
    talkativeness: Share | None = None
    idle_talk: bool | None = None
    paid_only: bool | None = None


class LeadIn(BaseModel):
    """The body of `POST /api/persona/lead`."""

    model_config = ConfigDict(extra="forbid")

    persona: Name


class FreezeIn(BaseModel):
    """The body of `POST /api/persona/freeze`; without a persona, everybody."""

    model_config = ConfigDict(extra="forbid")

    persona: Name | None = None
    on: bool


class ResetIn(BaseModel):
    """The body of `POST /api/persona/reset`: one trait, or all that became of one character or of everybody."""

    model_config = ConfigDict(extra="forbid")

    persona: Name | None = None
    trait: Name | None = None


def router(personas: Personas, audit: Audit) -> APIRouter:
    """See the characters, set their tempers, list the presets."""
    routes = APIRouter()

    def views() -> list[dict[str, Any]]:
        return [temper_view(persona, temper) for persona, temper in personas.tempers()]

    @routes.get("/api/personas")
    async def listed() -> Response:
        return JSONResponse(views())

    @routes.post("/api/persona")
    async def change(request: Request, body: TemperIn) -> Response:
        values = body.model_dump(exclude_none=True, exclude={"persona", "preset"})
        given = {name: None if name in ("mood", "energy") and value == OWN else value for name, value in values.items()}
        await personas.change(_named(body.persona), body.preset, given)
        asked = values if body.preset is None else {"preset": body.preset, **values}
        audit("persona", actor=actor(request), target=body.persona or "everybody", new=asked)
        return JSONResponse(views())

    @routes.post("/api/persona/lead")
    async def lead(request: Request, body: LeadIn) -> Response:
        old = personas.tempers()[0][0].id
        await personas.lead(PersonaId(body.persona))
        audit("persona.lead", actor=actor(request), target=body.persona, old=old, new=body.persona)
        return JSONResponse(views())

    @routes.get("/api/presets")
    async def presets() -> Response:
        return JSONResponse(
            [
                {
                    "name": preset.name,
                    "title": preset.title,
                    "meaning": preset.meaning,
                    "values": dict(preset.values),
                    "own": preset.is_own,
                }
                for preset in personas.presets()
            ]
        )

    return routes


def growth_router(growth: Growth, audit: Audit) -> APIRouter:
    """See how the characters change, stop them, set them back."""
    routes = APIRouter()

    def told(limit: int) -> Response:
        states = [disposition_view(persona, state) for persona, state in growth.dispositions()]
        return JSONResponse({"personas": states, "moves": [move_view(move) for move in growth.moves(limit)]})

    @routes.get("/api/personas/growth")
    async def listed(limit: Annotated[int, Query(ge=0, le=MOST_MOVES)] = 50) -> Response:
        return told(limit)

    @routes.post("/api/persona/freeze")
    async def freeze(request: Request, body: FreezeIn) -> Response:
        await growth.freeze(_named(body.persona), is_on=body.on)
        audit("persona.freeze", actor=actor(request), target=body.persona or "everybody", new=body.on)
        return told(50)

    @routes.post("/api/persona/reset")
    async def reset(request: Request, body: ResetIn) -> Response:
        await growth.reset(_named(body.persona), body.trait)
        audit("persona.reset", actor=actor(request), target=body.persona or "everybody", new=body.trait)
        return told(50)

    return routes


def _named(persona: str | None) -> PersonaId | None:
    return None if persona is None else PersonaId(persona)
