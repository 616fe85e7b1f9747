"""Which persona answers: a pure choice, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.personas import PersonaView


@dataclass(frozen=True, slots=True)
class Decision:
    """The persona that answers and why."""

    persona: PersonaView
    reasons: tuple[str, ...]


def choose(cue: Cue, personas: Sequence[PersonaView]) -> Decision:
    """The persona a cue asks for, else the one it names, else the first (the main one).

    A name counts as a whole word, with or without `@`; of two that are named the first named answers.
    """
    if cue.persona is not None:
        for persona in personas:
            if persona.id == cue.persona:
                return Decision(persona, ("asked for",))
    words = [word.strip("@,.!?:;'\"").casefold() for word in cue.text.split()]
    for word in words:
        for persona in personas:
            if word and word in {persona.name.casefold(), *(alias.casefold() for alias in persona.aliases)}:
                return Decision(persona, (f"named {persona.name}",))
    return Decision(personas[0], ("main persona",))
