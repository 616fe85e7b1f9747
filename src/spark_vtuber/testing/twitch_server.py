"""The fake Twitch behind real sockets: HTTP for OAuth and Helix, a WebSocket for EventSub.

In a test:

    async with serve_twitch() as server:
        server.api_url, server.id_url, server.eventsub_url     # http://…/helix, http://…/oauth2, ws://…/ws
        server.fake.says("Ana", "hello")
        async with server.away():                              # killed; afterwards it is there again, as it was
            ...

To try something by hand, `python -m spark_vtuber.testing.twitch_server` prints the keys of `[chat.twitch]`;
whoever signs in is let in as the streamer, and `POST /fake/says {"name": "Ana", "text": "hello"}` calls a method of the
fake by its name.
"""

import argparse
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.types import Receive, Scope, Send
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.testing.twitch_fake import CLIENT_ID, FakeTwitch
from spark_vtuber.testing.twitch_fake_eventsub import CUT, Session
from spark_vtuber.testing.twitch_fake_wire import Answer, Refusal, Request
from spark_vtuber.web.server import serve as serve_http

HOST: Final = "127.0.0.1"
GOODBYE_S: Final = 2.0
"""How long a client may take to answer a close frame."""


class TwitchServer:
    """A fake that can be reached. Its ports stay the same when it is away and back again."""

    def __init__(self, fake: FakeTwitch, tasks: TaskGroup, api_port: int = 0, eventsub_port: int = 0) -> None:
        self.fake = fake
        self.api_port = api_port
        self.eventsub_port = eventsub_port
        self._tasks = tasks
        self._standing = anyio.CancelScope()
        self._gone = anyio.Event()

    @property
    def api_url(self) -> str:
        """For `https://api.twitch.tv/helix`."""
        return f"http://{HOST}:{self.api_port}/helix"

    @property
    def id_url(self) -> str:
        """For `https://id.twitch.tv/oauth2`."""
        return f"http://{HOST}:{self.api_port}/oauth2"

    @property
    def eventsub_url(self) -> str:
        """For `wss://eventsub.wss.twitch.tv/ws`."""
        return f"ws://{HOST}:{self.eventsub_port}/ws"

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Nobody reaches it while the context is open: connections are cut, new ones refused. It forgets nothing."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()

    async def start(self) -> None:
        """Listen, on the ports of before where there were any."""
        await self._tasks.start(self._stand)

    async def stop(self) -> None:
        """Cut every connection and listen no longer."""
        self.fake.drop()
        self._standing.cancel()
        await self._gone.wait()

    async def _stand(self, *, task_status: TaskStatus[None]) -> None:
        self._standing, self._gone = anyio.CancelScope(), anyio.Event()
        try:
            with self._standing:
                async with anyio.create_task_group() as tasks:
                    self.api_port = await tasks.start(serve_http, self._answer, _bind(self.api_port))
                    events = _bind(self.eventsub_port)
                    self.eventsub_port = events.getsockname()[1]
                    self.fake.eventsub.url = self.eventsub_url
                    async with serve_websockets(self._attend, sock=events, ping_interval=None, compression=None):
                        task_status.started()
                        await anyio.sleep_forever()
        finally:
            self._gone.set()

    # ------------------------------------------------------------------------------------------------------------ HTTP

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = bytearray()
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, bytes(body))
        answer = self._command(request) if request.path.startswith("/fake/") else self.fake.answer(request)
        told = {"content-type": "application/json", **answer.headers}
        listed = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": listed})
        await send({"type": "http.response.body", "body": answer.content()})

    def _command(self, request: Request) -> Answer:
        """Call a method of the fake by its name, with the fields of the body: for a program that tries things out."""
        name = request.path.removeprefix("/fake/")
        method = None if name.startswith("_") else getattr(self.fake, name, None)
        if not callable(method):
            return Refusal(404, f"the fake has no method {name}").answer
        try:
            method(**request.json())
        except Refusal as refusal:
            return refusal.answer
        except (TypeError, KeyError) as error:
            return Refusal(400, f"{name}: {error!r}").answer
        return Answer(204)

    # -------------------------------------------------------------------------------------------------------- EventSub

    async def _attend(self, socket: ServerConnection) -> None:
        eventsub = self.fake.eventsub
        path = socket.request.path if socket.request else ""
        session = eventsub.connect(urlsplit(path).query)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._listen, session, socket)
                await self._speak(session, socket)
                tasks.cancel_scope.cancel()
        finally:
            eventsub.leave(session)

    async def _listen(self, session: Session, socket: ServerConnection) -> None:
        """Wait for a client that goes, or that says what it must not."""
        try:
            async for _ in socket:
                self.fake.eventsub.hear(session)
        except ConnectionClosed:
            pass
        session.outbox.clear()
        self.fake.eventsub.close(session, CUT)

    async def _speak(self, session: Session, socket: ServerConnection) -> None:
        """Send what is to be sent until the session ends."""
        eventsub = self.fake.eventsub
        try:
            while True:
                news = anyio.Event()
                session.woken = news.set
                while session.outbox:
                    await socket.send(session.outbox.popleft())
                if session.end is not None:
                    break
                with anyio.move_on_after(max(eventsub.due_s(session) - self.fake.clock.now(), 0.0)):
                    await news.wait()
                eventsub.advance()
        except ConnectionClosed:
            return
        if session.end == CUT:
            socket.transport.abort()
        else:
            with anyio.move_on_after(GOODBYE_S):
                await socket.close(session.end, session.reason)


@asynccontextmanager
async def serve_twitch(
    fake: FakeTwitch | None = None, *, api_port: int = 0, eventsub_port: int = 0
) -> AsyncIterator[TwitchServer]:
    """A fake Twitch on loopback, on free ports unless some are named."""
    async with anyio.create_task_group() as tasks:
        server = TwitchServer(fake or FakeTwitch(SystemClock()), tasks, api_port, eventsub_port)
        await server.start()
        yield server
        await server.stop()


def _bind(port: int) -> socket.socket:
    """A listening socket; a port of before can be had again at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen()
    return listener


async def _run(api_port: int, eventsub_port: int) -> None:
    fake = FakeTwitch(SystemClock())
    fake.accounts.approver = fake.channel.login
    async with serve_twitch(fake, api_port=api_port, eventsub_port=eventsub_port) as server:
        told = {"api_url": server.api_url, "id_url": server.id_url, "events_url": server.eventsub_url}
        sys.stdout.write(json.dumps({**told, "client_id": CLIENT_ID}) + "\n")
        sys.stdout.flush()
        await anyio.sleep_forever()


def main() -> None:
    """Serve until interrupted. The first line of output is a JSON object with the addresses and the client id."""
    parser = argparse.ArgumentParser(prog="python -m spark_vtuber.testing.twitch_server", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--api-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--eventsub-port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        anyio.run(_run, given.api_port, given.eventsub_port)


if __name__ == "__main__":
    main()
