"""Engines behind which fresh ones can be put: the ports that turns and the reception work with."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

import anyio

from spark_vtuber.core.audio import AudioChunk
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.core.verdicts import Direction, Verdict
from spark_vtuber.health.breaker import Breaker
from spark_vtuber.health.renewal import Renewable
from spark_vtuber.llm.port import LLM, Capabilities, LLMPart, LLMRequest
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.tts.port import TTS, Voice

SYLLABLE: Final = "ah"
"""What a voice says when nobody listens, to show that it can."""

TOLERANCE_S: Final = 0.05

GUARD_S: Final = 5.0
"""A guard that thinks longer is hung."""


class SteadyVoice:
    """A `TTS` with a circuit breaker: a voice that keeps failing is not asked until a probe succeeds.

    `stall_s` tells the patience of its callers: a wait for sound that is cut off after so long was a failure.
    """

    def __init__(self, engine: Renewable[TTS], breaker: Breaker, clock: Clock, stall_s: Callable[[], float]) -> None:
        self.engine = engine
        self.breaker = breaker
        self._clock = clock
        self._stall_s = stall_s
        self._voices: tuple[Voice, ...] = ()
        self.used_s = clock.now()

    @property
    def is_open(self) -> bool:
        """Whether there is an engine behind it."""
        return self.engine.is_open

    def voices(self) -> tuple[Voice, ...]:
        """Those of the engine in place, or of the last one."""
        if self.engine.is_open:
            with self.engine.using() as lease:
                self._voices = lease.engine.voices()
        return self._voices

    async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        """As the port says; raises `EngineError("breaker_open")` at once while the voice is not to be asked."""
        if not self.breaker.is_closed:
            raise EngineError("breaker_open", f"{self.engine.name} keeps failing and is left alone", retryable=True)
        waits_s = self._clock.now()
        try:
            async with aclosing(self._straight(utterance, style)) as chunks:
                async for chunk in chunks:
                    yield chunk
                    waits_s = self._clock.now()
        except EngineError as error:
            self.breaker.failed(error.code)
            raise
        except anyio.get_cancelled_exc_class():
            if self._clock.now() - waits_s >= self._stall_s() - TOLERANCE_S:
                self.breaker.failed("stalled")
            raise
        self.breaker.succeeded()
        self.used_s = self._clock.now()

    async def probe(self) -> None:
        """Let it say a syllable and throw it away. Raises `EngineError` where it gives no sound."""
        utterance = Utterance(0, TurnId("probe"), PersonaId("probe"), Clause(SYLLABLE, SYLLABLE, SYLLABLE))
        samples = 0
        async with aclosing(self._straight(utterance, VoiceStyle())) as chunks:
            async for chunk in chunks:
                samples += chunk.samples
        if not samples:
            raise EngineError("no_sound", f"{self.engine.name} said nothing", retryable=True)
        self.used_s = self._clock.now()

    async def _straight(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        with self.engine.using() as lease:
            async with aclosing(lease.engine.stream(utterance, style)) as chunks:
                while (chunk := await lease.wait(anext(chunks, None))) is not None:
                    yield chunk


class SteadyModel:
    """An `LLM`. Its breaker belongs to the persona that thinks with it."""

    def __init__(self, engine: Renewable[LLM], clock: Clock) -> None:
        self.engine = engine
        self._clock = clock
        self._capabilities = Capabilities(engine=engine.name)
        self.used_s = clock.now()

    @property
    def is_open(self) -> bool:
        """Whether there is an engine behind it."""
        return self.engine.is_open

    @property
    def capabilities(self) -> Capabilities:
        """Those of the engine in place, or of the last one."""
        if self.engine.is_open:
            with self.engine.using() as lease:
                self._capabilities = lease.engine.capabilities
        return self._capabilities

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """As the port says."""
        with self.engine.using() as lease:
            async with aclosing(lease.engine.stream(request)) as parts:
                while (part := await lease.wait(anext(parts, None))) is not None:
                    self.used_s = self._clock.now()
                    yield part


class SteadyGuard:
    """A `Guard` that always answers in time: one that hangs or fails is renewed, and its successor sees the text."""

    def __init__(self, engine: Renewable[Guard], clock: Clock) -> None:
        self.engine = engine
        self._clock = clock
        self.used_s = clock.now()

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """As the port says. Raises `EngineError` where two guards in a row could not tell."""
        try:
            return await self._check(text, direction, context)
        except EngineError as error:
            self.engine.ask(f"the guard could not tell: {error.code}")
        await self.engine.in_place(GUARD_S)
        return await self._check(text, direction, context)

    async def probe(self) -> None:
        """Let it look at a harmless word. Raises `EngineError` where it cannot tell."""
        await self._check(SYLLABLE, Direction.IN, GuardContext())

    async def _check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        with self.engine.using() as lease:
            try:
                with anyio.fail_after(GUARD_S):
                    verdict = await lease.wait(lease.engine.check(text, direction, context))
            except TimeoutError as error:
                raise EngineError("guard_hung", f"{self.engine.name} was silent", retryable=True) from error
        self.used_s = self._clock.now()
        return verdict
