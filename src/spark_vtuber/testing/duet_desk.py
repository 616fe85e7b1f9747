"""The facet of duets in memory."""

from dataclasses import replace

from spark_vtuber.core.duets import (
    LEAST_EXCHANGES,
    MOST_EXCHANGES,
    DuetEnd,
    DuetOrigin,
    DuetPhase,
    DuetPlan,
    DuetState,
)
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId, Serial


class FakeDuets:
    """Implements `core.duets.Duets` without anybody who talks. A topic that holds `forbidden` is blocked."""

    def __init__(self, *personas: str, forbidden: str = "forbidden") -> None:
        self._personas = tuple(PersonaId(name) for name in personas or ("main", "twin"))
        self._forbidden = forbidden
        self._serial = Serial("d")
        self.now = DuetState()

    def state(self) -> DuetState:
        """What was begun last."""
        return self.now

    async def start(
        self, topic: str = "", tension: str = "", exchanges: int | None = None, opener: PersonaId | None = None
    ) -> DuetState:
        """Begin one that never gets on."""
        if len(self._personas) < 2:
            raise SparkError("a duet needs two characters", code="one_persona", fix="add a second one")
        if opener is not None and opener not in self._personas:
            raise SparkError("there is no such persona", code="unknown_persona", fix="choose another")
        count = 3 if exchanges is None else exchanges
        if not LEAST_EXCHANGES <= count <= MOST_EXCHANGES:
            raise SparkError("too few, or too many", code="bad_exchanges", fix="leave it out")
        if self.now.phase is not DuetPhase.NONE:
            raise SparkError("a duet runs already", code="duet_running", fix="stop it first")
        if self._forbidden in f"{topic} {tension}":
            raise SparkError("the guard refuses the topic", code="blocked", fix="choose other words")
        first = opener or self._personas[0]
        second = next(one for one in self._personas if one != first)
        plan = DuetPlan(topic or "tea", first, second, tension, count)
        self.now = DuetState(DuetPhase.RUNNING, self._serial.next(), plan, 0, plan.steps, first)
        return self.now

    async def ask(self, topic: str, origin: DuetOrigin, event: ChatEvent) -> DuetState:
        """Begin one that a viewer asks for, as `app.performer.DuetStarter`."""
        begun = await self.start(topic)
        if begun.plan is not None:
            self.now = replace(begun, plan=replace(begun.plan, origin=origin, event=event))
        return self.now

    def stop(self) -> bool:
        """End it."""
        if self.now.phase is DuetPhase.NONE:
            return False
        self.now = DuetState(
            DuetPhase.NONE, self.now.id, self.now.plan, self.now.number, self.now.of, None, DuetEnd.STOPPED.value
        )
        return True
