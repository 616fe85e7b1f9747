"""What a turn works with: the ports, the pure functions, and the limits. The pipeline knows no engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.port import LLM, Message
from spark_vtuber.moderation.port import Guard
from spark_vtuber.pipeline.approvals import Approvals
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.tools import Toolbox
from spark_vtuber.stage.port import Stage
from spark_vtuber.tts.port import TTS


def _nobody_watches() -> bool:
    return False


def _recites_nothing(_persona: PersonaView, _before: str, _text: str) -> bool:
    return False


BuildPrompt = Callable[[PersonaView, Cue], tuple[Message, ...]]


class Breaker(Protocol):
    """Keeps a failing engine from being asked again and again."""

    @property
    def is_closed(self) -> bool:
        """Whether the engine may be asked."""
        ...

    def succeeded(self) -> None: ...

    def failed(self, error: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines and sizes of a turn; what a streamer could want to change is a key of the configuration.

    `lead_s` is how far sound may be handed to the stages ahead of the listener, `clauses_ahead` how many clauses
    are synthesised before the floor is granted. An answer that `goes_on_after_block` may hold `deflections`.
    """

    first_audio_s: float = 8.0
    between_tokens_s: float = 5.0
    voice_chunk_s: float = 3.0
    flush_s: float = 0.2
    lead_s: float = 3.0
    clauses_ahead: int = 2
    chunks_ahead: int = 160
    max_tokens: int = 300
    muted_chars_per_s: float = 15.0
    released_chars: int = 200
    goes_on_after_block: bool = False
    deflections: int = 2


@dataclass(slots=True)
class Numbers:
    """Gives utterances their numbers, upwards for the life of the show."""

    last: int = 0

    def next(self) -> int:
        """The next number; starts at one."""
        self.last += 1
        return self.last


@dataclass(frozen=True, slots=True)
class Brains:
    """The model of a persona and the understudy that covers for it.

    `model` is None when none is configured or it is switched off; then the understudy is no stand-in but the engine.
    """

    understudy: LLM
    breaker: Breaker
    model: LLM | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """Everything turns share. `brains`, `voices` and `is_muted` are asked at the start of every turn.

    `ask_limits` is asked whenever a limit is needed, so that one that is changed counts at once.
    `thinkers` are personas whose model was seen to begin its answers inside a thought. `approvals` says which
    turns may speak while answers are held. While `is_watched` a turn tells what was heard of it. `recites` tells of a
    persona, the end of what it said, and a clause whether that gives its own instructions away. The tools of the
    `toolbox` are offered to models.
    """

    clock: Clock
    floor: Floor
    stage: Stage
    guard: Guard
    announce: Announce
    sample_rate: int
    build_prompt: BuildPrompt
    brains: Callable[[PersonaId], Brains]
    voices: Callable[[PersonaId], tuple[TTS, ...]]
    is_muted: Callable[[PersonaId], bool]
    deflect: Callable[[PersonaView, str], str]
    expressions: tuple[str, ...]
    ask_limits: Callable[[], Limits] = Limits
    numbers: Numbers = field(default_factory=Numbers)
    thinkers: set[PersonaId] = field(default_factory=set)
    approvals: Approvals = field(default_factory=Approvals)
    is_watched: Callable[[], bool] = _nobody_watches
    recites: Callable[[PersonaView, str, str], bool] = _recites_nothing
    toolbox: Toolbox | None = None

    @property
    def limits(self) -> Limits:
        """The limits in force now."""
        return self.ask_limits()
