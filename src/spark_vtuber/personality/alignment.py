"""How much an answer sounds like a character: a likeness of 0..1 to the way its card speaks, pure and without a model.

A card shows how its character speaks by its examples, its greeting and its deflections. An answer is compared with
that, with the cards of the other characters, and with the voice of an assistant, feature by feature:

| Feature | What is compared |
|---|---|
| words | which words are used |
| opener | the first word |
| faces | the expression tags |
| ends | how sentences end: full stop, question mark, exclamation mark |
| length | words in a sentence |

The likeness is the posterior probability of the character by naive Bayes with equal priors: words are drawn from
multinomials that are smoothed with what all of them say (Dirichlet prior, Zhai and Lafferty 2004), sentence lengths
from normal distributions. Long answers count as `MOST_WORDS` words, so that the figure does not saturate.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Final, Literal, get_args

from spark_vtuber.core.personas import PersonaView
from spark_vtuber.personality.alignment_phrases import ASSISTANT

Feature = Literal["words", "opener", "faces", "ends", "length"]
FEATURES: Final[tuple[Feature, ...]] = get_args(Feature)

SCENE: Final = 5
"""So many answers in a row are judged together."""

MOST_WORDS: Final = 12
SMOOTHING: Final[Mapping[str, float]] = {"words": 150.0, "opener": 20.0, "faces": 6.0, "ends": 12.0}
"""How many words of everybody's are added to what a card says."""

LEAST_SPREAD: Final = 2.5
"""Words; a card of few examples would otherwise know exactly how long a sentence is."""

NO_FACE: Final = "none"

_TAG: Final = re.compile(r"\[([a-z]+)\]\s?")
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_END: Final = re.compile(r"[.!?…]+")


@dataclass(frozen=True, slots=True)
class Traces:
    """What an answer, or a whole card, leaves of each feature: counts, and words in each sentence."""

    words: Counter[str]
    opener: Counter[str]
    faces: Counter[str]
    ends: Counter[str]
    lengths: tuple[int, ...]

    def counts(self, feature: Feature) -> Counter[str]:
        """The counts of a feature other than the length."""
        match feature:
            case "words":
                return self.words
            case "opener":
                return self.opener
            case "faces":
                return self.faces
            case _:
                return self.ends


def plain(text: str) -> str:
    """The answer without its expression tags, as it is heard."""
    return _TAG.sub("", text).strip()


def traces(texts: Iterable[str]) -> Traces:
    """What a number of answers leave together."""
    found = Traces(Counter(), Counter(), Counter(), Counter(), ())
    lengths: list[int] = []
    for text in texts:
        tags = _TAG.findall(text)
        spoken = plain(text)
        words = [word.lower().replace("’", "'") for word in _WORD.findall(spoken)]
        found.words.update(words)
        found.opener.update(words[:1])
        found.faces.update(tags or [NO_FACE])
        found.ends.update(end[-1] for end in _END.findall(spoken))
        lengths += [len(_WORD.findall(part)) for part in _END.split(spoken) if _WORD.search(part)]
    return Traces(found.words, found.opener, found.faces, found.ends, tuple(lengths))


class Style:
    """The way a character speaks, told from the ways of others."""

    def __init__(self, persona: PersonaView, others: Sequence[PersonaView] = ()) -> None:
        """`others` are the characters it must not be mistaken for; the voice of an assistant is always one of them."""
        self._voices = [_of_card(persona), *map(_of_card, others), traces(ASSISTANT)]
        self._everybody = {
            feature: sum((_shares(voice.counts(feature)) for voice in self._voices), Counter[str]())
            for feature in FEATURES
            if feature != "length"
        }
        self._spans = [_span(voice.lengths) for voice in self._voices]

    @property
    def own(self) -> Traces:
        """How the character speaks by its card."""
        return self._voices[0]

    def likeness(self, *answers: str, is_heard: bool = False) -> float:
        """How much answers in a row are this character's, 0..1; with tags, or as they are heard, without.

        One short answer hardly shows who speaks; `SCENE` of them do.
        """
        return self.together([self.evidence(answer, is_heard=is_heard) for answer in answers])

    def by_feature(self, *answers: str) -> Mapping[Feature, float]:
        """The same of each feature alone."""
        found = [traces([answer]) for answer in answers]
        return {feature: self.together([self._logs(feature, one) for one in found]) for feature in FEATURES}

    def evidence(self, answer: str, *, is_heard: bool = False) -> Sequence[float]:
        """What one answer says for every voice, the character's first, to be weighed `together` with others."""
        features = [feature for feature in FEATURES if not (is_heard and feature == "faces")]
        found = traces([answer])
        return [sum(parts) for parts in zip(*(self._logs(one, found) for one in features), strict=True)]

    def together(self, evidence: Iterable[Sequence[float]]) -> float:
        """The likeness that the evidence of several answers makes; of none, that of pure chance."""
        logs = [sum(parts) for parts in zip(*evidence, strict=True)] or [0.0] * len(self._voices)
        highest = max(logs)
        weights = [math.exp(log - highest) for log in logs]
        return weights[0] / sum(weights)

    def _logs(self, feature: Feature, found: Traces) -> list[float]:
        """The logarithm of the likelihood of a feature by every voice, up to a constant."""
        if feature == "length":
            mean = fmean(found.lengths) if found.lengths else 0.0
            if not found.lengths:
                return [0.0] * len(self._voices)
            return [-(((mean - middle) / spread) ** 2) / 2 - math.log(spread) for middle, spread in self._spans]
        everybody = self._everybody[feature]
        whole = sum(everybody.values())
        known = {token: count for token, count in found.counts(feature).items() if token in everybody}
        size = sum(known.values())
        weight = min(1.0, MOST_WORDS / size) if size else 0.0
        extra = SMOOTHING[feature]
        logs = []
        for voice in self._voices:
            counts = voice.counts(feature)
            total = sum(counts.values()) + extra
            logs.append(
                weight
                * sum(
                    count * math.log((counts[token] + extra * everybody[token] / whole) / total)
                    for token, count in known.items()
                )
            )
        return logs


def _of_card(persona: PersonaView) -> Traces:
    deflections = [line for _, lines in persona.deflections for line in lines]
    shown = traces([reply for _, reply in persona.examples])
    told = traces([persona.greeting, *deflections] if persona.greeting else deflections)
    world = traces([persona.speech, *persona.facts, *persona.likes, *(lore.text for lore in persona.lore)])
    return Traces(
        shown.words + told.words + world.words,
        shown.opener + told.opener,
        shown.faces,
        shown.ends + told.ends,
        (*shown.lengths, *told.lengths),
    )


def _shares(counts: Counter[str]) -> Counter[str]:
    total = sum(counts.values())
    shares: Counter[str] = Counter()
    for token, count in counts.items():
        shares[token] = count / total  # type: ignore[assignment]  # a Counter adds shares as it adds counts
    return shares


def _span(lengths: Sequence[int]) -> tuple[float, float]:
    """Mean and spread of sentence lengths, in words."""
    return (fmean(lengths), max(LEAST_SPREAD, pstdev(lengths))) if lengths else (8.0, 2 * LEAST_SPREAD)
