"""The voice that other systems are compared on: the `espeak-ng` program, started anew for every clause.

`[tts] use = "espeak-program"`. It is slower than the product's own espeak worker and gives no times of words or
phonemes; comparisons use it so that every system pays for the same voice.
"""

import shutil
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio.abc import ByteReceiveStream
from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.audio import AudioChunk, VisemeCue
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Utterance
from spark_vtuber.tts.port import Voice
from spark_vtuber.tts.resample import Resampler

PROGRAM: Final = "espeak-ng"
RATE_HZ: Final = 22_050
WAV_HEADER_BYTES: Final = 44
"""The program writes the shortest form of the format's header, as no length is known yet."""

CHUNK_BYTES: Final = RATE_HZ // 10 * 2
INSTALL: Final = "apt-get install espeak-ng"


class ProgramOptions(BaseModel):
    """The keys of `[tts]` with `use = "espeak-program"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    voice: str = Field("en-us", description="what the program takes as -v")


class ProgramVoice:
    """The `TTS` port on one process a clause, in chunks of a tenth of a second."""

    def __init__(self, options: ProgramOptions, sample_rate: int) -> None:
        self._options = options
        self._sample_rate = sample_rate

    def voices(self) -> tuple[Voice, ...]:
        """The configured one."""
        return (Voice(self._options.voice, self._options.voice),)

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """The sound as the program writes it.

        Raises:
            EngineError: `not_installed`, or `voice_failed` where the program ends with an error.
        """
        del style
        text = utterance.clause.spoken.strip()
        if not text:
            return
        try:
            process = await anyio.open_process(
                [PROGRAM, "-v", self._options.voice, "--stdout", "--", text],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise EngineError("not_installed", f"there is no program {PROGRAM}", fix=INSTALL) from error
        try:
            if process.stdout is None:
                raise RuntimeError("the program was started without a pipe")
            resampler, samples = Resampler(RATE_HZ, self._sample_rate), 0
            mouth: tuple[VisemeCue, ...] = (VisemeCue(0.0, "aa"),)
            async for pcm in _pcm(process.stdout):
                sound = resampler.feed(pcm)
                if sound:
                    samples += len(sound) // 2
                    yield AudioChunk(sound, self._sample_rate, mouth)
                    mouth = ()
            if await process.wait() or not samples:
                raise EngineError("voice_failed", f"{PROGRAM} ended with {process.returncode}")
            sound = resampler.finish()
            end_ms = (samples + len(sound) // 2) * 1000 / self._sample_rate
            yield AudioChunk(sound, self._sample_rate, (VisemeCue(end_ms, "sil"),))
        finally:
            if process.returncode is None:
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.aclose()


async def _pcm(output: ByteReceiveStream) -> AsyncGenerator[bytes, None]:
    """Whole samples behind the header, a tenth of a second at a time."""
    waiting, skip = b"", WAV_HEADER_BYTES
    async for data in output:
        waiting += data
        if skip and len(waiting) >= skip:
            waiting, skip = waiting[skip:], 0
        while not skip and len(waiting) >= CHUNK_BYTES:
            yield waiting[:CHUNK_BYTES]
            waiting = waiting[CHUNK_BYTES:]
    if not skip and len(waiting) > 1:
        yield waiting[: len(waiting) // 2 * 2]


@asynccontextmanager
async def _open(options: ProgramOptions, env: EngineEnv) -> AsyncIterator[ProgramVoice]:
    if shutil.which(PROGRAM) is None:
        raise EngineError("not_installed", f"there is no program {PROGRAM}", fix=INSTALL)
    yield ProgramVoice(options, env.sample_rate)


async def _probe(options: ProgramOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    del options, env
    if shutil.which(PROGRAM) is None:
        yield Finding("espeak-program", "error", f"there is no program {PROGRAM}", INSTALL)
    else:
        yield Finding("espeak-program", "note", "for comparisons; the voice of a show is espeak")


SPEC: Final = EngineSpec(
    options=ProgramOptions,
    open=_open,
    probe=_probe,
    summary="the espeak-ng program, one process a clause, for comparisons only",
    licence="GPL-3.0-or-later",
)
