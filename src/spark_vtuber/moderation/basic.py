"""The first guard: hidden characters and length are mended, profanity is blocked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.verdicts import Decision, Direction, Verdict
from spark_vtuber.moderation.port import GuardContext
from spark_vtuber.moderation.profanity import Profanity
from spark_vtuber.text.clean import clean

LONGEST_LINE: Final = 500
"""Characters of a chat line; the platforms' own limit. Also bounds the filter's worst case."""

LONGEST_CLAUSE: Final = 1_000

TAIL_CHARS: Final = 24
"""How much of what was already said is looked at again, for words that are spelled over two clauses."""


class BasicOptions(BaseModel):
    """Keys of `[guard]` for this engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: tuple[str, ...] = Field(default=("english",), description="Word lists, as glin-profanity names them.")
    allow: tuple[str, ...] = Field(
        default=("moby dick", "dick van dyke", "pussy willow", "cock a doodle"),
        description="Phrases that are harmless as a whole.",
    )
    block: tuple[str, ...] = Field(default=(), description="Further words that are blocked.")


class BasicGuard:
    """The `Guard` port over glin-profanity.

    The filter reads the text as it came (it does its own unfolding, and folding first only adds false alarms) and
    once more without hidden characters.
    """

    def __init__(self, profanity: Profanity) -> None:
        self._profanity = profanity

    async def check(self, text: str, direction: Direction, context: GuardContext) -> Verdict:
        """BLOCK for profanity, REWRITE where hidden characters or length were mended, else ALLOW."""
        limit = LONGEST_LINE if direction is Direction.IN else LONGEST_CLAUSE
        cleaned = clean(text, limit)
        for version in dict.fromkeys((text[:limit], cleaned.text)):
            spans = self._profanity.spans(version)
            if spans:
                return Verdict(Decision.BLOCK, "", "profanity", "profanity", spans if version == text else ())
        if direction is Direction.OUT and self._is_spelled_out(cleaned.text, context):
            return Verdict(Decision.BLOCK, "", "profanity_across", "profanity")
        if not cleaned.reasons:
            return Verdict(Decision.ALLOW, text)
        gaps = (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
        mended = cleaned.text if direction is Direction.IN else cleaned.text.join(gaps)
        return Verdict(Decision.REWRITE, mended, "cleaned", ",".join(cleaned.reasons))

    def _is_spelled_out(self, text: str, context: GuardContext) -> bool:
        """Whether the voice's version, or the seam with what was said before, holds what the text alone does not."""
        if context.spoken and context.spoken != text and self._profanity.spans(context.spoken):
            return True
        tail = context.released[-TAIL_CHARS:]
        return bool(tail) and any(end > len(tail) for _, end in self._profanity.spans(tail + text))


@asynccontextmanager
async def _open(options: BasicOptions, env: EngineEnv) -> AsyncIterator[BasicGuard]:
    del env
    yield BasicGuard(Profanity(options.languages, options.allow, options.block))


async def _probe(options: BasicOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    del env
    yield Finding("guard", "ok", f"profanity lists: {', '.join(options.languages)} (glin-profanity, MIT)")


SPEC: Final = EngineSpec(
    options=BasicOptions,
    open=_open,
    probe=_probe,
    summary="hidden characters, length and profanity",
    licence="MIT",
)
