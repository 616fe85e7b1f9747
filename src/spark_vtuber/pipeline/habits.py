"""What characters do of their own accord: whom they leave unanswered, and when they talk though nobody wrote."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from spark_vtuber.core.cues import Cue, Length
from spark_vtuber.core.duets import DuetPlan
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason, TurnRecord
from spark_vtuber.pipeline.choosing.lengths import Pressure
from spark_vtuber.pipeline.duet import Patience
from spark_vtuber.pipeline.interjection import Remark
from spark_vtuber.pipeline.screen import OpenScreen, Screen


def _answers_all(_cue: Cue) -> Reason | None:
    return None


def _as_ever(_pressure: Pressure) -> Length | None:
    return None


def _no_talkers() -> Sequence[PersonaId]:
    return ()


def _no_remark(_record: TurnRecord) -> Remark | None:
    return None


def _no_duet(_talker: PersonaId) -> DuetPlan | None:
    return None


@dataclass(frozen=True, slots=True)
class Habits:
    """Asked by the director whenever it matters, so that a change counts at once.

    `decline` says why a cue is not to be answered at all, or None; it is a pure function of the cue and of how the
    characters are set. After `idle_s()` seconds in which nobody spoke and nothing was asked one of `talkers()` talks
    by itself; those whom nobody would hear now, as `is_heard` says, wait as long again. `screen` says of a waiting line
    whether it may be answered yet. `length` says how long an answer may be while so much presses; None means as long as
    the character's own.

    `remark` says who throws something in after a turn that was heard, if anybody; `remarks_per_minute` bounds all of
    them. `duet` makes a duet of the idle talk of a persona, or None. `patience` is what duets bear of the room.
    """

    decline: Callable[[Cue], Reason | None] = _answers_all
    talkers: Callable[[], Sequence[PersonaId]] = _no_talkers
    idle_s: Callable[[], float] = lambda: 60.0
    is_heard: Callable[[PersonaId], bool] = lambda _: True
    screen: Screen = field(default_factory=OpenScreen)
    length: Callable[[Pressure], Length | None] = _as_ever
    remark: Callable[[TurnRecord], Remark | None] = _no_remark
    remarks_per_minute: Callable[[], int] = lambda: 2
    duet: Callable[[PersonaId], DuetPlan | None] = _no_duet
    patience: Callable[[], Patience] = Patience
