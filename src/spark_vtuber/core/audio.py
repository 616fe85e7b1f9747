"""Sound and what goes with it on an utterance's timeline.

Times are milliseconds from the first sample of the utterance, sample indices count from zero,
and PCM is always signed 16-bit little-endian mono.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Viseme = Literal["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou"]
"""A mouth shape: the fifteen visemes of the Oculus lip-sync reference."""

VISEMES: Final[tuple[Viseme, ...]] = get_args(Viseme)

BYTES_PER_SAMPLE: Final = 2


@dataclass(frozen=True, slots=True)
class VisemeCue:
    """From `ms` on the mouth shows `name` with `weight` in 0..1, until the next cue."""

    ms: float
    name: Viseme
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class WordTime:
    """One word of the spoken text: sounding from `ms` to `ms_end`.

    `start` and `end` are character offsets into the text the voice was given.
    """

    ms: float
    ms_end: float
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of an utterance's sound with the cues that fall into it.

    Chunks of an utterance are contiguous. Cues never come later than the sound they belong to;
    their times count from the start of the utterance, not of the chunk.
    """

    pcm: bytes
    sample_rate: int
    visemes: tuple[VisemeCue, ...] = field(default=())
    words: tuple[WordTime, ...] = field(default=())

    @property
    def samples(self) -> int:
        """How many samples the chunk holds."""
        return len(self.pcm) // BYTES_PER_SAMPLE


def silence(ms: float, sample_rate: int) -> bytes:
    """PCM of `ms` milliseconds of silence."""
    return bytes(round(ms * sample_rate / 1000) * BYTES_PER_SAMPLE)
