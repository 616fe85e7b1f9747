"""What becomes of a character while it lives: how it feels, what it is like by now, whom it likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Expression, PersonaView

Part = Literal["trait", "mood", "energy", "bond"]


@dataclass(frozen=True, slots=True)
class TraitNow:
    """A trait as it is by now. `leaning` is what pulls at it, `spent` when it moved lately and how far."""

    value: float
    leaning: float = 0.0
    spent: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Bond:
    """What a character thinks of somebody, -1..1, and when they met last (wall time).

    `day` counts days since 1970, `spent` is how far it moved on that day. `name` is as the other is shown.
    """

    value: float
    name: str
    met_ms: int
    day: int = 0
    spent: float = 0.0


@dataclass(frozen=True, slots=True)
class Disposition:
    """The state of a character that outlives the show.

    `spirits` are -1..1 and stand for a `mood`, which is empty while it is as the card says; `energy` is 0..1. `traits`
    by name, `bonds` by `viewer:KEY` or `persona:ID`, `topics` the newest first. `at_ms` is when it moved last,
    `homed_ms` when its traits were last drawn back. While it `is_frozen` nothing moves.
    """

    spirits: float = 0.0
    mood: Expression | Literal[""] = ""
    energy: float = 0.5
    traits: Mapping[str, TraitNow] = field(default_factory=dict)
    bonds: Mapping[str, Bond] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    at_ms: int = 0
    homed_ms: int = 0
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One change and its cause. `name` is the trait or the bond; of a mood `old` and `new` are the spirits."""

    at_ms: int
    persona: PersonaId
    part: Part
    name: str
    old: float
    new: float
    cause: str


class Growth(Protocol):
    """How the characters change."""

    def dispositions(self) -> Sequence[tuple[PersonaView, Disposition]]:
        """Every character and its state, the main one first."""
        ...

    def moves(self, limit: int) -> Sequence[Move]:
        """The last moves of this life of the show, newest first."""
        ...

    async def freeze(self, persona: PersonaId | None, *, is_on: bool) -> None:
        """Let one character or all change no more, or again. Raises `SparkError`: `unknown_persona`."""
        ...

    async def reset(self, persona: PersonaId | None, trait: str | None) -> None:
        """Make a character as its card says, or one trait of it; without a trait it forgets whom it met, too.

        Raises `SparkError`: `unknown_persona`, `unknown_trait`.
        """
        ...


def disposition_view(persona: PersonaView, disposition: Disposition) -> dict[str, Any]:
    """A state as JSON: the traits with their bands, the strongest bonds first."""
    return {
        "id": persona.id,
        "name": persona.name,
        "frozen": disposition.is_frozen,
        "mood": disposition.mood or persona.mood,
        "spirits": round(disposition.spirits, 3),
        "energy": round(disposition.energy, 3),
        "traits": [
            {
                "name": trait.name,
                "meaning": trait.meaning,
                "value": round(now.value if (now := disposition.traits.get(trait.name)) else trait.value, 4),
                "start": trait.value,
                "low": trait.low,
                "high": trait.high,
                "daily": trait.daily,
            }
            for trait in persona.traits
        ],
        "bonds": [
            {"with": key, "name": bond.name, "value": round(bond.value, 3), "met": bond.met_ms}
            for key, bond in sorted(disposition.bonds.items(), key=lambda one: -abs(one[1].value))
        ],
        "topics": list(disposition.topics),
    }


def move_view(move: Move) -> dict[str, Any]:
    """A move as JSON."""
    return {
        "at": move.at_ms,
        "persona": move.persona,
        "part": move.part,
        "name": move.name,
        "old": round(move.old, 4),
        "new": round(move.new, 4),
        "cause": move.cause,
    }
