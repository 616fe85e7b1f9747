"""What every character thinks and speaks with, and the guard of all; other engines can take their places."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from spark_vtuber.app.brains import Minds, choice_for, ports_to_look_at
from spark_vtuber.app.engine_room import EngineRoom
from spark_vtuber.app.house import House
from spark_vtuber.app.serving_run import address
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.keys import AUTO
from spark_vtuber.config.load import EngineChoice, Settings
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.health.steady import SteadyGuard, SteadyModel, SteadyVoice
from spark_vtuber.llm.discovery import FoundServer, discover
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.pipeline.phrase import GUARD_FAILED
from spark_vtuber.serving.quantisation import Server
from spark_vtuber.tts.port import TTS

Told = Callable[[str, Direction, GuardContext, Verdict], None]
"""Hears of a verdict that does not let a text through as it is; must neither wait nor fail."""


def untold(_text: str, _direction: Direction, _context: GuardContext, _verdict: Verdict) -> None:
    """Nobody hears of verdicts."""


@dataclass(slots=True)
class CurrentGuard:
    """The `Guard` that is in place now, and who hears of what it does not let through."""

    guard: SteadyGuard
    told: Told = untold

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """As the port says."""
        try:
            verdict = await self.look(text, direction, context)
        except EngineError as error:
            self.told(text, direction, context, Verdict(Decision.BLOCK, "", GUARD_FAILED, error.code))
            raise
        if verdict.decision is not Decision.ALLOW:
            self.told(text, direction, context, verdict)
        return verdict

    async def look(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """As `check`, and nobody hears of it."""
        return await self.guard.check(text, direction, context)


@dataclass(slots=True)
class _Fitted:
    """Engines that are ready for new settings; what is missing stays as it is."""

    voices: dict[PersonaId, SteadyVoice] = field(default_factory=dict)
    models: dict[PersonaId, SteadyModel | None] = field(default_factory=dict)
    guard: SteadyGuard | None = None

    def engines(self) -> list[Any]:
        models = [model for model in self.models.values() if model is not None]
        return [*self.voices.values(), *models, *([self.guard] if self.guard else [])]


class Equipment:
    """Opens the engines of all characters in an engine room and gives each turn what it works with."""

    def __init__(self, house: House, room: EngineRoom, stand_ins: StandIns, skip_port: int) -> None:
        """`skip_port` is ours: no model server is looked for there."""
        self._house = house
        self._room = room
        self._stand_ins = stand_ins
        self._skip_port = skip_port
        self._own: dict[PersonaId, SteadyVoice] = {}
        self._models: dict[PersonaId, SteadyModel | None] = {}
        self._coming: list[_Fitted] = []
        self.found: tuple[FoundServer, ...] = ()

    async def open(self) -> None:
        """Open what the configuration names; an engine that cannot be opened is left to its stand-in.

        Raises:
            EngineError: there is no understudy, or no guard.
        """
        house, room = self._house, self._room
        await self._discover(house.settings)
        self.espeak = await room.voice(room.plain("tts", "espeak"))
        self.understudy = await room.model(room.plain("llm", "understudy"))
        if not self.understudy.is_open:
            raise EngineError("no_understudy", "the understudy cannot be opened", fix="reinstall spark-vtuber")
        self.minds = Minds(
            self.understudy,
            house.around.clock,
            house.board,
            self._stand_ins,
            lambda: house.config.replies.breaker_failures,
        )
        for persona in house.personas:
            chosen = house.settings.engines[persona.id]
            self._own[persona.id] = await room.voice(chosen["tts"])
            self._models[persona.id] = await self._model(house.settings, persona.id)
            self.minds.add(persona.id, self._models[persona.id], partial(_is_open, self._models[persona.id]))
        self.guard = CurrentGuard(await room.guard(house.settings.engines[house.personas[0].id]["guard"]))
        if not self.guard.guard.engine.is_open:
            raise EngineError("no_guard", "the guard cannot be opened, and nothing may be said without one")

    def voices(self, persona: PersonaId) -> tuple[TTS, ...]:
        """The voices of a character that are open, the one it should speak with first."""
        own = self._own[persona]
        chain = (self.espeak,) if own is self.espeak or self._stand_ins.uses("tts") else (own, self.espeak)
        return tuple(voice for voice in chain if voice.is_open)

    @asynccontextmanager
    async def refitting(self, settings: Settings, turns_over: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Have the engines of new settings ready; leaving the context lets them count from the next turn on.

        The old ones are closed when `turns_over` returns; after an error the new ones are.

        Raises:
            EngineError: an engine that is chosen differently cannot be opened.
        """
        fitted = _Fitted()
        self._coming.append(fitted)
        try:
            await self._fit(fitted, settings)
            yield
        except BaseException:
            self._coming.remove(fitted)
            self._room.retire(self._in_use, _now)
            raise
        self._coming.remove(fitted)
        self._own |= fitted.voices
        for persona, model in fitted.models.items():
            self._models[persona] = model
            self.minds.replace(persona, model, partial(_is_open, model))
        if fitted.guard is not None:
            self.guard.guard = fitted.guard
        self._room.retire(self._in_use, turns_over)

    async def _fit(self, fitted: _Fitted, settings: Settings) -> None:
        now, room = self._house.settings, self._room
        changed = [
            (persona.id, port)
            for persona in self._house.personas
            for port in ("tts", "llm", "guard")
            if settings.engines[persona.id][port] != now.engines[persona.id][port]
        ]
        if any(port == "llm" for _, port in changed):
            await self._discover(settings)
        for persona, port in changed:
            if port == "tts":
                fitted.voices[persona] = await room.voice(settings.engines[persona][port])
            elif port == "llm":
                fitted.models[persona] = await self._model(settings, persona)
        main = self._house.personas[0].id
        if (main, "guard") in changed:
            fitted.guard = await room.guard(settings.engines[main]["guard"])
        for steady in fitted.engines():
            if not steady.engine.is_open:
                told = self._house.board.component(steady.engine.name)
                detail, fix = (told.detail, told.fix) if told else ("", "")
                raise EngineError("not_opened", f"{steady.engine.name} cannot be opened: {detail}", fix=fix)

    async def _model(self, settings: Settings, persona: PersonaId) -> SteadyModel | None:
        choice: EngineChoice | None = choice_for(settings, persona, self.found)
        return None if choice is None else await self._room.model(choice)

    async def _discover(self, settings: Settings) -> None:
        """Look for model servers where a character shall think with what there is."""
        discovery = settings.config.discovery
        engine = settings.config.engine
        if not any(ports["llm"].name == AUTO for ports in settings.engines.values()):
            return
        if engine.use and engine.with_show:
            self.found = (FoundServer(Server(engine.use).label, address(engine.port), ()),)
        elif discovery.on:
            ports = ports_to_look_at(settings.config)
            self.found = await discover(self._house.http, ports=ports, skip=(self._skip_port,))

    def _in_use(self) -> list[Any]:
        """What must stay open."""
        models = [model for model in self._models.values() if model is not None]
        coming = [engine for fitted in self._coming for engine in fitted.engines()]
        return [self.espeak, self.understudy, self.guard.guard, *self._own.values(), *models, *coming]


def _is_open(model: SteadyModel | None) -> bool:
    return model is not None and model.is_open


async def _now() -> None:
    """No reason to wait."""
