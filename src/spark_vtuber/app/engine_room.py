"""Opens engines by name, each once, and keeps them: a fresh one can take the place of each while the show goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

from spark_vtuber import engines
from spark_vtuber.app.house import House
from spark_vtuber.config.load import EngineChoice
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.engine import Worker
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.board import Reporter
from spark_vtuber.health.breaker import Breaker
from spark_vtuber.health.machine import resident_bytes
from spark_vtuber.health.renewal import Renewable
from spark_vtuber.health.rounds import Probe
from spark_vtuber.health.steady import SteadyGuard, SteadyModel, SteadyVoice
from spark_vtuber.llm.port import LLM
from spark_vtuber.moderation.port import Guard
from spark_vtuber.tts.port import TTS

T = TypeVar("T")

Made = tuple[T, Callable[[], Coroutine[Any, Any, None]] | None]
"""An engine as turns use it, and what runs beside it for ever."""

Key = tuple[str, str, str]
"""Port, engine and its options as JSON."""


class Crowd:
    """The worker processes of one engine, told by the host of workers and shown on the board."""

    def __init__(self, report: Reporter, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._gone: dict[Worker, tuple[float, str]] = {}
        self._alive: set[Worker] = set()

    def told(self, worker: Worker, gone: EngineError | None) -> None:
        """A process is ready, or, with the reason, gone."""
        if gone is not None:
            self._alive.discard(worker)
            self._gone[worker] = (self._clock.now(), gone.message)
            self._report("degraded", gone.message, "it starts again by itself")
            return
        self._alive.add(worker)
        if worker in self._gone:
            since_s, why = self._gone.pop(worker)
            self._report("ok", f"restarted: {why}")
            self._report.board.restarted(self._report.name, why, self._clock.now() - since_s)

    @property
    def is_used(self) -> bool:
        """Whether the engine has worker processes."""
        return bool(self._alive or self._gone)

    def resident(self) -> int | None:
        """Bytes of memory of all of them; None where there are none, or nobody can tell."""
        sizes = [resident_bytes(worker.pid) for worker in self._alive if worker.pid is not None]
        known = [size for size in sizes if size is not None]
        return sum(known) if known else None


@dataclass(slots=True)
class Kept(Generic[T]):
    """An engine that is kept, and its worker processes."""

    engine: Renewable[T]
    crowd: Crowd
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class EngineRoom:
    """The engines of the show, each a component that can be restarted by name."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tasks: TaskGroup | None = None
        self._kept: dict[Key, Kept[Any]] = {}
        self._steady: dict[Key, Any] = {}
        self._opening: set[Key] = set()
        self.on_change: list[Callable[[], None]] = []
        """Called whenever an engine was opened or closed."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the context is open, engines can be had; leaving it closes them all."""
        raised: Exception | None = None
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised again below, outside of the task group's exception group
                raised = error
            tasks.cancel_scope.cancel()
        if raised is not None:
            raise raised

    def workers(self) -> tuple[Renewable[Any], ...]:
        """Every engine that has worker processes, in the order of opening."""
        return tuple(kept.engine for kept in self._kept.values() if kept.crowd.is_used)

    def resident(self, name: str) -> int | None:
        """Bytes of memory of the worker processes of the engine `name`."""
        return next((kept.crowd.resident() for kept in self._kept.values() if kept.engine.name == name), None)

    async def voice(self, choice: EngineChoice) -> SteadyVoice:
        """A voice; one that cannot be opened is not open, which the board tells."""
        voice: SteadyVoice = await self._steady_for("tts", choice, self._make_voice)
        return voice

    async def model(self, choice: EngineChoice) -> SteadyModel:
        """A model; as for voices."""
        model: SteadyModel = await self._steady_for("llm", choice, self._make_model)
        return model

    async def guard(self, choice: EngineChoice) -> SteadyGuard:
        """A guard; as for voices."""
        guard: SteadyGuard = await self._steady_for("guard", choice, self._make_guard)
        return guard

    @staticmethod
    def plain(port: str, name: str) -> EngineChoice:
        """The engine `name` with the defaults of all its options."""
        return EngineChoice(name, engines.spec(port, name).options())

    def retire(self, in_use: Callable[[], Sequence[Any]], when: Callable[[], Awaitable[None]]) -> None:
        """Close the voices, models and guards that are not `in_use`, nor being opened, once `when` has returned."""
        if self._tasks is None:
            raise RuntimeError("the engine room is not open")
        self._tasks.start_soon(self._retire, in_use, when)

    async def _retire(self, in_use: Callable[[], Sequence[Any]], when: Callable[[], Awaitable[None]]) -> None:
        await when()
        for key, steady in tuple(self._steady.items()):
            if key not in self._opening and not any(steady is one for one in in_use()):
                del self._steady[key]
                kept = self._kept.pop(key)
                kept.scope.cancel()
                self._house.supervisor.forget(kept.engine.name)
                self._house.rounds.remove(kept.engine.name)
                self._house.board.set(kept.engine.name, key[0], "off", "not in use any more")

    async def _steady_for(self, port: str, choice: EngineChoice, make: Callable[[Renewable[Any]], Made[Any]]) -> Any:
        key = (port, choice.name, choice.options.model_dump_json())
        if key not in self._steady:
            if self._tasks is None:
                raise RuntimeError("the engine room is not open")
            kept = self._kept[key] = self._make(port, choice)
            self._steady[key], aside = make(kept.engine)
            self._opening.add(key)
            try:
                await self._tasks.start(partial(_run, kept, aside))
            finally:
                self._opening.remove(key)
        return self._steady[key]

    def _make(self, port: str, choice: EngineChoice) -> Kept[Any]:
        house, around = self._house, self._house.around
        spec = engines.spec(port, choice.name)
        report = house.board.reporter(self._name(port, choice.name), port)
        crowd = Crowd(report, around.clock)

        def opening() -> AbstractAsyncContextManager[Any]:
            return spec.open(choice.options, house.environment(report, told=crowd.told))

        kept: Kept[Any] = Kept(
            Renewable(
                opening,
                report,
                summary=spec.summary,
                clock=around.clock,
                pauses=house.supervisor.pauses(),
                log=around.log,
            ),
            crowd,
        )
        house.supervisor.add(report.name, partial(_restart, kept.engine))
        kept.engine.changed = self._changed
        return kept

    def _changed(self) -> None:
        """An engine was opened or closed."""
        for told in self.on_change:
            told()

    def _make_voice(self, engine: Renewable[TTS]) -> Made[SteadyVoice]:
        house = self._house

        def changed() -> None:
            if breaker.is_closed:
                house.board.set(engine.name, "tts", "ok", "speaks again")
                return
            why = f"it keeps failing: {breaker.last_error}"
            house.board.set(engine.name, "tts", "degraded", why, "the next voice speaks; this one is tried by itself")
            house.supervisor.restart(engine.name, why)

        def failed(why: str) -> None:
            if breaker.is_closed:
                breaker.trip(why)
            else:
                house.supervisor.restart(engine.name, why)

        breaker = Breaker(house.around.clock, changed, lambda: house.config.health.voice_failures)
        voice = SteadyVoice(engine, breaker, house.around.clock, lambda: house.config.replies.voice_chunk_s)
        house.rounds.add(Probe(engine.name, voice.probe, lambda: voice.used_s, failed))
        return voice, partial(breaker.keep_probing, voice.probe, lambda: house.config.health.voice_probe_s)

    def _make_model(self, engine: Renewable[LLM]) -> Made[SteadyModel]:
        return SteadyModel(engine, self._house.around.clock), None

    def _make_guard(self, engine: Renewable[Guard]) -> Made[SteadyGuard]:
        house = self._house
        guard = SteadyGuard(engine, house.around.clock)
        house.rounds.add(Probe(engine.name, guard.probe, lambda: guard.used_s, engine.ask))
        return guard, None

    def _name(self, port: str, engine: str) -> str:
        """What the board calls an engine; one that is opened again with other keys is numbered."""
        name = f"{port}:{engine}"
        taken = {kept.engine.name for kept in self._kept.values()}
        numbered = (name if number == 1 else f"{name}:{number}" for number in count(1))
        return next(one for one in numbered if one not in taken)


def _restart(engine: Renewable[Any], why: str) -> bool:
    """An engine that is well leaves when its successor is ready and nobody uses it; one that is not leaves at once."""
    told = engine.board.component(engine.name)
    return engine.ask(why, is_hung=told is None or told.state != "ok")


async def _run(
    kept: Kept[T], aside: Callable[[], Coroutine[Any, Any, None]] | None, *, task_status: anyio.abc.TaskStatus[None]
) -> None:
    """Keep an engine until it is retired, with what runs beside it."""
    with kept.scope:
        async with anyio.create_task_group() as tasks:
            await tasks.start(kept.engine.run)
            task_status.started()
            if aside is not None:
                tasks.start_soon(aside)
