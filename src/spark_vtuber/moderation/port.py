"""The port of guards."""

from collections.abc import Callable
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


Told = Callable[[str, Direction, GuardContext, Verdict], None]
"""Hears of a verdict that does not let a text through as it is; must neither wait nor fail."""


def untold(_text: str, _direction: Direction, _context: GuardContext, _verdict: Verdict) -> None:
    """Nobody hears of verdicts."""


class Guard(Protocol):
    """Decides what may be read, shown, spoken and kept."""

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The verdict on one line of chat or one clause.

        Raises `EngineError` when no decision could be made: the caller must then treat the text as blocked.
        """
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A text of which the rules cannot tell whether it is harmful.

    `category` is what they suspect; `before` the end of what the character said just before, where it is the speaker;
    `author` the name of who wrote it, where somebody did.
    """

    text: str
    direction: Direction
    category: str = ""
    before: str = ""
    author: str = ""


class Judge(Protocol):
    """Understands a text where rules only match it."""

    async def may_pass(self, question: Question) -> bool:
        """Whether the text is harmless.

        Takes as long as it takes; the caller keeps the deadline and may cancel. Raises `EngineError` (`bad_verdict`,
        `unreachable`, `timeout` …) when there is no answer: the caller must then refuse the text. No error repeats it.
        """
        ...
