"""A voice with a stated pace, for measurements: a tone whose first sound comes when a real engine's would.

`[tts] use = "paced"` puts it in the place of a voice that this machine cannot run. It costs next to no CPU: the tone
is made once.
"""

import math
from array import array
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.audio import BYTES_PER_SAMPLE, AudioChunk, VisemeCue, WordTime
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Utterance
from spark_vtuber.tts.port import Voice
from spark_vtuber.tts.words import share, words_of

TONE_HZ: Final = 220.0
AMPLITUDE: Final = 6_000
CHARS_PER_S: Final = 15.0


class PacedOptions(BaseModel):
    """The keys of `[tts]` with `use = "paced"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_ms: float = Field(150.0, ge=0, description="from the request to the first chunk")
    chunk_ms: float = Field(100.0, ge=10, le=1_000, description="sound in a chunk")
    real_time_factor: float = Field(0.1, ge=0, le=2, description="time a later chunk takes, as a share of its length")


class PacedVoice:
    """The `TTS` port: fifteen characters a second, chunks due on an absolute schedule from the request on."""

    def __init__(self, options: PacedOptions, sample_rate: int) -> None:
        self._options = options
        self._sample_rate = sample_rate
        turn = math.tau * TONE_HZ / sample_rate
        self._second = array("h", (round(AMPLITUDE * math.sin(turn * n)) for n in range(sample_rate))).tobytes()
        self._chunk_samples = max(round(options.chunk_ms * sample_rate / 1000), 1)

    def voices(self) -> tuple[Voice, ...]:
        """One voice."""
        return (Voice("paced", "en", "a tone of 220 Hz"),)

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """A tone as long as the text; chunk n comes `first_ms` + n * length * `real_time_factor` after the request."""
        del style
        text = utterance.clause.spoken
        asked_s = anyio.current_time()
        if not text.strip():
            return
        total = max(round(len(text) / CHARS_PER_S * self._sample_rate), 1)
        step_s = self._chunk_samples / self._sample_rate * self._options.real_time_factor
        words = self._words(text, total * 1000 / self._sample_rate)
        for index, first in enumerate(range(0, total, self._chunk_samples)):
            await anyio.sleep_until(asked_s + self._options.first_ms / 1000 + index * step_s)
            yield self._chunk(first, min(first + self._chunk_samples, total), total, words)

    def _words(self, text: str, length_ms: float) -> list[WordTime]:
        per_ms = length_ms / len(text)
        return [
            word for start, end in words_of(text) for word in share(text, ((start, end),), start * per_ms, end * per_ms)
        ]

    def _chunk(self, first: int, end: int, total: int, words: list[WordTime]) -> AudioChunk:
        begin_ms, end_ms = first * 1000 / self._sample_rate, end * 1000 / self._sample_rate
        here = tuple(word for word in words if begin_ms <= word.ms < end_ms)
        visemes = [VisemeCue(word.ms, "aa") for word in here]
        if end == total:
            visemes.append(VisemeCue(end_ms, "sil"))
        return AudioChunk(self._sound(first, end), self._sample_rate, tuple(visemes), here)

    def _sound(self, first: int, end: int) -> bytes:
        at = first % self._sample_rate * BYTES_PER_SAMPLE
        size = (end - first) * BYTES_PER_SAMPLE
        return (self._second[at : at + size] + self._second)[:size]


@asynccontextmanager
async def _open(options: PacedOptions, env: EngineEnv) -> AsyncIterator[PacedVoice]:
    yield PacedVoice(options, env.sample_rate)


async def _probe(options: PacedOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    del env
    yield Finding("paced", "note", f"a tone in the place of a voice, {options.first_ms:g} ms to its first sound")


SPEC: Final = EngineSpec(
    options=PacedOptions,
    open=_open,
    probe=_probe,
    summary="a tone with a stated pace, for measurements only",
    licence="Apache-2.0",
)
