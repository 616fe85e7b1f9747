"""Child processes as the host of workers sees them: bytes both ways, and a certain end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeVar

import anyio
from anyio.abc import ByteSendStream, Process

T = TypeVar("T")

GRACE_S: Final = 1.0
"""How long a child may take to end by itself once its stdin is closed."""

TERMINATE_S: Final = 0.5
"""How long it may take once it was asked to terminate."""


class Output(Protocol):
    """The reading end of a pipe."""

    async def receive(self) -> bytes:
        """Some bytes. Raises `anyio.EndOfStream` or `anyio.ClosedResourceError` when the writer is gone."""
        ...


class Child(Protocol):
    """A process with pipes."""

    @property
    def pid(self) -> int: ...

    @property
    def stdout(self) -> Output: ...

    @property
    def stderr(self) -> Output: ...

    async def send(self, data: bytes) -> None:
        """Write to its stdin. Raises `anyio.BrokenResourceError` when it is gone."""
        ...

    def kill(self) -> None:
        """End it and everything of its process group at once; no harm when it is gone."""
        ...

    async def end(self) -> None:
        """Close its stdin, then terminate, then kill; it is gone afterwards. Not cancellable, at most 2 s."""
        ...


class ProcessChild:
    """A `Child` of the operating system."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def stdout(self) -> Output:
        """What it writes to its standard output."""
        return _piped(self._process.stdout)

    @property
    def stderr(self) -> Output:
        """What it writes to its standard error."""
        return _piped(self._process.stderr)

    async def send(self, data: bytes) -> None:
        """Write all of `data` to its standard input."""
        try:
            await self._stdin.send(data)
        except (anyio.ClosedResourceError, OSError) as error:
            raise anyio.BrokenResourceError from error

    def kill(self) -> None:
        """Kill it and, on POSIX, its process group."""
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """See `Child.end`."""
        with anyio.CancelScope(shield=True):
            await self._stdin.aclose()
            if not await self._is_gone(GRACE_S):
                with suppress(ProcessLookupError):
                    self._process.terminate()
                if not await self._is_gone(TERMINATE_S):
                    self.kill()
            await self._process.aclose()

    async def _is_gone(self, patience_s: float) -> bool:
        with anyio.move_on_after(patience_s):
            await self._process.wait()
        return self._process.returncode is not None

    @property
    def _stdin(self) -> ByteSendStream:
        return _piped(self._process.stdin)


def _piped(stream: T | None) -> T:
    if stream is None:
        raise RuntimeError("the child was started without pipes")
    return stream


async def start_child(command: Sequence[str]) -> Child:
    """Start `command` with three pipes, in a session (Windows: a process group) of its own.

    A Ctrl-C in the terminal does not reach it. Raises `OSError` where it cannot be started.
    """
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
    process = await anyio.open_process(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=flags,
        start_new_session=sys.platform != "win32",
    )
    return ProcessChild(process)
