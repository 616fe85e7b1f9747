"""Remarks thrown in: one short sentence on what another character just said, seldom enough."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spark_vtuber.core.cues import Length
from spark_vtuber.core.ids import PersonaId

WINDOW_S: Final = 60.0

SHORT: Final = Length(sentences=1, seconds=4.0, max_tokens=40, hint="One short remark, no more.")
"""How long a remark may be."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Who throws something in, and why."""

    persona: PersonaId
    reasons: tuple[str, ...]


class Cap:
    """Lets at most `per_minute()` remarks begin within any minute.

    Every turn that is a remark passes here when it begins, whoever asked for it.
    """

    def __init__(self, per_minute: Callable[[], int]) -> None:
        self._per_minute = per_minute
        self._began: deque[float] = deque()

    def admit(self, now_s: float) -> bool:
        """Whether one more may begin now; if so it counts."""
        while self._began and now_s - self._began[0] > WINDOW_S:
            self._began.popleft()
        if len(self._began) >= self._per_minute():
            return False
        self._began.append(now_s)
        return True
