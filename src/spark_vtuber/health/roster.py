"""Which worker processes run now: for the watch, which must be able to end them, and for the memory watch."""

from collections.abc import Sequence
from dataclasses import dataclass

from spark_vtuber.health.children import Child, Output, start_child


@dataclass(frozen=True, slots=True)
class Entry:
    """A worker process: its id, which is also its process group, and the module it runs."""

    pid: int
    module: str


class Roster:
    """Starts workers' processes and knows those that have not been ended."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The processes, oldest first."""
        return tuple(self._entries.values())

    async def start(self, command: Sequence[str]) -> Child:
        """As `children.start_child`; `command` runs `python … -m module`."""
        child = await start_child(command)
        module = command[command.index("-m") + 1] if "-m" in command else command[0]
        self._entries[child.pid] = Entry(child.pid, module)
        return _Listed(child, self._entries)


class _Listed:
    """A `Child` that leaves the roster when it is gone."""

    def __init__(self, child: Child, entries: dict[int, Entry]) -> None:
        self._child = child
        self._entries = entries

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def stdout(self) -> Output:
        return self._child.stdout

    @property
    def stderr(self) -> Output:
        return self._child.stderr

    async def send(self, data: bytes) -> None:
        await self._child.send(data)

    def kill(self) -> None:
        self._child.kill()

    async def end(self) -> None:
        """Not cancellable, so the entry is always removed, and only once the process is gone."""
        await self._child.end()
        self._entries.pop(self._child.pid, None)
