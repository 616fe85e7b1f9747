"""A worker that misbehaves on request: `python -m spark_vtuber.testing.unruly [HABIT]`.

Habits at the start: `mute` never says `ready`, `crash` dies of an exception, `refuse` answers `not_installed`.
Operations: `count {n, pause_s}` sends `n` frames; `hang` sends one frame and never another, deaf to cancels; `die`
aborts in the middle; `garbage` writes what is no frame; `group` tells its process group.
With `stay` it goes on after its stdin closed and ignores a request to terminate.
"""

import os
import signal
import sys
import threading
import time
from typing import Any, Final

from spark_vtuber.core.frames import encode, read_frame

FOREVER_S: Final = 3_600.0


def main(habit: str) -> None:
    """Answer requests until stdin closes, or for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if habit == "stay":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _begin(habit)
    cancelled = threading.Event()
    requests = threading.Thread(target=_read, args=(cancelled,), daemon=True)
    requests.start()
    requests.join()
    if habit == "stay":
        time.sleep(FOREVER_S)


def _begin(habit: str) -> None:
    match habit:
        case "mute":
            time.sleep(FOREVER_S)
        case "crash":
            raise RuntimeError("told to crash")
        case "refuse":
            _send({"type": "error", "code": "not_installed", "message": "told to refuse", "fix": "ask nicely"})
        case _:
            _send({"type": "ready"})


def _read(cancelled: threading.Event) -> None:
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        if frame.header["op"] == "cancel":
            cancelled.set()
        else:
            cancelled.clear()
            threading.Thread(target=_answer, args=(frame.header, cancelled), daemon=True).start()


def _answer(request: dict[str, Any], cancelled: threading.Event) -> None:
    number = request["id"]
    match request["op"]:
        case "count":
            for n in range(request["n"]):
                _send({"id": number, "type": "count", "n": n})
                if cancelled.wait(request.get("pause_s", 0.0)):
                    break
        case "hang":
            _send({"id": number, "type": "count", "n": 0})
            time.sleep(FOREVER_S)
        case "die":
            _send({"id": number, "type": "count", "n": 0})
            os.abort()
        case "garbage":
            sys.stdout.buffer.write(b"\xff" * 64)
            sys.stdout.buffer.flush()
            time.sleep(FOREVER_S)
        case "group":
            _send({"id": number, "type": "group", "group": _group()})
    _send({"id": number, "type": "cancelled" if cancelled.is_set() else "end"})


def _group() -> int:
    if sys.platform == "win32":
        return os.getpid()
    return os.getpgrp()


def _send(header: dict[str, Any]) -> None:
    sys.stdout.buffer.write(encode(header))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
