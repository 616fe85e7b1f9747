"""Two characters over fakes, with a model that answers each of them from lists of lines."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Final

import anyio

from spark_vtuber.app.casting import CastingOffice
from spark_vtuber.core.cues import CueKind
from spark_vtuber.core.duets import DuetEnd, DuetPlan
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import PersonaView, Temper
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import Rig
from spark_vtuber.testing.models import pieces

NOVA = PersonaView(
    PersonaId("main"),
    "Nova",
    aliases=("nov",),
    expertise=("astronomy", "tea", "retro game"),
    triggers=("comet",),
    likes=("quiet mornings", "rain"),
    dislikes=("pineapple pizza",),
)
RUST = PersonaView(
    PersonaId("twin"),
    "Rust",
    look="ember",
    aliases=("miss rust",),
    expertise=("cooking", "engine", "heavy metal"),
    triggers=("pizza", "explosion"),
    likes=("pineapple pizza", "thunder"),
    dislikes=("rain",),
)
PAIR = (NOVA, RUST)

CHUNK_MS: Final = 300.0
"""Sound in long pieces: what is tried here is whose turn it is, and minutes of show cost less."""

_TOPICS = (
    "kettles whistle louder than trains",
    "my cactus keeps a diary",
    "lighthouses are shy giants",
    "socks vanish on thursdays",
    "pigeons run the post office",
    "snow is quiet confetti",
    "every ladder wants a cat",
    "marbles dream of avalanches",
    "umbrellas gossip after storms",
    "clocks lie before breakfast",
    "a spoon once outsmarted me",
    "wallpaper remembers everything",
    "candles practise their bows",
    "every bakery hides a dragon",
    "puddles collect old skies",
    "my shadow prefers mondays",
    "owls invented the elevator",
    "buttons elope from coats",
    "thunder is furniture upstairs",
    "teapots hold council at dawn",
)


class Improviser:
    """A model that answers with lines of its own, each once a round, and remembers what it was asked.

    `said` sets what is answered to cues of a kind instead. `first_token_s` and `token_s` are as in `ScriptedModel`.
    """

    def __init__(self, *, first_token_s: float = 0.3, token_s: float = 0.02) -> None:
        self.first_token_s = first_token_s
        self.token_s = token_s
        self.requests: list[LLMRequest] = []
        self.said: dict[CueKind, Sequence[str]] = {}
        self.slow: Mapping[PersonaId, float] = {}

    @property
    def capabilities(self) -> Capabilities:
        """A model called `improviser`."""
        return Capabilities(engine="scripted", model="improviser")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The next line, token by token."""
        number = len(self.requests)
        self.requests.append(request)
        lines = self.said.get(request.cue.kind, _TOPICS)
        await anyio.sleep(self.slow.get(request.persona.id, self.first_token_s))
        for token in pieces(f"{request.persona.name} thinks {lines[number % len(lines)]}."):
            yield TextDelta(token)
            await anyio.sleep(self.token_s)


class Theatre:
    """The real director, arbiter and reception over a rig of fakes, with two characters."""

    def __init__(
        self,
        rig: Rig | None = None,
        *,
        seed: int = 1,
        personas: tuple[PersonaView, ...] = PAIR,
        remarks_per_minute: int = 2,
        idle: Callable[[PersonaId], DuetPlan | None] = lambda _: None,
        talkers: tuple[PersonaId, ...] = (),
        eagerness: float = 1.0,
    ) -> None:
        self.rig = rig or Rig()
        self.rig.voice.chunk_ms = CHUNK_MS
        self.model = Improviser()
        self.remarks_per_minute = remarks_per_minute
        self.rig.model = self.model
        self.personas = personas
        self.set: dict[PersonaId, Temper] = {}
        self.casting = CastingOffice(self.tempers, self.rig.clock, rng=Random(seed), eagerness=lambda: eagerness)
        self.records: list[TurnRecord] = []
        self.dropped: list[str] = []
        self.tally = Tally(self.rig.notes, self.dropped.append, clock=self.rig.clock)
        names = tuple(name for view in personas for name in (view.name, *view.aliases))
        self.inbox = Inbox(names)
        self.director = Director(
            self.rig.crew(),
            self.inbox,
            self.tally,
            tuple(view.id for view in personas),
            self.casting.cast,
            self._keep,
            Habits(
                decline=self.casting.decline,
                talkers=lambda: talkers,
                remark=self.casting.remark,
                remarks_per_minute=lambda: remarks_per_minute,
                duet=idle,
            ),
        )
        self.casting.surrounds.running = self._running
        self.reception = Reception(self.rig.clock, Gates(self.rig.clock), self.rig.guard, self.director, self.tally)
        self._lines = 0

    def tempers(self) -> Sequence[tuple[PersonaView, Temper]]:
        """Every character as it is now: as its card says, unless it was `set` otherwise."""
        return tuple((view, self.set.get(view.id, Temper(mood=view.mood))) for view in self.personas)

    def _running(self) -> Collection[PersonaId]:
        return self.director.turns.keys()

    def _keep(self, record: TurnRecord) -> None:
        self.records.append(record)
        self.casting.note(record)

    def write(
        self,
        text: str,
        author: str = "",
        *,
        kind: ChatKind = ChatKind.MESSAGE,
        amount: float = 0.0,
        reply_to: str | None = None,
        persona: str | None = None,
    ) -> str:
        """A viewer writes a line; gives its id."""
        self._lines += 1
        name = author or f"viewer{self._lines}"
        self.reception.receive(
            ChatEvent(
                str(self._lines),
                "test",
                kind,
                Author(name, name),
                text,
                amount,
                reply_to=reply_to,
                persona=PersonaId(persona) if persona else None,
            )
        )
        return str(self._lines)

    def duet(self, topic: str = "tea or coffee", *, exchanges: int = 3, tension: str = "Nova loves tea.") -> None:
        """Begin a duet that Nova opens."""
        self.director.start_duet(DuetPlan(topic, NOVA.id, RUST.id, tension, exchanges))

    def stop_duet(self) -> bool:
        """The streamer ends it."""
        return self.director.end_duet(DuetEnd.STOPPED)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Theatre"]:
        """Run it."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.director.run)
            tasks.start_soon(self.reception.run)
            yield self
            tasks.cancel_scope.cancel()
