"""How the tokens of a prompt are shared out, and what of it is given up first."""

from dataclasses import dataclass
from typing import Final

MESSAGE_TOKENS: Final = 6
"""What the template of a model adds to every message, rounded up."""

LEAST_TOKENS: Final = 2_400
"""A prompt that holds a character, its rules and a few turns."""

LEAST_CHANGING_TOKENS: Final = 400
LARGEST_TOKENS: Final = 16_000
"""What a prompt takes at most where nobody says otherwise and the model has room for it."""

UNKNOWN_TOKENS: Final = 8_000
"""What it takes where nobody says otherwise and the model's context is not known."""

_SYSTEM_TOKENS: Final = 2_000
_LEAST_SYSTEM_TOKENS: Final = 700
_SUMMARY_TOKENS: Final = 2_000
_CUE_TOKENS: Final = 200
_LEAST_SUMMARY: Final = 4
"""While memory is short, a summary keeps one part in four, and a history no less than half."""


@dataclass(frozen=True, slots=True)
class Room:
    """What the parts of a prompt that grow may take now, in tokens; `lore_tokens` is for what was named lately."""

    lore_tokens: int
    summary_tokens: int
    history_tokens: int
    summarise_after_tokens: int


@dataclass(frozen=True, slots=True)
class PromptBudget:
    """The bound of a prompt and of its parts, in tokens.

    What changes from turn to turn takes at most `changing_tokens`. Once the past takes `summarise_after_tokens`, its
    older half is replaced by a summary when nobody is waiting for an answer; where the whole is small, earlier.

    Raises:
        ValueError: a prompt that small holds no show.
    """

    total_tokens: int = LARGEST_TOKENS
    changing_tokens: int = 600
    summarise_after_tokens: int = 10_000

    def __post_init__(self) -> None:
        if self.total_tokens < LEAST_TOKENS:
            raise ValueError(f"a prompt needs {LEAST_TOKENS} tokens for the character, its past and the cue")
        if self.changing_tokens < LEAST_CHANGING_TOKENS:
            raise ValueError(f"what changes needs {LEAST_CHANGING_TOKENS} tokens")

    @property
    def system_tokens(self) -> int:
        """Who the character is, its rules, and what it always knows."""
        return min(_SYSTEM_TOKENS, max(_LEAST_SYSTEM_TOKENS, self.total_tokens * 3 // 10))

    @property
    def recent_tokens(self) -> int:
        """What changes: lore that was named, memories, a game, the time, and the cue."""
        return min(self.changing_tokens, max(LEAST_CHANGING_TOKENS, self.total_tokens // 6))

    @property
    def cue_tokens(self) -> int:
        """The words of a cue."""
        return min(_CUE_TOKENS, self.recent_tokens // 3)

    def room(self, share: float = 1.0) -> Room:
        """What is left for what grows while only `share` of it may be used.

        Lore is given up first, then three quarters of the summary, then up to half of the history.
        """
        lore = self.recent_tokens
        summary = min(_SUMMARY_TOKENS, self.total_tokens // 8)
        history = self.total_tokens - self.system_tokens - self.recent_tokens - summary - 2 * MESSAGE_TOKENS
        saving = round((1.0 - min(max(share, 0.0), 1.0)) * (lore + summary + history))
        less_lore = min(lore, saving)
        less_summary = min(summary - summary // _LEAST_SUMMARY, saving - less_lore)
        less_history = min(history // 2, saving - less_lore - less_summary)
        history -= less_history
        return Room(
            lore - less_lore, summary - less_summary, history, min(self.summarise_after_tokens, history * 4 // 5)
        )


def budget_for(
    wanted_tokens: int, context_tokens: int | None, reply_tokens: int, changing_tokens: int, summarise_after_tokens: int
) -> PromptBudget:
    """The budget for a model: `wanted_tokens` (0 = what suits), and never more than its context holds with a reply."""
    wanted = wanted_tokens or (UNKNOWN_TOKENS if context_tokens is None else LARGEST_TOKENS)
    total = wanted if context_tokens is None else min(wanted, context_tokens - reply_tokens)
    return PromptBudget(max(total, LEAST_TOKENS), changing_tokens, summarise_after_tokens)
