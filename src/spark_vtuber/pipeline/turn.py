"""One answer: a persona, a cue, and what happens to them."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.core.turns import Blocked, Mark, Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.heard import HeardLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Measures:
    """The marks of a turn and the durations and counts beside them. Marks are written once."""

    __slots__ = ("_clock", "counts", "durations_ms", "marks")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.marks: dict[Mark, float] = {}
        self.durations_ms: dict[str, float] = {}
        self.counts: dict[str, float] = {}

    def mark(self, mark: Mark, at_s: float | None = None) -> None:
        """Note that `mark` happened, now or at `at_s`; later calls change nothing."""
        if mark not in self.marks:
            self.marks[mark] = self._clock.now() if at_s is None else at_s

    def count(self, name: str, amount: float = 1.0) -> None:
        """Add to a count."""
        self.counts[name] = self.counts.get(name, 0.0) + amount

    @contextmanager
    def span(self, name: str) -> "Iterator[None]":
        """Add the time spent inside to the duration `name`."""
        started = self._clock.now()
        try:
            yield
        finally:
            spent_ms = (self._clock.now() - started) * 1000
            self.durations_ms[name] = self.durations_ms.get(name, 0.0) + spent_ms


class Turn:
    """One persona answering one cue.

    Everything a turn starts lives inside its cancel scope; `interrupt` ends it at any instant. What remains is
    the `TurnRecord`. `foretell` is told what will be heard, as soon as the answer is written and guarded to its end.
    """

    def __init__(self, turn_id: TurnId, persona: PersonaView, cue: Cue, clock: Clock) -> None:
        self.id = turn_id
        self.persona = persona
        self.cue = cue
        self.measures = Measures(clock)
        self.heard = HeardLog()
        self.scope = anyio.CancelScope()
        self.blocked: list[Blocked] = []
        self.engine = ""
        self.error = ""
        self.is_degraded = False
        self.foretell: Callable[[str], None] | None = None
        self._outcome: Outcome | None = None
        self._reason = ""
        self.measures.mark(Mark.RECEIVED, cue.received_s)
        self.measures.mark(Mark.ADMITTED, cue.admitted_s)

    def interrupt(self, reason: Reason) -> None:
        """Cut the turn: it falls silent and keeps what was heard. The first reason stays."""
        self._end(Outcome.INTERRUPTED, reason)

    def supersede(self, reason: Reason) -> None:
        """Cut the turn because another takes its place."""
        self._end(Outcome.SUPERSEDED, reason)

    def fail(self, error: str) -> None:
        """Note that the turn could not be answered at all; it ends by itself."""
        self._outcome = self._outcome or Outcome.FAILED
        self.error = error

    def record(self) -> TurnRecord:
        """What is kept of the turn, after the stages were flushed."""
        heard = self.heard.heard()
        return TurnRecord(
            id=self.id,
            persona=self.persona.id,
            cue=self.cue,
            outcome=self._outcome or Outcome.COMPLETED,
            said=self.heard.said(),
            heard=heard.text,
            marks=self.measures.marks,
            durations_ms=self.measures.durations_ms,
            counts=self.measures.counts,
            reason=self._reason,
            error=self.error,
            engine=self.engine,
            is_degraded=self.is_degraded,
            is_estimated=heard.is_estimated,
            blocked=tuple(self.blocked),
        )

    def _end(self, outcome: Outcome, reason: Reason) -> None:
        if self._outcome is None:
            self._outcome = outcome
            self._reason = reason.value
        self.scope.cancel()
