"""What the checks of the chain say: matches first, then one ruling on the whole text."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from spark_vtuber.core.verdicts import Decision, Verdict


class Category(StrEnum):
    """What a text can be held against; each is a switch of its own, except the floor."""

    SLUR = "slur"
    THREAT = "threat"
    MINORS = "minors"
    DOXXING = "doxxing"
    SELF_HARM = "self_harm"
    HATE = "hate"
    PROFANITY = "profanity"
    SEXUAL = "sexual"
    PERSONAL = "personal"
    LINK = "link"
    INJECTION = "injection"
    PLATFORM = "platform"
    BLOCKED = "blocked"


FLOOR: Final = frozenset({Category.SLUR, Category.THREAT, Category.MINORS, Category.DOXXING, Category.SELF_HARM})
"""What gets a channel banned, whatever its streamer prefers."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a check found: `start` and `end` in the original text, `score` in 0..1.

    A match with a `replacement` is mended rather than held against the whole text.
    """

    category: Category
    rule: str
    score: float
    start: int
    end: int
    replacement: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The chain's decision on one text, in the words of `Verdict`.

    `score` is that of the worst match, also where it was too low to block: from `DOUBTFUL` on a second opinion is
    worth its time. `spans` are in the original text. `language` is the detected one, empty where it cannot be told.
    """

    decision: Decision
    text: str
    category: str = ""
    rule: str = ""
    reason: str = ""
    score: float = 0.0
    spans: tuple[tuple[int, int], ...] = ()
    language: str = ""
    microseconds: float = 0.0
    is_unfinished: bool = False

    def verdict(self) -> Verdict:
        """The ruling as the port of guards tells it."""
        return Verdict(
            self.decision,
            self.text,
            self.rule,
            self.reason,
            self.spans,
            self.is_unfinished,
            self.language,
            self.category,
            self.score,
        )


DOUBTFUL: Final = 0.2
"""From this score on a text that passed is worth a second opinion."""
