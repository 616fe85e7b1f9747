"""The panic door: `POST /panic` on a loopback port of the watch, which works while the show does not."""

import json
import socket
import threading
from collections.abc import Callable
from typing import Final

LARGEST_REQUEST: Final = 8_192
READ_LIMIT_S: Final = 2.0


class PanicDoor:
    """Answers on `127.0.0.1:port`; calls `panic` for every proper request.

    `panic` says whether the show itself obeyed. A page of another site cannot open the door: a request must be a
    POST of JSON and must not carry an Origin.
    """

    def __init__(self, port: int, panic: Callable[[], bool]) -> None:
        self._panic = panic
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(READ_LIMIT_S)
                    connection.sendall(self._answer(connection))
                except OSError:
                    continue

    def _answer(self, connection: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < LARGEST_REQUEST:
            data = connection.recv(LARGEST_REQUEST)
            if not data:
                break
            head += data
        lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        if not lines[0].startswith("POST /panic "):
            return _refusal("404 Not Found", "not_found", "POST /panic is all there is")
        if "origin" in headers:
            return _refusal("403 Forbidden", "origin", "pages may not open this door")
        if not headers.get("content-type", "").startswith("application/json"):
            return _refusal("415 Unsupported Media Type", "json", "send Content-Type: application/json")
        return _response("200 OK", {"panic": True, "restarted": not self._panic()})


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
