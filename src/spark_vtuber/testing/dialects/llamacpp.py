"""A fake `llama-server` with its traps: adapters that are all on, and prompts remembered under another adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from spark_vtuber.testing.dialects.fake import BASE, FakeServer, prompt_words
from spark_vtuber.testing.dialects.speech import Quirk, Speech, Tempo, fault

Scales = tuple[float, ...]


@dataclass(slots=True)
class _Slot:
    """What a slot remembers: the words it computed, each with the scales under which it was."""

    scales: Scales
    words: tuple[tuple[str, Scales], ...] = ()


class FakeLlamaServer(FakeServer):
    """As `llama-server`: a request without `lora` gets every adapter, `lora` with gaps is filled with 0.

    A slot forgets its words when a `lora` differs from its last one. The prompts in memory (`has_memory`, the default
    there too) do not know of adapters. An answer for which words of another adapter were used begins with
    `MIXED`. `drafts` adds counts of a draft model.
    """

    owned_by = "llamacpp"

    def __init__(
        self,
        adapters: tuple[str, ...] = (),
        host: str = "models.test",
        *,
        slots: int = 2,
        has_memory: bool = True,
        tempo: Tempo | None = None,
        quirks: Quirk = Quirk.NONE,
    ) -> None:
        super().__init__(host, tempo=tempo, quirks=quirks)
        self.adapters = adapters
        self.has_memory = has_memory
        self.drafts: tuple[int, int] | None = None
        self.supports_tools = True
        self.context_tokens = 8192
        self._count = slots
        self.routes |= {("GET", "/props"): self.props, ("GET", "/lora-adapters"): self.lora_adapters}
        self.restart()

    def restart(self, adapters: tuple[str, ...] | None = None) -> None:
        """Forget everything; other adapters, or their order, count from now on."""
        self.adapters = self.adapters if adapters is None else adapters
        self._all_on: Scales = (1.0,) * len(self.adapters)
        self._slots = [_Slot(self._all_on) for _ in range(self._count)]
        self._memory: list[tuple[tuple[str, Scales], ...]] = []

    async def props(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /props`."""
        return httpx.Response(
            200,
            json={
                "default_generation_settings": {"n_ctx": self.context_tokens, "params": {}},
                "total_slots": len(self._slots),
                "chat_template_caps": {"supports_tools": self.supports_tools},
            },
        )

    async def lora_adapters(self, _body: Mapping[str, Any]) -> httpx.Response:
        """`GET /lora-adapters`."""
        listed = [{"id": number, "path": f"/l/{name}.gguf", "scale": 1.0} for number, name in enumerate(self.adapters)]
        return httpx.Response(200, json=listed)

    async def speech(self, body: Mapping[str, Any]) -> Speech | httpx.Response:
        """The answer under the adapters of the request, with what the slot remembers."""
        if body["model"] not in {BASE, ""}:
            return fault(400, "another model is loaded")
        words = prompt_words(body)
        slot = self._slots[int(body.get("id_slot", 0)) % len(self._slots)]
        if self.has_memory:
            self._recall(slot, words)
        scales = self._all_on
        if body.get("lora"):
            wanted = {entry["id"]: float(entry["scale"]) for entry in body["lora"]}
            scales = tuple(wanted.get(number, 0.0) for number in range(len(self.adapters)))
            if scales != slot.scales:
                slot.words = ()
        slot.scales = scales
        reused = _shared(slot.words, words) if body.get("cache_prompt", True) else ()
        reused = reused[: len(words) - 1]
        slot.words = reused + tuple((word, scales) for word in words[len(reused) :])
        who = self._voice(scales)
        if any(under != scales for _, under in reused):
            who = f"MIXED {who}"
        timings = {"cache_n": len(reused), "prompt_n": len(words) - len(reused), "predicted_n": 20}
        if self.drafts is not None:
            timings |= {"draft_n": self.drafts[0], "draft_n_accepted": self.drafts[1]}
        return self.say(who, body, tokens_in=len(words), tokens_cached=len(reused), extra={"timings": timings})

    def _recall(self, slot: _Slot, words: tuple[str, ...]) -> None:
        """Put what the slot holds into memory, and take from there what begins as the prompt does."""
        kept = len(_shared(slot.words, words))
        if not slot.words or kept * 2 >= len(slot.words):
            return
        self._memory.append(slot.words)
        best = max(self._memory, key=lambda entry: len(_shared(entry, words)))
        slot.words = best if len(_shared(best, words)) > kept else ()

    def _voice(self, scales: Scales) -> str:
        """Whose answer it is: the adapters that are on."""
        on = [name for name, scale in zip(self.adapters, scales, strict=True) if scale]
        return " and ".join(on) if on else BASE


def _shared(words: tuple[tuple[str, Scales], ...], prompt: tuple[str, ...]) -> tuple[tuple[str, Scales], ...]:
    """The beginning that both have."""
    same = 0
    for (word, _), other in zip(words, prompt, strict=False):
        if word != other:
            break
        same += 1
    return words[:same]
