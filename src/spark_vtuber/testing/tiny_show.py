"""Two characters on tiny random models: the files, the turns of a show, and what each turn ought to get."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Adapter, PersonaView
from spark_vtuber.llm import openai
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.port import LLM, Message
from spark_vtuber.testing import tiny_model
from spark_vtuber.testing.llama_server import LlamaServer, llama_server, text_of
from spark_vtuber.testing.llm_client import client_env
from spark_vtuber.testing.tiny_model import TINIER, TINY, Shape

Line = tuple[Literal["system", "user", "assistant"], str]
"""Role and content of a message."""

PERSONAS: Final = tuple(PersonaView(PersonaId(name), name.upper(), adapter=Adapter(name)) for name in ("a", "b"))
"""Two characters whose adapters are called as they are."""

CONTEXT: Final = 4096
"""Tokens that each slot of a server holds."""

_WORDS: Final = "spark ember game chat stream you the and boss level hello wow jump again what never cat".split()
_SYSTEM: Final[Line] = ("system", "You are on a stage with your twin. " * 3)
_AGAIN: Final = 0.2
"""The share of turns that ask once more what was asked before, mostly of the other character."""

_LONGEST: Final = 24
_KEPT: Final = 8
"""A history longer than this many lines is cut to its last ones."""


@dataclass(frozen=True, slots=True)
class TinyFiles:
    """A base, an adapter for each of two characters, and a smaller draft model."""

    base: Path
    adapters: tuple[Path, ...]
    draft: Path

    def flags(self, slots: int = 2) -> tuple[str | Path, ...]:
        """The flags of a server for both characters, with the defaults of everything else."""
        adapters = ",".join(map(str, self.adapters))
        context = ("-np", str(slots), "-c", str(CONTEXT * slots))
        return ("-m", self.base, "--lora", adapters, "--lora-init-without-apply", *context)


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn: who answers, by the place in `PERSONAS`, and the whole prompt."""

    place: int
    messages: tuple[Line, ...]

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The messages as our client takes them."""
        return tuple(Message(role, content) for role, content in self.messages)


def write_files(folder: Path, shape: Shape = TINY) -> TinyFiles:
    """All models, in a folder that is there; base and adapters of this shape."""
    return TinyFiles(
        base=tiny_model.write_model(folder / "base.gguf", shape=shape),
        adapters=tuple(
            tiny_model.write_adapter(folder / f"{persona.id}.gguf", seed, shape)
            for seed, persona in enumerate(PERSONAS, start=2)
        ),
        draft=tiny_model.write_model(folder / "draft.gguf", seed=9, shape=TINIER),
    )


def a_show(turns: int, seed: int) -> list[Asked]:
    """Turns whose prompts grow, share beginnings, are cut in blocks and come back, characters in random order."""
    rng = random.Random(seed)
    history: list[Line] = []
    asked: list[Asked] = []
    for _ in range(turns):
        place = rng.randrange(len(PERSONAS))
        if asked and rng.random() < _AGAIN:
            asked.append(Asked(place, rng.choice(asked).messages))
            continue
        kept = history if len(history) <= _LONGEST else history[-_KEPT:]
        history = [*kept, ("user", _words(rng))]
        asked.append(Asked(place, (_SYSTEM, *history)))
        history = [*history, ("assistant", _words(rng))]
    return asked


@asynccontextmanager
async def our_client(
    server: LlamaServer, on_request: Callable[[httpx.Request], Awaitable[None]] | None = None, **options: Any
) -> AsyncIterator[LLM]:
    """The client of the show, connected to a server, with both characters. `on_request` is told of what leaves."""
    chosen = OpenAIOptions(base_url=server.base_url, **options)
    hooks = {"request": [on_request] if on_request else []}
    async with (
        httpx.AsyncClient(trust_env=False, event_hooks=hooks) as http,
        openai.SPEC.open(chosen, client_env(http, PERSONAS)) as model,
    ):
        yield model


def answers_alone(program: Path, files: TinyFiles, show: Sequence[Asked], max_tokens: int) -> list[str]:
    """What each turn gets from a server that has that character's adapter only and remembers no prompt."""
    answers = {}
    for place, adapter in enumerate(files.adapters):
        with llama_server(program, "-m", files.base, "--lora", adapter, "-np", "1", "-c", str(CONTEXT)) as alone:
            for number, asked in enumerate(show):
                if asked.place == place:
                    answers[number] = text_of(alone.chat(asked.messages, max_tokens, cache_prompt=False))
    return [answers[number] for number in range(len(show))]


def _words(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(2, 12)))
