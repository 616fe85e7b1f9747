"""What SIGHUP means: the terminal was closed, or somebody wants the configuration to be read again.

Standard library only: the watch asks too.
"""

import os
import signal


class Terminal:
    """The terminal that a process was started from, if there was one.

    A process that was told to ignore SIGHUP (`nohup`) has none: it shall outlive its terminal.
    """

    def __init__(self) -> None:
        hangup = getattr(signal, "SIGHUP", None)
        is_ignored = hangup is not None and signal.getsignal(hangup) == signal.SIG_IGN
        self._was_there = not is_ignored and _is_there()

    @property
    def is_gone(self) -> bool:
        """Whether it was closed since; never where there was none."""
        return self._was_there and not _is_there()


def _is_there() -> bool:
    """Whether the process has a controlling terminal; opening it fails with ENXIO or EIO where it was hung up."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True
