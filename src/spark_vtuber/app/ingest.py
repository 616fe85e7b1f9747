"""Lines of other platforms: who may push them in, what becomes of each, and what is told back."""

import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio

from spark_vtuber.app.house import House
from spark_vtuber.app.tokens import token
from spark_vtuber.chat.ingest_protocol import read_batch, read_event
from spark_vtuber.core.errors import EngineError, ProtocolError, SparkError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import Serial
from spark_vtuber.core.ingest import (
    INGEST_OFF,
    RATE,
    VERSION,
    WRONG_TOKEN,
    Receipt,
    Receipts,
    note_on,
    receipts_view,
)
from spark_vtuber.web.bucket import Bucket

NAME: Final = "ingest"
HELLO_S: Final = 10.0
"""A program that connected says who it is within this time."""

FRAMES: Final = 512
"""That wait for one program; one that reads slower is closed."""

PEERS: Final = 16
SOURCES: Final = 32
"""Names of platforms in one show: each is a label of the metrics."""

KNOWN: Final = 5_000
"""Events whose ids are remembered, so that none counts twice and each outcome finds its way back."""

_TELLING: Final = frozenset({"chat.dropped", "chat.blocked", "redeem", "turn.ended"})
"""Events that tell what became of a line or a purchase."""

FIX: Final = 'set [ingest] token = "secret:ingest", and run: spark-vtuber secrets set ingest'


