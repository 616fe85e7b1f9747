"""Visemes to the mouth inputs of VTube Studio. Pure.

VTube Studio knows five vowels (`VoiceA, VoiceI, VoiceU, VoiceE, VoiceO`, newer versions) and a mouth of two measures:
`MouthOpen` 0..1 and `MouthSmile` 0..1, where 0.5 is a relaxed mouth, 1 a wide and 0 a round or sad one. The table
says how much of each a viseme shows; it follows the pictures of the Oculus lip-sync reference.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from spark_vtuber.core.audio import Viseme, VisemeCue

RELAXED: Final = 0.5
"""`MouthSmile` of a mouth that does nothing."""

RAMP_MS: Final = 50.0
"""How long the mouth takes from one shape to the next, half of it before the cue: it is half-way at the cue's time."""


class Mouth(NamedTuple):
    """A shape; all values 0..1."""

    a: float = 0.0
    i: float = 0.0
    u: float = 0.0
    e: float = 0.0
    o: float = 0.0
    open: float = 0.0
    smile: float = RELAXED


CLOSED: Final = Mouth()

SHAPES: Final[dict[Viseme, Mouth]] = {
    "sil": CLOSED,
    "PP": Mouth(smile=0.45),
    "FF": Mouth(i=0.15, u=0.1, open=0.12),
    "TH": Mouth(i=0.2, e=0.15, open=0.25),
    "DD": Mouth(i=0.3, e=0.15, open=0.3, smile=0.55),
    "kk": Mouth(a=0.2, e=0.25, open=0.35),
    "CH": Mouth(u=0.45, i=0.1, open=0.3, smile=0.3),
    "SS": Mouth(i=0.45, open=0.2, smile=0.65),
    "nn": Mouth(i=0.2, e=0.15, open=0.25, smile=0.55),
    "RR": Mouth(u=0.3, o=0.2, open=0.35, smile=0.35),
    "aa": Mouth(a=1.0, open=1.0),
    "E": Mouth(e=1.0, open=0.65, smile=0.75),
    "ih": Mouth(i=1.0, open=0.45, smile=0.8),
    "oh": Mouth(o=1.0, open=0.75, smile=0.25),
    "ou": Mouth(u=1.0, open=0.45, smile=0.1),
}

VOWEL_INPUTS: Final = {"a": "VoiceA", "i": "VoiceI", "u": "VoiceU", "e": "VoiceE", "o": "VoiceO"}

OPEN_INPUTS: Final = ("MouthOpen", "VoiceVolumePlusMouthOpen")
SMILE_INPUTS: Final = ("MouthSmile", "VoiceFrequencyPlusMouthSmile")
"""The sums are what models with microphone lip-sync are rigged to; a sum is fed like its tracked part."""


def shape(name: Viseme, weight: float) -> Mouth:
    """A viseme shown with a weight, which is taken as 0..1."""
    return mixed(CLOSED, SHAPES[name], min(max(weight, 0.0), 1.0))


def mixed(one: Mouth, other: Mouth, share: float) -> Mouth:
    """`share` of the other shape, the rest of the one."""
    if share <= 0.0:
        return one
    if share >= 1.0:
        return other
    return Mouth(*(a + (b - a) * share for a, b in zip(one, other, strict=True)))


def mouth_at(cues: Sequence[VisemeCue], ms: float) -> Mouth:
    """The shape `ms` after the first sample; `cues` are in order of time. Before the first one it is closed."""
    index = bisect_right(cues, ms, key=lambda cue: cue.ms) - 1
    half_before = _half_ramp(cues, index)
    if index >= 0 and ms - cues[index].ms < half_before:
        return _ramp(cues, index, ms, half_before)
    half_after = _half_ramp(cues, index + 1)
    if index + 1 < len(cues) and cues[index + 1].ms - ms < half_after:
        return _ramp(cues, index + 1, ms, half_after)
    return _shape_of(cues, index)


def _half_ramp(cues: Sequence[VisemeCue], index: int) -> float:
    """Half the ramp into a cue: short cues are reached all the same."""
    if not 0 <= index < len(cues):
        return 0.0
    before = cues[index].ms - cues[index - 1].ms if index else RAMP_MS
    after = cues[index + 1].ms - cues[index].ms if index + 1 < len(cues) else RAMP_MS
    return min(before, after, RAMP_MS) / 2


def _ramp(cues: Sequence[VisemeCue], index: int, ms: float, half: float) -> Mouth:
    share = (ms - cues[index].ms + half) / (2 * half)
    return mixed(_shape_of(cues, index - 1), _shape_of(cues, index), share * share * (3 - 2 * share))


def _shape_of(cues: Sequence[VisemeCue], index: int) -> Mouth:
    return shape(cues[index].name, cues[index].weight) if index >= 0 else CLOSED
