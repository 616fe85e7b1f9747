"""The running show, as the doors see it: the `Desk` over the pipeline, the stage and the records."""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.app.mutes import Mutes
from spark_vtuber.app.personas import Company
from spark_vtuber.app.standins import StandIns
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Component, Event, Health, Line, StagePeer
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId, Serial, SessionId, TurnId
from spark_vtuber.core.personas import PersonaView, temper_view
from spark_vtuber.core.turns import Reason, TurnRecord
from spark_vtuber.health.board import Board
from spark_vtuber.pipeline.director import Director
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.port import Caption, Stage
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.telemetry.metrics import ShowMetrics
from spark_vtuber.telemetry.turns import TurnRing, turn_view

PAGE: Final = "page"
"""The source of lines that come through our own door."""

VITAL: Final = ("pipeline", "web")
"""Kinds of components without which nothing is answered or seen."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a show is made of."""

    session: SessionId
    version: str
    clock: Clock
    personas: tuple[PersonaView, ...]
    events: EventLog
    board: Board
    hall: StageHall
    stage: Stage
    director: Director
    reception: Reception
    tally: Tally
    mutes: Mutes
    stand_ins: StandIns
    metrics: ShowMetrics
    company: Company


Command = Callable[[ChatEvent], ChatEvent | None]
"""Takes commands out of the chat: gives what is to be answered of an event, or None. Never waits."""


def no_command(event: ChatEvent) -> ChatEvent:
    """In a show without commands every event is for the characters."""
    return event


