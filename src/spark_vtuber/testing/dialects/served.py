"""Fake servers that name an adapter: vLLM, SGLang; and those that do not: TensorRT-LLM, plain OpenAI."""

from collections.abc import Mapping
from typing import Any

import anyio
import httpx

from spark_vtuber.testing.dialects.fake import BASE, FakeServer, prompt_words
from spark_vtuber.testing.dialects.memory import Card
from spark_vtuber.testing.dialects.speech import Quirk, Speech, Tempo, fault


class FakeVllm(FakeServer):
    """As vLLM: adapters are models, an unknown one is a 404; tools need a parser; it can sleep and wake.

    `has_sleep` is `--enable-sleep-mode` with its development routes. Asleep it refuses every request.
    """

    owned_by = "vllm"

    def __init__(
        self,
        adapters: tuple[str, ...] = (),
        host: str = "models.test",
        *,
        model: str = BASE,
        card: Card | None = None,
        wake_s: float = 0.5,
        tempo: Tempo | None = None,
        quirks: Quirk = Quirk.NONE,
    ) -> None:
        super().__init__(host, tempo=tempo, quirks=quirks)
        self.adapters = adapters
        self.model = model
        self.has_tool_parser = True
        self.card = card or Card()
        self.wake_s = wake_s
        self.is_asleep = False
        self._seen: dict[str, tuple[str, ...]] = {}
        self.routes |= {("GET", "/version"): self.version}
        if card is not None:
            self.routes |= {
                ("POST", "/sleep"): self.sleep,
                ("POST", "/wake_up"): self.wake_up,
                ("GET", "/is_sleeping"): self.is_sleeping,
            }
            card.load(model)

    def entries(self) -> list[dict[str, Any]]:
        """The base, then its adapters with it as their parent."""
        base = {"id": self.model, "object": "model", "owned_by": "vllm", "parent": None, "max_model_len": 16_384}
        return [base, *({**base, "id": name, "parent": self.model, "max_model_len": None} for name in self.adapters)]

    async def version(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /version`."""
        return httpx.Response(200, json={"version": "0.33.0"})

    async def speech(self, body: Mapping[str, Any]) -> Speech | httpx.Response:
        """The answer of the base or an adapter; a prompt's beginning is remembered for each of them apart."""
        name = str(body["model"])
        if self.is_asleep:
            return fault(500, "the engine is asleep")
        if name not in {self.model, *self.adapters}:
            return fault(404, f"The model `{name}` does not exist.", type="NotFoundError", param="model")
        if body.get("tools") and not self.has_tool_parser:
            return fault(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set')
        words = prompt_words(body)
        cached = sum(1 for one, other in zip(self._seen.get(name, ()), words, strict=False) if one == other)
        self._seen[name] = words
        return self.say(name, body, tokens_in=len(words), tokens_cached=min(cached, len(words) - 1))

    async def sleep(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`POST /sleep?level=1`: the weights leave the card."""
        await anyio.sleep(self.wake_s / 2)
        self.is_asleep = True
        self.card.unload(self.model)
        return httpx.Response(200)

    async def wake_up(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`POST /wake_up`: the weights come back, if there is room."""
        await anyio.sleep(self.wake_s)
        if not self.card.load(self.model):
            return fault(500, "CUDA out of memory")
        self.is_asleep = False
        return httpx.Response(200)

    async def is_sleeping(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /is_sleeping`."""
        return httpx.Response(200, json={"is_sleeping": self.is_asleep})


class FakeSglang(FakeServer):
    """As SGLang: an adapter by `lora_path`, an unknown one is a 400."""

    owned_by = "sglang"

    def __init__(self, adapters: tuple[str, ...] = (), host: str = "models.test", **how: Any) -> None:
        super().__init__(host, **how)
        self.adapters = adapters
        self.tool_call_parser: str | None = "qwen25"
        self.routes |= {("GET", "/server_info"): self.info}

    def entries(self) -> list[dict[str, Any]]:
        """The base with its context."""
        return [{"id": BASE, "object": "model", "owned_by": "sglang", "root": BASE, "max_model_len": 32_768}]

    async def info(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /server_info`."""
        paths = [{"lora_name": name, "lora_path": f"/l/{name}"} for name in self.adapters]
        told = {"model_path": BASE, "tool_call_parser": self.tool_call_parser, "lora_paths": paths}
        return httpx.Response(200, json=told)

    async def speech(self, body: Mapping[str, Any]) -> Speech | httpx.Response:
        """The answer of the base or of the adapter that is named."""
        name = body.get("lora_path")
        if name is not None and name not in self.adapters:
            return fault(400, f"Got LoRA adapter that has not been loaded: {name}")
        words = prompt_words(body)
        return self.say(str(name or BASE), body, tokens_in=len(words), tokens_cached=0)


class FakeTensorrt(FakeServer):
    """As `trtllm-serve`: one model, no adapter by name, no cached counts."""

    owned_by = "tensorrt_llm"

    def __init__(self, host: str = "models.test", **how: Any) -> None:
        super().__init__(host, **how)
        self.routes |= {("GET", "/version"): self.version}

    async def version(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /version`."""
        return httpx.Response(200, json={"version": "1.2.1"})


class FakeOpenAI(FakeServer):
    """A provider: keys of a request that the reference does not know are refused."""

    owned_by = "openai"

    def __init__(self, host: str = "models.test", **how: Any) -> None:
        super().__init__(host, **how)
        self.refuses = {"min_p", "repeat_penalty", "repetition_penalty", "lora", "id_slot", "cache_prompt", "lora_path"}
