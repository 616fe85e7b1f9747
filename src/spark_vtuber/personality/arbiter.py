"""Which persona answers: named numbers for each character, whose sum decides, so that every choice can be explained.

The table of the numbers stands in `docs/explanation/who-answers.md`. Whoever is asked for or named first goes before
everybody else; a reply goes before everything but that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Expression, PersonaView, Temper
from spark_vtuber.text.fold import fold
from spark_vtuber.text.mentions import first_mention

ASKED: Final = 1_000.0
NAMED: Final = 400.0
REPLY: Final = 150.0
THREAD: Final = 30.0
"""For an exchange that ended just now; it fades evenly."""
EXPERTISE: Final = 20.0
MORE_EXPERTISE: Final = 8.0
MOST_EXPERTISE: Final = 36.0
REMEMBERED: Final = 10.0
TRIGGER: Final = 24.0
AIR: Final = 15.0
"""For whoever was not heard at all; as much against whoever was the only one."""
HEARD_S: Final = 30.0
"""After so much speech in the window the balance of air time counts in full."""
ENERGY: Final = 6.0
TALKATIVENESS: Final = 10.0
MOODS: Final[Mapping[Expression, float]] = {"happy": 1.0, "surprised": 1.0, "smug": 1.0, "angry": 1.0, "sad": -2.0}

ALL_OF_YOU: Final = ("both of you", "you both", "you two", "the two of you", "you all", "y'all")

Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """What the choice goes by beside the cue and the cards.

    `air_s` are the seconds that each was heard lately. `thread` is who had the last exchange with the author of the cue
    and how fresh that is (0..1). `replied_to` is whose words, or whose viewer's line, the cue replies to. `remembered`
    are memories that the cue wakes.
    """

    tempers: Mapping[PersonaId, Temper] = field(default_factory=dict)
    air_s: Mapping[PersonaId, float] = field(default_factory=dict)
    thread: tuple[PersonaId, float] | None = None
    replied_to: PersonaId | None = None
    remembered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The persona that answers and why; `is_addressed` where the cue means it, and not just anybody.

    `scores` are the numbers of every character. `also_named` are those who are named too and do not answer.
    """

    persona: PersonaView
    reasons: tuple[str, ...]
    is_addressed: bool = True
    scores: Mapping[PersonaId, Scores] = field(default_factory=dict)
    also_named: tuple[PersonaId, ...] = ()


def choose(cue: Cue, personas: Sequence[PersonaView], scene: Scene | None = None) -> Decision:
    """The persona with the highest sum; of equals the first (the main one).

    A name counts as whole words, with or without `@`, also in look-alike letters; of several that are named the first
    named answers.
    """
    scene = scene or Scene()
    text = fold(cue.text)
    named = _named(text, personas)
    found = {persona.id: _look(persona, cue, text, scene, named, personas) for persona in personas}
    sums = {name: sum(number for number, _ in one.values()) for name, one in found.items()}
    best = max(personas, key=lambda persona: sums[persona.id])
    own = found[best.id]
    is_addressed = bool(own.keys() & {"asked", "named", "reply"})
    everybody = named or (
        tuple(persona.id for persona in personas) if first_mention(text, ALL_OF_YOU) is not None else ()
    )
    return Decision(
        best,
        _reasons(best, personas, own, sums),
        is_addressed=is_addressed,
        scores={name: {key: round(number, 2) for key, (number, _) in one.items()} for name, one in found.items()},
        also_named=tuple(name for name in everybody if name != best.id),
    )


def tags_in(text: str, tags: Sequence[str]) -> tuple[str, ...]:
    """Those tags that a folded text holds as whole words, in the singular or the plural."""
    return tuple(tag for tag in tags if first_mention(text, (tag, f"{tag}s")) is not None)


_Found = dict[str, tuple[float, str]]
"""Numbers by name, each with the reason in words."""


def _named(text: str, personas: Sequence[PersonaView]) -> tuple[PersonaId, ...]:
    """Who is named in a folded text, the first named first."""
    places = [
        (at, persona.id)
        for persona in personas
        if (at := first_mention(text, (persona.name, *persona.aliases))) is not None
    ]
    return tuple(name for _, name in sorted(places, key=lambda place: place[0]))


def _look(
    persona: PersonaView,
    cue: Cue,
    text: str,
    scene: Scene,
    named: tuple[PersonaId, ...],
    personas: Sequence[PersonaView],
) -> _Found:
    found = {
        **_of_address(persona, cue, scene, named),
        **_of_subject(persona, text, scene),
        **_of_temper(persona, scene.tempers.get(persona.id)),
    }
    air = _air(persona.id, scene.air_s, len(personas))
    found["air"] = (air, "was heard less lately")
    return {name: one for name, one in found.items() if abs(one[0]) >= 0.005}


def _of_address(persona: PersonaView, cue: Cue, scene: Scene, named: tuple[PersonaId, ...]) -> _Found:
    found: _Found = {}
    if cue.persona == persona.id:
        found["asked"] = (ASKED, "asked for")
    if named and named[0] == persona.id:
        found["named"] = (NAMED, f"named {persona.name}")
    if scene.replied_to == persona.id:
        found["reply"] = (REPLY, f"a reply to {persona.name}")
    if scene.thread is not None and scene.thread[0] == persona.id:
        found["thread"] = (THREAD * scene.thread[1], f"goes on talking with {persona.name}")
    return found


def _of_subject(persona: PersonaView, text: str, scene: Scene) -> _Found:
    found: _Found = {}
    if known := tags_in(text, persona.expertise):
        number = min(MOST_EXPERTISE, EXPERTISE + MORE_EXPERTISE * (len(known) - 1))
        found["expertise"] = (number, f"knows about {', '.join(known)}")
    if any(tags_in(fold(memory), persona.expertise) for memory in scene.remembered):
        found["remembered"] = (REMEMBERED, "knows about what is remembered")
    if words := tags_in(text, persona.triggers):
        found["trigger"] = (TRIGGER, f"cannot pass over {', '.join(words)}")
    return found


def _of_temper(persona: PersonaView, temper: Temper | None) -> _Found:
    temper = temper or Temper(mood=persona.mood)
    return {
        "mood": (MOODS.get(temper.mood, 0.0), f"is {temper.mood}"),
        "energy": (ENERGY * (temper.energy - 0.5), "is lively"),
        "talkativeness": (TALKATIVENESS * (temper.talkativeness - 0.5), "feels like talking"),
    }


def _air(persona: PersonaId, air_s: Mapping[PersonaId, float], count: int) -> float:
    """The balance of air time: 0 at its fair share, `AIR` for none of it."""
    total_s = sum(air_s.values())
    if count < 2 or total_s <= 0.0:
        return 0.0
    over = air_s.get(persona, 0.0) / total_s * count - 1.0
    return -AIR * max(-1.0, min(1.0, over)) * min(1.0, total_s / HEARD_S)


def _reasons(
    best: PersonaView, personas: Sequence[PersonaView], own: _Found, sums: Mapping[PersonaId, float]
) -> tuple[str, ...]:
    """What spoke for the choice, the weightiest first; the main persona needs no other reason than to be it."""
    speaking = sorted((one for one in own.values() if one[0] > 0.0), key=lambda one: -one[0])
    words = [word for _, word in speaking]
    is_tie = sum(other >= sums[best.id] for other in sums.values()) > 1
    if is_tie or not words:
        words.append("main persona" if best is personas[0] else "nothing speaks against it")
    return tuple(words)
