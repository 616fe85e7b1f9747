"""The fake Twitch without sockets, on the virtual clock: its HTTP as a transport of httpx, its events as a wire.

client = httpx.AsyncClient(transport=transport(fake))
async with reading(options, env, wire(fake)) as reader: ...
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio
import httpx

from spark_vtuber.chat.twitch_eventsub_link import Lost, OpenWire, Wire
from spark_vtuber.testing.twitch_fake import FakeTwitch
from spark_vtuber.testing.twitch_fake_eventsub import CUT, Session
from spark_vtuber.testing.twitch_fake_wire import Request

LATENCY_S = 0.05
"""How long every answer takes."""


def transport(fake: FakeTwitch) -> httpx.MockTransport:
    """OAuth and Helix of a fake."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await anyio.sleep(LATENCY_S)
        url = request.url
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, url.path, url.query.decode(), headers, request.content)
        answer = fake.answer(asked)
        told = {"content-type": "application/json", **answer.headers}
        return httpx.Response(answer.status, headers=told, content=answer.content())

    return httpx.MockTransport(answer)


def wire(fake: FakeTwitch) -> OpenWire:
    """EventSub of a fake."""

    @asynccontextmanager
    async def open_wire(url: str) -> AsyncIterator[Wire]:
        await anyio.sleep(LATENCY_S)
        session = fake.eventsub.connect(urlsplit(url).query)
        try:
            yield _MemoryWire(fake, session)
        finally:
            fake.eventsub.leave(session)

    return open_wire


class _MemoryWire:
    def __init__(self, fake: FakeTwitch, session: Session) -> None:
        self._fake = fake
        self._session = session

    async def receive(self) -> str:
        """What the fake has to say; an end is `Lost`."""
        eventsub, session = self._fake.eventsub, self._session
        while True:
            if session.outbox:
                return session.outbox.popleft()
            if session.end is not None:
                raise Lost("cut" if session.end == CUT else f"closed with {session.end}")
            news = anyio.Event()
            session.woken = news.set
            with anyio.move_on_after(max(eventsub.due_s(session) - self._fake.clock.now(), 0.0)):
                await news.wait()
            eventsub.advance()
