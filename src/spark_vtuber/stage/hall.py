"""The stage on the web: any number of clients play the parts, one of them aloud, and report what is heard."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, assert_never

import anyio
from anyio.lowlevel import checkpoint

from spark_vtuber.core.audio import BYTES_PER_SAMPLE, VisemeCue
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Announce, StagePeer
from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.core.ids import PersonaId, SessionId, TurnId
from spark_vtuber.core.looks import model_in
from spark_vtuber.core.personas import EXPRESSIONS, PersonaView
from spark_vtuber.stage import protocol
from spark_vtuber.stage.clock import HeardClock
from spark_vtuber.stage.outbox import Outbox
from spark_vtuber.stage.playhead import Playhead
from spark_vtuber.stage.port import (
    Caption,
    Emote,
    Part,
    Position,
    SpeechEnd,
    SpeechSound,
    SpeechStart,
    TurnOver,
)

PING_S: Final = 1.0
"""Pages fall silent when no frame came for 2 s."""

FLUSH_S: Final = 0.100
"""How long the audio owner has to say how far it was heard."""

SAYINGS: Final = 30
SAYINGS_S: Final = 60.0
"""So often may a client say within a minute who it is and what it shows: everybody is told, and the journal too."""

_OPEN: Final = 64
"""Utterances whose turn and rate are kept; far more than can be unsent."""


@dataclass(slots=True)
class _Line:
    """What the hall keeps of an utterance."""

    turn: TurnId
    sample_rate: int
    is_mouth_open: bool = False


class StageHall:
    """A `Stage` for clients of the stage protocol. Works with no client at all: then the wall clock is heard.

    Nothing here runs by itself: no task, and no timer but those of waiting callers and connected clients. Clients that
    join and leave, and who is the audio owner, are told to `announce`; what they show of a model, to `hear_look`.
    """

    def __init__(
        self,
        clock: Clock,
        session: SessionId,
        personas: Sequence[PersonaView],
        expressions: Sequence[str] = EXPRESSIONS,
        announce: Announce | None = None,
        hear_look: Callable[[protocol.Look], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._announce = announce
        self._hear_look = hear_look
        self._session = session
        self._personas = tuple(personas)
        self._expressions = tuple(expressions)
        self._muted: frozenset[PersonaId] = frozenset()
        self._has_models = any(model_in(persona.look) is not None for persona in self._personas)
        self._uses_puppets = False
        self._heard = HeardClock()
        self._playhead = Playhead(self._heard, clock, self._announce_owner)
        self._peers: dict[int, _Peer] = {}
        self._ids = count(1)
        self._owner: int | None = None
        self._lines: OrderedDict[int, _Line] = OrderedDict()
        self._answered: dict[TurnId, anyio.Event] = {}

    # ------------------------------------------------------------------------------------------------------- the port

    async def perform(self, part: Part) -> None:
        """Queue the part for every client at once. Sound and faces of a cancelled turn are dropped.

        Raises `ValueError` for utterances out of order and for sound with a hole: bugs of the caller.
        """
        self._perform(part)
        await checkpoint()

    def position(self) -> Position:
        """What is heard now, by the audio owner where there is one."""
        position = self._playhead.position()
        self._announce_owner()
        return position

    async def reached(self, position: Position) -> float:
        """As the port says; exact to the sample on the wall clock and at reports."""
        return await self._playhead.reached(position)

    async def flush(self, turn: TurnId) -> Position:
        """Silence every client; waits at most 100 ms for the audio owner to say how far it was heard.

        Its answer is the truth and may lie a little before what `position` had extrapolated.
        """
        position = self._heard.flush(turn, self._clock.now())
        cut = {number for number, line in self._lines.items() if line.turn == turn}
        for peer in self._peers.values():
            peer.outbox.drop(cut)
        self._tell_all(protocol.speech_cancel(turn))
        if position is None:
            answered = self._answered.setdefault(turn, anyio.Event())
            try:
                with anyio.move_on_after(FLUSH_S):
                    await answered.wait()
            finally:
                self._answered.pop(turn, None)
                position = self._heard.settle(turn, self._clock.now())
                self._stir()
        else:
            self._stir()
            await checkpoint()
        return position

    # -------------------------------------------------------------------------------------------------------- clients

    @property
    def muted(self) -> frozenset[PersonaId]:
        """Who has no sound, as clients are told."""
        return self._muted

    @muted.setter
    def muted(self, personas: Iterable[PersonaId]) -> None:
        self._muted = frozenset(personas)
        self._tell_all(protocol.muted(self._muted))

    def use_puppets(self, is_on: bool) -> None:
        """Have puppets stand in for all models, or not any more."""
        self._uses_puppets = is_on
        if self._has_models:
            self._tell_all(protocol.puppets(is_on=is_on))

    @property
    def audio_owner(self) -> str | None:
        """Who makes the sound, by the name it gave itself; None while only the wall clock hears."""
        return self._heard.owner_name

    @property
    def audience(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    @asynccontextmanager
    async def connect(self, *, is_device: bool = False) -> AsyncIterator[StagePeer]:
        """A client joins for as long as the context is open; it gets `welcome` and starts with the next utterance.

        `is_device`: the local sound device, which is the audio owner before any page.
        """
        number = next(self._ids)
        peer = _Peer(self._heard.last, self._clock, lambda message: self._receive(number, message), self._ping)
        peer.outbox.put(
            protocol.welcome(self._session, self._personas, self._expressions, self._muted, self._heard.owner_name)
        )
        if self._has_models:
            peer.outbox.put(protocol.puppets(is_on=self._uses_puppets))
        self._heard.join(number, is_device=is_device)
        self._peers[number] = peer
        self._note("stage.joined", client=number)
        try:
            yield peer
        finally:
            del self._peers[number]
            self._note("stage.left", client=number)
            self._heard.leave(number, self._clock.now())
            self._settle_flushes()
            self._stir()

    # ----------------------------------------------------------------------------------------------------- inner works

    def _perform(self, part: Part) -> None:
        now = self._clock.now()
        match part:
            case SpeechStart():
                self._start(part, now)
            case SpeechSound():
                self._sound(part, now)
            case SpeechEnd():
                self._end(part, now)
            case Emote() | Caption():
                frame = protocol.expression(part) if isinstance(part, Emote) else protocol.caption(part)
                if not self._heard.is_cut(part.utterance):
                    self._tell(frame, part.utterance)
            case TurnOver():
                self._tell_all(protocol.turn_end(part))
            case _:
                assert_never(part)

    def _start(self, part: SpeechStart, now: float) -> None:
        number, turn = part.utterance.number, part.utterance.turn
        if self._heard.start(number, turn, part.sample_rate, now):
            self._announce_owner()
            self._lines[number] = _Line(turn, part.sample_rate)
            if len(self._lines) > _OPEN:
                self._lines.popitem(last=False)
            self._tell(protocol.speech_start(part), number)
        self._stir()

    def _sound(self, part: SpeechSound, now: float) -> None:
        samples = len(part.pcm) // BYTES_PER_SAMPLE
        if not self._heard.arrive(part.utterance, part.first_sample, samples, now):
            return
        line = self._lines[part.utterance]
        if part.visemes or part.words:
            self._tell(protocol.speech_cues(part.utterance, part.visemes, part.words), part.utterance)
        if part.visemes:
            line.is_mouth_open = part.visemes[-1].name != "sil"
        if samples:
            self._tell(protocol.sound(part), part.utterance, samples / line.sample_rate)
        self._stir()

    def _end(self, part: SpeechEnd, now: float) -> None:
        if not self._heard.end(part.utterance, part.samples, now):
            return
        line = self._lines[part.utterance]
        if line.is_mouth_open:
            closed = VisemeCue(part.samples * 1000 / line.sample_rate, "sil")
            self._tell(protocol.speech_cues(part.utterance, (closed,)), part.utterance)
        self._tell(protocol.speech_end(part), part.utterance)
        self._stir()

    def _receive(self, client: int, message: protocol.ClientMessage) -> None:
        now = self._clock.now()
        match message:
            case protocol.Hello(name, has_audio):
                before = self._owner
                self._heard.hello(client, name, now, has_audio=has_audio)
                self._announce_owner()
                if (client == before) == (client == self._owner):
                    self._peers[client].outbox.put(protocol.audio_owner(is_you=client == self._owner))
                self._settle_flushes()
            case protocol.Playback(position):
                self._heard.report(client, position, now)
            case protocol.Flushed(turn, position):
                self._heard.flushed(client, turn, position, now)
                self._settle_flushes()
            case protocol.Look():
                self._hear_look(message)
            case _:
                assert_never(message)
        self._stir()

    def _settle_flushes(self) -> None:
        for turn, answered in self._answered.items():
            if not self._heard.is_flushing(turn):
                answered.set()

    def _ping(self) -> str:
        return protocol.ping(self.position())

    def _stir(self) -> None:
        self._playhead.stir()
        self._announce_owner()

    def _announce_owner(self) -> None:
        """Tell the clients concerned when the office changed hands."""
        before, self._owner = self._owner, self._heard.owner
        if before == self._owner:
            return
        self._note("stage.owner", client=self._owner, name=self._heard.owner_name)
        for client, is_owner in ((before, False), (self._owner, True)):
            if client is not None and client in self._peers:
                self._peers[client].outbox.put(protocol.audio_owner(is_you=is_owner))

    def _note(self, type: str, **data: Any) -> None:
        if self._announce is not None:
            self._announce(type, **data)

    def _tell(self, frame: str | bytes, utterance: int | None, sound_s: float = 0.0) -> None:
        """Queue a frame for everybody who was there when its utterance started."""
        for peer in self._peers.values():
            if utterance is None or utterance > peer.since:
                peer.outbox.put(frame, utterance=utterance, sound_s=sound_s)

    def _tell_all(self, frame: str) -> None:
        self._tell(frame, None)


class _Peer:
    """One client: what it says goes to the hall, what the hall says waits in its outbox."""

    def __init__(
        self,
        since: int,
        clock: Clock,
        receive: Callable[[protocol.ClientMessage], None],
        ping: Callable[[], str],
    ) -> None:
        self.since = since
        self.outbox = Outbox()
        self._clock = clock
        self._receive = receive
        self._ping = ping
        self._said_s: deque[float] = deque(maxlen=SAYINGS)

    def receive(self, text: str) -> None:
        message = protocol.parse(text)
        if isinstance(message, protocol.Hello | protocol.Look):
            self._pace(message)
        if message is not None:
            self._receive(message)

    def _pace(self, message: protocol.Hello | protocol.Look) -> None:
        now = self._clock.now()
        if len(self._said_s) == SAYINGS and now - self._said_s[0] < SAYINGS_S:
            raise ProtocolError(f"{type(message).__name__.lower()}: said more than {SAYINGS} times in a minute")
        self._said_s.append(now)

    async def frames(self) -> AsyncIterator[str | bytes]:
        ping_at = self._clock.now() + PING_S
        while not self.outbox.is_behind:
            now = self._clock.now()
            if now >= ping_at:
                ping_at = now + PING_S
                yield self._ping()
            frame = self.outbox.take()
            if frame is None:
                await self.outbox.wait(max(ping_at - self._clock.now(), 0.0))
            else:
                yield frame
