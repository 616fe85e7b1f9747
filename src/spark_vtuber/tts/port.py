"""The port of voices."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from spark_vtuber.core.audio import AudioChunk
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Utterance


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice an engine offers: `name` is what a persona's `voice.name` says."""

    name: str
    language: str
    description: str = ""


class TTS(Protocol):
    """An engine that speaks."""

    def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """The sound of `utterance.clause.spoken`, as early and in as small chunks as the engine can.

        All chunks have the show's sample rate; the last viseme is `sil`. Word offsets count characters of
        `clause.spoken`. Closing the generator or cancelling the caller stops the synthesis.
        Raises `EngineError` (`no_voice`, `worker_failed`, `not_installed` …).
        """
        ...

    def voices(self) -> tuple[Voice, ...]:
        """The voices that can be asked for."""
        ...
