"""What a line of chat costs at the door."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

pytestmark = pytest.mark.figures

ROUNDS = 3
CALLS = 2_000
BODY = json.dumps({"author": "ann", "text": "hello there, how are you today?"}).encode()
HEADERS = [
    (b"host", b"127.0.0.1:8080"),
    (b"content-type", b"application/json"),
    (b"content-length", str(len(BODY)).encode()),
]


async def floor(scope: Scope, receive: Receive, send: Send) -> None:
    """The least an answer can cost: one JSON body read, one written."""
    line = json.loads((await receive())["body"])
    await JSONResponse({"id": line["author"]}, 202)(scope, receive, send)


async def cpu_us(app: ASGIApp) -> float:
    """CPU time of one POST in microseconds, without a socket; the best of three rounds."""

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 202) == 202

    def scope() -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/api/chat",
            "raw_path": b"/api/chat",
            "root_path": "",
            "query_string": b"",
            "headers": HEADERS,
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }

    rounds = []
    for _ in range(ROUNDS):
        started_s = time.process_time()
        for _ in range(CALLS):
            await app(scope(), receive, send)
        rounds.append((time.process_time() - started_s) / CALLS * 1e6)
    return min(rounds)


async def test_five_hundred_lines_a_second_leave_most_of_a_core(record_property: Callable[[str, object], None]) -> None:
    desk = FakeDesk(SystemClock())
    settings = WebSettings(chat_rate_per_s=1e9, chat_burst=10**9)
    door_us = await cpu_us(build(Doors(desk), settings, clock=SystemClock(), count_drop=desk.counters.drop))
    floor_us = await cpu_us(floor)
    share = door_us * 500 / 1e6
    print(f"\nPOST /api/chat: {door_us:.0f} us of CPU (floor {floor_us:.0f} us, ratio {door_us / floor_us:.1f})")
    print(f"500 lines a second: {share:.1%} of a core")
    record_property("post_us", door_us)
    assert share < 0.25
