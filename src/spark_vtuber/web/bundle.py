"""The built front end, read once and served from memory."""

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.types import Receive, Scope, Send

from spark_vtuber.web.pages import MISSING, OWN_POLICY, content_policy
from spark_vtuber.web.refusal import Header, Refusal

IMMUTABLE: Final = "/_app/immutable/"
"""Files under here carry a hash of their content in their name (SvelteKit's layout of a build)."""

_SCRIPT: Final = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_STYLE: Final = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
"""Named here because the machine's own table differs from system to system."""

_MISSING: Final = Refusal(
    503,
    "page_missing",
    "the front end is not built",
    fix="make run, or pip install -e .",
    headers=((b"content-security-policy", OWN_POLICY.encode()), (b"cache-control", b"no-store")),
    page=MISSING,
)
_UNKNOWN: Final = Refusal(404, "not_found", "there is nothing at this address", fix="see the reference of the routes")
_READ_ONLY: Final = Refusal(
    405, "method_not_allowed", "this address can only be read", fix="use GET", headers=((b"allow", b"GET, HEAD"),)
)


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    etag: bytes
    headers: tuple[Header, ...]


class Bundle:
    """Serves the files of a folder as an ASGI application; only what was there at the start can be reached.

    `/` and `/stage` give the page inside that folder. Without a bundle every page is a 503 that says how to
    build it. Everything else that is unknown is a 404.
    """

    def __init__(self, folder: Path) -> None:
        self._files = dict(_read(folder))

    @property
    def is_missing(self) -> bool:
        """Whether there is no front end to serve."""
        return "/" not in self._files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        file = self._files.get(scope["path"])
        if scope["type"] == "websocket" or scope["path"].startswith("/api"):
            await _UNKNOWN(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await (_READ_ONLY if file else _UNKNOWN)(scope, receive, send)
        elif file is not None:
            await _answer(file, scope, send)
        else:
            await (_MISSING if self.is_missing else _UNKNOWN)(scope, receive, send)


async def _answer(file: _File, scope: Scope, send: Send) -> None:
    is_known = any(
        name == b"if-none-match" and file.etag in (tag.strip() for tag in value.split(b","))
        for name, value in scope["headers"]
    )
    if is_known:
        # With the length of a body that does not follow, uvicorn takes the answer for cut off.
        headers = [(name, value) for name, value in file.headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(file.headers)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else file.body})


def _read(folder: Path) -> Iterator[tuple[str, _File]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        address = "/" + path.relative_to(folder).as_posix()
        file = _file(path.read_bytes(), address)
        if path.name == "index.html":
            directory = address.removesuffix("index.html")
            yield directory, file
            yield directory.removesuffix("/") or "/", file
        else:
            yield address, file


def _file(body: bytes, address: str) -> _File:
    suffix = address[address.rfind(".") :]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(address)[0] or "application/octet-stream"
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    caching = "public, max-age=31536000, immutable" if address.startswith(IMMUTABLE) else "no-cache"
    headers = {"content-type": kind, "content-length": str(len(body)), "etag": etag, "cache-control": caching}
    if suffix == ".html":
        text = body.decode()
        headers["content-security-policy"] = content_policy(
            scripts=tuple(_SCRIPT.findall(text)), styles=tuple(_STYLE.findall(text))
        )
    encoded = tuple((name.encode(), value.encode()) for name, value in headers.items())
    return _File(body=body, etag=etag.encode(), headers=encoded)
