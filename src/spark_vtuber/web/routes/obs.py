"""OBS: how it is, and which scene is on air."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.obs import ObsDesk
from spark_vtuber.web.actor import actor
from spark_vtuber.web.routes.texts import Text


class SceneIn(BaseModel):
    """The body of `POST /api/obs/scene`."""

    name: Text = Field(min_length=1, max_length=500)


def router(obs: ObsDesk, audit: Audit) -> APIRouter:
    """State and scenes of OBS."""
    routes = APIRouter()

    @routes.get("/api/obs")
    async def view() -> Response:
        return JSONResponse(asdict(obs.view()))

    @routes.post("/api/obs/scene")
    async def switch(request: Request, scene: SceneIn) -> Response:
        old = obs.view().scene
        now = await obs.switch(scene.name)
        audit("obs.scene", actor=actor(request), target=now, old=old, new=now)
        return JSONResponse({"scene": now})

    return routes
