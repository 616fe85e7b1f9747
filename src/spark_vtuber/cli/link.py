"""The show's end of the pipe to its watch; see `cli.watch` for the messages."""

import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import anyio
from anyio.from_thread import BlockingPortal
from anyio.streams.memory import MemoryObjectSendStream

BEAT_S: Final = 1.0
STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2


class WatchLink:
    """The pipe to the watch.

    Takes the pipes over from standard input and output and puts the null device and the terminal in their place: a
    stray print does not reach the watch, and a browser that the show opens inherits neither.
    """

    def __init__(self) -> None:
        self._from_watch = os.dup(STDIN)
        self._to_watch = os.dup(STDOUT)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, STDIN)
        os.close(nothing)
        os.dup2(STDERR, STDOUT)
        if sys.platform != "win32":
            os.set_blocking(self._to_watch, False)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send one message; a watch that is gone or suspended is no error, the closing pipe tells of its end."""
        with suppress(OSError):
            os.write(self._to_watch, json.dumps(message).encode() + b"\n")

    async def beat(self, state: Callable[[], Mapping[str, Any]], safety: Callable[[], Mapping[str, Any]]) -> None:
        """Show the watch, every second, that the loop turns, and how the show is.

        Whenever it changes, also where the safety scene of OBS is.
        """
        told: Mapping[str, Any] = {}
        while True:
            if (place := safety()) != told:
                told = place
                self.tell({"type": "obs", **place})
            self.tell({"type": "beat", **state()})
            await anyio.sleep(BEAT_S)

    async def obey(
        self, stop: Callable[[], None], panic: Callable[[], Awaitable[None]], reload: Callable[[], object]
    ) -> None:
        """Carry out what the watch says; its end, or a `stop`, ends the show. `reload` must not wait."""
        send, receive = anyio.create_memory_object_stream[dict[str, Any]](16)
        async with BlockingPortal() as portal, receive:
            threading.Thread(target=self._listen, args=(portal, send), daemon=True).start()
            async for message in receive:
                match message.get("type"):
                    case "panic":
                        await panic()
                        self.tell({"type": "panicked", "id": message.get("id")})
                    case "reload":
                        reload()
                    case "stop":
                        stop()
        stop()

    def _listen(self, portal: BlockingPortal, send: MemoryObjectSendStream[dict[str, Any]]) -> None:
        """Read by the descriptor: a buffered reader would be locked when the interpreter ends."""
        pending = b""
        while True:
            try:
                data = os.read(self._from_watch, 4096)
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
