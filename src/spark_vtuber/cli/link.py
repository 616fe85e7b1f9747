"""The show's end of the pipe to its watch; see `cli.watch` for the messages."""

import json
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import anyio
from anyio.from_thread import BlockingPortal
from anyio.streams.memory import MemoryObjectSendStream

BEAT_S: Final = 1.0
STDIN: Final = 0
STDOUT: Final = 1


def tell(message: Mapping[str, Any]) -> None:
    """Send one message to the watch; a watch that is gone is no error, the closing stdin tells it."""
    try:
        os.write(STDOUT, json.dumps(message).encode() + b"\n")
    except OSError:
        return


async def beat() -> None:
    """Show the watch, every second, that the loop turns."""
    while True:
        tell({"type": "beat"})
        await anyio.sleep(BEAT_S)


async def obey(stop: Callable[[], None], panic: Callable[[], Awaitable[None]]) -> None:
    """Carry out what the watch says; its end, or a `stop`, ends the show."""
    send, receive = anyio.create_memory_object_stream[dict[str, Any]](16)
    async with BlockingPortal() as portal, receive:
        threading.Thread(target=_listen, args=(portal, send), daemon=True).start()
        async for message in receive:
            match message.get("type"):
                case "panic":
                    await panic()
                    tell({"type": "panicked", "id": message.get("id")})
                case "stop":
                    stop()
    stop()


def _listen(portal: BlockingPortal, send: MemoryObjectSendStream[dict[str, Any]]) -> None:
    """Read stdin by its descriptor: a buffered reader would be locked when the interpreter ends."""
    pending = b""
    while True:
        try:
            data = os.read(STDIN, 4096)
        except OSError:
            data = b""
        *lines, pending = (pending + data).split(b"\n")
        try:
            for line in lines:
                portal.start_task_soon(send.send, json.loads(line))
            if not data:
                portal.start_task_soon(send.aclose)
                return
        except RuntimeError:
            return
