"""The panic door: `POST /panic` on a loopback port of the watch, which works while the show does not."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

LARGEST_REQUEST: Final = 8_192
READ_LIMIT_S: Final = 2.0
"""For a whole request: a caller that trickles bytes must not keep its place."""

CALLERS: Final = 8
"""Served at the same time; browsers open connections that they never use, at most six to one address."""


class PanicDoor:
    """Answers on `127.0.0.1:port`; calls `panic` for every proper request, from a thread of its own.

    `panic` says whether the show itself obeyed. A page of another site cannot open the door: a request must be a
    POST of JSON and must not carry an Origin. Raises `OSError` where the port is taken.
    """

    def __init__(self, port: int, panic: Callable[[], bool]) -> None:
        self._panic = panic
        self._listener = socket.create_server(("127.0.0.1", port))
        self._places = threading.Semaphore(CALLERS)
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Stop listening. Closing alone would leave the thread that accepts as it is (Linux)."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._places.acquire()
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.sendall(self._answer(_read(connection)))
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            return
        finally:
            self._places.release()

    def _answer(self, request: bytes) -> bytes:
        head, complete, _ = request.partition(b"\r\n\r\n")
        if not complete:
            return _refusal("400 Bad Request", "bad_request", "this is no complete request")
        lines = head.decode("latin-1").split("\r\n")
        headers = _headers(lines[1:])
        if not lines[0].startswith("POST /panic "):
            return _refusal("404 Not Found", "not_found", "POST /panic is all there is")
        if "origin" in headers:
            return _refusal("403 Forbidden", "foreign_origin", "pages may not open this door")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refusal("415 Unsupported Media Type", "not_json", "send Content-Type: application/json")
        return _response("200 OK", {"panic": True, "restarted": not self._panic()})


def _read(connection: socket.socket) -> bytes:
    """A request with its body, or what came of it in time.

    The body is read although it means nothing: closing a socket that holds unread data resets it, and the caller may
    lose the answer.
    """
    request = b""
    end_s = time.monotonic() + READ_LIMIT_S
    while len(request) < LARGEST_REQUEST and not _is_complete(request):
        connection.settimeout(max(0.001, end_s - time.monotonic()))
        try:
            data = connection.recv(LARGEST_REQUEST)
        except TimeoutError:
            break
        if not data:
            break
        request += data
    connection.settimeout(READ_LIMIT_S)
    return request


def _is_complete(request: bytes) -> bool:
    head, has_head, body = request.partition(b"\r\n\r\n")
    if not has_head:
        return False
    length = _headers(head.decode("latin-1").split("\r\n")[1:]).get("content-length", "0")
    return not length.isdecimal() or len(body) >= int(length)


def _headers(lines: list[str]) -> dict[str, str]:
    fields = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in fields}


def _refusal(status: str, code: str, message: str) -> bytes:
    return _response(status, {"error": {"code": code, "message": message, "fix": ""}})


def _response(status: str, body: dict[str, object]) -> bytes:
    text = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(text)}",
        "Connection: close",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + text
