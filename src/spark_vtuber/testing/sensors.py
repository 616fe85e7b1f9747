"""A machine whose memory and warmth a test decides."""

from collections.abc import Sequence
from dataclasses import replace

from spark_vtuber.core.machine import MachineUse, ProcessUse, Watched

GIGABYTE = 1_000_000_000


class FakeSensors:
    """Implements `core.machine.Sensors`. `use` is what the next look sees; `rss` what each process holds, by id.

    A watched process that `rss` does not know is gone. `ports` are those that the last look asked for.
    """

    def __init__(self, total_bytes: int = 16 * GIGABYTE) -> None:
        self.use = MachineUse(total_bytes=total_bytes, used_bytes=0, cpu_percent=1.0)
        self.rss: dict[int, int] = {}
        self.ports: tuple[int, ...] = ()
        self.looks = 0

    async def look(self, watched: Sequence[Watched], ports: Sequence[int]) -> MachineUse:
        """What the test set."""
        self.looks += 1
        self.ports = tuple(ports)
        processes = tuple(
            ProcessUse(one.pid, one.name, one.role, self.rss[one.pid], 0.0) for one in watched if one.pid in self.rss
        )
        return replace(self.use, processes=processes)