class IngestRoom:
    """Implements `core.ingest.Ingest` over a show's `receive`; `is_heard` says whether other sources count now."""

    def __init__(self, house: House, receive: Callable[[ChatEvent], None], is_heard: Callable[[], bool]) -> None:
        self._house = house
        self._receive = receive
        self._is_heard = is_heard
        self._report = house.board.reporter(NAME, "chat")
        self._serial = Serial("i")
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._sources: set[str] = set()
        self._peers: list[_Peer] = []
        self._rate = (0.0, 0)
        self._look()
        house.live.on_change(NAME, self._look)
        house.events.tap(self.hear)

    def opens(self, token: str) -> bool:
        """Whether this is the token; comparing takes as long whatever is presented."""
        expected = self._token()
        return hmac.compare_digest(_digest(token), _digest(expected))

    def post(self, batch: Mapping[str, Any]) -> Receipts:
        """Take a batch; each event is taken or refused by itself."""
        frame = read_batch(batch)
        receipts = [self._take(index, value, frame.source) for index, value in enumerate(frame.events)]
        wait_s = max((wait for _, wait in receipts), default=0.0)
        self._look()
        return Receipts([receipt for receipt, _ in receipts], wait_s)

    @asynccontextmanager
    async def connect(self, *, is_known: bool) -> AsyncIterator["_Peer"]:
        """A program at the other end of a socket."""
        peer = _Peer(self, is_known=is_known)
        try:
            yield peer
        finally:
            if peer in self._peers:
                self._peers.remove(peer)
            peer.close()
            self._look()

    def knows(self, source: str) -> bool:
        """Whether lines of this source came in here."""
        return source in self._sources

    def say(self, source: str, text: str, *, persona: str = "", reply_to: str | None = None) -> None:
        """Hand a text to those who write into a source's chat. Raises `EngineError("not_connected")` for nobody."""
        frame = {"type": "say", "source": source, "persona": persona, "text": text, "reply_to": reply_to}
        takers = [peer for peer in self._peers if peer.says and peer.follows(source)]
        for peer in takers:
            peer.tell(frame)
        if not takers:
            raise EngineError("not_connected", f"no program takes messages for {source}", fix="see WS /api/ingest")

    def hear(self, kind: str, text: str) -> None:
        """An event was announced (`telemetry.events.Tap`): whoever asked is told what became of its line."""
        if kind not in _TELLING or not self._peers:
            return
        data = json.loads(text)[3]
        if kind == "turn.ended":
            self._answered(data["record"])
        elif data["source"] in self._sources:
            if kind == "redeem":
                self._tell_outcome(data["id"], data["outcome"], data["reason"], type="redeem")
            else:
                self._tell_outcome(data["id"], "dropped" if kind == "chat.dropped" else "blocked", data["reason"])

    def admit(self, peer: "_Peer") -> None:
        """A program said a good hello. Raises `SparkError("too_many")`."""
        if len(self._peers) >= PEERS:
            raise SparkError(f"{PEERS} programs are connected already", code="too_many", fix="close some of them")
        self._peers.append(peer)
        self._look()

    @property
    def session(self) -> str:
        """Of the show."""
        return self._house.session

    def _take(self, index: int, value: Any, source: str | None) -> tuple[Receipt, float]:
        """What became of one event, and how long to wait where it came too fast."""
        config = self._house.config.ingest
        given = self._serial.next()
        shown = _shown_id(value) or given
        wait_s = self._bucket.take()
        if wait_s > 0:
            return Receipt(index, shown, RATE, "events come faster than [ingest] per_s"), wait_s
        try:
            event = read_event(value, source, given, are_roles_trusted=config.trust_roles)
            self._check(event)
        except SparkError as error:
            return Receipt(index, shown if _shown_id(value) else "", error.code, error.message), 0.0
        self._sources.add(event.source)
        self._known[event.id] = (event.source, shown)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)
        self._receive(event)
        return Receipt(index, shown, note=note_on(event)), 0.0

    def _check(self, event: ChatEvent) -> None:
        """What only the show knows of an event."""
        if not self._is_heard():
            raise SparkError("the show hears only its own page now: [fallback] chat", code="chat_off")
        if event.id in self._known:
            raise SparkError("an event of this id came already", code="duplicate")
        if event.persona is not None and all(event.persona != persona.id for persona in self._house.personas):
            raise SparkError("there is no such character", code="unknown_persona")
        if event.source not in self._sources and len(self._sources) >= SOURCES:
            raise SparkError(f"there are {SOURCES} sources already", code="too_many_sources")

    def _answered(self, record: Mapping[str, Any]) -> None:
        line = record["cue"]["event"]
        if line not in self._known:
            return
        if not record["heard"]:
            self._tell_outcome(line, "dropped", record["reason"] or record["error"])
            return
        source, own = self._known[line]
        self._tell_outcome(line, "answered", "")
        frame = {"source": source, "persona": record["persona"], "text": record["heard"], "reply_to": own}
        for peer in list(self._peers):
            if peer.says and peer.follows(source):
                peer.tell({"type": "say", **frame})

    def _tell_outcome(self, line: str, outcome: str, reason: str, type: str = "outcome") -> None:
        if line not in self._known:
            return
        source, own = self._known[line]
        for peer in list(self._peers):
            if peer.outcomes and peer.follows(source):
                peer.tell({"type": type, "source": source, "id": own, "outcome": outcome, "reason": reason})

    def _token(self) -> str:
        """The token in force. Raises `SparkError` where there is none that may be used."""
        config, secret = self._house.config, self._house.vault.secret
        if not config.ingest.token:
            raise SparkError("no token is set for lines of other platforms", code=INGEST_OFF, fix=FIX)
        try:
            own = token(config.ingest.token, secret)
        except SparkError as error:
            fix = FIX if error.code == "plain_secret" else error.fix
            raise SparkError(error.message, code=INGEST_OFF, fix=fix) from None
        value = own.get_secret_value() if own else ""
        for reference in (config.server.desk_token, config.server.stage_token):
            other = token(reference, secret)
            if other is not None and other.get_secret_value() == value:
                raise SparkError("its token is that of the desk or the stage", code=INGEST_OFF, fix="set another one")
        return value

    def _look(self) -> None:
        """Note on the board whether the door is open; a changed rate counts from now on."""
        config = self._house.config.ingest
        rate = (config.per_s, config.burst)
        if self._rate != rate:
            self._rate = rate
            self._bucket = Bucket(self._house.around.clock, rate_per_s=config.per_s, burst=config.burst)
        try:
            self._token()
        except SparkError as error:
            is_wanted = bool(config.token)
            self._report("failed" if is_wanted else "off", error.message, error.fix)
            return
        count = f"{len(self._peers)} connected"
        names = ", ".join(sorted(self._sources))
        self._report("ok", f"{count}; {names}" if names else count)


