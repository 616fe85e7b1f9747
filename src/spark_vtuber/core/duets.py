"""Two characters who talk to each other: what is planned, how far they are, and how doors ask for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId

LEAST_EXCHANGES: Final = 2
MOST_EXCHANGES: Final = 8
LONGEST_TOPIC: Final = 200
"""Characters of a topic, and of a tension."""


class DuetOrigin(StrEnum):
    """Who wanted a duet: the streamer (panel, command line), a command of the chat, a reward, or nobody spoke."""

    PANEL = "panel"
    CHAT = "chat"
    REWARD = "reward"
    SILENCE = "silence"


class DuetPhase(StrEnum):
    """How a duet is: none runs, it runs, it waits for the room, or it looks for its way out."""

    NONE = "none"
    RUNNING = "running"
    PAUSED = "paused"
    LEAVING = "leaving"


class DuetEnd(StrEnum):
    """Why a duet was over, or left early.

    COMPLETED: the way out was spoken. STOPPED: the streamer ended it. CUT: one of the two was interrupted. VIEWERS:
    the room wanted to be heard. LOOP, FLATTERY, CHORUS: the two said the same again, praised each other, spoke as one.
    FAILED: one had nothing to say. STALE: it waited too long. PANIC, MUTED, SHUTDOWN: nobody may be heard. RETRACTED:
    the line that asked for it was deleted, or its author banned.
    """

    COMPLETED = "completed"
    STOPPED = "stopped"
    CUT = "cut"
    VIEWERS = "viewers"
    LOOP = "loop"
    FLATTERY = "flattery"
    CHORUS = "chorus"
    FAILED = "failed"
    STALE = "stale"
    PANIC = "panic"
    MUTED = "muted"
    RETRACTED = "retracted"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class DuetPlan:
    """A duet before its first word: `opener` begins, `second` answers, and so on for `exchanges` of two steps each.

    `topic` and `tension` passed the guard. `event` is the line or purchase that asked for it.
    """

    topic: str
    opener: PersonaId
    second: PersonaId
    tension: str = ""
    exchanges: int = 3
    origin: DuetOrigin = DuetOrigin.PANEL
    event: ChatEvent | None = None

    @property
    def steps(self) -> int:
        """Turns of the two together."""
        return 2 * self.exchanges

    def speaker(self, number: int) -> PersonaId:
        """Who has step `number`, from 1."""
        return self.opener if number % 2 else self.second


@dataclass(frozen=True, slots=True)
class DuetState:
    """How far a duet is: step `number` of `of` is said or prepared by `speaker`; 0 before the first.

    `reason` says why it waits, leaves, or how the last one ended. `plan` is None while there was none yet.
    """

    phase: DuetPhase = DuetPhase.NONE
    id: str = ""
    plan: DuetPlan | None = None
    number: int = 0
    of: int = 0
    speaker: PersonaId | None = None
    reason: str = ""


class Duets(Protocol):
    """Duets of the two characters. One runs at a time."""

    def state(self) -> DuetState:
        """The duet that runs, or how the last one ended."""
        ...

    async def start(
        self, topic: str = "", tension: str = "", exchanges: int | None = None, opener: PersonaId | None = None
    ) -> DuetState:
        """Begin a duet; returns once it is planned, before the first word. It begins when both are free.

        Without a topic one is chosen on which the two differ; without `exchanges` (2..8) there are as many as
        configured. Raises `SparkError`: `one_persona`, `unknown_persona`, `bad_exchanges`, `duet_running`, `blocked`
        (the guard refused topic or tension), `panic`, `muted`, `held`.
        """
        ...

    def stop(self) -> bool:
        """End the duet: whoever speaks is cut at the end of the sentence. False where none runs."""
        ...


def duet_view(state: DuetState) -> dict[str, Any]:
    """The state as JSON."""
    plan = state.plan
    return {
        "phase": state.phase.value,
        "id": state.id,
        "topic": plan.topic if plan else "",
        "tension": plan.tension if plan else "",
        "exchanges": plan.exchanges if plan else 0,
        "opener": plan.opener if plan else None,
        "second": plan.second if plan else None,
        "origin": plan.origin.value if plan else None,
        "number": state.number,
        "of": state.of,
        "speaker": state.speaker,
        "reason": state.reason,
    }
