"""The watch: a small process that starts the show, restarts it when it dies or hangs, and holds the panic door.

Standard library only, so that it stays small and keeps working when everything else does not. The show runs in a
process group of its own; its stdin carries our commands and its stdout its messages, one JSON object a line:

    watch → show   {"type": "stop"}  {"type": "panic", "id": N}  {"type": "reload"}
    show → watch   {"type": "ready", "url": …, "door": port, "farewell_s": …}  {"type": "panicked", "id": N}
                   {"type": "beat", "silent": bool, "held": bool, "workers": [process id, …]}
                   {"type": "obs", "host": …, "port": …, "password": …, "scene": …}

When the watch dies, the show sees its stdin close and ends. A show that was silent is silent when it comes back, and
one whose answers waited for approval holds them again. One that has to be killed may leave viewers with a frozen face:
OBS is put on the safety scene, if the show told where.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from spark_vtuber.cli.door import PanicDoor
from spark_vtuber.cli.hangup import Terminal
from spark_vtuber.cli.safety_scene import switch_scene
from spark_vtuber.core.errors import SparkError

LOOK_S: Final = 0.5
"""How often the watch looks after the show when nothing comes from it."""

ALIVE_S: Final = 3.0
"""A show that sent no beat for so long says no farewell."""

STOP: Final = {"type": "stop"}
RELOAD: Final = {"type": "reload"}

FINAL_CODES: Final = frozenset({0, 2, 130})
"""Exit codes after which the show is not started again: done, wrong use or configuration, interrupted."""


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How patient the watch is.

    A show that is not ready after `start_s`, or sends no beat (one a second is due) for `beat_s`, is killed and
    started again. It gets `stop_s` to end, and while it beats also the `farewell_s` it asked for, and `panic_s` to
    confirm a panic; one that does not is killed, and after a panic started again muted. Between two starts there are
    `first_pause_s`, doubling up to `longest_pause_s`; a life longer than `calm_s` begins again with the first. OBS gets
    `obs_s` to change the scene.
    """

    start_s: float = 60.0
    beat_s: float = 5.0
    stop_s: float = 5.0
    panic_s: float = 0.5
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    calm_s: float = 60.0
    obs_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Safety:
    """Where OBS is and the scene that viewers see when the show cannot be trusted."""

    host: str
    port: int
    password: str = field(repr=False)
    scene: str


