"""What a character says instead of a clause that the guard blocked."""

import random
from collections.abc import Callable
from typing import Final

from spark_vtuber.core.personas import PersonaView

ANY: Final = "any"
PLAIN: Final = ("Let's talk about something else.", "I'd rather not say that one out loud.")


def deflector(rng: random.Random) -> Callable[[PersonaView, str], str]:
    """A function `(persona, reason) -> line` that never gives the same line twice in a row."""
    last: dict[str, str] = {}

    def deflect(persona: PersonaView, reason: str) -> str:
        lines = dict(persona.deflections)
        fitting = lines.get(reason) or lines.get(ANY) or PLAIN
        fresh = [line for line in fitting if line != last.get(persona.id)] or list(fitting)
        last[persona.id] = rng.choice(fresh)
        return last[persona.id]

    return deflect
