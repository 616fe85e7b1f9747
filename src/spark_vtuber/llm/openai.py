"""Any server with OpenAI's chat completions interface: vLLM, llama.cpp, Ollama, LM Studio, SGLang, TensorRT-LLM, cloud.

Codes of the errors this engine raises:

* `unreachable` (retryable): nobody answers at the address;
* `timeout` (retryable): no first text, or no next piece, in time;
* `dropped` (retryable): the connection broke before the answer was finished;
* `overloaded`, `server_error` (retryable): HTTP 429, HTTP 5xx;
* `refused`: another HTTP status, or an error object in a 200;
* `bad_answer`: something that is no answer at all;
* `empty`: a finished answer without any text;
* `no_model`: no model is configured and the server lists none;
* `no_secret`: a referenced secret is missing (when the engine is opened).
"""

import json
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, assert_never

import anyio
import httpx

from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.errors import EngineError, ProtocolError
from spark_vtuber.llm.openai_options import SECRET_PREFIX, OpenAIOptions
from spark_vtuber.llm.openai_protocol import (
    MAX_BODY_BYTES,
    AnswerReader,
    Cut,
    Failure,
    Finish,
    Part,
    Text,
    Thought,
    failure_in,
    models_in,
)
from spark_vtuber.llm.port import Capabilities, LLMPart, LLMRequest, TextDelta, Usage
from spark_vtuber.llm.prompt_json import PromptEncoder

CHARS_PER_TOKEN: Final = 16
"""No tokenizer gives more characters for an average token; an answer beyond this ignores its limit."""

RETRY_AFTER_S: Final = 1.0
"""A server that wants to be left alone for longer is not asked again in the same turn."""

TAIL_S: Final = 0.25
"""How long the token counts may come after the last piece of text."""

MODELS_TIMEOUT_S: Final = 1.0
"""How long the start of the show waits for the list of models."""

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
_SECRET_CHARS: Final = 8
"""The value of a header this long may be a key, also where it was written into the configuration."""

_SHOWN_CHARS: Final = 200


class _PassingError(EngineError):
    """A failure after which the same request may be sent once more, after `pause_s`."""

    def __init__(self, code: str, message: str, pause_s: float) -> None:
        super().__init__(code, message, retryable=True)
        self.pause_s = pause_s


class _UnwantedError(EngineError):
    """The server does not take the request as it is; it said so before it gave anything."""


