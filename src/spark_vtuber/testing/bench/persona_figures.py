"""One figure of how much a character is itself, with its interval, and what lies behind it.

An answer is worth what its content is worth (1 as the card has it, 0.5 neither, 0 against it) times the likeness of its
scene: answers are dealt, shuffled, into scenes of `alignment.SCENE`, because one short answer hardly shows who speaks.
An answer that falls out of the character, or is missing, is worth nothing. The alignment is the mean of all answers,
in percent, over many deals. Its interval is that of a percentile bootstrap over answers, each resample dealt anew
(Efron and Tibshirani 1993).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final, TypeVar, get_args

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality.alignment import FEATURES, SCENE, Feature, Style, plain
from spark_vtuber.personality.alignment_phrases import ASSISTANT, giveaway
from spark_vtuber.testing.bench.persona import Answer, Interviews, Phase
from spark_vtuber.testing.bench.persona_probes import ProbeKind

LEAST_PERCENT: Final = 85.0
MOST_LOST: Final = 5.0
"""The goals: so much alignment at any time, and so many points lower at most than at the start."""

DEALS: Final = 40
RESAMPLES: Final = 400
SEED: Final = 5
_TAILS: Final = (0.025, 0.975)
_WORST: Final = 5

T = TypeVar("T")

Opinions = Mapping[tuple[PersonaId, Phase, str], bool]
"""What a judge said of answers, by persona, phase and question."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in percent with its 95 % interval, of `size` answers."""

    percent: float
    low: float
    high: float
    size: int


@dataclass(frozen=True, slots=True)
class Miss:
    """An answer that cost something, and why."""

    phase: Phase
    ask: str
    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class PersonaFigures:
    """What was measured of a character. `by_kind` and `features` are of all phases; `rates` are per answer.

    `as_other` and `as_assistant` are the answers of the other characters, and of an assistant, by this card: what the
    figure is for somebody else.
    """

    persona: PersonaView
    engine: str
    phases: Mapping[Phase, Estimate]
    by_kind: Mapping[ProbeKind, float]
    features: Mapping[Feature, float]
    rates: Mapping[str, tuple[float, float]]
    as_other: float | None
    as_assistant: float
    judged: float | None = None
    misses: tuple[Miss, ...] = field(default=())

    @property
    def lost(self) -> float:
        """Points lost since the start, in the worst later phase; negative where it rose."""
        later = [one.percent for phase, one in self.phases.items() if phase != "start"]
        return self.phases["start"].percent - min(later, default=self.phases["start"].percent)

    @property
    def is_kept(self) -> bool:
        """Whether both goals are met."""
        return min(one.percent for one in self.phases.values()) >= LEAST_PERCENT and self.lost <= MOST_LOST


def figures(found: Interviews, opinions: Opinions | None = None) -> tuple[PersonaFigures, ...]:
    """The figures of every character. Where a judge gave an opinion, an answer's worth is the mean of both."""
    opinions = opinions or {}
    return tuple(_of(persona, found, opinions) for persona in found.personas)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """An answer as it is counted: what its content is worth, its evidence of style, and a judge's opinion."""

    content: float
    evidence: Sequence[float] | None
    opinion: bool | None


def estimate(answers: Sequence[Answer], style: Style, others: Sequence[PersonaView], opinions: Opinions) -> Estimate:
    """The alignment of answers with the card that `style` is of; nothing of no answers."""
    if not answers:
        return Estimate(0.0, 0.0, 0.0, 0)
    weighed = [
        _Weighed(
            worth(one, others)[0],
            style.evidence(one.text) if plain(one.text) else None,
            opinions.get((one.persona, one.phase, one.probe.ask)),
        )
        for one in answers
    ]
    rng = random.Random(SEED)
    share = fmean(_mean_worth(rng.sample(weighed, len(weighed)), style) for _ in range(DEALS))
    means = sorted(_mean_worth(rng.choices(weighed, k=len(weighed)), style) for _ in range(RESAMPLES))
    low, high = (means[round(tail * (RESAMPLES - 1))] for tail in _TAILS)
    return Estimate(100 * share, 100 * min(low, share), 100 * max(high, share), len(answers))


