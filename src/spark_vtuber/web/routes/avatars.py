"""Models of characters in other programs."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from spark_vtuber.core.avatars import Avatars, avatar_view


def router(avatars: Avatars) -> APIRouter:
    """How every model is."""
    routes = APIRouter()

    @routes.get("/api/avatars")
    async def listed() -> Response:
        return JSONResponse([avatar_view(view) for view in avatars.avatars()])

    return routes
