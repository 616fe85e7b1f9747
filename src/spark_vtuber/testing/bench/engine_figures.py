"""The figures of a measured model server: their names, their units, and why one may be missing."""

from dataclasses import dataclass, field
from typing import Final

from spark_vtuber.llm.port import Capabilities

CONTEXTS: Final = (0, 2_000, 10_000)
"""Tokens of context before the question whose answer's speed is measured."""

REPLY_TOKENS: Final = 20
"""A reply of the length that a lively show has."""

COLD: Final = "first token, cold prompt"
COLD_SPEED: Final = "prompt read, cold"
WARM: Final = "first token, next turn"
REPLY: Final = f"whole reply of {REPLY_TOKENS} tokens, next turn"
CACHED: Final = "tokens remembered a turn"
CACHED_SHARE: Final = "share of the prompt remembered"
SWITCH: Final = "first token, other adapter than before"
STAY: Final = "first token, same adapter as before"
ACCEPTED: Final = "drafted tokens accepted"
MEMORY: Final = "peak memory of the server"

CARD_MEMORY: Final = "peak memory of the graphics cards"


def speed(context: int) -> str:
    """The figure of an answer's speed after so much context."""
    return f"answer after {context:,} tokens"


UNITS: Final = {
    COLD: "ms",
    COLD_SPEED: "tokens/s",
    WARM: "ms",
    REPLY: "ms",
    CACHED: "tokens",
    CACHED_SHARE: "%",
    **{speed(context): "tokens/s" for context in CONTEXTS},
    ACCEPTED: "%",
    SWITCH: "ms",
    STAY: "ms",
    MEMORY: "MB",
    CARD_MEMORY: "MB",
}
"""Every figure in the order of a report."""


@dataclass(slots=True)
class Figures:
    """What was measured of one server. `missing` says by the name of a figure why there is none."""

    name: str
    capabilities: Capabilities
    values: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: float | None, why: str = "the server does not count tokens") -> None:
        """One more value of a figure, or why there is none."""
        if value is None:
            self.missing.setdefault(name, why)
        else:
            self.values.setdefault(name, []).append(value)

    def raise_to(self, name: str, value: float) -> None:
        """A figure that is the largest of what was seen."""
        self.values[name] = [max([value, *self.values.get(name, [])])]
