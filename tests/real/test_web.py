"""The server on real sockets, with other people's clients."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import psutil
import pytest
import websockets
from anyio.abc import SocketStream
from pydantic import SecretStr
from starlette.types import ASGIApp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from spark_vtuber.core.clock import SystemClock
from spark_vtuber.core.errors import SparkError
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.server import bind, serve
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

pytestmark = pytest.mark.real

DEADLINE_S = 20


def site(desk: FakeDesk, settings: WebSettings) -> ASGIApp:
    return build(Doors(desk), settings, clock=SystemClock(), count_drop=desk.counters.drop)


@asynccontextmanager
async def running(desk: FakeDesk) -> AsyncIterator[int]:
    """A server in front of `desk`; gives its port. Leaving the block stops it."""
    settings = WebSettings(static=Path("nowhere"))
    listener = bind(settings, 0)
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(serve, site(desk, settings), listener)
        try:
            yield port
        finally:
            tasks.cancel_scope.cancel()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(SystemClock())


@pytest.fixture
async def port(desk: FakeDesk) -> AsyncIterator[int]:
    async with running(desk) as port:
        yield port


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(DEADLINE_S):
        while not condition():
            await anyio.sleep(0.01)


async def close_code(page: websockets.ClientConnection) -> int | None:
    """Read until the server closes; its close code."""
    with anyio.fail_after(DEADLINE_S):
        try:
            while True:
                await page.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


def established(port: int) -> int:
    """How many connections the server holds."""
    connections = psutil.Process().net_connections("tcp4")
    return sum(c.status == psutil.CONN_ESTABLISHED and c.laddr.port == port for c in connections)


async def ask(port: int, request: str) -> bytes:
    """Send a raw request; the answer until the server closes the connection."""
    answer = b""
    with anyio.fail_after(DEADLINE_S):
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(request.encode())
            try:
                while True:
                    answer += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return answer


async def test_a_client_gets_answers_in_well_under_a_delayed_acknowledgement(desk: FakeDesk, port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for number in range(3):
            answer = await client.post("/api/chat", json={"author": "ann", "text": f"line {number}"})
            assert answer.status_code == 202
    assert [line.text for line in desk.lines] == ["line 0", "line 1", "line 2"]


async def test_accepted_sockets_send_small_frames_at_once() -> None:
    listener = bind(WebSettings(), 0)
    assert listener.proto == socket.IPPROTO_TCP
    listener.close()


async def test_answers_tell_nothing_about_the_server(port: int) -> None:
    answer = await ask(port, f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"server:" not in answer.lower().partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("path", ["/api/events", "/api/stage"])
async def test_foreign_sockets_are_refused_before_they_are_accepted(desk: FakeDesk, port: int, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://127.0.0.1:{port}{path}", origin=websockets.Origin("http://evil.example"), proxy=None)
    assert caught.value.response.status_code == 403
    assert json.loads(caught.value.response.body)["error"]["code"] == "foreign_origin"
    handshake = (
        f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert (await ask(port, handshake)).startswith(b"HTTP/1.1 421")
    assert desk.peers == []


async def test_our_own_page_may_open_the_stage(desk: FakeDesk, port: int) -> None:
    own = websockets.Origin(f"http://127.0.0.1:{port}")
    async with connect(f"ws://127.0.0.1:{port}/api/stage", origin=own, proxy=None) as page:
        await until(lambda: len(desk.peers) == 1)
        desk.peers[0].outgoing.send_nowait("welcome")
        desk.peers[0].outgoing.send_nowait(b"\x00\x01" * 4000)
        with anyio.fail_after(DEADLINE_S):
            assert await page.recv() == "welcome"
            assert await page.recv() == b"\x00\x01" * 4000
        assert "Sec-WebSocket-Extensions" not in page.response.headers
    await until(lambda: desk.peers == [])


async def test_events_reach_every_watcher(desk: FakeDesk, port: int) -> None:
    address = f"ws://127.0.0.1:{port}/api/events?since=0"
    async with connect(address, proxy=None) as first, connect(address, proxy=None) as second:
        desk.log("turn.started")
        with anyio.fail_after(DEADLINE_S):
            assert [json.loads(await watcher.recv())["seq"] for watcher in (first, second)] == [1, 1]


@pytest.mark.parametrize(("frame", "code"), [("{", 1007), (b"\x00", 1003), ("x" * 65_537, 1009), ("é" * 40_000, 1009)])
async def test_frames_that_cannot_be_understood_end_their_socket_only(
    desk: FakeDesk, port: int, frame: str | bytes, code: int
) -> None:
    address = f"ws://127.0.0.1:{port}/api/events"
    async with connect(address, proxy=None) as good, connect(address, proxy=None) as bad:
        await bad.send(frame)
        assert await close_code(bad) == code
        desk.log("still.here")
        with anyio.fail_after(DEADLINE_S):
            assert json.loads(await good.recv())["type"] == "still.here"


async def test_a_large_body_is_refused_before_it_is_read(desk: FakeDesk, port: int) -> None:
    head = f"POST /api/chat HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
    answer = await ask(port, f"{head}Content-Length: 99999999\r\n\r\n{{")
    assert answer.startswith(b"HTTP/1.1 413")
    chunks = "8000\r\n" + "x" * 0x8000 + "\r\n"
    answer = await ask(port, f"{head}Transfer-Encoding: chunked\r\n\r\n{chunks * 4}")
    assert answer.startswith(b"HTTP/1.1 413")
    assert desk.lines == []


async def test_garbage_on_the_socket_is_answered_and_the_server_goes_on(port: int) -> None:
    assert (await ask(port, "\x16\x03\x01 this is not HTTP\r\n\r\n")).startswith(b"HTTP/1.1 400")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert (await client.get("/api/health")).status_code == 200


@asynccontextmanager
async def deaf_page(port: int) -> AsyncIterator[SocketStream]:
    """A page that shakes hands and then reads nothing."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(
            f"GET /api/stage HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        yield stream


