"""WebSockets of an ASGI application, driven in process: no server, no socket."""

import math
from collections.abc import AsyncIterator, Iterable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from starlette.types import ASGIApp

Message = MutableMapping[str, Any]


class AsgiSocket:
    """The client's end of a WebSocket. `sent` streams what the application sent, as ASGI messages."""

    def __init__(self) -> None:
        self._to_app, self.inbox = anyio.create_memory_object_stream[Message](math.inf)
        self._outbox, self.sent = anyio.create_memory_object_stream[Message](math.inf)
        self._may_send = anyio.Event()
        self._may_send.set()
        self._has_left = False

    async def receive(self) -> Message:
        """The next message of the application."""
        return await self.sent.receive()

    async def text(self) -> str:
        """The text of the next message, which must be a text frame."""
        text: str = (await self.receive())["text"]
        return text

    def say(self, frame: str | bytes) -> None:
        """Send a frame."""
        kind = "text" if isinstance(frame, str) else "bytes"
        self._to_app.send_nowait({"type": "websocket.receive", kind: frame})

    def leave(self) -> None:
        """Close the connection as a browser does; whatever the application sends then fails with `OSError`."""
        self._has_left = True
        self._to_app.send_nowait({"type": "websocket.disconnect", "code": 1001})

    def stall(self) -> None:
        """Stop reading: the application's next frame waits without end."""
        self._may_send = anyio.Event()

    async def app_receive(self) -> Message:
        """The application's `receive`."""
        return await self.inbox.receive()

    async def app_send(self, message: Message) -> None:
        """The application's `send`."""
        await self._may_send.wait()
        if self._has_left:
            raise OSError("the client has left")
        self._outbox.send_nowait(message)

    def open(self) -> None:
        """Ask to be accepted."""
        self._to_app.send_nowait({"type": "websocket.connect"})

    def end(self) -> None:
        """The application has returned."""
        self._outbox.close()

    def close(self) -> None:
        """Let go of all streams."""
        for stream in (self._to_app, self.inbox, self._outbox, self.sent):
            stream.close()


@asynccontextmanager
async def connect(
    app: ASGIApp,
    path: str,
    *,
    query: str = "",
    headers: Iterable[tuple[str, str]] = (("host", "127.0.0.1:8080"),),
    can_refuse: bool = True,
) -> AsyncIterator[AsgiSocket]:
    """Open a WebSocket; the application is cancelled when the block is left.

    `can_refuse` says whether the server supports HTTP answers instead of an acceptance, as ours does.
    The application's end shows as `anyio.EndOfStream` on `sent`.
    """
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8080),
        "subprotocols": [],
        "state": {},
        "extensions": {"websocket.http.response": {}} if can_refuse else {},
    }
    socket = AsgiSocket()
    socket.open()

    async def run() -> None:
        await app(scope, socket.app_receive, socket.app_send)
        socket.end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        try:
            yield socket
        finally:
            tasks.cancel_scope.cancel()
    socket.close()
