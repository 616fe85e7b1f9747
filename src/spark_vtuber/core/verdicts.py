"""What a guard says of a text."""

from dataclasses import dataclass, field
from enum import StrEnum


class Direction(StrEnum):
    """Which way a text goes: from the room to the character, or from the character to the room."""

    IN = "in"
    OUT = "out"


class Position(StrEnum):
    """Where a text stands that a guard looks at; the ledger keeps it."""

    TRANSCRIPT = "transcript"
    CHAT = "chat"
    NAME = "name"
    EMOTE = "emote"
    PROMPT = "prompt"
    CLAUSE = "clause"
    CAPTION = "caption"
    MEMORY = "memory"
    TOOL = "tool"
    GAME = "game"


class Decision(StrEnum):
    """ALLOW as it is, REWRITE to the verdict's text, BLOCK it."""

    ALLOW = "allow"
    REWRITE = "rewrite"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A guard's decision on one text.

    `text` is what may be used: the input for ALLOW, the replacement for REWRITE, empty for BLOCK. `rule` names
    what matched, `reason` is a short code for people and for the choice of a deflection; neither ever repeats
    the text. `spans` are the character ranges of the input that matched. `is_unfinished` tells that an allowed text
    ends in the middle of something that would be blocked: what follows should be seen before it is used.
    `language` is the text's language as a code, empty where it cannot be told. `category` is what kind of thing matched
    worst, `score` (0..1) how surely; both also where it was too little to block.
    """

    decision: Decision
    text: str
    rule: str = ""
    reason: str = ""
    spans: tuple[tuple[int, int], ...] = field(default=())
    is_unfinished: bool = False
    language: str = ""
    category: str = ""
    score: float = 0.0

    @property
    def is_blocked(self) -> bool:
        """Whether nothing of the text may be used."""
        return self.decision is Decision.BLOCK