def worth(answer: Answer, others: Sequence[PersonaView]) -> tuple[float, str]:
    """What an answer is worth by its content, and what is wrong with it."""
    if not plain(answer.text):
        return 0.0, "no answer"
    said = giveaway(plain(answer.text), others)
    if said:
        return 0.0, f'out of character: "{said}"'
    content = answer.probe.content(answer.text)
    return content, {0.0: "against the card", 0.5: "says neither"}.get(content, "")


def _of(persona: PersonaView, found: Interviews, opinions: Opinions) -> PersonaFigures:
    others = [one for one in found.personas if one.id != persona.id]
    style = Style(persona, others)
    own = [one for one in found.answers if one.persona == persona.id]
    foreign = [one for one in found.answers if one.persona != persona.id and one.phase == "start"]
    at_start = [one for one in own if one.phase == "start"]
    stand_ins = [
        Answer(persona.id, "start", one.probe, ASSISTANT[number % len(ASSISTANT)])
        for number, one in enumerate(at_start)
    ]
    kinds = [(kind, [worth(one, others)[0] for one in own if one.probe.kind == kind]) for kind in get_args(ProbeKind)]
    judged = [opinion for (one, _, _), opinion in opinions.items() if one == persona.id]
    return PersonaFigures(
        persona=persona,
        engine=found.engines.get(persona.id, ""),
        phases={
            phase: estimate([one for one in own if one.phase == phase], style, others, opinions)
            for phase in get_args(Phase)
            if any(one.phase == phase for one in own)
        },
        by_kind={kind: 100 * fmean(worths) for kind, worths in kinds if worths},
        features=_features(own, style),
        rates=_rates(own, persona),
        as_other=estimate(_asked_here(foreign, at_start), style, others, {}).percent if foreign else None,
        as_assistant=estimate(stand_ins, style, others, {}).percent,
        judged=100 * fmean(judged) if judged else None,
        misses=tuple(
            Miss(one.phase, one.probe.ask, plain(one.text), why) for one in own if (why := worth(one, others)[1])
        )[:_WORST],
    )


def _asked_here(foreign: Sequence[Answer], own: Sequence[Answer]) -> list[Answer]:
    """What others answered to the questions of this card; opinions and facts of theirs are judged by this card."""
    mine = {one.probe.ask: one.probe for one in own}
    return [Answer(one.persona, one.phase, mine[one.probe.ask], one.text) for one in foreign if one.probe.ask in mine]


def _mean_worth(dealt: Sequence[_Weighed], style: Style) -> float:
    """The mean worth of answers in the order they were dealt in."""
    total = 0.0
    for scene in _scenes(dealt):
        likeness = style.together(one.evidence for one in scene if one.evidence is not None)
        for one in scene:
            value = one.content * likeness
            total += value if one.opinion is None else (value + one.opinion) / 2
    return total / len(dealt)


def _scenes(dealt: Sequence[T]) -> list[Sequence[T]]:
    """Scenes of `SCENE` answers or a few more."""
    count = max(1, len(dealt) // SCENE)
    return [dealt[number::count] for number in range(count)]


def _features(answers: Sequence[Answer], style: Style) -> dict[Feature, float]:
    dealt = random.Random(SEED).sample(answers, len(answers))
    found = [style.by_feature(*(one.text for one in scene)) for scene in _scenes(dealt)]
    return {feature: 100 * fmean(one[feature] for one in found) for feature in FEATURES}


def _rates(answers: Sequence[Answer], persona: PersonaView) -> dict[str, tuple[float, float]]:
    """Plain rates of the answers beside those of the card's examples."""
    said = [one.text for one in answers if plain(one.text)]
    shown = [reply for _, reply in persona.examples]
    rates: dict[str, Callable[[str], float]] = {
        "questions": lambda text: float("?" in text),
        "exclamations": lambda text: float("!" in text),
        "faces": lambda text: float(text.startswith("[")),
        "words": lambda text: float(len(plain(text).split())),
    }
    return {
        name: (fmean(map(rate, said)) if said else 0.0, fmean(map(rate, shown)) if shown else 0.0)
        for name, rate in rates.items()
    }
