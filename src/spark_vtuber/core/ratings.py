"""What the streamer thinks of answers, so that a character can learn from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from spark_vtuber.core.ids import TurnId

LONGEST_BETTER: Final = 2_000
"""Characters of what should have been said."""

Thumb = Literal["", "up", "down"]


@dataclass(frozen=True, slots=True)
class Rating:
    """What is thought of the answer of a turn; `better` is what she should have said, empty where nobody said."""

    turn: TurnId
    thumb: Thumb = ""
    better: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is thought of it (any more)."""
        return not self.thumb and not self.better


class Ratings(Protocol):
    """The ratings of this show. They are kept in the journal, for `spark-vtuber train adapter`."""

    def ratings(self) -> Sequence[Rating]:
        """Those of this show's turns that are still at hand, the newest first."""
        ...

    async def rate(self, rating: Rating) -> None:
        """Keep a rating in place of the one before; an empty one takes it back.

        Raises `SparkError`: `unknown_turn` where the turn is not at hand (any more), `nothing_said` where it has no
        answer, `no_journal` where nothing is kept.
        """
        ...


def rating_view(rating: Rating) -> dict[str, Any]:
    """A rating as JSON."""
    return {"turn": rating.turn, "thumb": rating.thumb, "better": rating.better}
