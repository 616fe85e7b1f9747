"""The shells of the fake YouTube: a transport for httpx without a socket, and an HTTP server on the loopback device."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from email.utils import formatdate
from typing import Final

import anyio
import h11
import httpx
from anyio.abc import SocketAttribute, SocketStream

from spark_vtuber.testing.youtube_fake import Answer, FakeYouTube, Json, Request

_GONE: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, h11.RemoteProtocolError)
_JSON: Final = ("Content-Type", "application/json; charset=UTF-8")


async def stream_bytes(pages: AsyncGenerator[Json, None]) -> AsyncGenerator[bytes, None]:
    """Pages as Google streams them: the elements of an array that ends with the stream."""
    before = b"["
    async with aclosing(pages):
        async for page in pages:
            yield before + json.dumps(page, indent=1).encode() + b"\n"
            before = b","
    yield b"]"


class YouTubeTransport(httpx.AsyncBaseTransport):
    """Connects a client to the fake within the process.

    While it is not `is_up` nobody answers; an answer is on its way for `latency_s`. `drop` breaks every stream that is
    open, as when the server is killed.
    """

    def __init__(self, youtube: FakeYouTube) -> None:
        self.youtube = youtube
        self.is_up = True
        self.latency_s = 0.0
        self.streams = 0
        self._dropped = anyio.Event()

    def drop(self) -> None:
        """Break the streams; what was written is not lost."""
        self._dropped.set()
        self._dropped = anyio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of the client."""
        await anyio.lowlevel.checkpoint()
        if not self.is_up:
            raise httpx.ConnectError("nobody listens", request=request)
        url, body = request.url, await request.aread()
        answer = self.youtube.answer(
            Request.of(request.method, url.path, url.query.decode(), dict(request.headers), body)
        )
        await anyio.sleep(self.latency_s)
        if answer.pages is None:
            return httpx.Response(answer.status, headers=self._headers, content=answer.content())
        stream = _Stream(self, answer.pages, self._dropped)
        return httpx.Response(200, headers=self._headers, stream=stream)

    @property
    def _headers(self) -> list[tuple[str, str]]:
        return [_JSON, ("Date", formatdate(self.youtube.unix_ms() / 1000, usegmt=True))]


class _Stream(httpx.AsyncByteStream):
    """A body that grows until it is dropped."""

    def __init__(self, transport: YouTubeTransport, pages: AsyncGenerator[Json, None], dropped: anyio.Event) -> None:
        self._transport = transport
        self._bytes = stream_bytes(pages)
        self._dropped = dropped
        transport.streams += 1

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            piece = await self._next()
            if piece is None:
                return
            yield piece

    async def _next(self) -> bytes | None:
        found: list[bytes | None] = []
        async with anyio.create_task_group() as tasks:

            async def read() -> None:
                found.append(await anext(self._bytes, None))
                tasks.cancel_scope.cancel()

            async def watch() -> None:
                await self._dropped.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(read)
            tasks.start_soon(watch)
        if not found:
            raise httpx.ReadError("the connection was reset")
        return found[0]

    async def aclose(self) -> None:
        self._transport.streams -= 1
        await self._bytes.aclose()


@asynccontextmanager
async def serve_youtube(youtube: FakeYouTube, port: int = 0) -> AsyncIterator[int]:
    """Let clients of the Data API in, on a port of the loopback device; gives its number.

    Leaving breaks every connection, as a killed server does; the same fake may be served again.
    """

    async def attend(stream: SocketStream) -> None:
        async with stream:
            try:
                await _Visit(youtube, stream).answer()
            except _GONE:
                return

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, attend)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


class _Visit:
    """One connection with one request."""

    def __init__(self, youtube: FakeYouTube, stream: SocketStream) -> None:
        self._youtube = youtube
        self._stream = stream
        self._http = h11.Connection(h11.SERVER)

    async def answer(self) -> None:
        """Read the request, answer it, and close."""
        head = await self._event()
        if not isinstance(head, h11.Request):
            return
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
        path, _, query = head.target.decode("ascii", "replace").partition("?")
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        request = Request.of(head.method.decode(), path, query, headers, bytes(body))
        await self._give(self._youtube.answer(request))

    async def _give(self, answer: Answer) -> None:
        headers = [_JSON, ("Connection", "close")]
        if answer.pages is None:
            content = answer.content()
            await self._send(
                h11.Response(status_code=answer.status, headers=[*headers, ("Content-Length", str(len(content)))])
            )
            await self._send(h11.Data(data=content))
        else:
            await self._send(h11.Response(status_code=200, headers=[*headers, ("Transfer-Encoding", "chunked")]))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._leave_with_client, tasks.cancel_scope)
                async with aclosing(stream_bytes(answer.pages)) as pieces:
                    async for piece in pieces:
                        await self._send(h11.Data(data=piece))
                tasks.cancel_scope.cancel()
        await self._send(h11.EndOfMessage())

    async def _leave_with_client(self, scope: anyio.CancelScope) -> None:
        try:
            while True:
                await self._stream.receive()
        except _GONE:
            scope.cancel()

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._stream.receive())
        return event

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            await self._stream.send(data)
