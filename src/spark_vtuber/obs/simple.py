"""The connection to OBS over `simpleobsws`, with what that library leaves to its caller.

Imported when a connection is made, not before. The library logs whole messages at DEBUG, among them the answer to the
password's challenge and what viewers wrote, so that level is kept shut.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import anyio
import simpleobsws
import websockets
from websockets.asyncio.client import ClientConnection, connect

from spark_vtuber.core.errors import EngineError
from spark_vtuber.obs.port import Address, Refused, Remote, Tell

CALL_S: Final = 3.0
LARGEST_MESSAGE: Final = 16 * 1024 * 1024
"""A picture of the whole canvas is some megabytes."""

WRONG_PASSWORD: Final = 4009
"""Close code AuthenticationFailed of obs-websocket 5."""

BROKEN: Final = (AttributeError, KeyError, TypeError, RecursionError)
"""What the library raises on messages that are not of its protocol."""

_LEAVE_S: Final = 0.5


class _Client(simpleobsws.WebSocketClient):  # type: ignore[misc]  # published without types
    """The library's client on a socket and a task of ours.

    The library would connect through a proxy of the environment, and read in a task that nobody awaits.
    """

    def __init__(self, address: Address, socket: ClientConnection) -> None:
        super().__init__(password=address.password.get_secret_value())
        self.ws = socket
        self.ws_open = True

    async def read(self) -> None:
        """Read until the connection is over."""
        await self._ws_recv_task()


class SimpleRemote:
    """Implements `obs.port.Remote`."""

    def __init__(self, client: _Client, call_s: float) -> None:
        self._client = client
        self._call_s = call_s
        self._waiting: set[anyio.CancelScope] = set()
        self._reason = ""

    async def identify(self, address: Address) -> None:
        """Prove the password, if one is asked for. The library tells a wrong one by silence only."""
        is_in = False
        async with anyio.create_task_group() as tasks:

            async def read() -> None:
                await self.run()
                tasks.cancel_scope.cancel()

            tasks.start_soon(read)
            is_in = await self._client.wait_until_identified(self._call_s)
            tasks.cancel_scope.cancel()
        if not is_in:
            raise _turned_away(address, self._client.ws, self._reason)

    async def run(self) -> str:
        """As the port says."""
        try:
            await self._client.read()
            self._reason = _closing(self._client.ws)
        except BROKEN:
            self._reason = "it sent something that is not obs-websocket"
        for scope in self._waiting:
            scope.cancel()
        return self._reason

    async def call(self, request: str, data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """As the port says."""
        asked = simpleobsws.Request(request, dict(data) if data else None)
        try:
            answer = await self._answer(asked)
        except simpleobsws.MessageTimeout:
            raise EngineError(
                "obs_timeout", f"OBS did not answer {request} within {self._call_s:g} s", retryable=True
            ) from None
        except (simpleobsws.NotIdentifiedError, websockets.ConnectionClosed, *BROKEN) as error:
            raise self._lost() from error
        if answer is None:
            raise self._lost()
        if not answer.ok():
            raise Refused(request, answer.requestStatus.code, answer.requestStatus.comment or "")
        return answer.responseData if isinstance(answer.responseData, Mapping) else {}

    async def _answer(self, asked: simpleobsws.Request) -> Any:
        """What the library gives; None where the connection ends meanwhile, for which the library would wait on."""
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            try:
                return await self._client.call(asked, timeout=self._call_s)
            finally:
                self._waiting.discard(scope)
        return None

    def _lost(self) -> EngineError:
        return EngineError("obs_lost", f"the connection to OBS is over: {self._reason or 'it broke'}", retryable=True)


@asynccontextmanager
async def open_remote(address: Address, tell: Tell, call_s: float = CALL_S) -> AsyncIterator[Remote]:
    """Connect to OBS and identify; as `obs.port.OpenRemote` says. Closes with the context."""
    logging.getLogger(simpleobsws.__name__).setLevel(logging.INFO)
    socket = await _connected(address, call_s)
    try:
        client = _Client(address, socket)

        async def on_event(kind: str, data: Mapping[str, Any] | None) -> None:
            tell(kind, data if isinstance(data, Mapping) else {})

        client.register_event_callback(on_event)
        remote = SimpleRemote(client, call_s)
        await remote.identify(address)
        yield remote
    finally:
        with anyio.move_on_after(_LEAVE_S, shield=True) as leaving, suppress(OSError):
            await socket.close()
        if leaving.cancelled_caught:
            socket.transport.abort()


async def _connected(address: Address, limit_s: float) -> ClientConnection:
    protocol = websockets.Subprotocol("obswebsocket.msgpack")
    try:
        return await connect(
            f"ws://{address}", subprotocols=[protocol], proxy=None, open_timeout=limit_s, max_size=LARGEST_MESSAGE
        )
    except TimeoutError as error:
        raise _silent(address, limit_s) from error
    except (OSError, ValueError, websockets.WebSocketException) as error:  # a ValueError: no host can be called so
        raise EngineError(
            "obs_unreachable",
            f"OBS does not listen at {address}",
            retryable=True,
            fix="start OBS, and enable its WebSocket server under Tools, WebSocket Server Settings",
        ) from error


def _turned_away(address: Address, socket: ClientConnection, reason: str) -> EngineError:
    if socket.close_code == WRONG_PASSWORD:
        has_password = bool(address.password.get_secret_value())
        what = "does not accept the password" if has_password else "asks for a password"
        return EngineError(
            "obs_wrong_password",
            f"OBS at {address} {what}",
            fix="copy it from Tools, WebSocket Server Settings, into the secret that [obs] password names",
        )
    if not reason:
        return _silent(address, CALL_S)
    return EngineError("obs_unreachable", f"OBS at {address} let nobody in: {reason}", retryable=True)


def _silent(address: Address, limit_s: float) -> EngineError:
    return EngineError("obs_timeout", f"OBS at {address} did not answer within {limit_s:g} s", retryable=True)


def _closing(socket: ClientConnection) -> str:
    return f"closed with {socket.close_code} {socket.close_reason}".strip() if socket.close_code else "it closed"
