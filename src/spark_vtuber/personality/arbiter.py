"""Which persona answers: a pure choice, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.text.fold import fold
from spark_vtuber.text.mentions import first_mention


@dataclass(frozen=True, slots=True)
class Decision:
    """The persona that answers and why; `is_addressed` where the cue means it, and not just anybody."""

    persona: PersonaView
    reasons: tuple[str, ...]
    is_addressed: bool = True


def choose(cue: Cue, personas: Sequence[PersonaView]) -> Decision:
    """The persona a cue asks for, else the one it names, else the first (the main one).

    A name counts as whole words, with or without `@`, also in look-alike letters; of two that are named the first named
    answers.
    """
    if cue.persona is not None:
        for persona in personas:
            if persona.id == cue.persona:
                return Decision(persona, ("asked for",))
    text = fold(cue.text)
    named = [(at, persona) for persona in personas if (at := _first_mention(persona, text)) is not None]
    if named:
        _, persona = min(named, key=lambda mention: mention[0])
        return Decision(persona, (f"named {persona.name}",))
    return Decision(personas[0], ("main persona",), is_addressed=False)


def _first_mention(persona: PersonaView, text: str) -> int | None:
    """Where a persona is first named in a folded text."""
    return first_mention(text, (persona.name, *persona.aliases))
