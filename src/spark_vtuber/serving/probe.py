"""Asks a server on this machine one question over HTTP, with nothing but a socket: the keeper stays small."""

from typing import Final

import anyio

PATIENCE_S: Final = 4.0
LARGEST_ANSWER: Final = 2 << 20


async def get(port: int, path: str, patience_s: float = PATIENCE_S) -> tuple[int, bytes]:
    """Status and body of `GET path` on 127.0.0.1; (0, b"") where nobody answers in time, or not HTTP."""
    data = b""
    with anyio.move_on_after(patience_s):
        try:
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                await stream.send(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                async for piece in stream:
                    data += piece
                    if len(data) > LARGEST_ANSWER:
                        break
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
            return _read(data)
    return _read(data)


def _read(data: bytes) -> tuple[int, bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return 0, b""
    return int(words[1]), body
