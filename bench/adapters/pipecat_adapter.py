"""pipecat as its examples build a bot: user aggregator, OpenAI service, voice, assistant aggregator. Defaults."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator

import link
from loguru import logger
from pipecat.frames.frames import Frame, LLMFullResponseEndFrame, LLMMessagesAppendFrame, TTSAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from pipecat.workers.runner import WorkerRunner

SYSTEM = "You are a friendly streamer. Answer in a few sentences."
QUIET_S = 0.3
"""The answer is over when the model's part is and no sound came for this long."""


class Voice(TTSService):
    """The shared voice as a service of pipecat."""

    def __init__(self) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            sample_rate=link.RATE_HZ,
            settings=TTSSettings(model=None, voice="en-us", language=None),
        )

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame, None]:
        """One process, one frame a tenth of a second."""
        process = await asyncio.create_subprocess_exec(
            *link.VOICE, text, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        await process.stdout.readexactly(link.WAV_HEADER_BYTES)
        while chunk := await _chunk(process.stdout):
            yield TTSAudioRawFrame(chunk, link.RATE_HZ, 1, context_id=context_id)
        await process.wait()


class Ear(FrameProcessor):
    """Notes when sound passes, and when the model's answer is over."""

    def __init__(self) -> None:
        super().__init__()
        self.first_s = 0.0
        self.last_s = 0.0
        self.is_over = asyncio.Event()
        self.has_sound = asyncio.Event()

    def begin(self) -> None:
        """A new answer is expected."""
        self.first_s = self.last_s = 0.0
        self.is_over.clear()
        self.has_sound.clear()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Note it and pass it on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.last_s = time.monotonic()
            self.first_s = self.first_s or self.last_s
            self.has_sound.set()
        elif isinstance(frame, LLMFullResponseEndFrame):
            self.is_over.set()
        await self.push_frame(frame, direction)


async def _chunk(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readexactly(link.CHUNK_BYTES)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def _answer(worker: PipelineWorker, ear: Ear) -> None:
    loop = asyncio.get_running_loop()
    waiting = link.lines()
    while (text := await loop.run_in_executor(None, next, waiting, None)) is not None:
        ear.begin()
        asked_s = time.monotonic()
        await worker.queue_frame(LLMMessagesAppendFrame([{"role": "user", "content": text}], run_llm=True))
        await ear.is_over.wait()
        await ear.has_sound.wait()
        while (quiet_s := time.monotonic() - ear.last_s) < QUIET_S:  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(QUIET_S - quiet_s)
        link.say(asked_s=asked_s, first_audio_s=ear.first_s, done_s=ear.last_s)


async def main(base_url: str) -> None:
    """Answer every line of the runner."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    settings = OpenAILLMService.Settings(model="script", system_instruction=SYSTEM)
    llm = OpenAILLMService(api_key="none", base_url=base_url, settings=settings)
    both = LLMContextAggregatorPair(LLMContext())
    ear = Ear()
    worker = PipelineWorker(
        Pipeline([both.user(), llm, Voice(), ear, both.assistant()]), cancel_on_idle_timeout=False, enable_rtvi=False
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    link.say(ready=True)
    await _answer(worker, ear)
    await runner.cancel()
    await running


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