class OpenAIModel:
    """A model behind a base URL. Several streams may run at once."""

    def __init__(
        self,
        options: OpenAIOptions,
        http: httpx.AsyncClient,
        rng: random.Random,
        *,
        headers: Mapping[str, str],
        secrets: tuple[str, ...] = (),
    ) -> None:
        """`headers` go with every request, secrets filled in; `secrets` are blotted out of what the server says."""
        self._options = options
        self._http = http
        self._random = rng
        self._headers = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        self._secrets = secrets
        self._prompts = PromptEncoder()
        self._model = options.model
        self._takes_schema = True

    @property
    def capabilities(self) -> Capabilities:
        """The model's name is empty until the server was asked for it."""
        return Capabilities(engine="openai", model=self._model)

    async def choose_model(self, timeout_s: float) -> None:
        """Take the first model the server lists, unless one is configured or was chosen.

        Raises:
            EngineError: as `models`, or `no_model`.
        """
        if self._model:
            return
        models = await self.models(timeout_s)
        if not models:
            fix = "load a model in the server, or set llm.model"
            raise EngineError("no_model", f"{self._place} lists no model", fix=fix)
        self._model = next((name for name in models if "embed" not in name.lower()), models[0])

    async def models(self, timeout_s: float) -> tuple[str, ...]:
        """The names of the server's models, in its order.

        Raises:
            EngineError: `unreachable`, `timeout`, `dropped`, `overloaded`, `server_error`, `refused`, `bad_answer`.
        """
        async with aclosing(self._chunks("GET", "/models")) as chunks:
            body = b""
            deadline = anyio.current_time() + timeout_s
            while (chunk := await self._next(chunks, deadline)) is not None:
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise EngineError("bad_answer", f"{self._place} sends a list of models without end")
        try:
            return models_in(body)
        except ProtocolError as error:
            raise EngineError("bad_answer", f"{self._place}: {error.message}") from error

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMPart, None]:
        """The answer; see the port. One more attempt is made where nothing was given and the failure may pass.

        A server that refuses a request with a schema is asked without one from then on.
        """
        deadline = anyio.current_time() + self._options.first_token_timeout_s
        await self.choose_model(self._options.first_token_timeout_s)
        limit = CHARS_PER_TOKEN * self._max_tokens(request)
        is_given = False
        pause_s = 0.0
        try:
            async with aclosing(self._attempt(self._body(request), limit, deadline)) as parts:
                async for part in parts:
                    is_given = True
                    yield part
        except _PassingError as error:
            if is_given or anyio.current_time() + error.pause_s >= deadline:
                raise
            pause_s = error.pause_s
        except _UnwantedError:
            if is_given or request.schema is None or not self._takes_schema:
                raise
            self._takes_schema = False
        else:
            return
        await anyio.sleep(pause_s)
        async with aclosing(self._attempt(self._body(request), limit, deadline)) as parts:
            async for part in parts:
                yield part

    async def _attempt(self, body: bytes, limit: int, deadline: float) -> AsyncGenerator[LLMPart, None]:
        reader = AnswerReader(limit)
        is_given = False
        async with aclosing(self._chunks("POST", "/chat/completions", body)) as chunks:
            while not reader.is_done:
                chunk = await self._next(chunks, deadline, is_optional=reader.is_finished)
                for part in self._parts(reader, chunk):
                    match part:
                        case Text():
                            is_given = True
                            yield TextDelta(part.text)
                        case Usage():
                            yield part
                        case Failure():
                            raise self._failed(part.status, f": {self._shown(part.message)}")
                        case Cut():
                            raise self._dropped()
                        case Thought() | Finish():
                            pass
                        case _:
                            assert_never(part)
                    deadline = self._deadline(deadline, is_given=is_given, is_finished=reader.is_finished)
        if not is_given:
            fix = "raise llm.max_tokens, or turn the model's reasoning off"
            raise EngineError("empty", f"{self._place} gave no text", fix=fix)

    async def _next(
        self, chunks: AsyncGenerator[bytes, None], deadline: float, *, is_optional: bool = False
    ) -> bytes | None:
        """The next bytes of a body, or None at its end, or when they are late and optional."""
        try:
            with anyio.fail_after(deadline - anyio.current_time()):
                return await anext(chunks, None)
        except TimeoutError as error:
            if is_optional:
                return None
            raise EngineError("timeout", f"{self._place} did not answer in time", retryable=True) from error

    async def _chunks(self, method: str, path: str, body: bytes | None = None) -> AsyncGenerator[bytes, None]:
        """The body of an answer with status 200; closing the generator closes the connection."""
        timeout = httpx.Timeout(None, connect=self._options.connect_timeout_s)
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        url = self._options.base_url + path
        try:
            async with self._http.stream(method, url, content=body, headers=headers, timeout=timeout) as response:
                if response.status_code != httpx.codes.OK:
                    raise self._status_error(response, await _beginning(response))
                async for chunk in response.aiter_bytes():
                    yield chunk
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            fix = "start the model's server, or correct llm.base_url"
            message = f"nobody answers at {self._place}"
            raise EngineError("unreachable", message, retryable=True, fix=fix) from error
        except httpx.TransportError as error:
            raise self._dropped() from error
        except httpx.HTTPError as error:
            raise EngineError("bad_answer", f"{self._place} sends a body that cannot be read") from error

    def _parts(self, reader: AnswerReader, chunk: bytes | None) -> Iterator[Part]:
        try:
            yield from reader.close() if chunk is None else reader.feed(chunk)
        except ProtocolError as error:
            raise EngineError("bad_answer", f"{self._place}: {error.message}") from error

    def _deadline(self, deadline: float, *, is_given: bool, is_finished: bool) -> float:
        now = anyio.current_time()
        if is_finished:
            return min(deadline, now + TAIL_S)
        return now + self._options.token_timeout_s if is_given else deadline

    def _max_tokens(self, request: LLMRequest) -> int:
        own = self._options.max_tokens
        return request.max_tokens if own is None else min(own, request.max_tokens)

    def _body(self, request: LLMRequest) -> bytes:
        head: dict[str, Any] = {"model": self._model, "stream": True, "stream_options": {"include_usage": True}}
        temperature = self._options.temperature if request.temperature is None else request.temperature
        if temperature is not None:
            head["temperature"] = temperature
        if request.stop:
            head["stop"] = request.stop
        if "max_completion_tokens" not in self._options.extra_body:
            head["max_tokens"] = self._max_tokens(request)
        if request.schema is not None and self._takes_schema:
            shape = {"name": "answer", "strict": True, "schema": request.schema}
            head["response_format"] = {"type": "json_schema", "json_schema": shape}
        head |= self._options.extra_body
        messages = self._prompts.encode(request.persona.id, request.messages)
        return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"messages":' + messages + b"}"

    def _status_error(self, response: httpx.Response, body: bytes) -> EngineError:
        failure = failure_in(body)
        said = f" with HTTP {response.status_code}" + (f": {self._shown(failure.message)}" if failure else "")
        return self._failed(response.status_code, said, response.headers.get("Retry-After", ""))

    def _failed(self, status: int, said: str, retry_after: str = "") -> EngineError:
        message = f"{self._place} answered{said}"
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return _PassingError("server_error", message, self._pause())
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait_s = _seconds(retry_after)
            if wait_s is not None and wait_s <= RETRY_AFTER_S:
                return _PassingError("overloaded", message, wait_s + self._pause())
            return EngineError("overloaded", message, retryable=True)
        if status in _UNWANTED:
            return _UnwantedError("refused", message)
        return EngineError("refused", message, fix=_FIXES.get(status, ""))

    def _dropped(self) -> _PassingError:
        return _PassingError(
            "dropped", f"{self._place} closed the connection before the answer was finished", self._pause()
        )

    def _pause(self) -> float:
        return PAUSE_S * self._random.uniform(0.5, 1.5)

    @property
    def _place(self) -> str:
        return self._options.base_url

    def _shown(self, text: str) -> str:
        """A server's words, fit for a log: no secret of ours, no control characters, not too long."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = "".join(char if char.isprintable() else " " for char in text)
        return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


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


def _secret(reference: str, env: EngineEnv) -> str:
    name = reference.removeprefix(SECRET_PREFIX)
    value = env.secret(name).strip()
    if not value or not value.isascii() or not value.isprintable():
        raise EngineError(
            "no_secret", f"the value behind {reference} is no key", fix=f"set it again: spark-vtuber secrets set {name}"
        )
    return value


def _build(options: OpenAIOptions, env: EngineEnv) -> OpenAIModel:
    headers = dict(options.extra_headers)
    secrets = []
    for name, value in options.extra_headers.items():
        if value.startswith(SECRET_PREFIX):
            headers[name] = _secret(value, env)
        if headers[name] is not value or len(value) >= _SECRET_CHARS:
            secrets.append(headers[name])
    if options.api_key is not None:
        key = _secret(options.api_key, env)
        headers["Authorization"] = f"Bearer {key}"
        secrets.append(key)
    return OpenAIModel(options, env.http, env.random, headers=headers, secrets=tuple(secrets))


@asynccontextmanager
async def _open(options: OpenAIOptions, env: EngineEnv) -> AsyncIterator[OpenAIModel]:
    """The model. A server that is not there yet is asked again by every stream; only `no_secret` is raised here.

    The server is asked for its models also where one is configured: the first viewer does not wait for what a
    first request costs.
    """
    model = _build(options, env)
    try:
        await (model.models(MODELS_TIMEOUT_S) if options.model else model.choose_model(MODELS_TIMEOUT_S))
    except EngineError as error:
        env.log.info("the model server does not answer yet: %s", error.message)
    yield model


async def _probe(options: OpenAIOptions, env: EngineEnv) -> AsyncIterator[Finding]:
    try:
        names = await _build(options, env).models(options.connect_timeout_s)
    except EngineError as error:
        yield Finding("llm", "error", error.message, error.fix)
        return
    if not options.model and not names:
        yield Finding("llm", "error", f"{options.base_url} lists no model", "load a model in the server")
    elif options.model and options.model not in names:
        fix = f"set llm.model to one of: {', '.join(names[:5])}" if names else "load the model in the server"
        yield Finding("llm", "warning", f"{options.base_url} does not list the model {options.model}", fix)
    else:
        yield Finding("llm", "ok", f"{options.base_url} offers {options.model or names[0]}")


SPEC: Final = EngineSpec(
    options=OpenAIOptions,
    open=_open,
    probe=_probe,
    summary="any server with OpenAI's chat completions interface",
    licence="Apache-2.0",
)
