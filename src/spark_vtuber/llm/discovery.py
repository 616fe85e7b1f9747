"""Model servers on this machine: who listens on the usual ports, and what they offer.

The default ports are those of the servers' own documentation: Ollama 11434, llama.cpp's `llama-server` 8080,
vLLM 8000, LM Studio 1234. Only loopback is asked, only with GET, and only a port that answers `GET /v1/models` with a
list of models counts as found; what it is, is told by the owner of its models, or by an address that only this kind of
server has.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.llm.dialects.dialect import MODELS
from spark_vtuber.llm.dialects.table import by_owner
from spark_vtuber.llm.openai_protocol import models_in

PORTS: Final = (11434, 8080, 8000, 1234)
"""In the order in which servers are offered."""

TIMEOUT_S: Final = 0.3
"""For everything together; a server on the same machine answers within a few milliseconds."""

MAX_ANSWER_BYTES: Final = 1 << 20

_SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "Ollama": ("/api/version", "version"),
    "llama.cpp": ("/props", "default_generation_settings"),
    "LM Studio": ("/api/v0/models", "data"),
    "vLLM": ("/version", "version"),
}
"""For each kind: an address of its own, and a key of the object that it answers there."""


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answers. `name` is its kind; `models` are its models' names, in its order."""

    name: str
    base_url: str
    models: tuple[str, ...]


async def discover(
    http: httpx.AsyncClient,
    *,
    ports: Collection[int] = PORTS,
    skip: Collection[int] = (),
    timeout_s: float = TIMEOUT_S,
) -> tuple[FoundServer, ...]:
    """The servers that listen on `ports` of 127.0.0.1, in the order of `ports`, at most `timeout_s` later.

    `skip` are ports of the show itself. Never raises for what a server does or does not do. A server that lists its
    models but is too slow to say what it is, is named `OpenAI-compatible`.
    """
    found: dict[int, FoundServer] = {}
    with anyio.move_on_after(timeout_s):
        async with anyio.create_task_group() as tasks:
            for port in ports:
                if port not in skip:
                    tasks.start_soon(_look, http, port, found)
    return tuple(found[port] for port in ports if port in found)


async def _look(http: httpx.AsyncClient, port: int, found: dict[int, FoundServer]) -> None:
    root = f"http://127.0.0.1:{port}"
    body = await _get(http, f"{root}/v1/models")
    try:
        models = models_in(body)
    except ProtocolError:
        return
    owner = by_owner({MODELS: _object(body)})
    name = "OpenAI-compatible" if owner is None or owner.name == "openai" else owner.title
    found[port] = FoundServer(name, f"{root}/v1", models)
    if owner is not None:
        return
    async with anyio.create_task_group() as tasks:
        for name in _SIGNS:
            tasks.start_soon(_recognise, http, root, name, port, found)


async def _recognise(http: httpx.AsyncClient, root: str, name: str, port: int, found: dict[int, FoundServer]) -> None:
    path, key = _SIGNS[name]
    if key in _object(await _get(http, root + path)):
        found[port] = replace(found[port], name=name)


async def _get(http: httpx.AsyncClient, url: str) -> bytes:
    """The body of an answer with status 200, empty for anything else."""
    body = b""
    try:
        async with http.stream("GET", url, headers={"Connection": "close"}) as response:
            if response.status_code != httpx.codes.OK:
                return b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    return b""
    except httpx.HTTPError:
        return b""
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