class Watch:
    """Keeps one show running. `arguments` are those of the command line, command first."""

    def __init__(self, arguments: list[str], limits: WatchLimits | None = None) -> None:
        self._arguments = arguments
        self._limits = limits or WatchLimits()
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._show: subprocess.Popen[bytes] | None = None
        self._door: PanicDoor | None = None
        self._stop_by_s: float | None = None
        self._farewell_s = 0.0
        self._lives = 0
        self._is_silent = False
        self._is_held = False
        self._muted_reason = ""
        self._workers: tuple[int, ...] = ()
        self._safety: Safety | None = None
        self._pause_s = self._limits.first_pause_s
        self._panics: dict[int, threading.Event] = {}
        self._panic_count = 0
        self._terminal = Terminal()

    @property
    def _is_stopping(self) -> bool:
        return self._stop_by_s is not None

    def run(self) -> int:
        """Watch until the show ends for good; gives the exit code."""
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._on_hangup)
        while True:
            code = self._life()
            if self._is_stopping:
                return 0
            if code in FINAL_CODES:
                return code
            reason = f"the show ended with code {code}" if code >= 0 else f"the show was killed by signal {-code}"
            _say(f"{reason}; starting it again in {self._pause_s:.1f} s")
            self._wait(self._pause_s)
            if self._is_stopping:
                return 0
            self._pause_s = min(self._limits.longest_pause_s, self._pause_s * 2)

    def _life(self) -> int:
        """One life of the show; gives its exit code."""
        show = self._show = self._start()
        if self._is_stopping:
            _send(show, STOP)
        reader = threading.Thread(target=self._read, args=(show,), daemon=True)
        reader.start()
        pulse = _Pulse()
        while show.poll() is None:
            message = self._next(LOOK_S)
            pulse.feel(message)
            self._take(message, show)
            if self._must_end(pulse):
                self._kill(show)
                break
            if pulse.is_ready and pulse.age_s > self._limits.calm_s:
                self._pause_s = self._limits.first_pause_s
        code = show.wait()
        if code != 0:
            self._end_workers()
        reader.join(timeout=1)
        return code

    def _take(self, message: dict[str, Any] | None, show: "subprocess.Popen[bytes]") -> None:
        match message:
            case {"type": "ready", "door": port, "farewell_s": int(farewell_s) | float(farewell_s)}:
                self._farewell_s = farewell_s
                self._open_door(port)
            case {"type": "ready", "door": port}:
                self._open_door(port)
            case {"type": "beat", "silent": bool(is_silent), "workers": list(workers), **more}:
                self._is_silent = is_silent
                self._is_held = more.get("held") is True
                self._workers = tuple(pid for pid in workers if isinstance(pid, int) and pid > 1)
            case {"type": "obs", "host": str(host), "port": int(port), "password": str(password), "scene": str(scene)}:
                self._safety = Safety(host, port, password, scene) if scene else None
            case {"type": "panicked"}:
                self._is_silent = True
            case {"type": "closed"}:
                with suppress(subprocess.TimeoutExpired):
                    show.wait(LOOK_S)

    def _must_end(self, pulse: "_Pulse") -> bool:
        """Whether the show has to be killed: it does not stop, does not answer, or does not get ready."""
        if self._stop_by_s is not None:
            grace_s = self._farewell_s if pulse.silence_s < ALIVE_S else 0.0
            return time.monotonic() > self._stop_by_s + grace_s
        if not pulse.is_ready and pulse.age_s > self._limits.start_s:
            _say("the show does not get ready; killing it")
            return True
        if pulse.is_ready and pulse.silence_s > self._limits.beat_s:
            _say("the show does not answer any more; killing it")
            self._muted_reason = "it had stopped answering"
            self._to_safety()
            return True
        return False

    def _command(self) -> list[str]:
        """What starts the next life: later ones open no browser, and are as silent and as held as the last one was."""
        command = [sys.executable, "-P", "-m", "spark_vtuber", *self._arguments, "--watched"]
        if self._lives:
            command.append("--no-browser")
        self._lives += 1
        if self._is_silent and not self._muted_reason:
            self._muted_reason = "it was silent before"
        if self._muted_reason:
            command += ["--muted", self._muted_reason]
            self._is_silent = True
            self._muted_reason = ""
        if self._is_held:
            command.append("--held")
        return command

    def _start(self) -> "subprocess.Popen[bytes]":
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        return subprocess.Popen(self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)

    def _read(self, show: "subprocess.Popen[bytes]") -> None:
        if show.stdout is None:
            raise RuntimeError("the show has no pipe")
        for line in show.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if not isinstance(message, dict) or show is not self._show:
                continue
            confirmed = self._panics.get(message.get("id", 0)) if message.get("type") == "panicked" else None
            if confirmed is not None:
                confirmed.set()
            self._inbox.put(message)
        self._inbox.put({"type": "closed"})

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
        except (OSError, OverflowError) as error:
            _say(f"the panic door cannot be opened on port {port}: {error}")

    def _panic(self) -> bool:
        """Stop everything that sounds; False when the show had to be killed for it."""
        show = self._show
        obs = self._to_safety()
        has_obeyed = self._silence(show)
        obs.join(self._limits.obs_s)
        return has_obeyed

    def _silence(self, show: "subprocess.Popen[bytes] | None") -> bool:
        """Have the show stop everything; one that does not is killed and comes back muted."""
        if show is None or show.poll() is not None:
            self._muted_reason = "panic"
            return False
        self._panic_count += 1
        number, confirmed = self._panic_count, threading.Event()
        self._panics[number] = confirmed
        has_sent = _send(show, {"type": "panic", "id": number})
        has_obeyed = has_sent and confirmed.wait(self._limits.panic_s)
        del self._panics[number]
        if has_obeyed:
            return True
        _say("the show did not confirm the panic; killing it and starting again muted")
        self._muted_reason = "panic while it did not answer"
        self._kill(show)
        return False

    def _to_safety(self) -> threading.Thread:
        """Put OBS on the safety scene, in a thread of its own: silence does not wait for a picture."""

        def switch(safety: Safety) -> None:
            try:
                switch_scene(safety.host, safety.port, safety.password, safety.scene, self._limits.obs_s)
            except SparkError as error:
                _say(f"the safety scene is not shown: {error.message}")

        safety = self._safety
        thread = threading.Thread(target=switch if safety else bool, args=(safety,), daemon=True)
        thread.start()
        return thread

    def _kill(self, show: "subprocess.Popen[bytes]") -> None:
        """End the show and everything it started."""
        _kill(show)
        self._end_workers()

    def _end_workers(self) -> None:
        """End workers that outlived the show: one that is stopped does not see that its pipe is closed."""
        workers, self._workers = self._workers, ()
        if sys.platform == "win32":
            return
        for pid in workers:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _on_hangup(self, number: int, frame: Any) -> None:
        """A terminal that was closed ends the show; otherwise the show reads its configuration again."""
        if self._terminal.is_gone:
            self._on_signal(number, frame)
        elif self._show is not None:
            _send(self._show, RELOAD)

    def _on_signal(self, _number: int, _frame: Any) -> None:
        """Ask the show to end; the second time, do not wait for it. Takes no locks: the signal may have met one."""
        show, is_first = self._show, self._stop_by_s is None
        self._stop_by_s = time.monotonic() + (self._limits.stop_s if is_first else 0.0)
        if show is not None and is_first:
            _send(show, STOP)
        elif show is not None:
            self._kill(show)

    def _wait(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while not self._is_stopping and time.monotonic() < end_s:
            self._next(0.1)


class _Pulse:
    """How old a life of the show is, and how long nothing came from it.

    A machine or a watch that slept did not watch: at most one second counts for each look.
    """

    def __init__(self) -> None:
        self.is_ready = False
        self.age_s = 0.0
        self.silence_s = 0.0
        self._looked_s = time.monotonic()

    def feel(self, message: dict[str, Any] | None) -> None:
        """Look once; `message` is what came, if anything."""
        now_s = time.monotonic()
        passed_s = min(now_s - self._looked_s, 1.0)
        self._looked_s = now_s
        self.age_s += passed_s
        self.silence_s = 0.0 if message is not None else self.silence_s + passed_s
        if message is not None and message.get("type") == "ready":
            self.is_ready = True


def _send(show: "subprocess.Popen[bytes]", message: dict[str, Any]) -> bool:
    """Write by the descriptor: a signal may arrive while a buffered writer is in use."""
    if show.stdin is None:
        return False
    try:
        os.write(show.stdin.fileno(), json.dumps(message).encode() + b"\n")
    except OSError:
        return False
    return True


def _kill(show: "subprocess.Popen[bytes]") -> None:
    """End the show and what is in its process group or, on Windows, its tree."""
    if show.returncode is not None:
        return
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(show.pid)], capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError):
            os.killpg(show.pid, signal.SIGKILL)


def _say(text: str) -> None:
    print(f"watch: {text}", file=sys.stderr, flush=True)
