"""Ratings of answers: the real book, the fake, and what the journal keeps."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from spark_vtuber.app.ratings import RatingBook
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.ratings import Rating, Ratings
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.testing.contracts.ratings import PROMISES
from spark_vtuber.testing.journal import a_turn
from spark_vtuber.testing.ratings import FakeRatings

NEWER, OLDER = TurnId("t2"), TurnId("t1")
Promise = Callable[[Ratings, TurnId, TurnId], Awaitable[None]]


class Told:
    """Turns of a show, and what was announced."""

    def __init__(self) -> None:
        self.turns = [a_turn(2).record, a_turn(1).record]
        self.events: list[dict[str, Any]] = []

    def newest(self, limit: int) -> list[TurnRecord]:
        return self.turns[:limit]

    def __call__(self, kind: str, /, *, turn: str | None = None, **fields: Any) -> None:
        self.events.append({"kind": kind, "turn": turn, **fields})


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_real_book_keeps_the_contract(promise: Promise, told: Told) -> None:
    await promise(RatingBook(told.newest, told, is_kept=lambda: True), NEWER, OLDER)


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_fake_keeps_the_contract(promise: Promise) -> None:
    await promise(FakeRatings((NEWER, OLDER)), NEWER, OLDER)


async def test_a_rating_tells_the_journal_everything_that_training_needs(told: Told) -> None:
    await RatingBook(told.newest, told, is_kept=lambda: True).rate(Rating(OLDER, "down", "Hello, friend!"))
    about = {"persona": "main", "author": "ann", "asked": "hi", "said": "Hello, ann!"}
    assert told.events == [{"kind": "turn.rated", "turn": OLDER, **about, "thumb": "down", "better": "Hello, friend!"}]


async def test_what_nobody_said_or_keeps_is_not_rated(told: Told) -> None:
    told.turns.insert(0, a_turn(3, said="").record)
    with pytest.raises(SparkError, match="nothing was said"):
        await RatingBook(told.newest, told, is_kept=lambda: True).rate(Rating(TurnId("t3"), "up"))
    with pytest.raises(SparkError, match="journal"):
        await RatingBook(told.newest, told, is_kept=lambda: False).rate(Rating(NEWER, "up"))
    assert told.events == []


async def test_ratings_of_turns_that_are_gone_are_let_go(told: Told) -> None:
    book = RatingBook(told.newest, told, is_kept=lambda: True)
    await book.rate(Rating(OLDER, "up"))
    told.turns.pop()
    await book.rate(Rating(NEWER, "up"))
    told.turns.append(a_turn(1).record)
    assert book.ratings() == (Rating(NEWER, "up"),)
