"""How a character changes by what happens to it: slowly, in bands, and with a cause for every move.

| Part | Range | How fast | Returns |
|---|---|---|---|
| a trait | the band of its card | an eighth of its daily limit a step, after several causes | a little a day |
| mood | -1..1 spirits | at once; half of it is gone after 15 minutes | to the card's |
| energy | 0.3..0.7 | at once; half of it is gone after 30 minutes | to the middle |
| a bond | -1..1 | 0.1 a day at most | never by itself |

The daily limit of a trait counts the length of all its moves within any 24 hours, there and back.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from spark_vtuber.core.growth import Bond, Disposition, Move, Part, TraitNow
from spark_vtuber.core.personas import Expression, PersonaView, Stir, Trait

DAY_MS: Final = 86_400_000
STEPS_A_DAY: Final = 8
PULL: Final = 6.0
"""So much pull in one direction moves a trait by a step."""

ENERGY_BAND: Final = (0.3, 0.7)
ORDINARY: Final = 0.5
SPIRITS_HALF_LIFE_MS: Final = 15 * 60_000
ENERGY_HALF_LIFE_MS: Final = 30 * 60_000
FELT: Final = 0.4
"""From here on spirits are a mood."""
CALMED: Final = 0.2
"""Below it they are none any more."""

BOND_DAILY: Final = 0.1
STRONGEST_BONDS: Final = 150
LATEST_BONDS: Final = 50
MOST_TOPICS: Final = 8
MOST_SPENT: Final = 32
TOLD_ENERGY: Final = 0.05
LEAST_MOVE: Final = 1e-6
NEW_DAY: Final = "a new day"
CALM: Final = "calming down"

WEIGHTS: Final[Mapping[Stir, float]] = {
    "thanks": 1.0,
    "praise": 1.0,
    "insult": 2.0,
    "gift": 2.0,
    "raid": 3.0,
    "question": 0.3,
    "chat": 0.1,
    "crowd": 0.5,
    "silence": 0.5,
    "duet": 1.0,
    "interrupted": 1.0,
    "failed": 1.0,
}
"""How hard each stir pulls at a trait that it moves."""

_SPIRITS: Final[Mapping[Stir, float]] = {
    "thanks": 0.1,
    "praise": 0.15,
    "insult": -0.3,
    "gift": 0.2,
    "raid": 0.25,
    "crowd": 0.05,
    "silence": -0.03,
    "duet": 0.03,
    "interrupted": -0.08,
    "failed": -0.1,
}
_ENERGY: Final[Mapping[Stir, float]] = {
    "thanks": 0.01,
    "praise": 0.02,
    "insult": -0.02,
    "gift": 0.04,
    "raid": 0.08,
    "crowd": 0.03,
    "silence": -0.03,
    "duet": 0.02,
    "interrupted": -0.01,
    "failed": -0.02,
}
_BOND: Final[Mapping[Stir, float]] = {
    "thanks": 0.02,
    "praise": 0.02,
    "insult": -0.05,
    "gift": 0.05,
    "raid": 0.05,
    "question": 0.005,
    "chat": 0.005,
    "duet": 0.01,
}
_SOUR: Final[frozenset[Stir]] = frozenset({"insult", "interrupted"})


_Note = Callable[[Part, str, float, float, str], None]
_Mood = Expression | Literal[""]


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to a character at a wall time: how it stirs, by whom, and about what.

    `bond` is whose bond it touches, as in `Disposition.bonds`, and `name` how that one is shown. Without stirs it is
    only that time went by.
    """

    at_ms: int
    stirs: tuple[Stir, ...] = ()
    bond: str = ""
    name: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Grown:
    """What became of a character, and every move of it."""

    disposition: Disposition
    moves: tuple[Move, ...]


def newborn(persona: PersonaView, at_ms: int) -> Disposition:
    """A character as its card says."""
    traits = {trait.name: TraitNow(trait.value) for trait in persona.traits}
    return Disposition(traits=traits, at_ms=at_ms, homed_ms=at_ms)


