"""A program that starts, answers and dies as `llama-server` does, within milliseconds and without a model.

It takes every flag of a command line and looks at `--port`. `GET /health` says 503 until it is loaded; `GET /metrics`
has the names of llama-server; `POST /v1/chat/completions` streams one word. `POST /die` ends it with code 7 and
`POST /hang` lets it answer nothing any more. A file `crash` in its working folder makes it die at the start.
"""

import json
import os
import stat
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

LOADING_S: Final = 0.15
METRICS: Final = b"""\
llamacpp:predicted_tokens_seconds 12.5
llamacpp:tokens_predicted_total 100
llamacpp:spec_decode_num_draft_tokens_total 40
llamacpp:spec_decode_num_accepted_tokens_total 30
"""


def write_program(folder: Path) -> Path:
    """An executable file that runs this program; POSIX only."""
    program = folder / "llama-server"
    program.write_text(f"#!{sys.executable}\nfrom spark_vtuber.testing.fake_engine import main\nmain()\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


class _Answers(BaseHTTPRequestHandler):
    began_s = time.monotonic()
    hung = threading.Event()
    asked: Final[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self._wait_if_hung()
        is_loaded = time.monotonic() - self.began_s > LOADING_S
        match self.path.split("?")[0]:
            case "/health":
                self._say(200 if is_loaded else 503, {"status": "ok" if is_loaded else "loading model"})
            case "/metrics":
                self._send(200, METRICS, "text/plain")
            case "/v1/models":
                self._say(200, {"object": "list", "data": [{"id": "tiny", "object": "model"}]})
            case "/asked":
                self._say(200, {"asked": self.asked})
            case _:
                self._say(404, {"error": {"message": "not here"}})

    def do_POST(self) -> None:
        self._wait_if_hung()
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        match self.path:
            case "/die":
                os._exit(7)
            case "/hang":
                self.hung.set()
                self._say(200, {})
            case "/v1/chat/completions":
                self.asked.append(json.loads(body))
                chunk = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
                last = {"choices": [], "usage": {"prompt_tokens": 42, "completion_tokens": 1}}
                text = "".join(f"data: {json.dumps(one)}\n\n" for one in (chunk, last)) + "data: [DONE]\n\n"
                self._send(200, text.encode(), "text/event-stream")
            case _:
                self._say(404, {"error": {"message": "not here"}})

    def log_message(self, format: str, *args: Any) -> None:
        print(format % args, flush=True)  # noqa: T201 - what a server's log is

    def _wait_if_hung(self) -> None:
        while self.hung.is_set():
            time.sleep(1.0)

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until terminated."""
    port = int(sys.argv[sys.argv.index("--port") + 1])
    print(f"loading {sys.argv[1:]}", flush=True)  # noqa: T201 - what a server's log is
    if Path("crash").exists():
        print("error: unknown argument", flush=True)  # noqa: T201 - what a server's log is
        sys.exit(1)
    ThreadingHTTPServer(("127.0.0.1", port), _Answers).serve_forever()
