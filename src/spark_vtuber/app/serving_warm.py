"""Has a model server read the prompt of every character before the show, so that the first answer is not the slow one.

Each character asks through its own engine as in a show, with its adapter and in its slot, for a single token.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber import engines
from spark_vtuber.app.brains import UNDERSTUDY
from spark_vtuber.app.environment import Surroundings, http_client
from spark_vtuber.app.memoir import budget_of
from spark_vtuber.app.preflight import racked
from spark_vtuber.config.keys import AUTO, Config
from spark_vtuber.config.load import EngineChoice, Settings
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import CueId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.port import LLM, LLMRequest, Usage
from spark_vtuber.llm.prompt import Prompter

WARM_S: Final = 120.0
"""Longest wait for one character's prompt: thousands of tokens on a processor."""


@dataclass(frozen=True, slots=True)
class Warmed:
    """A character whose prompt was read: how long it took, and how many tokens it has. `error` where it failed."""

    persona: PersonaView
    took_ms: float
    tokens: int | None = None
    error: str = ""


async def warm(
    settings: Settings, around: Surroundings, personas: Sequence[PersonaView], base_url: str
) -> AsyncGenerator[Warmed, None]:
    """Every character whose model is the server at `base_url`, one after the other. Never raises for one of them."""
    prompter = Prompter({one.id: one.name for one in personas})
    async with http_client() as http, racked(settings, around, http, personas) as open_engine:
        for persona in personas:
            choice = choice_at(settings, persona.id, base_url)
            if choice is None:
                continue
            began_s = anyio.current_time()
            tokens, error = None, ""
            try:
                model: LLM = await open_engine("llm", patient(choice))
                with anyio.fail_after(WARM_S):
                    tokens = await _read_prompt(model, prompter, persona, settings.config)
            except EngineError as failure:
                error = failure.message
            except TimeoutError:
                error = f"no token in {WARM_S:g} s"
            yield Warmed(persona, 1000 * (anyio.current_time() - began_s), tokens, error)


def choice_at(settings: Settings, persona: str, base_url: str) -> EngineChoice | None:
    """What a character thinks with, where that is the server at `base_url`: named, or found by itself."""
    choice = settings.engines[persona]["llm"]
    if choice.name == UNDERSTUDY:
        return None
    if choice.name == AUTO:
        return EngineChoice("openai", engines.spec("llm", "openai").options.model_validate({"base_url": base_url}))
    return choice if getattr(choice.options, "base_url", "") == base_url else None


def patient(choice: EngineChoice) -> EngineChoice:
    """The engine with time for a prompt of which nothing is cached; an answer that is given up is computed in vain."""
    options = choice.options
    if "first_token_timeout_s" not in type(options).model_fields:
        return choice
    return EngineChoice(choice.name, options.model_copy(update={"first_token_timeout_s": WARM_S}))


async def _read_prompt(model: LLM, prompter: Prompter, persona: PersonaView, config: Config) -> int | None:
    prompter.resize(budget_of(config, model), persona.id)
    cue = Cue(id=CueId("warm"), kind=CueKind.CHAT, text="Hello.", author="warm-up")
    request = LLMRequest(persona, cue, prompter(persona, cue), max_tokens=1)
    tokens = None
    async with aclosing(model.stream(request)) as parts:
        async for part in parts:
            if isinstance(part, Usage):
                tokens = part.tokens_in
    return tokens
