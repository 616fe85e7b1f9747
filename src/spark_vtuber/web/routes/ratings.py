"""What the streamer thinks of answers."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from spark_vtuber.core.audit import Audit
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.ratings import LONGEST_BETTER, Rating, Ratings, Thumb, rating_view
from spark_vtuber.web.actor import actor
from spark_vtuber.web.routes.texts import Name

Better = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_BETTER)]


class RatingIn(BaseModel):
    """The body of `POST /api/rating`: what is left out is taken back."""

    model_config = ConfigDict(extra="forbid")

    turn: Name
    thumb: Thumb = ""
    better: Better = ""


def router(ratings: Ratings, audit: Audit) -> APIRouter:
    """See and give ratings."""
    routes = APIRouter()

    @routes.get("/api/ratings")
    async def listed() -> Response:
        return JSONResponse([rating_view(rating) for rating in ratings.ratings()])

    @routes.post("/api/rating")
    async def rate(request: Request, body: RatingIn) -> Response:
        rating = Rating(TurnId(body.turn), body.thumb, body.better)
        await ratings.rate(rating)
        audit("rating", actor=actor(request), target=body.turn, new=rating_view(rating))
        return JSONResponse(rating_view(rating))

    return routes
