"""The port of guards."""

from dataclasses import dataclass
from typing import Protocol

from spark_vtuber.core.verdicts import Direction, Position, Verdict


@dataclass(frozen=True, slots=True)
class GuardContext:
    """What a guard may look at beside the text.

    `released` is the end of what the character already said in this turn (at most 200 characters), so that a
    phrase cut over two clauses is still seen. `spoken` is the voice's version of the text, where there is one.
    `position` is where the text stands; `source` and `author_id` are the platform and its id of who wrote it, where
    somebody did. `turn` is the answer it belongs to, where there is one.
    """

    author: str = ""
    released: str = ""
    spoken: str = ""
    language: str = "en"
    position: Position = Position.CHAT
    source: str = ""
    author_id: str = ""
    turn: str = ""


class Guard(Protocol):
    """Decides what may be read, shown, spoken and kept."""

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The verdict on one line of chat or one clause.

        Raises `EngineError` when no decision could be made: the caller must then treat the text as blocked.
        """
        ...
