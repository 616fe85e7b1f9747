"""What every facet of ratings keeps to: the real one and the fake.

Each promise is a coroutine over the facet and two turns with an answer, the newer one first. A broken promise raises
`AssertionError` that says which.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.ratings import Rating, Ratings


async def the_newest_turn_comes_first(ratings: Ratings, newer: TurnId, older: TurnId) -> None:
    """Ratings are in the order of their turns, not in that in which they were given."""
    await ratings.rate(Rating(newer, "up"))
    await ratings.rate(Rating(older, "down", "something kinder"))
    _hold(
        tuple(ratings.ratings()) == (Rating(newer, "up"), Rating(older, "down", "something kinder")),
        "not all ratings are there, or not in the order of the turns",
    )


async def a_rating_takes_the_place_of_the_one_before(ratings: Ratings, newer: TurnId, _older: TurnId) -> None:
    """A turn has one rating; an empty one takes it back, and may do so twice."""
    await ratings.rate(Rating(newer, "up"))
    await ratings.rate(Rating(newer, "down"))
    _hold(tuple(ratings.ratings()) == (Rating(newer, "down"),), "the second rating does not replace the first")
    await ratings.rate(Rating(newer))
    await ratings.rate(Rating(newer))
    _hold(tuple(ratings.ratings()) == (), "an empty rating does not take it back")


async def a_turn_that_is_not_there_is_refused(ratings: Ratings, _newer: TurnId, _older: TurnId) -> None:
    """Nothing is kept of what nobody said."""
    try:
        await ratings.rate(Rating(TurnId("t-none"), "up"))
    except SparkError as error:
        _hold(error.code == "unknown_turn" and bool(error.fix), "the refusal does not say why, or what to do")
    else:
        raise AssertionError("an unknown turn is rated")
    _hold(tuple(ratings.ratings()) == (), "a refused rating is kept")


PROMISES: Final[tuple[Callable[[Ratings, TurnId, TurnId], Awaitable[None]], ...]] = (
    the_newest_turn_comes_first,
    a_rating_takes_the_place_of_the_one_before,
    a_turn_that_is_not_there_is_refused,
)


def _hold(is_kept: bool, promise: str) -> None:
    if not is_kept:
        raise AssertionError(promise)
