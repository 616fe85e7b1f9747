"""A file server on a real socket that serves honestly, with ETag and Range, or as no honest server would."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

PIECE: Final = 16_384


@dataclass
class ServedFile:
    """A file and how it is served.

    The connection is cut once after each of `cut_after` bytes of a body. `redirect` sends elsewhere, `status` instead
    of it; `is_endless` goes on until the client leaves.
    """

    body: bytes
    takes_ranges: bool = True
    redirect: str = ""
    status: int = 200
    is_endless: bool = False
    cut_after: list[int] = field(default_factory=list)


class FileServer:
    """`files` by their paths; `asked` are path and `Range` of the requests so far."""

    def __init__(self) -> None:
        self.files: dict[str, ServedFile] = {}
        self.asked: list[tuple[str, str]] = []
        self.base_url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        path, wanted = handler.path, handler.headers.get("Range", "")
        self.asked.append((path, wanted))
        served = self.files.get(path, ServedFile(b"", status=404))
        if served.redirect:
            self._head(handler, 302, {"Location": served.redirect, "Content-Length": "0"})
        elif served.status != 200:
            self._head(handler, served.status, {"Content-Length": "0"})
        elif served.is_endless:
            self._endless(handler)
        else:
            self._file(handler, served, wanted)

    def _file(self, handler: BaseHTTPRequestHandler, served: ServedFile, wanted: str) -> None:
        tag = f'"{hashlib.sha256(served.body).hexdigest()[:16]}"'
        length, start = len(served.body), 0
        is_same = handler.headers.get("If-Range", tag) == tag
        headers, status = {"ETag": tag, "Accept-Ranges": "bytes"}, 200
        if wanted and served.takes_ranges and is_same:
            start, status = int(wanted.removeprefix("bytes=").removesuffix("-")), 206
            if start >= length:
                self._head(handler, 416, {"Content-Range": f"bytes */{length}", "Content-Length": "0"})
                return
            headers["Content-Range"] = f"bytes {start}-{length - 1}/{length}"
        self._head(handler, status, {**headers, "Content-Length": str(length - start)})
        body = served.body[start:]
        if served.cut_after:
            body = body[: served.cut_after.pop(0)]
        handler.wfile.write(body)

    def _endless(self, handler: BaseHTTPRequestHandler) -> None:
        self._head(handler, 200, {"Transfer-Encoding": "chunked"})
        with suppress(OSError):
            while True:
                handler.wfile.write(f"{PIECE:x}\r\n".encode() + bytes(PIECE) + b"\r\n")

    def _head(self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        handler.send_response_only(status)
        for name, value in {**headers, "Connection": "close"}.items():
            handler.send_header(name, value)
        handler.end_headers()


@contextmanager
def serving_files() -> Iterator[FileServer]:
    """Serve on a free port of the loopback device, in threads of its own; `base_url` is the address."""
    files = FileServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer a request."""
            files.answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        files.base_url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield files
        finally:
            server.shutdown()
            thread.join()
