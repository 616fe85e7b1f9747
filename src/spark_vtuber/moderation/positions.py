"""Where a text stands decides how long it may be and whether it may be mended; the same for everybody who asks.

Whoever takes in a text calls the guard with `GuardContext(position=…)` and uses the verdict's text, nothing else:
transcripts, lines, names, ids of emotes, what is put into a prompt, clauses, captions, what is remembered, arguments of
tools, texts of games.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from spark_vtuber.core.verdicts import Decision, Direction, Position, Verdict
from spark_vtuber.moderation.port import Guard, GuardContext, Told, untold

RULE: Final = "position"


@dataclass(frozen=True, slots=True)
class Place:
    """What holds at a position.

    A text longer than `longest` characters is cut, and one that holds what can be masked or cleaned is mended; where
    not `is_mended`, both are refused, because half of it means something else. `shape` is what the whole text must
    match.
    """

    longest: int
    is_mended: bool = True
    shape: re.Pattern[str] | None = None


PLACES: Final[Mapping[Position, Place]] = {
    Position.TRANSCRIPT: Place(1_000),
    Position.CHAT: Place(1_000),
    Position.NAME: Place(60),
    Position.EMOTE: Place(100, is_mended=False, shape=re.compile(r"[A-Za-z0-9_:.-]+")),
    Position.PROMPT: Place(1_000),
    Position.CLAUSE: Place(1_000),
    Position.CAPTION: Place(1_000),
    Position.MEMORY: Place(500),
    Position.TOOL: Place(1_000, is_mended=False),
    Position.GAME: Place(1_000),
}
"""Lengths are those that the guards read; a guard may keep less of a text."""


class PlacedGuard:
    """A `Guard` that holds every text to the rules of its position before and after another guard looks at it."""

    def __init__(self, guard: Guard, told: Told = untold) -> None:
        """`told` hears of what is blocked or cut here."""
        self._guard = guard
        self._told = told

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """As the port says; what the position does not allow is blocked by the rule `position`."""
        verdict = await self._check(text, direction, context)
        if verdict.rule == RULE:
            self._told(text, direction, context, verdict)
        return verdict

    async def _check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        place = PLACES[context.position]
        if place.shape is not None and not place.shape.fullmatch(text):
            return _refused("shape")
        if len(text) <= place.longest:
            verdict = await self._guard.check(text, direction, context)
            return _refused("mended") if not place.is_mended and verdict.decision is Decision.REWRITE else verdict
        if not place.is_mended:
            return _refused("length")
        verdict = await self._guard.check(text[: place.longest], direction, context)
        if verdict.decision is not Decision.ALLOW:
            return verdict
        return replace(verdict, decision=Decision.REWRITE, rule=verdict.rule or RULE, reason="cut")


def _refused(reason: str) -> Verdict:
    return Verdict(Decision.BLOCK, "", RULE, reason)