def grow(state: Disposition, persona: PersonaView, happening: Happening) -> Grown:
    """What a happening makes of a character. A frozen one only grows older."""
    at_ms = max(happening.at_ms, state.at_ms)
    if state.is_frozen:
        return Grown(replace(state, at_ms=at_ms, homed_ms=max(state.homed_ms, at_ms - DAY_MS)), ())
    moves: list[Move] = []

    def note(part: Part, name: str, old: float, new: float, cause: str) -> None:
        moves.append(Move(at_ms, persona.id, part, name, old, new, cause))

    is_new_day = at_ms - state.homed_ms >= DAY_MS
    traits = dict(state.traits)
    for trait in persona.traits:
        now = traits.get(trait.name, TraitNow(trait.value))
        if is_new_day:
            now = _step(trait, now, _home(trait, now), at_ms, NEW_DAY, note)
        traits[trait.name] = _pulled(trait, now, happening.stirs, at_ms, note)

    age_ms = at_ms - state.at_ms
    spirits = state.spirits * 0.5 ** (age_ms / SPIRITS_HALF_LIFE_MS)
    spirits = max(-1.0, min(1.0, spirits + sum(_SPIRITS.get(stir, 0.0) for stir in happening.stirs)))
    mood = _mood(state.mood, persona.mood, spirits, happening.stirs)
    if mood != state.mood:
        note("mood", mood or persona.mood, state.spirits, spirits, _cause(_SPIRITS, happening.stirs))

    energy = ORDINARY + (state.energy - ORDINARY) * 0.5 ** (age_ms / ENERGY_HALF_LIFE_MS)
    energy += sum(_ENERGY.get(stir, 0.0) for stir in happening.stirs)
    energy = max(ENERGY_BAND[0], min(ENERGY_BAND[1], energy))
    if math.floor(energy / TOLD_ENERGY + 1e-9) != math.floor(state.energy / TOLD_ENERGY + 1e-9):
        note("energy", "energy", state.energy, energy, _cause(_ENERGY, happening.stirs))

    bonds = state.bonds
    if happening.bond and (pull := sum(_BOND.get(stir, 0.0) for stir in happening.stirs)):
        old = bonds.get(happening.bond, Bond(0.0, happening.name, at_ms))
        new = _tied(old, happening.name, pull, at_ms)
        if abs(new.value - old.value) > LEAST_MOVE:
            note("bond", happening.bond, old.value, new.value, _cause(_BOND, happening.stirs))
        bonds = _kept({**bonds, happening.bond: new})

    return Grown(
        Disposition(
            spirits=spirits,
            mood=mood,
            energy=energy,
            traits=traits,
            bonds=bonds,
            topics=_topics(state.topics, happening.topic),
            at_ms=at_ms,
            homed_ms=at_ms if is_new_day else state.homed_ms,
        ),
        tuple(moves),
    )


def fitted(state: Disposition, persona: PersonaView, at_ms: int) -> Disposition:
    """A state of yesterday for the card of today: in its bands, bounded, and not from the future."""
    traits = {}
    for trait in persona.traits:
        now = state.traits.get(trait.name, TraitNow(trait.value))
        traits[trait.name] = TraitNow(
            _within(now.value, trait.low, trait.high, trait.value),
            _within(now.leaning, -PULL, PULL, 0.0),
            tuple((min(when, at_ms), _within(size, 0.0, 1.0, 1.0)) for when, size in now.spent[-MOST_SPENT:]),
        )
    return Disposition(
        spirits=_within(state.spirits, -1.0, 1.0, 0.0),
        mood=state.mood,
        energy=_within(state.energy, *ENERGY_BAND, ORDINARY),
        traits=traits,
        bonds=_kept({key: _fitted_bond(bond, at_ms) for key, bond in state.bonds.items()}),
        topics=state.topics[:MOST_TOPICS],
        at_ms=min(state.at_ms, at_ms),
        homed_ms=min(state.homed_ms, at_ms),
        is_frozen=state.is_frozen,
    )