class _Peer:
    """One connected program: its frames, and what it wants to be told."""

    def __init__(self, room: IngestRoom, *, is_known: bool) -> None:
        self._room = room
        self._is_known = is_known
        self._source: str | None = None
        self._to_peer, self._frames = anyio.create_memory_object_stream[str | bytes](FRAMES)
        self.outcomes = False
        self.says = False
        self._has_greeted = False

    def follows(self, source: str) -> bool:
        """Whether it is about this source: it named it, or none."""
        return self._source in (None, source)

    def receive(self, text: str) -> None:
        """Take a text frame; the first one must be its hello."""
        frame = _object(text)
        if not self._has_greeted:
            self._greet(frame)
            return
        match frame.get("type"):
            case "events":
                batch = {"source": self._source, **frame}
                try:
                    receipts = self._room.post(batch)
                except SparkError as error:
                    raise ProtocolError(error.message) from error
                self.tell({"type": "receipt", "ref": _ref(frame), **receipts_view(receipts), "wait_s": receipts.wait_s})
            case "hello":
                raise ProtocolError("it said hello already")
            case str():
                return
            case _:
                raise ProtocolError("a frame needs a type")

    async def frames(self) -> AsyncGenerator[str | bytes, None]:
        """What is sent: the welcome first; ends where no hello came in time, or too much waits."""
        first: str | bytes | None = None
        with anyio.move_on_after(HELLO_S):
            first = await self._frames.receive()
        if first is None:
            return
        yield first
        async for frame in self._frames:
            yield frame

    def tell(self, frame: Mapping[str, Any]) -> None:
        """Send a frame, without waiting; where too many wait, there are no more."""
        try:
            self._to_peer.send_nowait(json.dumps(frame))
        except anyio.WouldBlock:
            self._to_peer.close()
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return

    def close(self) -> None:
        """Let go of both ends."""
        self._to_peer.close()
        self._frames.close()

    def _greet(self, frame: Mapping[str, Any]) -> None:
        if frame.get("type") != "hello":
            raise ProtocolError("the first frame must be a hello")
        if not self._is_known:
            shown = frame.get("token")
            if not isinstance(shown, str) or not self._room.opens(shown):
                raise SparkError("this is not the token of the ingest", code=WRONG_TOKEN, fix=FIX)
        if frame.get("version", VERSION) != VERSION:
            raise ProtocolError(f"the version spoken here is {VERSION}")
        source = frame.get("source")
        if source is not None and not isinstance(source, str):
            raise ProtocolError("source must be a name")
        self._source = source
        self.outcomes, self.says = frame.get("outcomes") is True, frame.get("says") is True
        self._room.admit(self)
        self._has_greeted = True
        self.tell({"type": "welcome", "version": VERSION, "session": self._room.session, "source": source})


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _shown_id(value: Any) -> str:
    """The id that an event says, where it says one that can be repeated."""
    said = value.get("id") if isinstance(value, Mapping) else None
    if isinstance(said, int):
        return str(said)
    return said if isinstance(said, str) and said.isprintable() and len(said) <= 128 else ""


def _ref(frame: Mapping[str, Any]) -> str | int | None:
    ref = frame.get("ref")
    return ref if (isinstance(ref, str) and len(ref) <= 128) or isinstance(ref, int) else None


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a text frame must be a JSON object") from error
    if not isinstance(value, dict):
        raise ProtocolError("a text frame must be a JSON object")
    return value
