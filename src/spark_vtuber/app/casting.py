"""Who answers a cue, as the characters are set now, and which cues nobody answers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from spark_vtuber.config.duet_keys import CastingSettings
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView, Temper
from spark_vtuber.core.turns import Mark, Reason, TurnRecord
from spark_vtuber.personality import arbiter
from spark_vtuber.personality.air import AirTime, Threads
from spark_vtuber.personality.arbiter import Decision, Scene
from spark_vtuber.personality.remarks import remark_chance
from spark_vtuber.personality.temper import RESERVED, refusal
from spark_vtuber.pipeline.director import Casting
from spark_vtuber.pipeline.interjection import Remark

CHARS_PER_S: Final = 15.0
"""How fast a voice speaks, where nobody measured when it was heard."""

RUNNING_S: Final = 8.0
"""What a turn that runs counts in the balance of air time before it was heard."""


Tempers = Callable[[], Sequence[tuple[PersonaView, Temper]]]
"""The characters and their tempers now, the main one first."""


def _nobody() -> Collection[PersonaId]:
    return ()


def _indifferent(_who: PersonaId, _about: PersonaId) -> float:
    return 0.0


def _nothing(_cue: Cue) -> tuple[str, ...]:
    return ()


@dataclass(slots=True)
class Surrounds:
    """What is asked of others: who has a turn now, which memories a cue wakes, and how one feels about another.

    A relation is -1 (hostile) to 1 (warm).
    """

    running: Callable[[], Collection[PersonaId]] = _nobody
    remembered: Callable[[Cue], tuple[str, ...]] = _nothing
    relation: Callable[[PersonaId, PersonaId], float] = _indifferent


class CastingOffice:
    """Asked by the director for every cue; looks at the characters anew each time.

    `note` wants the record of every turn: who was heard, and by whose line.
    """

    def __init__(
        self,
        tempers: Tempers,
        clock: Clock,
        settings: Callable[[], CastingSettings] = CastingSettings,
        rng: Random | None = None,
        eagerness: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._tempers = tempers
        self._clock = clock
        self._settings = settings
        self._rng = rng or Random()
        self._eagerness = eagerness
        self._air = AirTime()
        self._threads = Threads()
        self.surrounds = Surrounds()

    def cast(self, cue: Cue) -> Casting:
        """Who answers a cue, as they are now."""
        decision = self._decide(cue)
        return Casting(decision.persona, decision.reasons, decision.is_addressed)

    def decline(self, cue: Cue) -> Reason | None:
        """Why a cue is not to be answered, as the characters are set now; None where it is."""
        tempers = self._tempers()
        if not any(temper.paid_only or temper.talkativeness < RESERVED for _, temper in tempers):
            return None
        decision = self._decide(cue)
        own = next(temper for view, temper in tempers if view.id == decision.persona.id)
        return refusal(cue, decision, own)

    def note(self, record: TurnRecord) -> None:
        """A turn is over."""
        if not record.is_answered:
            return
        now_s = self._clock.now()
        self._air.note(record.persona, heard_s(record), now_s)
        if len(self._tempers()) == 1:
            return
        for event in (record.cue.event, *record.cue.also):
            if event is not None:
                self._threads.note((event.source, event.author.id), event.id, record.persona, now_s)

    def remark(self, record: TurnRecord) -> Remark | None:
        """Who throws something in after a turn that was heard, if anybody does; the dice decide."""
        tempers = self._tempers()
        also_named = self._decide(record.cue).also_named
        for view, temper in tempers:
            if view.id == record.persona or temper.paid_only:
                continue
            chance = remark_chance(
                view,
                temper,
                said=record.heard,
                asked=record.cue.text,
                is_meant=view.id in also_named,
                relation=self.surrounds.relation(view.id, record.persona),
                eagerness=self._eagerness(),
            )
            if self._rng.random() < chance.chance:
                return Remark(view.id, chance.reasons)
        return None

    def _decide(self, cue: Cue) -> Decision:
        tempers = self._tempers()
        return arbiter.choose(cue, [view for view, _ in tempers], self._scene(cue) if len(tempers) > 1 else None)

    def _scene(self, cue: Cue) -> Scene:
        settings, now_s, event = self._settings(), self._clock.now(), cue.event
        air_s = self._air.within(settings.air_s, now_s)
        for persona in self.surrounds.running():
            air_s[persona] = air_s.get(persona, 0.0) + RUNNING_S
        is_chat = cue.kind is CueKind.CHAT and event is not None
        return Scene(
            tempers={view.id: temper for view, temper in self._tempers()},
            air_s=air_s,
            thread=self._threads.of((event.source, event.author.id), settings.thread_s, now_s)
            if event is not None
            else None,
            replied_to=self._threads.answered(event.source, event.reply_to) if event is not None else None,
            remembered=self.surrounds.remembered(cue) if is_chat else (),
        )


def heard_s(record: TurnRecord) -> float:
    """For how long a turn was heard."""
    first, last = record.marks.get(Mark.FIRST_PLAYED), record.marks.get(Mark.LAST_PLAYED)
    if first is None or last is None:
        return len(record.heard) / CHARS_PER_S
    return max(0.0, last - first)
