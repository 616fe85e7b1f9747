"""A whole crew of fakes: what a turn needs, on the virtual clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spark_vtuber.core.cues import Behaviour, Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, Serial, TurnId
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView
from spark_vtuber.llm.port import LLM, Message
from spark_vtuber.moderation.port import Guard
from spark_vtuber.pipeline.crew import Brains, Crew, Limits
from spark_vtuber.pipeline.floor import Floor
from spark_vtuber.pipeline.turn import Turn
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.stages import FakeStage
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice
from spark_vtuber.tts.port import TTS

SPARK = PersonaView(PersonaId("main"), "Spark")
EMBER = PersonaView(PersonaId("twin"), "Ember", look="ember")
DEFLECTION = "Let us talk about the weather."


@dataclass(slots=True)
class Notes:
    """An `Announce` that keeps what it is told."""

    events: list[tuple[str, TurnId | None, Mapping[str, Any]]] = field(default_factory=list)

    def __call__(self, type: str, /, *, turn: TurnId | None = None, **data: Any) -> None:
        """Keep an event."""
        self.events.append((type, turn, data))

    def of(self, type: str) -> list[Mapping[str, Any]]:
        """The data of all events of a type."""
        return [data for name, _, data in self.events if name == type]


@dataclass(slots=True)
class FakeBreaker:
    """A breaker that is opened by hand and notes what it is told."""

    is_closed: bool = True
    told: list[str] = field(default_factory=list)

    def succeeded(self) -> None:
        """Note it."""
        self.told.append("ok")

    def failed(self, error: str) -> None:
        """Note the error."""
        self.told.append(error)


class Rig:
    """Fakes that know each other. Change what a test is about, then call `crew`."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.stage = FakeStage(self.clock)
        self.floor = Floor(self.clock)
        self.model: LLM | None = ScriptedModel()
        self.understudy: LLM = ScriptedModel("My big brain is not plugged in.", first_token_s=0, token_s=0)
        self.breaker = FakeBreaker()
        self.voice = FakeVoice()
        self.voices: tuple[TTS, ...] = (self.voice,)
        self.guard: Guard = FakeGuard()
        self.notes = Notes()
        self.muted: set[PersonaId] = set()
        self.limits = Limits()
        self._turns = Serial("t")

    def crew(self) -> Crew:
        """A crew of the rig's fakes as they are now."""
        brains = Brains(self.understudy, self.breaker, self.model)
        return Crew(
            clock=self.clock,
            floor=self.floor,
            stage=self.stage,
            guard=self.guard,
            announce=self.notes,
            sample_rate=self.voice.sample_rate,
            build_prompt=lambda _, cue: (Message("user", cue.text),),
            brains=lambda _: brains,
            voices=lambda _: self.voices,
            is_muted=lambda persona: persona in self.muted,
            deflect=lambda _persona, _reason: DEFLECTION,
            expressions=EXPRESSIONS,
            ask_limits=lambda: self.limits,
        )

    def turn(self, cue: Cue | None = None, persona: PersonaView = SPARK) -> Turn:
        """A new turn."""
        return Turn(TurnId(self._turns.next()), persona, cue or self.cue(), self.clock)

    def cue(
        self,
        text: str = "hello",
        *,
        kind: CueKind = CueKind.CHAT,
        behaviour: Behaviour = Behaviour.QUEUE,
        priority: int = 0,
        author: str = "ana",
        expected: str | None = None,
    ) -> Cue:
        """A cue that was received and admitted now."""
        now_s = self.clock.now()
        event = ChatEvent(f"e-{author}-{text}", "test", ChatKind.MESSAGE, Author(author, author), text)
        return Cue(
            id=CueId("c"),
            kind=kind,
            text=text,
            author=author,
            event=event if kind is CueKind.CHAT else None,
            behaviour=behaviour,
            priority=priority,
            received_s=now_s,
            admitted_s=now_s,
            expected=expected,
        )