def _pulled(trait: Trait, now: TraitNow, stirs: tuple[Stir, ...], at_ms: int, note: _Note) -> TraitNow:
    """The trait after what pulls at it; at the end of its band or of its day it leans on, and does not move."""
    for stir in stirs:
        pull = WEIGHTS[stir] * ((stir in trait.rises) - (stir in trait.falls))
        if not pull:
            continue
        leaning = max(-PULL, min(PULL, now.leaning + pull))
        now = replace(now, leaning=leaning)
        if abs(leaning) >= PULL:
            moved = _step(trait, now, math.copysign(trait.daily / STEPS_A_DAY, leaning), at_ms, stir, note)
            now = moved if moved is now else replace(moved, leaning=0.0)
    return now


def _step(trait: Trait, now: TraitNow, wanted: float, at_ms: int, cause: str, note: _Note) -> TraitNow:
    """The trait moved by `wanted`, as far as its band and its daily limit let it."""
    spent = tuple(one for one in now.spent if one[0] > at_ms - DAY_MS)
    left = trait.daily - sum(size for _, size in spent)
    size = min(abs(wanted), left)
    new = max(trait.low, min(trait.high, now.value + math.copysign(size, wanted)))
    moved = abs(new - now.value)
    if size <= LEAST_MOVE or moved <= LEAST_MOVE or len(spent) >= MOST_SPENT:
        return now
    note("trait", trait.name, now.value, new, cause)
    return TraitNow(new, now.leaning, (*spent, (at_ms, moved)))


def _home(trait: Trait, now: TraitNow) -> float:
    """How far a new day draws a trait back to what the card says."""
    away = trait.value - now.value
    return math.copysign(min(abs(away), trait.daily / 4), away)


def _mood(before: _Mood, usual: Expression, spirits: float, stirs: tuple[Stir, ...]) -> _Mood:
    if spirits >= FELT:
        return "smug" if usual == "smug" else "happy"
    if spirits <= -FELT:
        if before in ("angry", "sad"):
            return "angry" if before == "angry" else "sad"
        return "angry" if _SOUR & set(stirs) else "sad"
    if abs(spirits) < CALMED or (spirits > 0) != (before in ("happy", "smug")):
        return ""
    match before:
        case "happy" | "smug" | "angry" | "sad":
            return before
        case _:
            return ""


def _tied(bond: Bond, name: str, pull: float, at_ms: int) -> Bond:
    day = at_ms // DAY_MS
    spent = bond.spent if bond.day == day else 0.0
    size = min(abs(pull), BOND_DAILY - spent)
    value = max(-1.0, min(1.0, bond.value + math.copysign(max(0.0, size), pull)))
    return Bond(value, name or bond.name, at_ms, day, spent + abs(value - bond.value))


def _kept(bonds: Mapping[str, Bond]) -> Mapping[str, Bond]:
    """The strongest bonds and the latest ones; other characters always stay."""
    if len(bonds) <= STRONGEST_BONDS + LATEST_BONDS:
        return bonds
    best = sorted(bonds, key=lambda key: (key.startswith("persona:"), abs(bonds[key].value)), reverse=True)
    rest = sorted(best[STRONGEST_BONDS:], key=lambda key: bonds[key].met_ms, reverse=True)
    return {key: bonds[key] for key in (*best[:STRONGEST_BONDS], *rest[:LATEST_BONDS])}


def _fitted_bond(bond: Bond, at_ms: int) -> Bond:
    spent = _within(bond.spent, 0.0, BOND_DAILY, BOND_DAILY)
    return Bond(_within(bond.value, -1.0, 1.0, 0.0), bond.name[:60], min(bond.met_ms, at_ms), bond.day, spent)


def _topics(topics: tuple[str, ...], topic: str) -> tuple[str, ...]:
    if not topic or topics[:1] == (topic,):
        return topics
    return (topic, *(one for one in topics if one != topic))[:MOST_TOPICS]


def _cause(table: Mapping[Stir, float], stirs: tuple[Stir, ...]) -> str:
    """What did most of it."""
    moving = [stir for stir in stirs if stir in table]
    return max(moving, key=lambda stir: abs(table[stir])) if moving else CALM


def _within(value: float, low: float, high: float, otherwise: float) -> float:
    return max(low, min(high, value)) if math.isfinite(value) else otherwise
