"""A judge for tests: refuses what holds one of its words."""

import anyio

from spark_vtuber.core.errors import EngineError
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
