"""The facet of growth in memory: what a door asks of it is kept."""

from collections.abc import Sequence
from dataclasses import replace

from anyio.lowlevel import checkpoint

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.growth import Bond, Disposition, Move, TraitNow
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView, Trait

GROWN = PersonaView(
    PersonaId("main"), "Spark", mood="happy", traits=(Trait("warmth", 0.7, 0.5, 0.9, 0.05, "How warm she is."),)
)


class FakeGrowth:
    """Implements `core.growth.Growth`: every character moved once, and has met a viewer."""

    def __init__(self, *personas: PersonaView) -> None:
        self._personas = personas or (GROWN,)
        self._states = {persona.id: _moved(persona) for persona in self._personas}

    def dispositions(self) -> Sequence[tuple[PersonaView, Disposition]]:
        """Everybody."""
        return tuple((persona, self._states[persona.id]) for persona in self._personas)

    def moves(self, limit: int) -> Sequence[Move]:
        """The move of each trait."""
        moves = [
            Move(1_000, persona.id, "trait", trait.name, trait.value, trait.high, "thanks")
            for persona in self._personas
            for trait in persona.traits
        ]
        return moves[:limit]

    async def freeze(self, persona: PersonaId | None, *, is_on: bool) -> None:
        """Note it."""
        await checkpoint()
        for one in self._wanted(persona):
            self._states[one.id] = replace(self._states[one.id], is_frozen=is_on)

    async def reset(self, persona: PersonaId | None, trait: str | None) -> None:
        """Put one or all back."""
        await checkpoint()
        wanted = self._wanted(persona)
        if trait is not None and not any(one.name == trait for each in wanted for one in each.traits):
            raise SparkError(f'there is no trait "{trait}"', code="unknown_trait", fix="see /api/personas/growth")
        for each in wanted:
            state = self._states[each.id]
            fresh = {one.name: TraitNow(one.value) for one in each.traits if trait in (None, one.name)}
            traits = {**state.traits, **fresh}
            self._states[each.id] = (
                Disposition(traits=traits, is_frozen=state.is_frozen)
                if trait is None
                else replace(state, traits=traits)
            )

    def _wanted(self, persona: PersonaId | None) -> Sequence[PersonaView]:
        wanted = [one for one in self._personas if persona in (None, one.id)]
        if not wanted:
            raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix="see /api/personas")
        return wanted


def _moved(persona: PersonaView) -> Disposition:
    return Disposition(
        traits={trait.name: TraitNow(trait.high) for trait in persona.traits},
        bonds={"viewer:a": Bond(0.3, "ana", 1_000)},
        topics=("cats",),
    )
