"""espeak-ng: the voice that needs nothing but the install.

Robotic but immediate, with exact phoneme and word times. The library is GPL-3.0-or-later and runs in a worker
process of its own.

The default is `linda`, of twenty female variants the clearest tone among the bright ones: harmonics-to-noise ratio
14 dB and spectral centroid 1.0 kHz (f1..f5 and Annie: 10..13 dB; belinda: 15 dB at 0.77 kHz), no echo, no roughness.
Raised to 256 Hz, 225..286 Hz between the 10th and the 90th percentile, -20 dBFS on average and -1.4 dBFS at its
loudest over sixty sentences.
"""

import importlib.util
import math
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.audio import AudioChunk, VisemeCue, WordTime, silence
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding, Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.frames import Frame
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Utterance
from spark_vtuber.tts.port import Voice
from spark_vtuber.tts.resample import Resampler, load
from spark_vtuber.tts.speakable import has_sound, neutral, pause_ms
from spark_vtuber.tts.visemes import VisemeTrack
from spark_vtuber.tts.words import Range, share, words_of

WORKER: Final = "spark_vtuber.tts.workers.espeak"

MIN_RATE, MAX_RATE = 80, 450
MAX_PITCH: Final = 99
VOLUME: Final = 80
"""Per cent of the library's full level at 0 dB of gain; from 100 on loud vowels meet its limiter."""

MAX_GAIN_DB: Final = 3.0
"""More only feeds the limiter."""

STEPS_PER_OCTAVE: Final = 50
"""espeak-ng's pitch is logarithmic: 50 steps double the frequency (measured: 256 to 283 Hz from 58 to 65)."""


class EspeakOptions(BaseModel):
    """The keys of `[tts]` with `use = "espeak"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    voice: str = Field("en-us+linda", description="language code, or language+variant, as in en-gb+f3")
    rate: int = Field(170, ge=MIN_RATE, le=MAX_RATE, description="words a minute")
    pitch: int = Field(58, ge=0, le=MAX_PITCH, description="50 is the variant's own; 50 steps are an octave")
    range: int = Field(75, ge=0, le=MAX_PITCH, description="how lively the melody is; 50 is the variant's own")
    gain_db: float = Field(0.0, ge=-30.0, le=MAX_GAIN_DB, description="added to the level of about -20 dBFS")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the library offers: languages by code and identifier, variants by code, all in lower case."""

    sample_rate: int
    languages: dict[str, str]
    variants: dict[str, str]
    voices: tuple[Voice, ...]

    def identifier(self, name: str) -> str:
        """The library's name of the voice `LANGUAGE[+VARIANT]`.

        Raises:
            EngineError: `no_voice`.
        """
        language, plus, variant = name.partition("+")
        found, kind = self.languages.get(language.lower()), self.variants.get(variant.lower())
        if found is None or (plus and kind is None):
            fix = "a voice is a language, or a language and a variant: de, en-gb+f3, en-us+linda"
            raise EngineError("no_voice", f"espeak-ng has no voice {name!r}", fix=fix)
        return f"{found}+{kind}" if plus else found


class Espeak:
    """The `TTS` port on an espeak-ng worker."""

    def __init__(self, worker: Worker, catalogue: Catalogue, options: EspeakOptions, sample_rate: int) -> None:
        self._worker = worker
        self._catalogue = catalogue
        self._options = options
        self._sample_rate = sample_rate

    def voices(self) -> tuple[Voice, ...]:
        """Every language in its plain form, and every variant of the configured language; any pair is possible."""
        return self._catalogue.voices

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """The sound of the clause, a word or more a chunk, and a rest by its last mark."""
        spoken = utterance.clause.spoken
        if not has_sound(spoken):
            return
        speech = _Speech(spoken, words_of(spoken), Resampler(self._catalogue.sample_rate, self._sample_rate))
        request = {"op": "speak", "text": neutral(spoken), "starts": [start for start, _ in speech.words]}
        async with aclosing(self._worker.request(request | self._sound(style))) as frames:
            async for frame in frames:
                if pcm := _fed(speech, frame):
                    yield AudioChunk(pcm, self._sample_rate, *speech.take_cues())
        if speech.is_heard:
            pcm = speech.finish() + silence(pause_ms(spoken), self._sample_rate)
            yield AudioChunk(pcm, self._sample_rate, *speech.take_cues())

    def _sound(self, style: VoiceStyle) -> dict[str, Any]:
        options = self._options
        gain_db = min(options.gain_db + style.gain_db, MAX_GAIN_DB)
        pitch = round(options.pitch + STEPS_PER_OCTAVE * math.log2(max(style.pitch, 0.1)))
        return {
            "voice": self._catalogue.identifier(style.name or options.voice),
            "rate": min(max(round(options.rate * style.rate), MIN_RATE), MAX_RATE),
            "pitch": min(max(pitch, 0), MAX_PITCH),
            "range": options.range,
            "volume": round(VOLUME * 10 ** (gain_db / 20)),
        }


