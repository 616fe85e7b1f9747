"""What the show uses of its machine, and how warm that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class ProcessRole(StrEnum):
    """What a process is to the show."""

    SHOW = "show"
    WATCH = "watch"
    WORKER = "worker"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Watched:
    """A process to look at; `name` is what people call it."""

    pid: int
    name: str
    role: ProcessRole


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """A process and what it uses now. `cpu_percent` is of one core; 0 at the first look."""

    pid: int
    name: str
    role: ProcessRole
    rss_bytes: int
    cpu_percent: float


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card; what its driver does not tell is None. `throttle` says why it runs slower, empty if not."""

    name: str
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    utilisation_percent: float | None = None
    temperature_c: float | None = None
    throttle: str = ""


@dataclass(frozen=True, slots=True)
class Temperature:
    """One sensor; `high_c` is what its maker calls high, None where unknown."""

    name: str
    celsius: float
    high_c: float | None = None


@dataclass(frozen=True, slots=True)
class MachineUse:
    """One look at the machine. `used_bytes` is what programs hold, without what the system could give back."""

    total_bytes: int
    used_bytes: int
    cpu_percent: float
    processes: tuple[ProcessUse, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    temperatures: tuple[Temperature, ...] = ()
    throttle: str = ""

    @property
    def show_bytes(self) -> int:
        """Memory of all processes of the show."""
        return sum(process.rss_bytes for process in self.processes)


class Sensors(Protocol):
    """Looks at the machine."""

    async def look(self, watched: Sequence[Watched], ports: Sequence[int]) -> MachineUse:
        """What is used now, by these processes and by whoever listens on these ports of this machine.

        A process that is gone is left out. Never fails: what the system does not tell is left out as well.
        """
        ...


class Machine(Protocol):
    """The machine, as the desk sees it."""

    def view(self) -> Mapping[str, Any]:
        """JSON-ready, as `GET /api/machine` shows it."""
        ...
