"""The steps of a measurement, each on one server: what is asked, and what figure its answer gives."""

import random
from dataclasses import dataclass, field, replace
from typing import Final

from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Adapter, PersonaView
from spark_vtuber.llm.port import LLM, Message
from spark_vtuber.testing.bench import engine_figures as names
from spark_vtuber.testing.bench.engine_answer import Answer, answer
from spark_vtuber.testing.bench.engine_figures import Figures
from spark_vtuber.testing.bench.engine_prompts import Prompts

SPEED_TOKENS: Final = 64
ROOM: Final = 400
"""Tokens that a context must hold beyond a prompt: the template, the answer, and the error of our estimate."""

LONGEST_TALK: Final = 2_500
"""Tokens after which a conversation begins anew, so that all rounds measure about the same."""

NOBODY: Final = PersonaView(PersonaId("main"), "Nobody")


@dataclass(frozen=True, slots=True)
class Target:
    """A model to measure. `base_url` is its address, empty where it has none; `personas` share it."""

    name: str
    model: LLM
    base_url: str = ""
    personas: tuple[PersonaView, ...] = (NOBODY,)


@dataclass(slots=True)
class Subject:
    """A target with its conversations. Each has prompts of its own, as two targets may be one server."""

    target: Target
    prompts: Prompts
    figures: Figures
    talks: dict[str, tuple[Message, ...]] = field(default_factory=dict)

    async def warm_up(self) -> None:
        """One answer that counts for nothing: connections, lazy loading, and how long this server's tokens are."""
        messages = self.prompts.fresh()
        got = await self._ask(self._persona, messages)
        self.prompts.counted(messages, got.usage.tokens_in)
        self.figures.capabilities = self.target.model.capabilities

    async def cold(self) -> None:
        """A prompt that the server has never seen."""
        messages = self.prompts.fresh()
        got = await self._ask(self._persona, messages)
        self.figures.add(names.COLD, got.first_ms)
        self.figures.add(names.COLD_SPEED, got.prompt_tokens_per_s)
        self.talks["warm"] = self.prompts.longer(messages, got.text)

    async def warm(self) -> None:
        """The next turn of the conversation that `cold` began."""
        got = await self._turn("warm", self._persona)
        self.figures.add(names.WARM, got.first_ms)
        is_whole = (got.usage.tokens_out or got.pieces) >= names.REPLY_TOKENS
        self.figures.add(names.REPLY, got.last_ms if is_whole else None, "the model ends its answers before")
        self.figures.add(names.CACHED, got.usage.tokens_cached)
        share = got.cached_share
        self.figures.add(names.CACHED_SHARE, None if share is None else share * 100)

    async def speed(self, context: int) -> None:
        """How fast an answer comes after so many tokens; the context is the same in every round."""
        name = names.speed(context)
        holds = self.target.model.capabilities.context_tokens
        if holds is not None and context + ROOM > holds:
            self.figures.add(name, None, f"its context is {holds:,} tokens")
            return
        key = f"{context} tokens"
        if key not in self.talks:
            self.talks[key] = self.prompts.fresh(context) if context else self.prompts.fresh(1)
        got = await self._ask(self._persona, self.talks[key], SPEED_TOKENS)
        self.figures.add(name, got.tokens_per_s, "the model's answers are too short")
        share = got.accepted_share
        self.figures.add(names.ACCEPTED, None if share is None else share * 100, "nothing is drafted")

    async def switch(self) -> None:
        """Two characters with adapters in turn, each in its own conversation: one, the other, the other again."""
        pair = self._pair()
        if pair is None:
            self.figures.add(names.SWITCH, None, "no two adapters are loaded")
            self.figures.add(names.STAY, None, "no two adapters are loaded")
            return
        first, second = pair
        await self._turn("first", first)
        self.figures.add(names.SWITCH, (await self._turn("second", second)).first_ms)
        self.figures.add(names.STAY, (await self._turn("second", second)).first_ms)

    @property
    def _persona(self) -> PersonaView:
        return self.target.personas[0]

    def _pair(self) -> tuple[PersonaView, PersonaView] | None:
        """Two characters with adapters of their own; where the configuration has none, two that the server has."""
        own = [view for view in self.target.personas if view.adapter is not None]
        if len(own) >= 2:
            return own[0], own[1]
        loaded = self.target.model.capabilities.adapters
        if len(loaded) < 2:
            return None
        first, second = (*self.target.personas, replace(self._persona, id=PersonaId("another")))[:2]
        return replace(first, adapter=Adapter(loaded[0])), replace(second, adapter=Adapter(loaded[1]))

    async def _turn(self, talk: str, persona: PersonaView) -> Answer:
        messages = self.talks.get(talk) or self.prompts.fresh()
        got = await self._ask(persona, messages)
        longer = self.prompts.longer(messages, got.text)
        self.talks[talk] = self.prompts.fresh() if self.prompts.tokens(longer) > LONGEST_TALK else longer
        return got

    async def _ask(self, persona: PersonaView, messages: tuple[Message, ...], most: int = names.REPLY_TOKENS) -> Answer:
        return await answer(self.target.model, persona, messages, most)


def subject(target: Target, seed: int) -> Subject:
    """A target before its first question."""
    return Subject(target, Prompts(random.Random(seed)), Figures(target.name, target.model.capabilities))
