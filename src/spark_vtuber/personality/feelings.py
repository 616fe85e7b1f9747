"""What the state of a character means: its temper where the streamer did not set one, and words for the prompt."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from spark_vtuber.core.growth import Disposition
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView, Temper, Trait

NOTICEABLE: Final = 0.4
"""A trait is spoken of from this share of the way between its card and the end of its band."""
MOST_TOLD: Final = 2
"""So many traits, those furthest away, are told at once."""

FOND: Final = 0.3
KNOWN: Final = 0.1
DEAR: Final = 0.4
CROSS: Final = -0.2

_SCALE: Final = 20
"""Energy counts in steps of a twentieth, so that prompt and voice do not change with every line."""


def felt(temper: Temper, state: Disposition) -> Temper:
    """The temper with the character's own mood and energy where the streamer did not set them."""
    own = temper
    if "mood" not in temper.held and state.mood:
        own = replace(own, mood=state.mood)
    if "energy" not in temper.held:
        own = replace(own, energy=round(state.energy * _SCALE) / _SCALE)
    return own


def leanings(persona: PersonaView, state: Disposition, names: Mapping[PersonaId, str]) -> str:
    """What the character is like by now, in words for the prompt; empty where it is as its card says.

    `names` are those of the other characters.
    """
    moved = sorted(
        ((_away(trait, state), trait) for trait in persona.traits), key=lambda one: abs(one[0]), reverse=True
    )
    told = [_told(trait, away) for away, trait in moved[:MOST_TOLD] if abs(away) >= NOTICEABLE]
    for other, name in names.items():
        bond = state.bonds.get(f"persona:{other}")
        if bond is not None and bond.value >= FOND:
            told.append(f"You have grown fond of {name}.")
        elif bond is not None and bond.value <= CROSS:
            told.append(f"You are cross with {name} these days.")
    return " ".join(told)


def toward(state: Disposition, key: str) -> str:
    """How the character meets somebody, in words for the prompt; empty for a stranger. No name is in it."""
    bond = state.bonds.get(key)
    if bond is None:
        return ""
    if bond.value >= DEAR:
        return "Whoever writes this is an old friend of yours."
    if bond.value >= KNOWN:
        return "You know whoever writes this, and like them."
    if bond.value <= CROSS:
        return "Whoever writes this was rude to you before: stay cool and fair."
    return ""


def _away(trait: Trait, state: Disposition) -> float:
    """How far a trait is from its card, as a share of what its band allows on that side: -1..1."""
    now = state.traits.get(trait.name)
    if now is None:
        return 0.0
    away = now.value - trait.value
    room = trait.high - trait.value if away > 0 else trait.value - trait.low
    return away / room if room > 0 else 0.0


def _told(trait: Trait, away: float) -> str:
    if away > 0:
        return trait.more or f"You show more {trait.name} than usual."
    return trait.less or f"You show less {trait.name} than usual."
