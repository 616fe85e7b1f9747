"""The WebSockets: what happens (`/api/events`), the stage (`/api/stage`) and other platforms (`/api/ingest`).

Plain ASGI applications: a frame goes from the show to the server without a copy or a wrapper on the way.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import anyio
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from spark_vtuber.core.desk import Desk, Event, StagePeer
from spark_vtuber.core.errors import ProtocolError, SparkError
from spark_vtuber.core.ingest import WRONG_TOKEN, Ingest
from spark_vtuber.telemetry.events import GAP
from spark_vtuber.web.refusal import Refusal, error_json
from spark_vtuber.web.settings import MAX_BODY_BYTES

SEND_S: Final = 5.0
"""A reader that takes no frame for this long is gone: the stage protocol allows 5 s of audio behind."""

UNSUPPORTED: Final = 1003
INVALID: Final = 1007
POLICY: Final = 1008
TOO_BIG: Final = 1009
TRY_AGAIN: Final = 1013
"""Close codes of RFC 6455, 7.4.1, and of the IANA registry for 1013."""

_BAD_SINCE: Final = Refusal(
    400, "bad_since", "since must be the number of an event", fix="connect without it for events from now on"
)


class EventSocket:
    """`/api/events?since=N`: one event a text frame, as `event_view` gives it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one watcher until it leaves or stops reading."""
        try:
            since = _since(scope["query_string"])
        except ValueError:
            await _BAD_SINCE(scope, receive, send)
            return

        async def events(send: Send) -> None:
            async with self._desk.events(since) as source:
                async for event in source:
                    text = json.dumps(event_view(event, self._desk.session), separators=(",", ":"))
                    await _send_in_time(send, text)

        await _serve(receive, send, outgoing=events, take=_take_object)


class StageSocket:
    """`/api/stage`: the stage protocol; a page that falls too far behind is closed with 1013."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one page until it leaves, breaks the protocol or falls behind."""
        async with self._desk.stage() as peer:

            async def frames(send: Send) -> None:
                await _send_frames(peer, send)
                await _close(send, TRY_AGAIN, "too far behind")

            await _serve(receive, send, outgoing=frames, take=peer.receive)


class IngestSocket:
    """`/api/ingest`: what happens on another platform, and what became of it.

    `check` looks at a handshake: an answer that refuses it, or whether it showed the token. `note_guess` is told of one
    whose hello showed a wrong one.
    """

    def __init__(
        self,
        ingest: Ingest,
        check: Callable[[Scope], Refusal | bool],
        note_guess: Callable[[HTTPConnection], object],
    ) -> None:
        self._ingest = ingest
        self._check = check
        self._note_guess = note_guess

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one program until it leaves, breaks the protocol or falls behind."""
        is_known = self._check(scope)
        if isinstance(is_known, Refusal):
            await is_known(scope, receive, send)
            return
        async with self._ingest.connect(is_known=is_known) as peer:

            async def frames(send: Send) -> None:
                async for frame in peer.frames():
                    await _send_in_time(send, frame)
                await _close(send, TRY_AGAIN, "no hello in time, or too far behind")

            def take(text: str) -> None:
                try:
                    peer.receive(text)
                except SparkError as error:
                    if error.code == WRONG_TOKEN:
                        self._note_guess(HTTPConnection(scope))
                    raise

            await _serve(receive, send, outgoing=frames, take=take)


def event_view(event: Event, session: str) -> dict[str, Any]:
    """An event as it goes over the wire; a gap also names the session, which may be a new one."""
    view: dict[str, Any] = {**event.data, "seq": event.seq, "at": event.at_ms, "type": event.type}
    if event.turn is not None:
        view["turn"] = event.turn
    if event.type == GAP:
        view["session"] = session
    return view


@dataclass(frozen=True, slots=True)
class _Complaint:
    code: int
    message: str
    name: str = "protocol"
    fix: str = "see the reference of this socket"


async def _serve(
    receive: Receive, send: Send, *, outgoing: Callable[[Send], Awaitable[None]], take: Callable[[str], None]
) -> None:
    """Run both directions of a socket until one of them ends; nothing else is being sent when a complaint is."""
    await receive()
    await send({"type": "websocket.accept"})
    complaint: _Complaint | None = None
    async with anyio.create_task_group() as tasks:

        async def write() -> None:
            # An OSError is how ASGI tells that the peer is gone; a TimeoutError, which is one, that it reads nothing.
            with suppress(OSError):
                await outgoing(send)
            tasks.cancel_scope.cancel()

        tasks.start_soon(write)
        complaint = await _read(receive, take)
        tasks.cancel_scope.cancel()
    if complaint is not None:
        with suppress(OSError):
            await _complain(send, complaint)


async def _read(receive: Receive, take: Callable[[str], None]) -> _Complaint | None:
    """Hand text frames to `take` until the peer leaves, or sends what cannot be understood."""
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is None:
            return _Complaint(UNSUPPORTED, "only text frames are understood here")
        if len(text) > MAX_BODY_BYTES or len(text.encode()) > MAX_BODY_BYTES:
            return _Complaint(TOO_BIG, f"a text frame may hold {MAX_BODY_BYTES} bytes")
        try:
            take(text)
        except ProtocolError as error:
            return _Complaint(INVALID, error.message)
        except SparkError as error:
            return _Complaint(POLICY, error.message, error.code, error.fix)
    return None


async def _complain(send: Send, complaint: _Complaint) -> None:
    """Say what was wrong in a frame of type `error`, which clients may ignore, then close."""
    error = json.loads(error_json(complaint.name, complaint.message, complaint.fix))
    await _send_in_time(send, json.dumps({"type": "error", **error}))
    await _close(send, complaint.code, complaint.message)


def _take_object(text: str) -> None:
    """Ignore what a watcher of events says, as long as it is a JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a text frame must be a JSON object") from error
    if not isinstance(value, dict):
        raise ProtocolError("a text frame must be a JSON object")


async def _send_frames(peer: StagePeer, send: Send) -> None:
    async for frame in peer.frames():
        await _send_in_time(send, frame)


async def _send_in_time(send: Send, frame: str | bytes) -> None:
    """Send a frame. Raises `TimeoutError` where the peer does not read, `OSError` where it is gone."""
    with anyio.fail_after(SEND_S):
        await send({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})


async def _close(send: Send, code: int, reason: str) -> None:
    with anyio.fail_after(SEND_S):
        await send({"type": "websocket.close", "code": code, "reason": _short(reason)})


def _short(reason: str) -> str:
    """A close reason has room for 123 bytes (RFC 6455, 5.5)."""
    return reason.encode()[:123].decode(errors="ignore")


def _since(query: bytes) -> int | None:
    values = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("since")
    if values is None:
        return None
    if not values[-1].isdecimal() or len(values[-1]) > 15:
        raise ValueError(values[-1])
    return int(values[-1])
