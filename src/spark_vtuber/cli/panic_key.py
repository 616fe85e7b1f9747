"""The panic key: knocks at the watch's door with nothing but the standard library, so that a hotkey takes no time."""

import json
import socket
import sys
from typing import Any, Final

from spark_vtuber.core.errors import SparkError

LIMIT_S: Final = 5.0
LARGEST_ANSWER: Final = 8_192


def knock(door: int) -> dict[str, bool]:
    """Open the panic door on a port of this machine: `{"panic": …, "restarted": …}`.

    Raises:
        SparkError: `no_door`: nobody useful is behind it.
    """
    request = (
        f"POST /panic HTTP/1.1\r\nHost: 127.0.0.1:{door}\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    try:
        with socket.create_connection(("127.0.0.1", door), LIMIT_S) as connection:
            connection.sendall(request.encode())
            return _told(_read(connection))
    except (OSError, OverflowError, ValueError, KeyError, TypeError) as error:
        raise SparkError(
            f"no show is watched here: nothing useful answers on port {door} ({error})",
            code="no_door",
            fix="if it runs, give the port of its pages: spark-vtuber panic --port 9000; else spark-vtuber run",
        ) from error


def port_of(arguments: list[str]) -> int | None:
    """The port of the pages, where a command line is a plain `panic --port N`; None for any other."""
    match arguments:
        case ["panic", "--port", text] if text.isascii() and text.isdecimal():
            return int(text)
        case _:
            return None


def press(port: int) -> int:
    """Panic, say in one line what came of it, and give the exit code."""
    try:
        answer = knock(port + 1)
    except SparkError as error:
        print(f"error {error.message}\n  fix: {error.fix}", file=sys.stderr)
        return 1
    print(said(answer))
    return 0


def said(answer: dict[str, bool]) -> str:
    """What happened, in one line."""
    if answer["restarted"]:
        return "silent: the show did not obey, so it is started again, muted"
    return "silent: everything was stopped; resume on the page"


def _told(answer: bytes) -> dict[str, bool]:
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ")[1:2] != [b"200"]:
        raise ValueError(head.partition(b"\r\n")[0].decode("ascii", "replace"))
    told: dict[str, Any] = json.loads(body)
    return {"panic": bool(told["panic"]), "restarted": bool(told["restarted"])}


def _read(connection: socket.socket) -> bytes:
    answer = b""
    while len(answer) < LARGEST_ANSWER and (data := connection.recv(LARGEST_ANSWER)):
        answer += data
    return answer
