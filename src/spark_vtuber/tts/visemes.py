"""IPA to the fifteen visemes: which shapes the mouth takes for a phoneme, and when.

Phonemes map to visemes as in the Oculus lip-sync reference; weights say how far the mouth goes to the shape:
full for stressed vowels and closed lips, less for reduced vowels and for consonants that hardly show.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from spark_vtuber.core.audio import Viseme, VisemeCue

Shape = tuple[Viseme, float]

_TABLE: Final[dict[Viseme, dict[float, str]]] = {
    "PP": {1.0: "pbmɓʙ", 0.7: "ɸβ"},
    "FF": {0.9: "fvɱʋ"},
    "TH": {0.8: "θð"},
    "DD": {0.6: "tdɾʈɖɗɽ", 0.25: "ʔ"},
    "kk": {0.5: "kɡgŋcɟqɢɴɠʛ", 0.4: "xɣχçʝ", 0.3: "hɦħʕʁʀʜʢ"},
    "CH": {0.8: "ʃʒʂʐɕʑɧ"},
    "SS": {0.7: "szɬɮ"},
    "nn": {0.6: "nlɫɲɳʎɭʟ"},
    "RR": {0.7: "rɹɻɺ"},
    "aa": {1.0: "aɑæɐʌɶ"},
    "E": {0.9: "eɛœ", 0.7: "ɜɘɝɞ", 0.5: "əɚ"},
    "ih": {0.9: "iɪ", 0.8: "ɨᵻ", 0.6: "j"},
    "oh": {1.0: "oɔɒ", 0.8: "ɤøɵ"},
    "ou": {1.0: "uʊ", 0.9: "yʏʉɯᵿ", 0.8: "wɥʍɰ"},
}

SYMBOLS: Final[dict[str, Shape]] = {
    unicodedata.normalize("NFD", symbol)[0]: (viseme, weight)
    for viseme, weights in _TABLE.items()
    for weight, symbols in weights.items()
    for symbol in symbols
}
"""Every IPA base letter that is known, without diacritics."""

VOWELS: Final[frozenset[Viseme]] = frozenset({"aa", "E", "ih", "oh", "ou"})

UNKNOWN: Final[Shape] = ("E", 0.3)
"""A letter nobody knows: the mouth is a little open."""

_AFFRICATES: Final = {"tʃ": "ʃ", "dʒ": "ʒ", "tɕ": "ɕ", "dʑ": "ʑ", "ts": "s", "dz": "z", "tʂ": "ʂ", "dʐ": "ʐ", "pf": "f"}
_STRESS: Final = frozenset("ˈˌ")
_UNSTRESSED: Final = 0.8

SHORTEST_PAUSE_MS: Final = 50.0
"""A shorter pause between sounds does not close the mouth."""

SHORTEST_CUE_MS: Final = 30.0
"""Shorter shapes are passed over: at 30 frames a second nobody sees them. Lips that close are always seen."""

_GLIDE_AT: Final = 0.55
"""The part of a diphthong after which the mouth moves to its second vowel."""


def shapes_of(ipa: str) -> tuple[Shape, ...]:
    """The one or two shapes of a phoneme as espeak-ng and its like write it, e.g. `ˈaɪ`, `tʃ`, `ɑːɹ`, `nʲ`.

    Empty for a pause and for a mark without a sound of its own (stress, tone, length).
    """
    letters = "".join(c for c in unicodedata.normalize("NFD", ipa) if unicodedata.category(c) in {"Ll", "Lo"})
    for pair, last in _AFFRICATES.items():
        letters = letters.replace(pair, last)
    found: list[Shape] = [SYMBOLS.get(letter, UNKNOWN) for letter in letters]
    if not found:
        return ()
    if not _STRESS.intersection(ipa):
        found = [(name, round(weight * _UNSTRESSED, 2)) if name in VOWELS else (name, weight) for name, weight in found]
    return (found[0],) if found[-1][0] == found[0][0] else (found[0], found[-1])


class VisemeTrack:
    """Turns the phonemes of one utterance, as they come, into cues."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: Viseme = "sil"

    def cues(self, phonemes: Sequence[tuple[float, str]], end_ms: float) -> tuple[VisemeCue, ...]:
        """The cues of consecutive phonemes `(start in ms, IPA)`; the last one sounds until `end_ms`.

        Phonemes must follow those of the call before. Neighbours with the same shape are one cue.
        """
        cues: list[VisemeCue] = []
        for index, (start, ipa) in enumerate(phonemes):
            end = phonemes[index + 1][0] if index + 1 < len(phonemes) else end_ms
            for cue in _timed(ipa, start, end):
                self._add(cues, cue)
        return tuple(cues)

    def close(self, ms: float) -> VisemeCue:
        """The cue that shuts the mouth at the end of the speech."""
        self._last = "sil"
        return VisemeCue(round(ms, 2), "sil")

    def _add(self, cues: list[VisemeCue], cue: VisemeCue) -> None:
        if cue.name != self._last:
            cues.append(cue)
            self._last = cue.name
        elif cues and cue.weight > cues[-1].weight:
            cues[-1] = VisemeCue(cues[-1].ms, cue.name, cue.weight)


def _timed(ipa: str, start: float, end: float) -> tuple[VisemeCue, ...]:
    shapes = shapes_of(ipa)
    if not shapes:
        is_pause = not ipa.strip("_:|!") and end - start >= SHORTEST_PAUSE_MS
        return (VisemeCue(round(start, 2), "sil"),) if is_pause else ()
    if end - start < SHORTEST_CUE_MS and shapes[0][0] != "PP":
        return ()
    step = _GLIDE_AT * (end - start)
    return tuple(VisemeCue(round(start + index * step, 2), *shape) for index, shape in enumerate(shapes))
