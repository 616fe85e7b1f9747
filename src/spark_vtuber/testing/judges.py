"""Judges for tests: they refuse what holds one of their words."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.port import LLM, Capabilities, LLMPart, LLMRequest, TextDelta
from spark_vtuber.moderation.port import Question


class ScriptedJudge:
    """Implements `Judge`: refuses texts with a word of `words`, takes `latency_s` for it, raises `error` instead.

    `asked` are the questions so far, `at_once` the most that were under way together.
    """

    def __init__(
        self, words: tuple[str, ...] = (), *, latency_s: float = 0.3, error: EngineError | None = None
    ) -> None:
        self.words = words
        self.latency_s = latency_s
        self.error = error
        self.asked: list[Question] = []
        self.at_once = 0
        self._under_way = 0

    async def may_pass(self, question: Question) -> bool:
        """The scripted verdict."""
        self.asked.append(question)
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        try:
            await anyio.sleep(self.latency_s)
        finally:
            self._under_way -= 1
        if self.error is not None:
            raise self.error
        return not any(word in question.text for word in self.words)


class JudgingModel:
    """An `LLM` that answers viewers as `talk` does, and requests for a verdict by its `words`, after `latency_s`.

    Where `garbage` is set, it gives that instead of a verdict. `asked` are the texts it was to judge.
    """

    def __init__(self, talk: LLM, words: tuple[str, ...] = (), *, latency_s: float = 0.3, garbage: str = "") -> None:
        self.talk = talk
        self.words = words
        self.latency_s = latency_s
        self.garbage = garbage
        self.asked: list[str] = []

    @property
    def capabilities(self) -> Capabilities:
        """A model called `judge`."""
        return Capabilities(engine="scripted", model="judge")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """A verdict in two pieces where a schema is asked for, else the answer."""
        if request.schema is None:
            async with aclosing(self.talk.stream(request)) as parts:
                async for part in parts:
                    yield part
            return
        text = json.loads(request.messages[-1].content)["text"]
        self.asked.append(text)
        await anyio.sleep(self.latency_s)
        answer = self.garbage or json.dumps({"allow": not any(word in text for word in self.words)})
        for piece in (answer[:7], answer[7:]):
            if piece:
                yield TextDelta(piece)
