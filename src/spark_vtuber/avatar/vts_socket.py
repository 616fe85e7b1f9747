"""VTube Studio over a real WebSocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from spark_vtuber.avatar.vts_link import Lost, Wire
from spark_vtuber.avatar.vts_protocol import LONGEST_CHARS

OPEN_S: Final = 3.0
CLOSE_S: Final = 0.5

HOW_TO_OPEN: Final = (
    'start VTube Studio and switch on "Start API (allow plugins)" in its settings; the port there must be the one here'
)


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise Lost("VTube Studio closed the connection") from error

    async def receive(self) -> str:
        try:
            frame = await self._socket.recv()
        except ConnectionClosed as error:
            raise Lost("VTube Studio closed the connection") from error
        return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")


@asynccontextmanager
async def open_socket(host: str, port: int) -> AsyncIterator[Wire]:
    """A connection to `ws://host:port`. Raises `Lost` where nobody is there."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        socket = await connect(
            f"ws://{where}",
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=None,  # a request at least twice a second tells more
            compression=None,
            max_size=LONGEST_CHARS,
            proxy=None,
        )
    except (OSError, ValueError, WebSocketException) as error:  # a ValueError: no host can be called so
        raise Lost(f"there is no VTube Studio at {where}", fix=HOW_TO_OPEN) from error
    async with socket:
        yield _Socket(socket)
