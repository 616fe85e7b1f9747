"""The door for other platforms in memory, for the routes."""

import json
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from spark_vtuber.chat.ingest_protocol import read_batch, read_event
from spark_vtuber.core.errors import ProtocolError, SparkError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import Serial
from spark_vtuber.core.ingest import INGEST_OFF, RATE, Receipt, Receipts, note_on, receipts_view


class FakeIngest:
    """Implements `core.ingest.Ingest`; keeps what it took in `events`.

    With an empty `token` the door is shut. Of every batch only `room` events are taken, the others come too fast.
    """

    def __init__(self, token: str = "a-token-of-the-ingest") -> None:  # noqa: S107 - of a fake
        self.token = token
        self.room = 1_000
        self.events: list[ChatEvent] = []
        self.peers: list[FakeIngestPeer] = []
        self._ids = Serial("given")

    def opens(self, token: str) -> bool:
        """Whether it is `token`."""
        if not self.token:
            raise SparkError("no token is set", code=INGEST_OFF, fix="set one")
        return token == self.token

    def post(self, batch: Mapping[str, Any]) -> Receipts:
        """Take a batch."""
        frame = read_batch(batch)
        receipts = [self._take(index, value, frame.source) for index, value in enumerate(frame.events)]
        return Receipts(receipts, 1.5 if any(receipt.code == RATE for receipt in receipts) else 0.0)

    @asynccontextmanager
    async def connect(self, *, is_known: bool) -> AsyncIterator["FakeIngestPeer"]:
        """A connected program, in `peers` while it stays."""
        peer = FakeIngestPeer(self, is_known=is_known)
        self.peers.append(peer)
        try:
            yield peer
        finally:
            self.peers.remove(peer)
            peer.close()

    def _take(self, index: int, value: Any, source: str | None) -> Receipt:
        given = self._ids.next()
        if index >= self.room:
            return Receipt(index, "", RATE, "too fast")
        try:
            event = read_event(value, source, given, are_roles_trusted=False)
        except SparkError as error:
            return Receipt(index, "", error.code, error.message)
        if any(event.id == known.id for known in self.events):
            return Receipt(index, value["id"], "duplicate", "it came already")
        self.events.append(event)
        return Receipt(index, event.id.removeprefix(f"{event.source}:"), note=note_on(event))


class FakeIngestPeer:
    """A connected program; `outgoing` is what is sent to it."""

    def __init__(self, ingest: FakeIngest, *, is_known: bool) -> None:
        self._ingest = ingest
        self._is_known = is_known
        self._has_greeted = False
        self.outgoing, self._frames = anyio.create_memory_object_stream[str | bytes](math.inf)

    def receive(self, text: str) -> None:
        """Greet with the first frame, take events with others."""
        try:
            frame = json.loads(text)
        except ValueError as error:
            raise ProtocolError("this is no JSON") from error
        if not self._has_greeted:
            if frame.get("type") != "hello":
                raise ProtocolError("the first frame must be a hello")
            if not self._is_known and not self._ingest.opens(frame.get("token", "")):
                raise SparkError("this is not the token", code="wrong_token")
            self._has_greeted = True
            self.outgoing.send_nowait(json.dumps({"type": "welcome", "version": 1}))
        elif frame.get("type") == "events":
            receipts = receipts_view(self._ingest.post(frame))
            self.outgoing.send_nowait(json.dumps({"type": "receipt", "ref": frame.get("ref"), **receipts}))

    async def frames(self) -> AsyncIterator[str | bytes]:
        """What was put in."""
        async for frame in self._frames:
            yield frame

    def close(self) -> None:
        """Let go of both ends."""
        self.outgoing.close()
        self._frames.close()
