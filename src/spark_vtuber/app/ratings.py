"""The streamer's ratings of this show's answers."""

from collections.abc import Callable, Sequence
from typing import Final

from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.ratings import Rating
from spark_vtuber.core.turns import TurnRecord

AT_HAND: Final = 256
"""Turns of which an answer can still be rated."""


class RatingBook:
    """Implements `core.ratings.Ratings`: the journal hears of a rating as the event `turn.rated`."""

    def __init__(
        self, turns: Callable[[int], Sequence[TurnRecord]], announce: Announce, *, is_kept: Callable[[], bool]
    ) -> None:
        """`turns(limit)` are the last ones, newest first; `is_kept()` says whether there is a journal."""
        self._turns = turns
        self._announce = announce
        self._is_kept = is_kept
        self._ratings: dict[TurnId, Rating] = {}

    def ratings(self) -> Sequence[Rating]:
        """The ratings of the turns that are at hand, the newest turn first."""
        return tuple(self._ratings[turn.id] for turn in self._turns(AT_HAND) if turn.id in self._ratings)

    async def rate(self, rating: Rating) -> None:
        """Keep a rating. Raises `SparkError`: `unknown_turn`, `nothing_said`, `no_journal`."""
        if not self._is_kept():
            raise SparkError("ratings are kept in the journal, which is off", code="no_journal", fix="set journal.on")
        turns = {turn.id: turn for turn in self._turns(AT_HAND)}
        record = turns.get(rating.turn)
        if record is None:
            what = f"the turn {rating.turn} is not at hand"
            raise SparkError(what, code="unknown_turn", fix=f"rate one of the last {AT_HAND} answers")
        if not record.said.strip():
            raise SparkError("nothing was said in that turn", code="nothing_said", fix="rate an answer")
        self._ratings = {turn: known for turn, known in self._ratings.items() if turn in turns}
        if rating.is_empty:
            self._ratings.pop(rating.turn, None)
        else:
            self._ratings[rating.turn] = rating
        self._announce(
            "turn.rated",
            turn=rating.turn,
            persona=record.persona,
            author=record.cue.author,
            asked=record.cue.text,
            said=record.said,
            thumb=rating.thumb,
            better=rating.better,
        )
