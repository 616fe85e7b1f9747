"""A desk in memory: the show as the doors see it, without a show behind it."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Event, Health, Line, StagePeer
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.ids import PersonaId, Serial, SessionId, TurnId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.telemetry.metrics import ShowMetrics
from spark_vtuber.telemetry.turns import TurnRing


class FakePeer:
    """A connected page. What is put into `outgoing` is sent to it; `received` is what it said.

    Closing `outgoing` is what falling behind looks like. `failure` is raised for the next text frame.
    """

    def __init__(self) -> None:
        self.outgoing, self._frames = anyio.create_memory_object_stream[str | bytes](math.inf)
        self.received: list[str] = []
        self.failure: Exception | None = None

    def receive(self, text: str) -> None:
        """Keep the frame, or fail as scripted."""
        if self.failure is not None:
            raise self.failure
        self.received.append(text)

    async def frames(self) -> AsyncIterator[str | bytes]:
        """What the test put in."""
        async for frame in self._frames:
            yield frame

    def close(self) -> None:
        """Let go of both ends."""
        self.outgoing.close()
        self._frames.close()


class FakeDesk:
    """Implements `core.desk.Desk` in memory; keeps what it was asked.

    `speaking` is the turn that an interrupt cuts. `personas` are those it knows; for any other a control raises
    `SparkError("unknown_persona")`. `peers` are the pages that are connected now.
    """

    def __init__(self, clock: Clock, *, personas: Sequence[str] = ("main",)) -> None:
        self.session = SessionId("5e5510000001")
        self.log = EventLog(clock)
        self.counters = ShowMetrics(clock)
        self.records = TurnRing()
        self.lines: list[Line] = []
        self.speaking: TurnId | None = None
        self.muted: set[PersonaId] = set()
        self.panics: list[str] = []
        self.is_panicking = False
        self.stand_in = ""
        self.peers: list[FakePeer] = []
        self.failure: Exception | None = None
        self._personas = tuple(PersonaId(name) for name in personas)
        self._ids = Serial("line")

    def health(self) -> Health:
        """Well, without components; raises `failure` where one is scripted."""
        if self.failure is not None:
            raise self.failure
        return Health(status="ok", uptime_s=1.5, pid=1, version="0", session=self.session, components=())

    def status(self) -> Mapping[str, Any]:
        """Who is muted, and whether there is panic."""
        personas = [{"id": name, "muted": name in self.muted} for name in self._personas]
        return {"personas": personas, "panic": self.is_panicking, "dropped": {}}

    def metrics(self) -> str:
        """The counters of the fake."""
        return self.counters.render()

    def chat(self, line: Line) -> str:
        """Keep the line and announce it."""
        self._known(line.persona)
        self.lines.append(line)
        self.counters.receive(line.source)
        identifier = self._ids.next()
        self.log("chat.received", id=identifier, author=line.author, text=line.text)
        return identifier

    def turns(self, limit: int) -> Sequence[TurnRecord]:
        """The records the test put in, newest first."""
        return self.records.newest(limit)

    async def interrupt(self, persona: PersonaId | None) -> TurnId | None:
        """Cut `speaking`."""
        self._known(persona)
        cut, self.speaking = self.speaking, None
        return cut

    async def mute(self, persona: PersonaId | None) -> None:
        """Mute one or all."""
        self.muted |= set(self._known(persona))

    async def unmute(self, persona: PersonaId | None) -> None:
        """Unmute one or all."""
        self.muted -= set(self._known(persona))

    async def panic(self, reason: str) -> None:
        """Stop."""
        self.panics.append(reason)
        self.is_panicking = True

    async def resume(self) -> None:
        """Go on."""
        self.is_panicking = False

    async def fall_back(self, module: str, stand_in: str) -> None:
        """Note it; there is only one module."""
        if module != "llm":
            raise SparkError(f'there is no module "{module}"', code="unknown_module", fix="use llm")
        self.stand_in = stand_in

    def events(self, since: int | None) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """The events of `log`."""
        return self.log.subscribe(since)

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[StagePeer]:
        """Connect a page: it is in `peers` while it stays."""
        peer = FakePeer()
        self.peers.append(peer)
        try:
            yield peer
        finally:
            self.peers.remove(peer)
            peer.close()

    def _known(self, persona: PersonaId | None) -> Sequence[PersonaId]:
        if persona is None:
            return self._personas
        if persona not in self._personas:
            raise SparkError(f"there is no persona {persona}", code="unknown_persona", fix="see /api/status")
        return (persona,)
