"""The model behind every character, and the understudy that covers for it."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

import httpx

from spark_vtuber import engines
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.keys import AUTO, Config
from spark_vtuber.config.load import EngineChoice, Settings
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.health.board import Board
from spark_vtuber.health.breaker import Breaker
from spark_vtuber.llm.discovery import FoundServer, discover
from spark_vtuber.llm.port import LLM, LLMRequest, Message
from spark_vtuber.pipeline.crew import Brains

UNDERSTUDY = "understudy"
WHY_UNDERSTUDY = "the understudy answers: scripted lines, no language model"
HOW_TO_GET_A_MODEL = "start Ollama, llama.cpp, vLLM or LM Studio, or set [llm] in spark.toml"


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Mind:
    """One persona's model, if it has one, with its breaker. A model that is not open is not asked."""

    model: LLM | None
    breaker: Breaker
    is_open: Callable[[], bool]


def choice_for(settings: Settings, persona: str, found: tuple[FoundServer, ...]) -> EngineChoice | None:
    """What a persona thinks with: what is configured, else the first server that was found; None = the understudy."""
    choice = settings.engines[persona]["llm"]
    if choice.name == UNDERSTUDY:
        return None
    if choice.name != AUTO:
        return choice
    if not found:
        return None
    options = engines.spec("llm", "openai").options
    return EngineChoice("openai", options.model_validate({"base_url": found[0].base_url}))


def ports_to_look_at(config: Config) -> tuple[int, ...]:
    """Where a model server may listen; first the one that the configuration starts."""
    usual = config.discovery.ports
    return (config.engine.port, *(one for one in usual if one != config.engine.port)) if config.engine.use else usual


async def servers_here(config: Config, http: httpx.AsyncClient) -> tuple[FoundServer, ...]:
    """The model servers of this machine that may be used without being named, none where discovery is off."""
    if not config.discovery.on:
        return ()
    return await discover(http, ports=ports_to_look_at(config), skip=(config.server.port,))


class Minds:
    """The models of all personas. A stand-in that is switched on counts from the next turn on."""

    def __init__(
        self, understudy: LLM, clock: Clock, board: Board, stand_ins: StandIns, failures: Callable[[], int]
    ) -> None:
        """`failures()` in a row open a model's breaker."""
        self._understudy = understudy
        self._clock = clock
        self._board = board
        self._stand_ins = stand_ins
        self._failures = failures
        self._minds: dict[PersonaId, Mind] = {}

    def add(self, persona: PersonaId, model: LLM | None, is_open: Callable[[], bool] = _always) -> None:
        """Give a persona its model, or none."""
        breaker = Breaker(self._clock, lambda: self._report(persona), self._failures)
        self._minds[persona] = Mind(model, breaker, is_open)
        self._report(persona)

    def replace(self, persona: PersonaId, model: LLM | None, is_open: Callable[[], bool] = _always) -> None:
        """Give a persona another model, or none, from its next turn on."""
        self._minds[persona] = replace(self._minds[persona], model=model, is_open=is_open)
        self._minds[persona].breaker.succeeded()
        self._report(persona)

    def look(self) -> None:
        """Say anew how every mind is: a model was opened or closed."""
        for persona in self._minds:
            self._report(persona)

    def brains(self, persona: PersonaId) -> Brains:
        """What a turn of the persona thinks with."""
        mind = self._minds[persona]
        model = None if self._stand_ins.uses("llm") or not mind.is_open() else mind.model
        return Brains(understudy=self._understudy, breaker=mind.breaker, model=model)

    @property
    def all(self) -> Mapping[PersonaId, Mind]:
        """Every persona's mind."""
        return self._minds

    async def probe(self, persona: PersonaView) -> None:
        """Ask the persona's model for one word. Raises `EngineError` when it fails.

        One that shares its place is not asked: it would have to come into memory for it. Its next turn shows how it is.
        """
        model = self._minds[persona.id].model
        if model is None or model.capabilities.is_shared:
            return
        cue = Cue(id=CueId("probe"), kind=CueKind.SAY, text="Say OK.")
        request = LLMRequest(persona, cue, (Message("user", cue.text),), max_tokens=1)
        async with aclosing(model.stream(request)) as parts:
            await anext(parts, None)

    def _report(self, persona: PersonaId) -> None:
        mind = self._minds[persona]
        name = f"llm:{persona}"
        if mind.model is None or not mind.is_open():
            self._board.set(name, "llm", "degraded", WHY_UNDERSTUDY, HOW_TO_GET_A_MODEL)
        elif mind.breaker.is_closed:
            what = mind.model.capabilities
            self._board.set(name, "llm", "ok", f"{what.engine} {what.model}".strip())
        else:
            detail = f"the model does not answer ({mind.breaker.last_error}); {WHY_UNDERSTUDY}"
            self._board.set(name, "llm", "degraded", detail, "check the model server; it is asked again by itself")
