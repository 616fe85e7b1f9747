"""What the machine says of this process."""

import os
import sys
import time
from pathlib import Path


def cpu_s() -> float:
    """Seconds of CPU this process used, in user and system mode."""
    return time.process_time()


def resident_bytes() -> int | None:
    """Memory of this process that is in RAM; None where the system has no file that tells (only Linux has)."""
    if sys.platform != "linux":
        return None
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int | None:
    """File descriptors in use; None where the system has no directory that tells (only Linux has)."""
    if sys.platform != "linux":
        return None
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
