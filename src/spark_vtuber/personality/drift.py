"""Whether a character still sounds like itself: a running score of its last answers, cheap enough for every turn."""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean
from typing import Final

from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.personality.alignment import SCENE, Style
from spark_vtuber.personality.alignment_phrases import giveaway

WATCHED: Final = 20
"""Answers that count."""

LEAST: Final = 10
"""With fewer there is no score."""

SUNK: Final = 0.5
RISEN: Final = 0.7
"""Below the one a character has drifted, from the other on it is itself again."""

LEAST_WORDS: Final = 3

_NOT_ITS_OWN: Final = frozenset({CueKind.SAY, CueKind.BRIDGE})


class Change(StrEnum):
    """What an answer made of the score."""

    SUNK = "sunk"
    RISEN = "risen"


class Drift:
    """The running score of one character: the mean likeness of the scenes of its last answers, 0..1.

    An answer in which it falls out of its character counts as one that is not like it at all.
    """

    def __init__(self, style: Style) -> None:
        self._style = style
        self._answers: deque[Sequence[float] | None] = deque(maxlen=WATCHED)
        self._has_sunk = False

    @property
    def score(self) -> float | None:
        """The score, or None while there are too few answers."""
        if len(self._answers) < LEAST:
            return None
        answers = list(self._answers)
        return fmean(self._likeness(answers[at : at + SCENE]) for at in range(0, len(answers) - SCENE + 1, SCENE))

    def keep(self, record: TurnRecord) -> Change | None:
        """Count a turn; operators' words and what hardly says anything count for nothing."""
        said = record.heard
        if record.cue.kind in _NOT_ITS_OWN or len(said.split()) < LEAST_WORDS:
            return None
        self._answers.append(None if giveaway(said) else self._style.evidence(said, is_heard=True))
        score = self.score
        if score is None:
            return None
        if not self._has_sunk and score < SUNK:
            self._has_sunk = True
            return Change.SUNK
        if self._has_sunk and score >= RISEN:
            self._has_sunk = False
            return Change.RISEN
        return None

    def _likeness(self, scene: Sequence[Sequence[float] | None]) -> float:
        known = [one for one in scene if one is not None]
        return self._style.together(known) * len(known) / len(scene) if known else 0.0
