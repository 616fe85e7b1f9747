"""The characters and their tempers."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Expression, Personas, temper_view
from spark_vtuber.web.actor import actor
from spark_vtuber.web.routes.texts import Name

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class TemperIn(BaseModel):
    """The body of `POST /api/persona`: first the preset, then what is named beside it; without a persona, everybody."""

    model_config = ConfigDict(extra="forbid")

    persona: Name | None = None
    preset: Name | None = None
    mood: Expression | None = None
    energy: Share | None = None
    talkativeness: Share | None = None
    idle_talk: bool | None = None
    paid_only: bool | None = None


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
        await personas.change(None if body.persona is None else PersonaId(body.persona), body.preset, values)
        asked = values if body.preset is None else {"preset": body.preset, **values}
        audit("persona", actor=actor(request), target=body.persona or "everybody", new=asked)
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
