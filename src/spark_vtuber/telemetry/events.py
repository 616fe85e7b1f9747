"""The event log: what happened, in order, for everybody who watches."""

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.desk import Event
from spark_vtuber.core.ids import TurnId
from spark_vtuber.telemetry.logs import Secrets

GAP = "gap"

_encoded: Final = json.JSONEncoder(allow_nan=False).encode
"""As `json.dumps`, which would make an encoder for every event."""

Tap = Callable[[str, str], None]
"""Hears of an event: its type, and JSON text of `[at_ms, type, turn, data]`."""


class EventLog:
    """The last `capacity` events of this life of the show; calling it announces one (`core.desk.Announce`).

    Numbers count from 1 and have no holes. Subscribers are positions in the ring, not queues: a slow one costs
    nothing and cannot hold the show up; what it missed is one event `gap`. Events are kept as JSON text, a third
    of the memory of their objects, so `data` must be JSON-ready: anything else raises `TypeError` or `ValueError`
    where it is announced. Texts in it lose whatever `secrets` knows. Belongs to the event loop's thread.
    """

    def __init__(self, clock: Clock, *, capacity: int = 10_000, secrets: Secrets | None = None) -> None:
        self._clock = clock
        self._secrets = secrets or Secrets()
        self._ring: deque[str] = deque(maxlen=capacity)
        self._last = 0
        self._news: anyio.Event | None = None
        self._taps: list[Tap] = []

    @property
    def last(self) -> int:
        """The number of the newest event; 0 before the first."""
        return self._last

    def __call__(self, kind: str, /, *, turn: TurnId | None = None, **data: Any) -> None:
        """Announce an event. Never waits."""
        event = [self._clock.unix_ms(), kind, turn, data]
        text = _encoded(event)
        if self._secrets.may_be_in(text):
            text = _encoded([*event[:3], self._secrets.masked(data)])
        self._ring.append(text)
        self._last += 1
        for tap in self._taps:
            tap(kind, text)
        if self._news is not None:
            self._news.set()
            self._news = None

    def tap(self, told: Tap) -> None:
        """Tell `told` of every event where it is announced, those in the ring first; it must neither wait nor fail.

        For a listener that keeps events as they are: the text is never parsed on the loop.
        """
        for text in tuple(self._ring):
            told(json.loads(text)[1], text)
        self._taps.append(told)

    def trim(self, keep: int) -> None:
        """Forget all but the last `keep` events, to save memory; whoever needs them gets a `gap`."""
        while len(self._ring) > keep:
            self._ring.popleft()

    def blot(self, kind: str, ids: Collection[str], fields: Collection[str]) -> None:
        """Empty the `fields` of events of that kind whose `id` is one of `ids`: they were taken back.

        Whoever comes later, or comes back, never gets the words; whoever was there has them already.
        """
        sign = json.dumps(kind)
        for at, text in enumerate(self._ring):
            if sign in text and any(one in text for one in ids):
                at_ms, own_kind, turn, data = json.loads(text)
                if own_kind == kind and data.get("id") in ids:
                    blotted = {name: "" if name in fields else value for name, value in data.items()}
                    self._ring[at] = json.dumps([at_ms, own_kind, turn, blotted], allow_nan=False)

    @asynccontextmanager
    async def subscribe(self, since: int | None) -> AsyncIterator[AsyncIterator[Event]]:
        """Events from now on, or all after number `since`; ends only by being left.

        Where events are missing (they fell out of the ring, or `since` is of another life of the show) an event
        `gap` with the number before the next one comes first; its `missed` is how many are lost, None if unknown.
        """
        async with aclosing(self._follow(self._last if since is None else since)) as events:
            yield events

    async def _follow(self, seen: int) -> AsyncGenerator[Event, None]:
        if seen > self._last:
            seen = self._last - len(self._ring)
            yield self._gap(seen, missed=None)
        while True:
            oldest = self._last - len(self._ring) + 1
            if seen + 1 < oldest:
                yield self._gap(oldest - 1, missed=oldest - 1 - seen)
                seen = oldest - 1
            elif seen < self._last:
                seen += 1
                yield self._event(seen, self._ring[seen - oldest])
            else:
                if self._news is None:
                    self._news = anyio.Event()
                await self._news.wait()

    def _gap(self, seq: int, *, missed: int | None) -> Event:
        return Event(seq=seq, at_ms=self._clock.unix_ms(), type=GAP, data={"missed": missed})

    @staticmethod
    def _event(seq: int, text: str) -> Event:
        at_ms, kind, turn, data = json.loads(text)
        return Event(seq=seq, at_ms=at_ms, type=kind, turn=turn, data=data)
