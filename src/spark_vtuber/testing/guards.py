"""A guard for tests: blocks what holds one of its words."""

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.moderation.port import GuardContext


class FakeGuard:
    """Implements `Guard`: blocks texts with a word of `words`, rewrites by `rewrites`, takes `latency_s` for it."""

    def __init__(
        self,
        words: tuple[str, ...] = (),
        *,
        rewrites: dict[str, str] | None = None,
        latency_s: float = 0.0,
        is_broken: bool = False,
    ) -> None:
        self.words = words
        self.rewrites = rewrites or {}
        self.latency_s = latency_s
        self.is_broken = is_broken
        self.seen: list[tuple[str, Direction, GuardContext]] = []

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """The scripted verdict."""
        self.seen.append((text, direction, context))
        await anyio.sleep(self.latency_s)
        if self.is_broken:
            raise EngineError("guard_down", "the fake guard is broken")
        if any(word in text for word in self.words):
            return Verdict(Decision.BLOCK, "", "word", "profanity")
        for old, new in self.rewrites.items():
            if old in text:
                return Verdict(Decision.REWRITE, text.replace(old, new), "rewrite", "profanity")
        return Verdict(Decision.ALLOW, text)
