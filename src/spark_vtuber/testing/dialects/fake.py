"""What all fake model servers share, and the network in memory over which clients reach them.

`network(server, …)` is an HTTP client that reaches each server at its `base_url`; no socket is opened, so everything
runs on the virtual clock. An answer begins with the name of the model or adapter that gives it: whoever gets another's
answer sees it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import httpx

from spark_vtuber.core.tools import ToolCall
from spark_vtuber.testing.dialects.speech import Quirk, Speech, Tempo, fault, streamed, whole

Route = Callable[[Mapping[str, Any]], Awaitable[httpx.Response]]

BASE: Final = "base-model"


class FakeServer:
    """A model server of one kind: the routes of that kind, what it was asked, and how it answers.

    `bodies` are the chat requests so far. `calls` are given instead of a text where tools are offered; `is_down` is a
    server that is not there; `refuses` are keys of a request that it answers with HTTP 400.
    """

    owned_by = ""

    def __init__(self, host: str = "models.test", *, tempo: Tempo | None = None, quirks: Quirk = Quirk.NONE) -> None:
        self.host = host
        self.tempo = tempo or Tempo()
        self.quirks = quirks
        self.calls: tuple[ToolCall, ...] = ()
        self.refuses: set[str] = set()
        self.bodies: list[dict[str, Any]] = []
        self.is_down = False
        self.routes: dict[tuple[str, str], Route] = {
            ("GET", "/v1/models"): self.models,
            ("POST", "/v1/chat/completions"): self.chat,
        }

    @property
    def base_url(self) -> str:
        """What `[llm] base_url` says."""
        return f"http://{self.host}/v1"

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        if self.is_down:
            raise httpx.ConnectError("connection refused", request=request)
        content = await request.aread()
        route = self.routes.get((request.method, request.url.path))
        if route is None:
            return fault(404, "no such door")
        try:
            body = json.loads(content) if content else dict(request.url.params)
        except ValueError:
            return fault(400, "that is not JSON")
        return await route(body)

    async def models(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /v1/models`."""
        return httpx.Response(200, json={"object": "list", "data": self.entries()})

    def entries(self) -> list[dict[str, Any]]:
        """The models, as they are listed."""
        return [{"id": BASE, "object": "model", "owned_by": self.owned_by}]

    async def chat(self, body: Mapping[str, Any]) -> httpx.Response:
        """`POST /v1/chat/completions`."""
        self.bodies.append(dict(body))
        if unwanted := sorted(self.refuses & body.keys()):
            return fault(400, f"{unwanted[0]} is not supported")
        said = await self.speech(body)
        if isinstance(said, httpx.Response):
            return said
        return streamed(said, self.tempo, self.quirks) if body.get("stream") else await whole(said, self.tempo)

    async def speech(self, body: Mapping[str, Any]) -> Speech | httpx.Response:
        """What is answered, or why nothing is."""
        return self.say(str(body["model"]), body)

    def say(self, who: str, body: Mapping[str, Any], **counts: Any) -> Speech:
        """The answer of a model or adapter: calls for tools, JSON for a schema, else text."""
        if body.get("tools") and self.calls:
            return Speech("", calls=self.calls, **counts)
        if shape := body.get("response_format"):
            return Speech(json.dumps(fitting(shape["json_schema"]["schema"])), **counts)
        return Speech(answer_of(who, last_words(body)), **counts)


def answer_of(who: str, words: str) -> str:
    """What a fake model says to somebody's words: its name, and what it heard."""
    return f"{who} speaking. You said {words}, and I like it. Tell me more about that, please."


def last_words(body: Mapping[str, Any]) -> str:
    """The end of the last message, as plain words."""
    words = "".join(char if char.isalnum() else " " for char in str(body["messages"][-1]["content"])).split()
    return " ".join(words[-4:]) or "nothing"


def prompt_words(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The prompt as a fake server counts it: every word is a token."""
    return tuple(word for message in body["messages"] for word in f"<{message['role']}> {message['content']}".split())


def fitting(schema: Mapping[str, Any]) -> Any:
    """A value that a JSON schema of the simple kind allows: what guided decoding would give."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return fitting(options[0])
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: fitting(properties.get(name, {})) for name in schema.get("required", properties)}
        case "array":
            return [fitting(schema.get("items", {}))] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case _:
            return "text"


def network(*servers: FakeServer) -> httpx.AsyncClient:
    """A client that reaches these servers and nobody else."""
    by_host = {server.host: server for server in servers}

    async def answer(request: httpx.Request) -> httpx.Response:
        server = by_host.get(request.url.host)
        if server is None:
            raise httpx.ConnectError("no such host", request=request)
        return await server.answer(request)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))
