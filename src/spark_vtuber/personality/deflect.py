"""What a character says instead of a clause that the guard blocked."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from spark_vtuber.core.personas import PersonaView

ANY: Final = "any"
GUARD_FAILED: Final = "guard_failed"
PLAIN: Final = ("Let's talk about something else.", "I'd rather not say that one out loud.")

_KIN: Final[Mapping[str, str]] = {
    "slur": "hate",
    "hate": "slur",
    "doxxing": "personal",
    "personal": "doxxing",
    "injection": "prompt",
    "prompt": "injection",
    "sexual": "profanity",
    "late": GUARD_FAILED,
}
"""A reason that is near to another, for characters without lines of its own."""


def deflector(rng: random.Random) -> Callable[[PersonaView, str], str]:
    """A function `(persona, reason) -> line` that never gives the same line twice in a row."""
    last: dict[str, str] = {}

    def deflect(persona: PersonaView, reason: str) -> str:
        lines = dict(persona.deflections)
        fitting = next((lines[key] for key in _keys(reason) if lines.get(key)), PLAIN)
        fresh = [line for line in fitting if line != last.get(persona.id)] or list(fitting)
        last[persona.id] = rng.choice(fresh)
        return last[persona.id]

    return deflect


def _keys(reason: str) -> Iterator[str]:
    """Under which names to look for lines, the best first."""
    yield reason
    if reason in _KIN:
        yield _KIN[reason]
    if reason.startswith("guard_"):
        yield GUARD_FAILED
    yield ANY
