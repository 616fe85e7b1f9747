"""The gate in front of every route: who asks, from where, and how much.

In this order, for HTTP and for WebSockets before they are accepted: `Host` not ours 421, `Origin` not ours 403,
no key 401 or the wrong one 403 (beyond loopback), a body that is too large 413 or too slow 408, a POST that is not
JSON 415.
"""

from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spark_vtuber.web.authority import OwnNames
from spark_vtuber.web.keys import Keys, Role
from spark_vtuber.web.pages import LOGIN, OWN_POLICY
from spark_vtuber.web.refusal import JSON, Header, Refusal
from spark_vtuber.web.settings import MAX_BODY_BYTES

POLICY: Final[tuple[Header, ...]] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Headers of every answer that does not say otherwise itself."""

BODY_S: Final = 20.0
"""For a whole body: whoever trickles bytes must not keep a place."""

LOGIN_PATH: Final = "/api/login"
STAGE_SOCKET: Final = "/api/stage"
INGEST_PATH: Final = "/api/ingest"
"""Has a token of its own, which it asks for itself, on loopback as well."""

_HTML_HEADERS: Final = ((b"content-security-policy", OWN_POLICY.encode()),)

_FOREIGN_HOST: Final = Refusal(
    421, "foreign_host", "this address is not served here", fix="open the show by the address it prints at its start"
)
_FOREIGN_ORIGIN: Final = Refusal(
    403, "foreign_origin", "pages of other sites may not use the show", fix="open the show's own page"
)
_NO_KEY: Final = Refusal(
    401,
    "key_needed",
    "this show is open beyond its machine and asks for a key",
    fix="send the token of the desk as Authorization: Bearer, or log in at /",
    headers=((b"www-authenticate", b"Bearer"),),
)
_LOGIN: Final = Refusal(401, "key_needed", "a key is needed", headers=_HTML_HEADERS, page=LOGIN)
_STAGE_ONLY: Final = Refusal(403, "key_too_small", "this key opens the stage only", fix="use the token of the desk")
_TOO_LARGE: Final = Refusal(
    413,
    "too_large",
    f"a body may hold {MAX_BODY_BYTES} bytes",
    fix="send less",
    headers=((b"connection", b"close"),),
)
_NOT_JSON: Final = Refusal(
    415, "not_json", "a POST needs Content-Type: application/json", fix="add the header", headers=((b"accept", JSON),)
)
_BAD_LENGTH: Final = Refusal(400, "bad_length", "Content-Length is not a number", fix="leave it to the HTTP client")

_TOO_SLOW: Final = Refusal(
    408, "too_slow", "the body did not come in time", fix="send it at once", headers=((b"connection", b"close"),)
)
_CUT_OFF: Final = Refusal(400, "cut_off", "the body ended early", fix="send it again")


class Gate:
    """Lets through to `app` what may pass, and answers the rest; adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, *, names: OwnNames, keys: Keys) -> None:
        self._app = app
        self._names = names
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or one WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _Headers(scope)
        extra: tuple[Header, ...] = POLICY
        refusal = self._foreign(headers)
        if refusal is None and self._keys.are_needed:
            refusal, cookie = self._locked(scope, headers)
            extra += cookie
        send = _adding(extra, send)
        if refusal is None and scope["type"] == "http":
            refusal = _unfit(scope, headers)
            if refusal is None and scope["method"] == "POST":
                body = await _body(receive)
                if isinstance(body, Refusal):
                    refusal = body
                else:
                    receive = _replaying(body, receive)
        await (refusal or self._app)(scope, receive, send)

    def _foreign(self, headers: "_Headers") -> Refusal | None:
        if not self._names.has_host(headers.host):
            return _FOREIGN_HOST
        if headers.origin is not None and not self._names.has_origin(headers.origin, headers.host):
            return _FOREIGN_ORIGIN
        return None

    def _locked(self, scope: Scope, headers: "_Headers") -> tuple[Refusal | None, tuple[Header, ...]]:
        """What keeps a request out, and the cookie for a stage that came with its key in the address."""
        path: str = scope["path"]
        if path in (LOGIN_PATH, INGEST_PATH):
            return None, ()
        role = self._keys.role(scope["headers"])
        cookie: tuple[Header, ...] = ()
        if role is None and (path.startswith("/stage") or path == STAGE_SOCKET):
            role = self._keys.role_of_query(scope["query_string"])
            if role is not None and scope["type"] == "http":
                cookie = ((b"set-cookie", self._keys.cookie(role).encode()),)
        if role is Role.DESK or (role is Role.STAGE and _is_stage(path)):
            return None, cookie
        if b"text/html" in headers.accept and not path.startswith("/api"):
            return _LOGIN, ()
        return (_NO_KEY if role is None else _STAGE_ONLY), ()


class _Headers:
    """The headers the gate looks at. One that must stand alone and does not counts as foreign."""

    __slots__ = ("accept", "content_type", "host", "length", "origin")

    def __init__(self, scope: Scope) -> None:
        self.host = ""
        self.origin: str | None = None
        self.accept = b""
        self.content_type = b""
        self.length = b"0"
        for name, value in scope["headers"]:
            match name:
                case b"host":
                    self.host = "several, " if self.host else value.decode("latin-1")
                case b"origin":
                    self.origin = value.decode("latin-1") if self.origin is None else "several"
                case b"accept":
                    self.accept = value
                case b"content-type":
                    self.content_type = value
                case b"content-length":
                    self.length = value
                case _:
                    pass


def _is_stage(path: str) -> bool:
    return path == STAGE_SOCKET or (path != "/" and not path.startswith(("/api", "/metrics")))


def _unfit(scope: Scope, headers: _Headers) -> Refusal | None:
    if not headers.length.isdigit():
        return _BAD_LENGTH
    if len(headers.length) > 9 or int(headers.length) > MAX_BODY_BYTES:
        return _TOO_LARGE
    if scope["method"] == "POST" and headers.content_type.partition(b";")[0].strip().lower() != JSON:
        return _NOT_JSON
    return None


async def _body(receive: Receive) -> bytes | Refusal:
    """The whole body, or why there is none."""
    body: bytes = b""
    with anyio.move_on_after(BODY_S):
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                return _TOO_LARGE
            if not message.get("more_body", False):
                return body
        return _CUT_OFF
    return _TOO_SLOW


def _replaying(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _adding(extra: tuple[Header, ...], send: Send) -> Send:
    async def adding(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers.extend(header for header in extra if header[0] not in present)
            message = {**message, "headers": headers}
        await send(message)

    return adding
