"""Requests to one model server, and what its failures mean. The codes are listed in `openai`."""

import json
import random
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.llm.openai_protocol import MAX_BODY_BYTES, failure_in, json_in

RETRY_AFTER_S: Final = 1.0
"""A server that wants to be left alone for longer is not asked again in the same turn."""

PAUSE_S: Final = 0.1
"""The mean pause before the second attempt; it varies by half."""

_FIXES: Final = {
    401: 'spark-vtuber secrets set openai, and set llm.api_key = "secret:openai"',
    403: 'spark-vtuber secrets set openai, and set llm.api_key = "secret:openai"',
    404: "correct llm.base_url or llm.model",
}
_UNWANTED: Final = frozenset({400, 422})
"""How servers say that they do not know a field of a request."""

_ERROR_BODY_BYTES: Final = 64 << 10
_SHOWN_CHARS: Final = 200


class PassingError(EngineError):
    """A failure after which the same request may be sent once more, after `pause_s`."""

    def __init__(self, code: str, message: str, pause_s: float) -> None:
        super().__init__(code, message, retryable=True)
        self.pause_s = pause_s


class RefusedError(EngineError):
    """The server does not take the request; it said so with a `status`. `is_unwanted`: a field of it may be why."""

    def __init__(self, message: str, status: int, fix: str = "") -> None:
        super().__init__("refused", message, fix=fix)
        self.status = status
        self.is_unwanted = status in _UNWANTED


class Wire:
    """One server. `headers` go with every request, secrets filled in; `secrets` are blotted out of what it says."""

    def __init__(
        self,
        base_url: str,
        http: httpx.AsyncClient,
        rng: random.Random,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
        connect_timeout_s: float,
    ) -> None:
        """`base_url` is where `/chat/completions` is, usually ending in `/v1`."""
        self.place = base_url
        self._root = base_url.removesuffix("/v1")
        self._http = http
        self._random = rng
        self._headers = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        self._headers_of_a_body = {**self._headers, "Content-Type": "application/json"}
        self._secrets = secrets
        self._timeout = httpx.Timeout(None, connect=connect_timeout_s)

    async def value(self, path: str, body: Mapping[str, Any] | None = None, *, timeout_s: float) -> Any:
        """The JSON at a path below the root; with a `body` it is posted there. None where the answer holds nothing.

        Raises:
            EngineError: `unreachable`, `timeout`, `dropped`, `overloaded`, `server_error`, `refused`, `bad_answer`.
        """
        answer = b""
        deadline = anyio.current_time() + timeout_s
        sent = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        url = self.place + path.removeprefix("/v1") if path.startswith("/v1/") else self._root + path
        async with aclosing(self.chunks("GET" if body is None else "POST", url, sent)) as chunks:
            while (chunk := await self.next(chunks, deadline)) is not None:
                answer += chunk
                if len(answer) > MAX_BODY_BYTES:
                    raise EngineError("bad_answer", f"{self.place} sends an answer without end to {path}")
        try:
            return json_in(answer) if answer.strip() else None
        except ProtocolError as error:
            raise EngineError("bad_answer", f"{self.place}: {error.message}") from error

    def chat(self, body: bytes) -> AsyncGenerator[bytes, None]:
        """The answer to a chat completion request, as `chunks`."""
        return self.chunks("POST", self.place + "/chat/completions", body)

    async def next(
        self, chunks: AsyncGenerator[bytes, None], deadline: float, *, is_optional: bool = False
    ) -> bytes | None:
        """The next bytes of a body, or None at its end, or when they are late and optional."""
        try:
            with anyio.fail_after(deadline - anyio.current_time()):
                return await anext(chunks, None)
        except TimeoutError as error:
            if is_optional:
                return None
            raise EngineError("timeout", f"{self.place} did not answer in time", retryable=True) from error

    async def chunks(self, method: str, url: str, body: bytes | None = None) -> AsyncGenerator[bytes, None]:
        """The body of an answer with status 200; closing the generator closes the connection."""
        headers = self._headers if body is None else self._headers_of_a_body
        try:
            async with self._http.stream(method, url, content=body, headers=headers, timeout=self._timeout) as response:
                if response.status_code != httpx.codes.OK:
                    raise self._status_error(response, await _beginning(response))
                async for chunk in response.aiter_bytes():
                    yield chunk
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            fix = "start the model's server, or correct llm.base_url"
            message = f"nobody answers at {self.place}"
            raise EngineError("unreachable", message, retryable=True, fix=fix) from error
        except httpx.TransportError as error:
            raise self.dropped() from error
        except httpx.HTTPError as error:
            raise EngineError("bad_answer", f"{self.place} sends a body that cannot be read") from error

    def failed(self, status: int, said: str, retry_after: str = "") -> EngineError:
        """The error for a status, with the server's own words."""
        message = f"{self.place} answered{said}"
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return PassingError("server_error", message, self._pause())
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait_s = _seconds(retry_after)
            if wait_s is not None and wait_s <= RETRY_AFTER_S:
                return PassingError("overloaded", message, wait_s + self._pause())
            return EngineError("overloaded", message, retryable=True)
        return RefusedError(message, status, _FIXES.get(status, ""))

    def dropped(self) -> PassingError:
        """The error for an answer that broke off."""
        return PassingError(
            "dropped", f"{self.place} closed the connection before the answer was finished", self._pause()
        )

    def shown(self, text: str) -> str:
        """A server's words, fit for a log: no secret of ours, no control characters, not too long."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = "".join(char if char.isprintable() else " " for char in text)
        return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"

    def _status_error(self, response: httpx.Response, body: bytes) -> EngineError:
        failure = failure_in(body)
        said = f" with HTTP {response.status_code}" + (f": {self.shown(failure.message)}" if failure else "")
        return self.failed(response.status_code, said, response.headers.get("Retry-After", ""))

    def _pause(self) -> float:
        return PAUSE_S * self._random.uniform(0.5, 1.5)


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= _ERROR_BODY_BYTES:
            break
    return body


def _seconds(value: str) -> float | None:
    """A `Retry-After` in seconds; its other form, a date, is never short."""
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value) else None