async def test_a_page_that_reads_nothing_is_let_go_and_others_get_their_frames(desk: FakeDesk, port: int) -> None:
    async with deaf_page(port), connect(f"ws://127.0.0.1:{port}/api/stage", proxy=None, max_size=None) as page:
        await until(lambda: len(desk.peers) == 2)
        deaf, good = desk.peers
        for _ in range(400):
            deaf.outgoing.send_nowait(bytes(48_000))
        good.outgoing.send_nowait("hello")
        with anyio.fail_after(2):
            assert await page.recv() in ("hello", bytes(48_000))
        await until(lambda: len(desk.peers) == 1)
        await until(lambda: established(port) == 1)


async def test_stopping_with_open_sockets_takes_less_than_a_second(desk: FakeDesk) -> None:
    codes: list[int | None] = []
    async with anyio.create_task_group() as clients:
        started_s = 0.0
        async with running(desk) as port, deaf_page(port):
            pages = [
                await connect(f"ws://127.0.0.1:{port}{path}", proxy=None) for path in ("/api/events", "/api/stage")
            ]
            await until(lambda: len(desk.peers) == 2)
            for peer in desk.peers:
                peer.outgoing.send_nowait(bytes(400_000))

            async def watch(page: websockets.ClientConnection) -> None:
                codes.append(await close_code(page))

            for page in pages:
                clients.start_soon(watch, page)
            idle = await anyio.connect_tcp("127.0.0.1", port)
            started_s = anyio.current_time()
        stopped_s = anyio.current_time()
        await idle.aclose()
    assert stopped_s - started_s < 1.0
    assert codes == [1012, 1012]
    assert desk.peers == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_a_port_can_be_bound_again_at_once(desk: FakeDesk) -> None:
    async with running(desk) as port, httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://127.0.0.1:{port}/api/health")
    bind(WebSettings(), port).close()


async def test_a_busy_port_says_so_and_what_to_do(port: int) -> None:
    with pytest.raises(SparkError) as caught:
        bind(WebSettings(), port)
    assert caught.value.code == "port_busy"
    assert f"--port {port + 10}" in caught.value.fix


async def test_an_address_of_another_machine_cannot_be_bound() -> None:
    settings = WebSettings(host="192.0.2.1", desk_token=SecretStr("t"))
    with pytest.raises(SparkError) as caught:
        bind(settings, 0)
    assert caught.value.code == "bad_host"


async def test_the_key_in_an_address_reaches_no_log(desk: FakeDesk, caplog: pytest.LogCaptureFixture) -> None:
    settings = WebSettings(desk_token=SecretStr("d"), stage_token=SecretStr("s3cret"), static=Path("nowhere"))
    listener = bind(settings, 0)
    with caplog.at_level(0):
        async with anyio.create_task_group() as tasks:
            port = await tasks.start(serve, site(desk, settings), listener)
            async with connect(f"ws://127.0.0.1:{port}/api/stage?key=s3cret", proxy=None):
                pass
            with pytest.raises(InvalidStatus):
                await connect(f"ws://127.0.0.1:{port}/api/stage?key=wr0ng", proxy=None)
            tasks.cancel_scope.cancel()
    records = [record.getMessage() for record in caplog.records if record.name.startswith(("uvicorn", "spark"))]
    assert not any("s3cret" in message or "wr0ng" in message for message in records)


async def test_a_request_that_hangs_does_not_hold_up_the_stop(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = anyio.Event()

    async def never(_persona: object) -> None:
        asked.set()
        await anyio.sleep_forever()

    monkeypatch.setattr(desk, "interrupt", never)
    async with anyio.create_task_group() as clients:
        async with running(desk) as port:
            head = f"POST /api/interrupt HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
            clients.start_soon(ask, port, f"{head}Content-Length: 0\r\n\r\n")
            with anyio.fail_after(DEADLINE_S):
                await asked.wait()
            started_s = anyio.current_time()
        assert anyio.current_time() - started_s < 1.0
