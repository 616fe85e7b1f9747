"""Processes of model servers: started into a log, told apart from others of the same number, ended with all theirs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import psutil
from anyio.abc import Process

from spark_vtuber.serving.job import Identity

TERMINATE_S: Final = 10.0
"""How long a server may take to end; those with a card give its memory back."""

SAME_S: Final = 1.0
"""Two looks at the beginning of one process differ by less."""

LARGEST_LOG: Final = 20 << 20


class ServedProcess:
    """Implements `keeper.Served` with a process of the operating system."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.identity = identity_of(process.pid)

    async def wait(self) -> int:
        """See `Served.wait`."""
        return await self._process.wait()

    async def stop(self) -> None:
        """See `Served.stop`."""
        identity = self.identity
        if identity is not None:
            await anyio.to_thread.run_sync(end, identity)
        with anyio.move_on_after(TERMINATE_S):
            await self._process.wait()
        await self._process.aclose()


async def start(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> ServedProcess:
    """Start a server in a session of its own, its output at the end of `log`; with no `environment` it has ours.

    Raises `OSError`.
    """
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
    with log.open("ab") as output:
        process = await anyio.open_process(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) or None,
            creationflags=flags,
            start_new_session=sys.platform != "win32",
        )
    return ServedProcess(process)


def identity_of(pid: int) -> Identity | None:
    """Which process has this number now; None where none has."""
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def is_alive(identity: Identity | None) -> bool:
    """Whether this very process still runs."""
    return _process(identity) is not None


def resident_bytes(identity: Identity | None) -> int | None:
    """Memory of a process and all it started; None where it is gone."""
    process = _process(identity)
    if process is None:
        return None
    total = 0
    for one in _with_children(process):
        with suppress(psutil.Error):
            total += one.memory_info().rss
    return total


def end(identity: Identity | None, patience_s: float = TERMINATE_S) -> bool:
    """Terminate a process with all it started, kill what is left; False where it is gone already.

    Blocks up to `patience_s` and a moment more. Never ends another process that has the number now.
    """
    process = _process(identity)
    if process is None:
        return False
    family = list(_with_children(process))
    _terminate(process)
    _gone, left = psutil.wait_procs(family, timeout=patience_s)
    for one in left:
        with suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(left, timeout=2.0)
    return True


def ask_to_end(identity: Identity | None) -> None:
    """Ask a process to terminate, without waiting; no harm where it is gone."""
    process = _process(identity)
    if process is not None:
        _terminate(process)


def cut(log: Path, largest: int = LARGEST_LOG) -> None:
    """Keep a log from growing without end: beyond `largest` bytes its second half moves into `NAME.1`.

    The server goes on to write at its end, since it was opened for appending.
    """
    with suppress(OSError):
        size = log.stat().st_size
        if size <= largest:
            return
        with log.open("rb") as file:
            file.seek(size - largest // 2)
            log.with_name(f"{log.name}.1").write_bytes(file.read(largest // 2))
        os.truncate(log, 0)


def tail(log: Path, lines: int = 12, most_bytes: int = 32_768) -> tuple[str, ...]:
    """The last lines of a log, without what would move a terminal's cursor."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - most_bytes))
            text = file.read(most_bytes).decode(errors="replace")
    except OSError:
        return ()
    found = [line for line in text.splitlines() if line.strip()][-lines:]
    return tuple("".join(letter for letter in line if letter.isprintable())[:400] for line in found)


def _terminate(process: psutil.Process) -> None:
    with suppress(psutil.Error, OSError):
        if sys.platform != "win32" and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()


def _process(identity: Identity | None) -> psutil.Process | None:
    if identity is None:
        return None
    try:
        process = psutil.Process(identity.pid)
        is_same = abs(process.create_time() - identity.created) < SAME_S
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _with_children(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process
    with suppress(psutil.Error):
        yield from process.children(recursive=True)


@contextmanager
def one_at_a_time(file: Path) -> Iterator[bool]:
    """Whether nobody else holds `file` now; held until the context is left, whatever ends this process."""
    with file.open("ab") as held:
        yield _lock(held.fileno())


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
