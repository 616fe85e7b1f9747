"""A picture server on a real socket that answers as scripted, also as no honest server would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio.abc import SocketAttribute, SocketStream

PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
GIF: Final = b"GIF89a" + bytes(40)
WEBP: Final = b"RIFF\x30\x00\x00\x00WEBPVP8 " + bytes(40)


def picture(data: bytes, type: str = "image/png", status: str = "200 OK", *headers: str) -> bytes:
    """An honest HTTP response with a body."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {type}", f"content-length: {len(data)}", *headers, "", ""]
    return "\r\n".join(lines).encode("ascii") + data


class FakeCdn:
    """`answers` are whole responses by emote id, written as they stand; any other id is 404.

    `asked` are the ids so far, in order. An answer waits `delay_s`; the connection stays open for `linger_s` after it,
    so that a response that promises more than it holds stalls.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.delay_s = 0.0
        self.linger_s = 0.0
        self.base = ""

    async def serve(self, stream: SocketStream) -> None:
        """Answer the one request of a connection."""
        async with stream:
            head = b""
            try:
                while b"\r\n\r\n" not in head:
                    head += await stream.receive()
                emote = head.split(b" ", 2)[1].decode("ascii").removeprefix("/v2/").partition("/")[0]
                self.asked.append(emote)
                self.heads.append(head.decode("ascii"))
                await anyio.sleep(self.delay_s)
                await stream.send(self.answers.get(emote, picture(b"no", "text/plain", "404 Not Found")))
                await anyio.sleep(self.linger_s)
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return


@asynccontextmanager
async def serving_pictures() -> AsyncIterator[FakeCdn]:
    """Serve on a free port of the loopback device; `base` is the address."""
    cdn = FakeCdn()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        cdn.base = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}/v2"
        tasks.start_soon(listener.serve, cdn.serve)
        yield cdn
        tasks.cancel_scope.cancel()
