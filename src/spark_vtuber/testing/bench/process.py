"""What a process of ours costs, seen from outside."""

import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from spark_vtuber.core.errors import SparkError

_CPU_CLOCK: Final = 2
"""CPUCLOCK_SCHED of Linux: the scheduler's nanoseconds of a whole process, of which `/proc/PID/stat` shows ticks."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads CPU and memory of process `pid`. Raises `SparkError` where it is gone or cannot be read."""

    pid: int

    def cpu_s(self) -> float:
        """Seconds of CPU it used, in user and system mode, all threads, without its children."""
        if sys.platform == "linux":
            # clock_getcpuclockid(3) makes the clock's number like this; the C library needs no call for it.
            return time.clock_gettime((~self.pid << 3) | _CPU_CLOCK)
        times = _psutil().Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def resident_kb(self) -> float:
        """Memory of it that is in RAM, in units of 1,024 bytes."""
        if sys.platform == "linux":
            pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE") / 1024
        return float(_psutil().Process(self.pid).memory_info().rss) / 1024


def machine() -> str:
    """One line: processor, cores, system and Python."""
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, {_python()}"


def load() -> float | None:
    """Processes that want a core, over the last minute; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    return os.getloadavg()[0]


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def processor() -> str:
    """What the processor is called."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip().casefold() in {"model name", "cpu model"}:
                return value.strip()
    return platform.processor() or platform.machine()


def _psutil() -> Any:
    try:
        return import_module("psutil")
    except ModuleNotFoundError as error:
        raise SparkError(
            "the package psutil is missing, which measures processes on this system",
            code="not_installed",
            fix=f"{sys.executable} -m pip install psutil",
        ) from error
