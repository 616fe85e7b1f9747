"""One answer of a model as it came: when its pieces were there, and what the server counted."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.port import LLM, LLMRequest, Message, TextDelta, Usage

FEWEST_PIECES: Final = 8
"""An answer in fewer pieces has no speed worth a figure."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Times since the request was made. `usage` holds None for what the server does not count."""

    first_ms: float
    last_ms: float
    pieces: int
    text: str
    usage: Usage

    @property
    def tokens_per_s(self) -> float | None:
        """How fast tokens came after the first one; where the server does not count, a piece is taken for a token.

        None for an answer that is too short.
        """
        if self.pieces < FEWEST_PIECES or self.last_ms <= self.first_ms:
            return None
        tokens = self.usage.tokens_out or self.pieces
        return (tokens - 1) / (self.last_ms - self.first_ms) * 1000

    @property
    def prompt_tokens_per_s(self) -> float | None:
        """How fast the part of the prompt was read that was not remembered; None where the server does not count."""
        if self.usage.tokens_in is None or self.usage.tokens_cached is None:
            return None
        read = self.usage.tokens_in - self.usage.tokens_cached
        return read / self.first_ms * 1000 if read > 0 and self.first_ms > 0 else None

    @property
    def cached_share(self) -> float | None:
        """The part (0..1) of the prompt that was remembered; None where the server does not count."""
        if not self.usage.tokens_in or self.usage.tokens_cached is None:
            return None
        return self.usage.tokens_cached / self.usage.tokens_in

    @property
    def accepted_share(self) -> float | None:
        """The part (0..1) of what was drafted that was kept; None where nothing was drafted, or nobody counts."""
        if not self.usage.tokens_drafted or self.usage.tokens_accepted is None:
            return None
        return self.usage.tokens_accepted / self.usage.tokens_drafted


def greedy(persona: PersonaView, messages: tuple[Message, ...], max_tokens: int) -> LLMRequest:
    """A request whose answer is the same every time."""
    cue = Cue(CueId("bench"), CueKind.CHAT, messages[-1].content, author="bench")
    return LLMRequest(persona, cue, messages, max_tokens=max_tokens, temperature=0.0)


async def answer(model: LLM, persona: PersonaView, messages: tuple[Message, ...], max_tokens: int) -> Answer:
    """Ask once, greedily. Raises what the model raises; an answer without text is `EngineError("empty")` there."""
    request = greedy(persona, messages, max_tokens)
    began_s = anyio.current_time()
    came_s: list[float] = []
    text: list[str] = []
    usage = Usage()
    async with aclosing(model.stream(request)) as parts:
        async for part in parts:
            match part:
                case TextDelta():
                    came_s.append(anyio.current_time())
                    text.append(part.text)
                case Usage():
                    usage = part
                case _:
                    pass
    first_s, last_s = (came_s[0], came_s[-1]) if came_s else (began_s, began_s)
    return Answer((first_s - began_s) * 1000, (last_s - began_s) * 1000, len(came_s), "".join(text), usage)
