import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Generic, TypeVar

import anyio
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.personas import VoiceStyle
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.core.verdicts import Decision, Direction
from spark_vtuber.health.board import Board
from spark_vtuber.health.breaker import Breaker
from spark_vtuber.health.renewal import Renewable
from spark_vtuber.health.steady import GUARD_S, SteadyGuard, SteadyModel, SteadyVoice
from spark_vtuber.health.supervisor import Pauses
from spark_vtuber.llm.port import LLMRequest, TextDelta
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.testing.contracts.llm import PROMISES
from spark_vtuber.testing.contracts.tts import check_tts
from spark_vtuber.testing.crews import Notes
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel, a_request
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice

T = TypeVar("T")


class Shelf(Generic[T]):
    """A renewable engine; `made` are those it opens, one after another."""

    def __init__(self, *made: T) -> None:
        self.board = Board(VirtualClock(), Notes())
        self._made = list(made)
        self.engine = Renewable[T](
            self._open,
            self.board.reporter("x:fake", "x"),
            summary="a fake",
            clock=VirtualClock(),
            pauses=Pauses(VirtualClock(), random.Random(1)),
            log=logging.getLogger("test"),
        )

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[T]:
        yield self._made.pop(0) if len(self._made) > 1 else self._made[0]

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Renewable[T]]:
        async with anyio.create_task_group() as tasks:
            await tasks.start(self.engine.run)
            yield self.engine
            tasks.cancel_scope.cancel()


def steady(engine: Renewable, changed: Callable[[], None] = lambda: None) -> SteadyVoice:  # type: ignore[type-arg]
    clock = VirtualClock()
    return SteadyVoice(engine, Breaker(clock, changed), clock, lambda: 3.0)


def said(text: str = "hello there") -> Utterance:
    return Utterance(1, TurnId("t1"), PersonaId("main"), Clause(text, text, text))


async def heard(voice: SteadyVoice) -> int:
    async with aclosing(voice.stream(said(), VoiceStyle())) as chunks:
        return sum([chunk.samples async for chunk in chunks])


async def test_a_voice_that_keeps_failing_is_not_asked_until_it_answers_a_probe() -> None:
    broken = FakeVoice(fail_at=0)
    async with Shelf(broken).kept() as engine:
        voice = steady(engine)
        for _ in range(3):
            with pytest.raises(EngineError, match="told to fail"):
                await heard(voice)
        with pytest.raises(EngineError) as caught:
            await heard(voice)
        assert caught.value.code == "breaker_open"
        assert len(broken.asked) == 3
        broken.fail_at = None
        await voice.probe()
        voice.breaker.succeeded()
        assert await heard(voice) > 0


async def test_a_voice_whose_callers_lose_patience_has_failed_and_one_that_is_cut_has_not() -> None:
    slow = FakeVoice(latency_s=10)
    async with Shelf(slow).kept() as engine:
        voice = steady(engine)
        for _ in range(5):
            with anyio.move_on_after(1):
                await heard(voice)
        assert voice.breaker.is_closed
        for _ in range(3):
            with anyio.move_on_after(3):
                await heard(voice)
        assert (voice.breaker.is_closed, voice.breaker.last_error) == (False, "stalled")


async def test_a_probe_of_a_silent_voice_fails() -> None:
    class Mute(FakeVoice):
        async def stream(self, utterance: Utterance, style: VoiceStyle) -> AsyncGenerator:  # type: ignore[override,type-arg]
            del utterance, style
            for nothing in ():
                yield nothing

    async with Shelf(Mute()).kept() as engine:
        with pytest.raises(EngineError) as caught:
            await steady(engine).probe()
        assert caught.value.code == "no_sound"


async def test_a_sentence_is_finished_by_the_voice_that_began_it_and_the_next_one_is_new() -> None:
    old, new = FakeVoice(real_time_factor=1.0), FakeVoice()
    async with Shelf(old, new).kept() as engine, anyio.create_task_group() as tasks:
        voice, lengths = steady(engine), []

        async def speak() -> None:
            lengths.append(await heard(voice))

        tasks.start_soon(speak)
        await anyio.sleep(0.3)
        await engine.renew("it is old")
        assert len(new.asked) == 0
        await speak()
        assert len(lengths) == 1
        await anyio.sleep(5)
    assert lengths[0] == lengths[1] > 0
    assert old.cut == 0


async def test_a_model_tells_what_it_is_also_while_it_is_opened_again() -> None:
    async with Shelf(ScriptedModel("One two three.")).kept() as engine:
        model = SteadyModel(engine, VirtualClock())
        assert model.capabilities.model == "script"
        async with aclosing(model.stream(a_request())) as parts:
            text = "".join([part.text async for part in parts if isinstance(part, TextDelta)])
        assert text == "One two three."
        engine.ask("hung")
        assert model.capabilities.model == "script"
        with pytest.raises(EngineError):
            await anext(model.stream(a_request()))


async def test_a_guard_that_hangs_is_renewed_and_its_successor_asked() -> None:
    hung, good = FakeGuard(latency_s=1_000), FakeGuard(("bad",))
    async with Shelf(hung, good).kept() as engine:
        guard, began_s = SteadyGuard(engine, VirtualClock()), anyio.current_time()
        verdict = await guard.check("a bad word", Direction.IN, GuardContext())
        assert verdict.decision is Decision.BLOCK
        assert anyio.current_time() - began_s < GUARD_S + 1
        assert engine.board.components[0].restarts == 1


async def test_two_hung_guards_let_nothing_through() -> None:
    async with Shelf(FakeGuard(latency_s=1_000)).kept() as engine:
        with pytest.raises(EngineError) as caught:
            await SteadyGuard(engine, VirtualClock()).check("hello", Direction.OUT, GuardContext())
        assert caught.value.code == "guard_hung"


async def test_a_guard_that_fails_is_renewed_and_its_successor_asked() -> None:
    broken, good = FakeGuard(is_broken=True), FakeGuard()
    async with Shelf(broken, good).kept() as engine:
        verdict = await SteadyGuard(engine, VirtualClock()).check("hello", Direction.OUT, GuardContext())
        assert verdict.decision is Decision.ALLOW
        assert len(broken.seen) == len(good.seen) == 1


async def test_a_bug_of_an_engine_is_an_error_of_its_caller_and_ends_the_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Buggy(ScriptedModel):
        async def stream(self, request: LLMRequest) -> AsyncGenerator:  # type: ignore[override,type-arg]
            yield TextDelta("Well")
            raise ZeroDivisionError(request.cue.text)

    async with Shelf(Buggy(), ScriptedModel()).kept() as engine:
        parts = SteadyModel(engine, VirtualClock()).stream(a_request("what ana wrote"))
        assert await anext(parts) == TextDelta("Well")
        with pytest.raises(EngineError) as caught:
            await anext(parts)
        assert (caught.value.code, caught.value.message) == ("crashed", "the engine crashed: ZeroDivisionError")
        await anyio.sleep(1)
        assert (engine.is_open, engine.board.components[0].last_error) == (True, "crashed: ZeroDivisionError")
    assert "x:fake crashed" in caplog.text


async def test_steady_engines_keep_the_contracts_of_their_ports() -> None:
    async with Shelf(FakeVoice(latency_s=0.2, real_time_factor=0.5)).kept() as engine:
        await check_tts(steady(engine), 24_000)
    async with Shelf(ScriptedModel()).kept() as engine:
        for holds in PROMISES:
            await holds(SteadyModel(engine, VirtualClock()), a_request())
