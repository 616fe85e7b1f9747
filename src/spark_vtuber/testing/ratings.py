"""The facet of ratings in memory."""

from collections.abc import Collection, Sequence

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.ratings import Rating


class FakeRatings:
    """Implements `Ratings` for the turns `answered`, the newest first, and `silent` ones, which said nothing."""

    def __init__(self, answered: Sequence[TurnId], silent: Collection[TurnId] = ()) -> None:
        self._answered = tuple(answered)
        self._silent = frozenset(silent)
        self._ratings: dict[TurnId, Rating] = {}

    def ratings(self) -> Sequence[Rating]:
        """The ratings that were given, the newest turn first."""
        return tuple(self._ratings[turn] for turn in self._answered if turn in self._ratings)

    async def rate(self, rating: Rating) -> None:
        """Keep a rating, or take it back."""
        if rating.turn in self._silent:
            raise SparkError("nothing was said in that turn", code="nothing_said", fix="rate an answer")
        if rating.turn not in self._answered:
            raise SparkError(f"the turn {rating.turn} is not at hand", code="unknown_turn", fix="rate a known turn")
        if rating.is_empty:
            self._ratings.pop(rating.turn, None)
        else:
            self._ratings[rating.turn] = rating
