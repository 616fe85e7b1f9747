"""The socket and the HTTP server on it: bound first, stopped cleanly by cancellation."""

import asyncio
import errno
import ipaddress
import logging
import socket
import sys
from typing import Final

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from spark_vtuber.core.errors import SparkError
from spark_vtuber.web.settings import MAX_BODY_BYTES, WebSettings, is_loopback

GOODBYE_S: Final = 0.4
"""How long open requests and sockets may take to end once the server stops; then they are cut."""

DRAIN_S: Final = 2.0
"""How long a closed WebSocket may take to read what is still on its way to it."""

PING_S: Final = 20.0
BACKLOG: Final = 128
SEND_BUFFER_BYTES: Final = 128 * 1024
"""Of the kernel, for each connection: without a bound a page that stopped reading would look fine for a minute."""


def bind(settings: WebSettings, port: int) -> socket.socket:
    """A listening socket on `settings.host`; port 0 takes any free one.

    Raises `SparkError`: `token_missing` beyond loopback without a token, `port_busy`, `port_denied`, `bad_host`.
    """
    host = settings.host
    if not is_loopback(host) and settings.desk_token is None:
        raise SparkError(
            f"{host} can be reached from other machines, and no token protects the desk",
            code="token_missing",
            fix='set a token for the desk, or listen on host = "127.0.0.1"',
        )
    # The protocol must be named: asyncio turns Nagle's algorithm off only where it reads IPPROTO_TCP on the socket.
    listener = socket.socket(_family(host), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from error
    return listener


async def serve(
    app: ASGIApp, listener: socket.socket, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Serve `app` on a socket of `bind` until cancelled; reports the port when it answers.

    Cancelling says goodbye to every open connection (WebSockets get 1012) and returns within a second; the socket
    is closed then. Installs no signal handlers and logs no requests.
    """
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws=_WebSocket,
        ws_max_size=MAX_BODY_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    try:
        await server.startup(sockets=[listener])
        task_status.started(listener.getsockname()[1])
        await anyio.sleep_forever()
    finally:
        if server.started:
            with anyio.CancelScope(shield=True):
                await _stop(server)
        listener.close()


async def _stop(server: uvicorn.Server) -> None:
    state = server.server_state
    for listening in server.servers:
        listening.close()
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        await asyncio.wait(list(state.tasks), timeout=GOODBYE_S)
    for task in list(state.tasks):
        task.cancel()
    if state.tasks:
        await asyncio.wait(list(state.tasks), timeout=GOODBYE_S)
    for connection in list(state.connections):
        connection.transport.abort()


class _WebSocket(WebSocketsSansIOProtocol):
    """Cuts the connection of a peer that reads nothing after its socket was closed.

    A closed transport waits without end for such a peer to take what was sent before.
    """

    @override
    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if not self.disconnected:
            self.loop.call_later(DRAIN_S, self.transport.abort)


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        return socket.AF_INET


def _refused(host: str, port: int, error: OSError) -> SparkError:
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        return SparkError(
            f"port {port} on {host} is in use by another program, or by a show that runs already",
            code="port_busy",
            fix=f"stop it, or choose another port: --port {port + 10}",
        )
    if isinstance(error, PermissionError):
        return SparkError(
            f"the system does not allow port {port} on {host}", code="port_denied", fix="choose a port above 1023"
        )
    return SparkError(
        f"cannot listen on {host}: {error.strerror or error}", code="bad_host", fix='use host = "127.0.0.1"'
    )
