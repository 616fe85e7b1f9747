"""A fake OBS behind a real socket: obs-websocket 5 with JSON and MessagePack, authentication, events and batches."""

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import msgpack
import websockets
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from spark_vtuber.obs.port import Address
from spark_vtuber.testing.obs_fake import OK, FakeObs

JSON: Final = websockets.Subprotocol("obswebsocket.json")
MSGPACK: Final = websockets.Subprotocol("obswebsocket.msgpack")

HELLO, IDENTIFY, IDENTIFIED, REIDENTIFY, EVENT, REQUEST, RESPONSE, BATCH, BATCH_RESPONSE = 0, 1, 2, 3, 5, 6, 7, 8, 9

CANNOT_DECODE: Final = 4002
MISSING_FIELD: Final = 4003
UNKNOWN_OP: Final = 4006
NOT_IDENTIFIED: Final = 4007
ALREADY_IDENTIFIED: Final = 4008
WRONG_PASSWORD: Final = 4009
UNSUPPORTED_RPC: Final = 4010

EVENTS_AHEAD: Final = 256
"""Events that wait for a client; more are dropped, as it does not read."""


class _Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


class _Conversation:
    """One client, from Hello on."""

    def __init__(self, obs: FakeObs, socket: ServerConnection) -> None:
        self._obs = obs
        self._socket = socket
        self._is_binary = socket.subprotocol == MSGPACK
        self._salt, self._challenge = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.is_identified = False
        self.wants_events = True

    async def greet(self) -> None:
        """Say Hello, with a challenge where there is a password."""
        hello: dict[str, Any] = {"obsWebSocketVersion": "5.1.0", "rpcVersion": 1}
        if self._obs.password:
            hello["authentication"] = {"challenge": self._challenge, "salt": self._salt}
        await self.send(HELLO, hello)

    async def send(self, op: int, data: Mapping[str, Any]) -> None:
        """Send one message."""
        message = {"op": op, "d": data}
        await self._socket.send(msgpack.packb(message) if self._is_binary else json.dumps(message))

    async def take(self, frame: str | bytes) -> None:
        """Take one message and answer it. Raises `_Closed` where the client must go."""
        op, data = self._read(frame)
        if op == IDENTIFY:
            await self._identify(data)
        elif not self.is_identified:
            raise _Closed(NOT_IDENTIFIED, "You attempted to send a non-`Identify` message while not identified.")
        elif op == REIDENTIFY:
            self.wants_events = data.get("eventSubscriptions", 1) != 0
            await self.send(IDENTIFIED, {"negotiatedRpcVersion": 1})
        elif op == REQUEST:
            await anyio.sleep(self._obs.latency_s)
            if not self._obs.is_deaf:
                await self.send(RESPONSE, self._answered(data))
        elif op == BATCH:
            results = [self._answered(request) for request in data.get("requests", ())]
            await self.send(BATCH_RESPONSE, {"requestId": data["requestId"], "results": results})
        else:
            raise _Closed(UNKNOWN_OP, f"Unknown OpCode: {op}")

    def _read(self, frame: str | bytes) -> tuple[int, Mapping[str, Any]]:
        try:
            message = msgpack.unpackb(frame) if self._is_binary and isinstance(frame, bytes) else json.loads(frame)
            return int(message["op"]), dict(message["d"])
        except (ValueError, TypeError, KeyError, msgpack.UnpackException):
            raise _Closed(CANNOT_DECODE, "Unable to decode the message.") from None

    async def _identify(self, data: Mapping[str, Any]) -> None:
        if self.is_identified:
            raise _Closed(ALREADY_IDENTIFIED, "You are already Identified with the obs-websocket server.")
        if "rpcVersion" not in data:
            raise _Closed(MISSING_FIELD, "Your payload is missing an `rpcVersion`.")
        if data["rpcVersion"] != 1:
            raise _Closed(UNSUPPORTED_RPC, "Your requested RPC version is not supported by this server.")
        if self._obs.password and data.get("authentication") != self._expected():
            raise _Closed(WRONG_PASSWORD, "Authentication failed.")
        self.is_identified = True
        self.wants_events = data.get("eventSubscriptions", 1) != 0
        await self.send(IDENTIFIED, {"negotiatedRpcVersion": 1})

    def _expected(self) -> str:
        secret = base64.b64encode(hashlib.sha256((self._obs.password + self._salt).encode()).digest())
        return base64.b64encode(hashlib.sha256(secret + self._challenge.encode()).digest()).decode()

    def _answered(self, request: Mapping[str, Any]) -> dict[str, Any]:
        kind = str(request.get("requestType", ""))
        code, comment, data = self._obs.answer(kind, request.get("requestData") or {})
        status: dict[str, Any] = {"result": code == OK, "code": code}
        if comment:
            status["comment"] = comment
        answer = {"requestType": kind, "requestId": request.get("requestId", ""), "requestStatus": status}
        return answer | ({"responseData": data} if data else {})


@asynccontextmanager
async def serve_obs(obs: FakeObs, port: int = 0) -> AsyncIterator[Address]:
    """Let clients of obs-websocket 5 in, on a port of the loopback device."""

    async def attend(socket: ServerConnection) -> None:
        conversation = _Conversation(obs, socket)
        to_client, events = anyio.create_memory_object_stream[tuple[str, Mapping[str, Any]]](EVENTS_AHEAD)

        def tell(event: str, data: Mapping[str, Any]) -> None:
            if conversation.is_identified and conversation.wants_events:
                try:
                    to_client.send_nowait((event, dict(data)))
                except anyio.WouldBlock:
                    return

        async def pass_on() -> None:
            async for event, data in events:
                await conversation.send(EVENT, {"eventType": event, "eventIntent": 1, "eventData": data})

        with obs.attended(tell) as dropped, to_client, events:
            async with anyio.create_task_group() as tasks:

                async def leave_when_dropped() -> None:
                    await dropped.wait()
                    socket.transport.abort()

                tasks.start_soon(pass_on)
                tasks.start_soon(leave_when_dropped)
                await _converse(conversation, socket)
                tasks.cancel_scope.cancel()

    async with serve_websockets(attend, "127.0.0.1", port, select_subprotocol=_subprotocol) as server:
        number: int = next(iter(server.sockets)).getsockname()[1]
        yield Address("127.0.0.1", number, SecretStr(obs.password))


def _subprotocol(_socket: ServerConnection, offered: Sequence[websockets.Subprotocol]) -> websockets.Subprotocol | None:
    """The first that is known; a client that offers none speaks JSON."""
    return next((one for one in offered if one in (JSON, MSGPACK)), None)


async def _converse(conversation: _Conversation, socket: ServerConnection) -> None:
    try:
        await conversation.greet()
        async for frame in socket:
            await conversation.take(frame)
    except _Closed as closed:
        await socket.close(closed.code, closed.reason)
    except websockets.ConnectionClosed:
        return
