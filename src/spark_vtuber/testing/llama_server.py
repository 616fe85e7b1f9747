"""A real `llama-server` as a child process, for tests that talk to one. `scripts/engines.py` builds it."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from spark_vtuber.testing.live import free_port

READY_LIMIT_S: Final = 30.0
STOP_LIMIT_S: Final = 10.0
LOOK_AGAIN_S: Final = 0.01

Scales = list[dict[str, float]]


@dataclass(slots=True)
class LlamaServer:
    """A server with its command line; it can be killed and started again on its port. `log` is what it printed."""

    command: Sequence[str | Path]
    port: int
    log: Path
    http: httpx.Client
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def base_url(self) -> str:
        """The address of its OpenAI interface."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            TimeoutError: it does not become ready.
            ChildProcessError: it ended instead, with the end of its log.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_LIMIT_S
        while not self._is_ready():
            if self.process.poll() is not None:
                raise ChildProcessError(self.log.read_text(encoding="utf-8", errors="replace")[-2000:])
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.command[0]} is not ready after {READY_LIMIT_S:g} s")
            time.sleep(LOOK_AGAIN_S)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(subprocess.Popen.terminate)

    def chat(self, text: str | Sequence[tuple[str, str]], max_tokens: int = 12, **more: Any) -> dict[str, Any]:
        """A greedy answer to a text or to `(role, content)` pairs, without any client of ours: the whole JSON."""
        pairs = [("user", text)] if isinstance(text, str) else text
        messages = [{"role": role, "content": content} for role, content in pairs]
        body = {"messages": messages, "max_tokens": max_tokens, "temperature": 0, **more}
        answer: dict[str, Any] = self.http.post("/v1/chat/completions", json=body).raise_for_status().json()
        return answer

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _end(self, how: Any) -> None:
        if self.process is not None and self.process.poll() is None:
            how(self.process)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def llama_server(program: Path, *flags: str | Path) -> Iterator[LlamaServer]:
    """A running server with one thread on a free port; ends with the context. Raises as `LlamaServer.start`."""
    port = free_port()
    own = (program, "--host", "127.0.0.1", "--port", str(port), "--threads", "1", "--offline")
    address = f"http://127.0.0.1:{port}"
    with (
        tempfile.TemporaryDirectory(prefix="spark-llama-") as folder,
        httpx.Client(base_url=address, timeout=READY_LIMIT_S, trust_env=False) as http,
    ):
        server = LlamaServer((*own, *flags), port, Path(folder) / "log", http)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def text_of(answer: dict[str, Any]) -> str:
    """The text of an answer of `LlamaServer.chat`."""
    return str(answer["choices"][0]["message"]["content"])


def cached_of(answer: dict[str, Any]) -> int:
    """The tokens of the prompt that were not computed anew for an answer of `LlamaServer.chat`."""
    return int(answer["usage"]["prompt_tokens_details"]["cached_tokens"])


def only(number: int, of: int) -> Scales:
    """The field `lora` of a request: adapter `number` at full strength, the others off."""
    return [{"id": other, "scale": float(other == number)} for other in range(of)]
