"""The understudy: a scripted conversationalist that needs no weights and says that it is one.

It answers when no model is configured, and covers for one that is down or late. It raises no errors; its spec raises
`not_installed` where the RiveScript engine is missing.
"""

import random
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.to_thread
from pydantic import BaseModel, ConfigDict

from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.brain.load import Brain, load_brain
from spark_vtuber.llm.brain.talk import Talk
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta, Usage

_PIECE: Final = re.compile(r"\s*\S+")
_MISSING: Final = "the package rivescript is not installed"
_INSTALL: Final = "pip install rivescript"


class UnderstudyOptions(BaseModel):
    """The understudy has no keys of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Understudy:
    """The `LLM` port over a scripted brain. Answers come at once, word by word; a word counts as a token."""

    def __init__(self, brain: Brain, rng: random.Random) -> None:
        self._talk = Talk(brain, rng)

    @property
    def capabilities(self) -> Capabilities:
        """Scripted, without a model."""
        return Capabilities(engine="understudy", is_scripted=True)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The answer to the request's cue; its messages are not read. At most `max_tokens` words."""
        await anyio.lowlevel.checkpoint()
        answer = _with_mood(request.persona, self._talk.answer(request.persona, request.cue))
        pieces = _PIECE.findall(answer)[: request.max_tokens]
        for piece in pieces:
            yield TextDelta(piece)
        yield Usage(tokens_out=len(pieces))


def _with_mood(persona: PersonaView, answer: str) -> str:
    """The answer with the face of a mood that was set by hand, unless its lines bring one of their own."""
    is_plain = "[" not in answer and persona.manner and persona.mood != "neutral"
    return f"[{persona.mood}] {answer}" if is_plain else answer


@asynccontextmanager
async def _open(_options: UnderstudyOptions, env: EngineEnv) -> AsyncIterator[Understudy]:
    try:
        brain = await anyio.to_thread.run_sync(load_brain, abandon_on_cancel=True)
    except ModuleNotFoundError as error:
        raise EngineError("not_installed", _MISSING, fix=_INSTALL) from error
    yield Understudy(brain, env.random)


async def _probe(_options: UnderstudyOptions, _env: EngineEnv) -> AsyncIterator[Finding]:
    try:
        await anyio.to_thread.run_sync(load_brain, abandon_on_cancel=True)
    except ModuleNotFoundError:
        yield Finding("llm", "error", _MISSING, _INSTALL)
    else:
        yield Finding("llm", "ok", "scripted lines, no language model")


SPEC: Final = EngineSpec(
    options=UnderstudyOptions,
    open=_open,
    probe=_probe,
    summary="scripted lines in the character's voice; needs no model",
    licence="Apache-2.0 AND MIT",
)
