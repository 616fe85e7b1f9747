"""The panic door against callers of every kind, without a show behind it."""

import socket
import time
from collections.abc import Iterator

import anyio
import pytest

from spark_vtuber.cli.door import CALLERS, PanicDoor

pytestmark = pytest.mark.real

GOOD = b"POST /panic HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Alarm:
    """What is behind the door; the show obeys while `obeys` says so."""

    def __init__(self) -> None:
        self.rung = 0
        self.obeys = True

    def __call__(self) -> bool:
        self.rung += 1
        return self.obeys


@pytest.fixture
def alarm() -> Alarm:
    return Alarm()


@pytest.fixture
def door(alarm: Alarm) -> Iterator[PanicDoor]:
    door = PanicDoor(0, alarm)
    yield door
    door.close()


async def knock(door: PanicDoor, *pieces: bytes) -> bytes:
    """Send a request in pieces; everything that is answered."""
    answer = b""
    with anyio.fail_after(10):
        async with await anyio.connect_tcp("127.0.0.1", door.port) as stream:
            for piece in pieces:
                await stream.send(piece)
            try:
                while True:
                    answer += await stream.receive()
            except anyio.EndOfStream:
                return answer


async def test_a_proper_request_rings_and_tells_whether_the_show_obeyed(door: PanicDoor, alarm: Alarm) -> None:
    assert (await knock(door, GOOD)).endswith(b'{"panic": true, "restarted": false}')
    alarm.obeys = False
    assert (await knock(door, GOOD)).endswith(b'{"panic": true, "restarted": true}')
    assert alarm.rung == 2


async def test_a_request_may_come_in_any_pieces(door: PanicDoor, alarm: Alarm) -> None:
    assert b" 200 OK" in await knock(door, *(GOOD[at : at + 1] for at in range(len(GOOD))))
    assert alarm.rung == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GOOD.replace(b"Host: x", b"Origin: http://127.0.0.1:8080"), 403),
        (GOOD.replace(b"application/json", b"text/plain"), 415),
        (GOOD.replace(b"application/json", b"application/jsonish"), 415),
        (GOOD.replace(b"POST", b"GET"), 404),
        (GOOD.replace(b"/panic", b"/panics"), 404),
        (b"\x00\xff" * 5_000 + b"\r\n\r\n", 400),
        (b"x" * 20_000, 400),
    ],
)
async def test_anything_else_rings_nothing(door: PanicDoor, alarm: Alarm, request_: bytes, status: int) -> None:
    try:
        answer = await knock(door, request_)
    except (anyio.BrokenResourceError, ConnectionError):
        answer = b""
    assert not answer or answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert alarm.rung == 0


async def test_callers_who_say_nothing_are_let_go(door: PanicDoor, alarm: Alarm) -> None:
    idle = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(CALLERS)]
    began = time.monotonic()
    assert b" 200 OK" in await knock(door, GOOD)
    assert time.monotonic() - began < 5
    for connection in idle:
        connection.close()
