"""When more is written than can be read: the better a line looks, the sooner it is let in.

A bucket fills with `per_s` tokens a second up to `burst`, and every line takes one. Small talk may use its upper part
only, a question more of it, a line that calls a character all of it. So a flood of small talk runs at the rate of the
bucket and always leaves room for what is better. Money needs no token.
"""

from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.events import PAID_KINDS, ChatEvent, ChatKind, Role

_BETTER: Final = frozenset({Role.SUBSCRIBER, Role.VIP, Role.MODERATOR, Role.BROADCASTER})

RESERVED_FROM_SMALL_TALK: Final = 0.5
RESERVED_FROM_QUESTIONS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Mesh:
    """How many unpaid lines a second are read in the long run, and how many at once."""

    per_s: float = 40.0
    burst: int = 240


class Sieve:
    """Decides by a glance which lines are read at all while more come than `mesh` lets through."""

    def __init__(self, names: tuple[str, ...], mesh: Mesh | None = None) -> None:
        self._names = tuple(name.casefold() for name in names if name)
        self.mesh = mesh or Mesh()
        self._tokens = float(self.mesh.burst)
        self._since_s: float | None = None

    def lets_in(self, event: ChatEvent, now_s: float) -> bool:
        """Whether a line is read."""
        if event.kind in PAID_KINDS:
            return True
        burst = float(self.mesh.burst)
        if self._since_s is not None:
            self._tokens = min(burst, self._tokens + max(0.0, now_s - self._since_s) * self.mesh.per_s)
        self._since_s = now_s
        if self._tokens < 1.0 + burst * self._reserved(event):
            return False
        self._tokens -= 1.0
        return True

    def _reserved(self, event: ChatEvent) -> float:
        """The part of the bucket that a line may not use."""
        if event.kind not in (ChatKind.MESSAGE, ChatKind.ACTION):
            return 0.0
        text = event.text.casefold()
        if any(name in text for name in self._names):
            return 0.0
        if "?" in text or event.author.roles & _BETTER:
            return RESERVED_FROM_QUESTIONS
        return RESERVED_FROM_SMALL_TALK