class _Speech:
    """One utterance on its way from the worker: its sound at the show's rate, and the cues not yet handed over."""

    def __init__(self, text: str, words: tuple[Range, ...], resampler: Resampler) -> None:
        self.words = words
        self.is_heard = False
        self._text = text
        self._resampler = resampler
        self._track = VisemeTrack()
        self._end_ms = 0.0
        self._visemes: list[VisemeCue] = []
        self._times: list[WordTime] = []

    def feed(self, frame: Frame) -> bytes:
        header = frame.header
        self.is_heard = True
        self._end_ms = float(header["end_ms"])
        self._visemes += self._track.cues(header["phonemes"], self._end_ms)
        for first, until, ms, ms_end in header["words"]:
            self._times += share(self._text, self.words[first:until], ms, ms_end)
        return self._resampler.feed(frame.body)

    def finish(self) -> bytes:
        self._visemes.append(self._track.close(self._end_ms))
        return self._resampler.finish()

    def take_cues(self) -> tuple[tuple[VisemeCue, ...], tuple[WordTime, ...]]:
        cues = tuple(self._visemes), tuple(self._times)
        self._visemes, self._times = [], []
        return cues


@asynccontextmanager
async def open_espeak(options: EspeakOptions, env: EngineEnv) -> AsyncIterator[Espeak]:
    """Start the worker and learn what it can speak.

    Raises:
        EngineError: `worker_failed`, or `no_voice` for the configured voice.
    """
    await to_thread.run_sync(load)
    async with env.worker(WORKER, (options.voice,)) as worker:
        yield await connect(worker, options, env.sample_rate)


async def connect(worker: Worker, options: EspeakOptions, sample_rate: int) -> Espeak:
    """The voice behind a running worker, once it said what it can speak.

    Raises:
        EngineError: `worker_failed`, or `no_voice` for the configured voice.
    """
    async with aclosing(worker.request({"op": "describe"})) as frames:
        frame = await anext(frames, Frame({}))
    language = options.voice.partition("+")[0].lower()
    try:
        catalogue = _catalogue(frame.header, language)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError("worker_failed", "the espeak worker did not describe its voices", retryable=True) from error
    catalogue.identifier(options.voice)
    return Espeak(worker, catalogue, options, sample_rate)


def _catalogue(header: dict[str, Any], language: str) -> Catalogue:
    """The worker's lists as names. Where voices share a code, the first one has it."""
    languages: dict[str, str] = {}
    plain: dict[str, Voice] = {}
    for name, codes, identifier in header["languages"]:
        code = next((code for code in codes if code not in languages), identifier)
        plain[code] = Voice(code, code, name)
        for key in (*codes, identifier):
            languages.setdefault(key.lower(), identifier)
    varied = [(name, identifier.removeprefix("!v/")) for name, _, identifier in header["variants"]]
    return Catalogue(
        sample_rate=int(header["sample_rate"]),
        languages=languages,
        variants={code.lower(): code for _, code in varied},
        voices=(*(Voice(f"{language}+{code}", language, name) for name, code in varied), *plain.values()),
    )


def _fed(speech: "_Speech", frame: Frame) -> bytes:
    try:
        return speech.feed(frame)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError("worker_failed", f"the espeak worker sent a wrong frame: {error}", retryable=True) from error


async def probe_espeak(options: EspeakOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    """Whether the library and its data are there. Starts nothing."""
    del options, env
    if importlib.util.find_spec("espeakng_loader") is None:
        yield Finding(
            "espeak-ng",
            "error",
            "the package espeakng-loader is missing",
            f"{sys.executable} -m pip install espeakng-loader",
        )
        return
    yield Finding("espeak-ng", "ok", "espeak-ng with its own data (GPL-3.0-or-later, in a process of its own)")


SPEC: Final = EngineSpec(
    options=EspeakOptions,
    open=open_espeak,
    probe=probe_espeak,
    summary="espeak-ng: robotic, immediate, no download",
    licence="GPL-3.0-or-later",
)
