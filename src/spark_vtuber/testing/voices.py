"""A voice made of nothing: scripted delays and failures, the same sound every time."""

from array import array
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import cache
from math import ceil, sin, tau
from typing import Final

import anyio

from spark_vtuber.core.audio import AudioChunk, VisemeCue, WordTime
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Utterance
from spark_vtuber.tts.port import Voice
from spark_vtuber.tts.words import share, words_of

TONE_HZ: Final = 220.0
AMPLITUDE: Final = 8_000
CLOSED_LIPS: Final = frozenset("bmpBMP")


@dataclass(slots=True)
class FakeVoice:
    """A `TTS` on whatever clock the loop has.

    The first chunk comes after `latency_s`, each later one after its own length times `real_time_factor`. A text
    takes `1 / chars_per_s` a character and comes in chunks of `chunk_ms`. With `fail_at` the chunk of that index
    is an `EngineError("worker_failed")` instead (0 = before any sound). `asked` is what was to be spoken, in order;
    `cut` counts the streams that were closed or cancelled before their end.
    """

    latency_s: float = 0.0
    chunk_ms: float = 60.0
    chars_per_s: float = 15.0
    words: bool = True
    fail_at: int | None = None
    real_time_factor: float = 0.0
    sample_rate: int = 24_000
    asked: list[tuple[Utterance, VoiceStyle]] = field(default_factory=list)
    cut: int = 0

    def voices(self) -> tuple[Voice, ...]:
        """One voice."""
        return (Voice("fake", "en", "a tone of 220 Hz"),)

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """A tone as long as the text."""
        self.asked.append((utterance, style))
        chunks = self.chunks(utterance.clause.spoken)
        is_whole = False
        try:
            for index, chunk in enumerate(chunks):
                length_s = chunk.samples / self.sample_rate
                await anyio.sleep(length_s * self.real_time_factor if index else self.latency_s)
                if index == self.fail_at:
                    raise EngineError("worker_failed", "the fake voice was told to fail", retryable=True)
                yield chunk
            is_whole = True
        finally:
            self.cut += not is_whole

    def chunks(self, text: str) -> tuple[AudioChunk, ...]:
        """All that `text` sounds like: what `stream` yields when nothing fails."""
        if not text.strip():
            return ()
        total = max(round(len(text) / self.chars_per_s * self.sample_rate), 1)
        size = max(round(self.chunk_ms * self.sample_rate / 1000), 1)
        times = self._times(text, total * 1000 / self.sample_rate)
        visemes = [VisemeCue(word.ms, "PP" if word.text[0] in CLOSED_LIPS else "aa") for word in times]
        visemes.append(VisemeCue(total * 1000 / self.sample_rate, "sil"))
        return tuple(self._chunk(index * size, size, total, visemes, times) for index in range(ceil(total / size)))

    def _times(self, text: str, length_ms: float) -> list[WordTime]:
        per_ms = length_ms / len(text)
        return [
            time for start, end in words_of(text) for time in share(text, ((start, end),), start * per_ms, end * per_ms)
        ]

    def _chunk(self, first: int, size: int, total: int, visemes: list[VisemeCue], times: list[WordTime]) -> AudioChunk:
        end = min(first + size, total)
        pcm = _tone(self.sample_rate, end)[2 * first : 2 * end]
        begin_ms, end_ms = first * 1000 / self.sample_rate, end * 1000 / self.sample_rate
        is_last = end == total
        return AudioChunk(
            pcm=pcm,
            sample_rate=self.sample_rate,
            visemes=tuple(cue for cue in visemes if begin_ms <= cue.ms < end_ms or (is_last and cue.ms >= end_ms)),
            words=tuple(word for word in times if begin_ms <= word.ms < end_ms) if self.words else (),
        )


@cache
def _second(sample_rate: int) -> bytes:
    """One second of the tone, which holds a whole number of its periods."""
    return array("h", (round(AMPLITUDE * sin(tau * TONE_HZ * n / sample_rate)) for n in range(sample_rate))).tobytes()


def _tone(sample_rate: int, samples: int) -> bytes:
    """At least `samples` samples of the tone."""
    return _second(sample_rate) * ceil(samples / sample_rate)