class Show:
    """Implements `core.desk.Desk`. `command` sees every event before it is received."""

    def __init__(self, parts: Parts) -> None:
        self._session = parts.session
        self._version = parts.version
        self._clock = parts.clock
        self._started_s = parts.clock.now()
        self._personas = parts.personas
        self._events = parts.events
        self._board = parts.board
        self._hall = parts.hall
        self._stage = parts.stage
        self._director = parts.director
        self._reception = parts.reception
        self._tally = parts.tally
        self._mutes = parts.mutes
        self._stand_ins = parts.stand_ins
        self._metrics = parts.metrics
        self._company = parts.company
        self._watchers = 0
        self._turns = TurnRing()
        self._muted_reason = ""
        self._lines = Serial("l")
        self.command: Command = no_command

    @property
    def session(self) -> SessionId:
        """Changes with every start of the show."""
        return self._session

    @property
    def personas(self) -> tuple[PersonaView, ...]:
        """The characters, the main one first."""
        return self._personas

    @property
    def components(self) -> tuple[Component, ...]:
        """How every component is."""
        return self._board.components

    @property
    def audio_owner(self) -> str | None:
        """The stage that makes the sound; None while only the wall clock hears."""
        return self._hall.audio_owner

    @property
    def is_quiet(self) -> bool:
        """Whether everything that was written has been dealt with."""
        return self._director.is_idle and self._reception.is_empty

    @property
    def is_silent(self) -> bool:
        """Whether nobody may be heard: all are muted, or everything was stopped by a panic."""
        return self._director.is_stopped or all(self._mutes.is_muted(persona.id) for persona in self._personas)

    @property
    def is_holding(self) -> bool:
        """Whether answers wait for approval."""
        return self._director.is_holding

    def health(self) -> Health:
        """Every component and the whole; `failed` only when nothing can be answered any more."""
        return Health(
            status=_whole(self._board),
            uptime_s=self._clock.now() - self._started_s,
            pid=os.getpid(),
            version=self._version,
            session=self._session,
            components=self._board.components,
        )

    def status(self) -> Mapping[str, Any]:
        """JSON-ready: per persona mood, mute and current cue; what waits and what was dropped."""
        running = self._director.turns
        return {
            "session": self._session,
            "panic": self._director.is_stopped,
            "muted_reason": self._muted_reason,
            "hold": self.is_holding,
            "personas": [
                {
                    **temper_view(persona, temper),
                    "muted": self._mutes.is_muted(persona.id),
                    "turn": turn.id if (turn := running.get(persona.id)) else None,
                    "cue": {"author": turn.cue.author, "text": turn.cue.text} if turn else None,
                }
                for persona, temper in self._company.tempers()
            ],
            "sentiment": round(self._tally.sentiment.at(self._clock.now()), 2),
            "received": self._tally.received,
            "dropped": self.dropped(),
        }

    def dropped(self) -> Mapping[str, int]:
        """How many lines got no answer, by reason."""
        return {reason.value: count for reason, count in self._tally.dropped.items() if count}

    def metrics(self) -> str:
        """Prometheus text exposition format."""
        return self._metrics.render(components=self._board.components)

    def chat(self, line: Line) -> str:
        """Take a line; gives its id at once."""
        name = line.author.strip() or "viewer"
        event = ChatEvent(
            id=self._lines.next(),
            source=line.source,
            kind=ChatKind(line.kind),
            author=Author(id=name.casefold(), name=name),
            text=line.text,
            amount=line.amount,
            persona=line.persona,
        )
        self.receive(event)
        return event.id

    def receive(self, event: ChatEvent) -> None:
        """Take an event of a chat source; while chat is switched to the page, other sources are not heard."""
        if event.source != PAGE and self._stand_ins.uses("chat"):
            return
        self._metrics.receive(event.source)
        if event.kind is ChatKind.AD_BREAK:
            self._events("ad.break", source=event.source, seconds=event.amount)
            return
        line = self.command(event)
        if line is not None:
            self._reception.receive(line)

    def door_dropped(self, reason: str) -> None:
        """A line came faster than the door lets in."""
        self._tally.received += 1
        self._tally.count(Reason(reason))

    def turns(self, limit: int) -> Sequence[TurnRecord]:
        """The last turns, newest first."""
        return self._turns.newest(limit)

    def keep(self, record: TurnRecord) -> None:
        """Write down a turn that is over."""
        self._turns.append(record)
        self._metrics.record(record)
        self._events("turn.ended", turn=record.id, record=turn_view(record))

    async def interrupt(self, persona: PersonaId | None) -> TurnId | None:
        """Cut the current turn; gives its id, or None where nobody spoke."""
        return await self._director.interrupt(persona, Reason.OPERATOR)

    async def start_muted(self, reason: str) -> None:
        """Begin without a voice; why is shown until somebody is unmuted."""
        self._muted_reason = reason
        self._events("muted.start", reason=reason)
        await self.mute(None)

    async def mute(self, persona: PersonaId | None) -> None:
        """Cut, then no sound; turns go on as captions."""
        self._mutes.change(persona, is_muted=True)
        if persona is None:
            await self._director.silence(Reason.MUTED)
        else:
            await self._director.interrupt(persona, Reason.MUTED)

    async def unmute(self, persona: PersonaId | None) -> None:
        """Sound again from the next turn on."""
        self._muted_reason = ""
        self._mutes.change(persona, is_muted=False)

    async def panic(self, reason: str) -> None:
        """Everything stops, queues and captions are emptied, nothing starts until `resume`."""
        self._events("panic", reason=reason)
        self._reception.clear(Reason.PANIC)
        await self._director.panic()
        for persona in self._personas:
            await self._stage.perform(Caption(persona.id, ""))

    async def resume(self) -> None:
        """End the panic; mutes stay."""
        self._director.resume()
        self._events("resume")

    async def fall_back(self, module: str, stand_in: str) -> None:
        """Switch a module to its stand-in, or back where `stand_in` is empty."""
        self._stand_ins.switch(module, stand_in)

    @property
    def is_watched(self) -> bool:
        """Whether anybody follows the events from outside."""
        return self._watchers > 0

    @asynccontextmanager
    async def events(self, since: int | None) -> AsyncIterator[AsyncIterator[Event]]:
        """Events from now on, or after `since`."""
        self._watchers += 1
        try:
            async with self._events.subscribe(since) as events:
                yield events
        finally:
            self._watchers -= 1

    def stage(self) -> AbstractAsyncContextManager[StagePeer]:
        """Connect a page to the stage."""
        return self._hall.connect()


def _whole(board: Board) -> Any:
    """The state of the show: a failed part degrades it, as long as something can answer and be seen."""
    if any(one.state == "failed" and one.kind in VITAL for one in board.components):
        return "failed"
    return "degraded" if board.status == "failed" else board.status
