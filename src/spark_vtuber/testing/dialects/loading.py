"""Fake servers that load models by themselves: Ollama, LM Studio, llama.cpp's router."""

import re
from collections.abc import Mapping
from typing import Any, Final

import anyio
import httpx

from spark_vtuber.testing.dialects.fake import FakeServer, prompt_words
from spark_vtuber.testing.dialects.memory import Card
from spark_vtuber.testing.dialects.speech import Quirk, Speech, Tempo, fault

LOAD_S: Final = 3.0

_DURATION: Final = re.compile(r"-?\d+(ms|s|m|h)")


class _Loading(FakeServer):
    """A server with several models on one card; the first request for one waits for it."""

    def __init__(
        self,
        models: tuple[str, ...] = ("one:8b", "two:8b"),
        host: str = "models.test",
        *,
        card: Card | None = None,
        load_s: float = LOAD_S,
        tempo: Tempo | None = None,
        quirks: Quirk = Quirk.NONE,
    ) -> None:
        super().__init__(host, tempo=tempo, quirks=quirks)
        self.names = models
        self.card = card or Card(room=len(models))
        self.load_s = load_s
        self._lock = anyio.Lock()

    def entries(self) -> list[dict[str, Any]]:
        """All models, loaded or not."""
        return [{"id": name, "object": "model", "owned_by": self.owned_by} for name in self.names]

    async def load(self, name: str) -> bool:
        """Have a model on the card; the others wait meanwhile."""
        async with self._lock:
            if name not in self.card.loaded:
                await anyio.sleep(self.load_s)
            return self.card.load(name)

    async def speech(self, body: Mapping[str, Any]) -> Speech | httpx.Response:
        """The answer of a model that is loaded first where it was not."""
        name = str(body["model"])
        if name not in self.names:
            return fault(404, f'model "{name}" not found, try pulling it first', type="not_found_error")
        if not await self.load(name):
            return fault(500, "model requires more system memory than is available")
        return self.say(name, body, tokens_in=len(prompt_words(body)))


class FakeOllama(_Loading):
    """As Ollama: `keep_alive` 0 throws a model out; its OpenAI interface knows neither that nor `num_ctx`."""

    owned_by = "library"

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.context_tokens = 4096
        self.skills = ("completion", "tools")
        self.kept: dict[str, Any] = {}
        self.routes |= {
            ("GET", "/api/version"): self.version,
            ("GET", "/api/ps"): self.loaded,
            ("POST", "/api/show"): self.show,
            ("POST", "/api/generate"): self.generate,
        }

    async def version(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /api/version`."""
        return httpx.Response(200, json={"version": "0.12.0"})

    async def loaded(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /api/ps`."""
        models = [
            {"name": name, "model": name, "context_length": self.context_tokens, "size_vram": 5 << 30}
            for name in self.card.loaded
        ]
        return httpx.Response(200, json={"models": models})

    async def show(self, body: Mapping[str, Any]) -> httpx.Response:
        """`POST /api/show`."""
        if body.get("model") not in self.names:
            return fault(404, "model not found")
        return httpx.Response(200, json={"capabilities": list(self.skills), "model_info": {}})

    async def generate(self, body: Mapping[str, Any]) -> httpx.Response:
        """`POST /api/generate` without a prompt: loads a model, or with `keep_alive` 0 throws it out."""
        name, keep_alive = str(body["model"]), body.get("keep_alive")
        if name not in self.names:
            return fault(404, f'model "{name}" not found')
        if isinstance(keep_alive, str) and not _DURATION.fullmatch(keep_alive):
            return fault(400, f'time: invalid duration "{keep_alive}"')
        reason = "load"
        if keep_alive == 0:
            self.card.unload(name)
            reason = "unload"
        elif not await self.load(name):
            return fault(500, "model requires more system memory than is available")
        self.kept[name] = keep_alive
        told = {
            "model": name,
            "created_at": "2026-01-01T00:00:00Z",
            "response": "",
            "done": True,
            "done_reason": reason,
        }
        return httpx.Response(200, json=told)


class FakeLmStudio(_Loading):
    """As LM Studio: a request loads what it names; `GET /api/v0/models` tells which models are loaded."""

    owned_by = "organization_owner"

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.skills = ["tool_use"]
        self.routes |= {("GET", "/api/v0/models"): self.details}

    async def details(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /api/v0/models`."""
        entries = []
        for name in self.names:
            entry = {"id": name, "type": "llm", "max_context_length": 131_072, "capabilities": self.skills}
            is_loaded = name in self.card.loaded
            loaded = {"state": "loaded", "loaded_context_length": 8192} if is_loaded else {"state": "not-loaded"}
            entries.append({**entry, **loaded})
        return httpx.Response(200, json={"object": "list", "data": entries})


class FakeRouter(_Loading):
    """As `llama-server` without `-m`: models by name, each loaded and unloaded by hand or by the first request."""

    owned_by = "llamacpp"

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.routes |= {
            ("GET", "/props"): self.props,
            ("POST", "/models/load"): self.load_one,
            ("POST", "/models/unload"): self.unload_one,
        }

    def entries(self) -> list[dict[str, Any]]:
        """All models with their state."""
        return [
            {**entry, "status": {"value": "loaded" if entry["id"] in self.card.loaded else "unloaded"}}
            for entry in super().entries()
        ]

    async def props(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /props` of the router itself."""
        return httpx.Response(200, json={"default_generation_settings": {"n_ctx": 0}, "role": "router"})

    async def load_one(self, body: Mapping[str, Any]) -> httpx.Response:
        """`POST /models/load`: begins to load and returns at once."""
        if body.get("model") not in self.names:
            return fault(404, "model not found")
        if not await self.load(str(body["model"])):
            return fault(500, "no room")
        return httpx.Response(200, json={"success": True})

    async def unload_one(self, body: Mapping[str, Any]) -> httpx.Response:
        """`POST /models/unload`."""
        self.card.unload(str(body.get("model")))
        return httpx.Response(200, json={"success": True})
