"""Whether a character throws something in after another has spoken: a chance made of named numbers.

The table stands in `docs/explanation/who-answers.md`.
"""

from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.core.personas import PersonaView, Temper
from spark_vtuber.personality.arbiter import tags_in
from spark_vtuber.text.fold import fold
from spark_vtuber.text.mentions import first_mention

BASE: Final = 0.04
NAMED: Final = 0.7
TRIGGER: Final = 0.45
EXPERTISE: Final = 0.15
RELATION: Final = 0.1
"""For the strongest feeling, warm or hostile."""
MOOD: Final = 0.06
ENERGY: Final = 0.1
TALKATIVENESS: Final = 0.2
MOST: Final = 0.95

MOODS: Final = frozenset({"angry", "smug", "surprised", "happy"})


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a remark is (0..1), by which numbers, and why in words."""

    chance: float
    scores: dict[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


def remark_chance(
    listener: PersonaView,
    temper: Temper,
    *,
    said: str,
    asked: str = "",
    is_meant: bool = False,
    relation: float = 0.0,
    eagerness: float = 1.0,
) -> Chance:
    """The chance that `listener` remarks on what another `said` in answer to `asked`.

    `is_meant`: the line was for both, or names the listener too. `relation` is how it feels about the speaker, from -1
    to 1. `eagerness` is a factor on everything but being named.
    """
    heard, line = fold(said), fold(asked)
    names = (listener.name, *listener.aliases)
    is_named = is_meant or first_mention(heard, names) is not None
    triggers = tuple(dict.fromkeys((*tags_in(heard, listener.triggers), *tags_in(line, listener.triggers))))
    known = tags_in(heard, listener.expertise)
    scores = {
        "base": BASE,
        "trigger": TRIGGER if triggers else 0.0,
        "expertise": EXPERTISE if known else 0.0,
        "relation": RELATION * abs(relation),
        "mood": MOOD if temper.mood in MOODS else 0.0,
        "energy": ENERGY * (temper.energy - 0.5),
        "talkativeness": TALKATIVENESS * (temper.talkativeness - 0.5),
    }
    scores = {name: score * eagerness for name, score in scores.items() if score}
    if is_named:
        scores["named"] = NAMED
    why = {
        "named": "is named too",
        "trigger": f"cannot pass over {', '.join(triggers)}",
        "expertise": f"knows about {', '.join(known)}",
        "relation": "has feelings about the speaker",
        "mood": f"is {temper.mood}",
    }
    chance = max(0.0, min(MOST, sum(scores.values())))
    return Chance(chance, scores, tuple(word for name, word in why.items() if name in scores) or ("feels like it",))
