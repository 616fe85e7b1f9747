"""Errors as every client sees them: `{"error": {"code", "message", "fix"}}`."""

import json
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"

Header = tuple[bytes, bytes]


def error_json(code: str, message: str, fix: str) -> bytes:
    """The body of an error."""
    return json.dumps({"error": {"code": code, "message": message, "fix": fix}}).encode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no: with a JSON body, or with `page` (HTML) where a person is looking."""

    status: int
    code: str
    message: str
    fix: str = ""
    headers: tuple[Header, ...] = field(default=())
    page: bytes | None = None

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a request, or a WebSocket before it is accepted, as an ASGI application."""
        body = error_json(self.code, self.message, self.fix) if self.page is None else self.page
        headers = [
            (b"content-type", JSON if self.page is None else HTML),
            (b"content-length", str(len(body)).encode("ascii")),
            *self.headers,
        ]
        prefix = ""
        if scope["type"] == "websocket":
            if "websocket.http.response" not in scope.get("extensions", {}):
                await send({"type": "websocket.close", "code": 1008, "reason": self.code})
                return
            prefix = "websocket."
        elif scope["method"] == "HEAD":
            body = b""
        await send({"type": f"{prefix}http.response.start", "status": self.status, "headers": headers})
        await send({"type": f"{prefix}http.response.body", "body": body})
