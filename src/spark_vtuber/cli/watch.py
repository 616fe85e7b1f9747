"""The watch: a small process that starts the show, restarts it when it dies or hangs, and holds the panic door.

Standard library only, so that it stays small and keeps working when everything else does not. The show runs in a
process group of its own; its stdin carries our commands and its stdout its messages, one JSON object a line:

    watch → show   {"type": "stop"}  {"type": "panic", "id": N}
    show → watch   {"type": "ready", "url": …, "door": port}  {"type": "beat"}  {"type": "panicked", "id": N}

When the watch dies, the show sees its stdin close and ends.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Final

from spark_vtuber.cli.door import PanicDoor

START_LIMIT_S: Final = 60.0
"""A show that is not ready by then is started again."""

BEAT_LIMIT_S: Final = 10.0
"""The show sends a beat every second; after this time without one it hangs."""

STOP_LIMIT_S: Final = 5.0
PANIC_LIMIT_S: Final = 0.5
"""A show that does not confirm a panic in this time is killed and started again muted."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
CALM_S: Final = 60.0

FINAL_CODES: Final = frozenset({0, 2})
"""Exit codes after which the show is not started again: done, and wrong use or configuration."""


class Watch:
    """Keeps one show running. `arguments` are those of the command line, command first."""

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = arguments
        self._inbox: queue.Queue[dict[str, Any]] = queue.Queue()
        self._show: subprocess.Popen[bytes] | None = None
        self._door: PanicDoor | None = None
        self._is_stopping = False
        self._muted_reason = ""
        self._pause_s = FIRST_PAUSE_S
        self._panics: dict[int, threading.Event] = {}
        self._panic_count = 0

    def run(self) -> int:
        """Watch until the show ends for good; gives the exit code."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)
        while True:
            code = self._life()
            if self._is_stopping or code in FINAL_CODES:
                return 0 if self._is_stopping else code
            reason = f"the show ended with code {code}" if code >= 0 else "the show was killed"
            _say(f"{reason}; starting it again in {self._pause_s:.1f} s")
            self._wait(self._pause_s)
            if self._is_stopping:
                return 0
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)

    def _life(self) -> int:
        """One life of the show; gives its exit code."""
        started_s = time.monotonic()
        show = self._show = self._start()
        reader = threading.Thread(target=self._read, args=(show,), daemon=True)
        reader.start()
        is_ready = False
        heard_s = started_s
        while show.poll() is None:
            message = self._next(0.5)
            now_s = time.monotonic()
            if message is not None:
                heard_s = now_s
                if message.get("type") == "ready":
                    is_ready = True
                    self._open_door(message.get("door"))
            if now_s - heard_s > (BEAT_LIMIT_S if is_ready else START_LIMIT_S):
                _say("the show does not answer any more; killing it")
                self._muted_reason = "it had stopped answering"
                _kill(show)
            if is_ready and now_s - started_s > CALM_S:
                self._pause_s = FIRST_PAUSE_S
        reader.join(timeout=1)
        return show.returncode

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "spark_vtuber", *self._arguments, "--watched"]
        if self._muted_reason:
            command += ["--muted", self._muted_reason]
            self._muted_reason = ""
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)

    def _read(self, show: "subprocess.Popen[bytes]") -> None:
        if show.stdout is None:
            raise RuntimeError("the show has no pipe")
        for line in show.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if not isinstance(message, dict):
                continue
            if message.get("type") == "panicked" and message.get("id") in self._panics:
                self._panics[message["id"]].set()
            self._inbox.put(message)

    def _next(self, timeout_s: float) -> dict[str, Any] | None:
        try:
            return self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _open_door(self, port: Any) -> None:
        if self._door is not None or not isinstance(port, int) or port == 0:
            return
        try:
            self._door = PanicDoor(port, self._panic)
        except OSError as error:
            _say(f"the panic door cannot be opened on port {port}: {error.strerror}")

    def _panic(self) -> bool:
        """Stop everything that sounds; False when the show had to be killed for it."""
        show = self._show
        if show is None or show.poll() is not None:
            self._muted_reason = "panic"
            return False
        self._panic_count += 1
        number, confirmed = self._panic_count, threading.Event()
        self._panics[number] = confirmed
        has_sent = _send(show, {"type": "panic", "id": number})
        if has_sent and confirmed.wait(PANIC_LIMIT_S):
            del self._panics[number]
            return True
        _say("the show did not confirm the panic; killing it and starting again muted")
        self._muted_reason = "panic while it did not answer"
        _kill(show)
        return False

    def _on_signal(self, _number: int, _frame: Any) -> None:
        show = self._show
        if self._is_stopping and show is not None:
            _kill(show)
            return
        self._is_stopping = True
        if show is not None and show.poll() is None:
            _send(show, {"type": "stop"})
            threading.Timer(STOP_LIMIT_S, _kill, (show,)).start()

    def _wait(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while not self._is_stopping and time.monotonic() < end_s:
            self._next(0.1)


def _send(show: "subprocess.Popen[bytes]", message: dict[str, Any]) -> bool:
    if show.stdin is None:
        return False
    try:
        show.stdin.write(json.dumps(message).encode() + b"\n")
        show.stdin.flush()
    except OSError:
        return False
    return True


def _kill(show: "subprocess.Popen[bytes]") -> None:
    """End the show and everything it started."""
    if show.poll() is not None:
        return
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(show.pid)], capture_output=True, check=False)
    else:
        os.killpg(show.pid, signal.SIGKILL)


def _say(text: str) -> None:
    print(f"watch: {text}", file=sys.stderr, flush=True)
