"""The client in every dialect, against fake servers that behave as the real ones do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import Adapter, PersonaView, Sampling
from spark_vtuber.core.tools import Tool, ToolCall
from spark_vtuber.llm.openai import SPEC
from spark_vtuber.llm.openai_model import LOOK_AGAIN_S
from spark_vtuber.llm.openai_options import OpenAIOptions
from spark_vtuber.llm.port import LLM, LLMPart, LLMRequest, Message, TextDelta, Usage
from spark_vtuber.testing.contracts.llm import PROMISES
from spark_vtuber.testing.dialects.fake import BASE, FakeServer, answer_of, network
from spark_vtuber.testing.dialects.llamacpp import FakeLlamaServer
from spark_vtuber.testing.dialects.loading import FakeLmStudio, FakeOllama, FakeRouter
from spark_vtuber.testing.dialects.served import FakeOpenAI, FakeSglang, FakeTensorrt, FakeVllm
from spark_vtuber.testing.dialects.speech import Quirk
from spark_vtuber.testing.llm_client import client_env
from spark_vtuber.testing.models import a_request

SPARK = PersonaView(PersonaId("main"), "Spark", adapter=Adapter("spark"))
EMBER = PersonaView(PersonaId("twin"), "Ember", adapter=Adapter("ember"))
PLAIN = PersonaView(PersonaId("main"), "Spark")
BOTH = ("spark", "ember")
SERVERS: dict[str, Callable[[], FakeServer]] = {
    "vllm": lambda: FakeVllm(BOTH),
    "llamacpp": lambda: FakeLlamaServer(BOTH),
    "ollama": FakeOllama,
    "tensorrt": FakeTensorrt,
    "sglang": lambda: FakeSglang(BOTH),
    "lmstudio": FakeLmStudio,
    "openai": FakeOpenAI,
}
WAVE = Tool("wave", "Wave at somebody.", {"type": "object", "properties": {"hand": {"type": "string"}}})
CALLS = (ToolCall("c1", "wave", '{"hand":"left"}'), ToolCall("c2", "wave", '{"hand":"right"}'))


@asynccontextmanager
async def opened(
    server: FakeServer, personas: tuple[PersonaView, ...] = (SPARK, EMBER), **options: Any
) -> AsyncIterator[LLM]:
    """The engine at a server, once everything that runs beside it has settled."""
    chosen = OpenAIOptions(base_url=server.base_url, **options)
    async with network(server) as http, SPEC.open(chosen, client_env(http, personas)) as model:
        await anyio.sleep(LOOK_AGAIN_S / 2)
        yield model


async def answer(model: LLM, request: LLMRequest) -> list[LLMPart]:
    async with aclosing(model.stream(request)) as parts:
        return [part async for part in parts]


async def said(model: LLM, persona: PersonaView, text: str = "hello", *past: str) -> str:
    """What a character answers to `text` after a past."""
    parts = await answer(model, by(persona, text, *past))
    return "".join(part.text for part in parts if isinstance(part, TextDelta))


def by(persona: PersonaView, text: str = "hello", *past: str) -> LLMRequest:
    messages = [Message("assistant" if index % 2 else "user", line) for index, line in enumerate(past)]
    return replace(a_request(text), persona=persona, messages=(*messages, Message("user", text)))


def usage_of(parts: list[LLMPart]) -> Usage:
    return next(part for part in parts if isinstance(part, Usage))


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("name", SERVERS)
async def test_every_dialect_keeps_the_promises_of_a_model(
    name: str, promise: Callable[[LLM, LLMRequest], Awaitable[None]]
) -> None:
    async with opened(SERVERS[name]()) as model:
        await promise(model, replace(a_request(history=4), persona=PLAIN))


@pytest.mark.parametrize("name", SERVERS)
async def test_the_kind_of_server_is_seen_and_not_assumed(name: str) -> None:
    async with opened(SERVERS[name]()) as model:
        assert model.capabilities.dialect == name


@pytest.mark.parametrize("name", ["vllm", "llamacpp", "ollama", "sglang", "lmstudio"])
async def test_a_server_whose_models_tell_nothing_is_known_by_an_address_of_its_own(name: str) -> None:
    server = SERVERS[name]()
    type(server).owned_by, owner = "", type(server).owned_by
    server_entries = server.entries
    server.entries = lambda: [entry | {"owned_by": "somebody"} for entry in server_entries()]  # type: ignore[method-assign]
    try:
        async with opened(server) as model:
            assert model.capabilities.dialect == name
    finally:
        type(server).owned_by = owner


@pytest.mark.parametrize("name", ["vllm", "llamacpp", "sglang"])
async def test_each_character_speaks_through_its_own_adapter_and_the_base_through_none(name: str) -> None:
    async with opened(SERVERS[name]()) as model:
        heard = [await said(model, persona) for persona in (SPARK, EMBER, PLAIN, SPARK)]

    assert heard == [answer_of(who, "hello") for who in ("spark", "ember", BASE, "spark")]


@pytest.mark.parametrize("name", ["vllm", "llamacpp", "sglang"])
async def test_an_adapter_that_the_server_lacks_is_an_error_with_a_fix(name: str) -> None:
    stranger = replace(SPARK, adapter=Adapter("stranger"))
    async with opened(SERVERS[name]()) as model:
        with pytest.raises(EngineError, match="no adapter stranger; it has ember, spark") as caught:
            await said(model, stranger)
        assert await said(model, SPARK) == answer_of("spark", "hello")

    assert (caught.value.code, caught.value.retryable) == ("no_adapter", False)
    assert "lora" in caught.value.fix


@pytest.mark.parametrize("name", ["ollama", "tensorrt", "lmstudio", "openai"])
async def test_a_server_without_adapters_by_name_answers_and_the_check_warns(name: str) -> None:
    server = SERVERS[name]()
    async with opened(server) as model:
        assert await said(model, SPARK)
    async with network(server) as http:
        options = OpenAIOptions(base_url=server.base_url)
        findings = [one async for one in SPEC.probe(options, client_env(http, (SPARK,)))]

    assert [(one.severity, bool(one.fix)) for one in findings[:2]] == [("ok", False), ("warning", True)]
    assert "Spark would speak without spark" in findings[1].detail


async def test_the_check_names_an_adapter_that_is_not_loaded() -> None:
    server = FakeVllm(("ember",))
    async with network(server) as http:
        options = OpenAIOptions(base_url=server.base_url)
        findings = [one async for one in SPEC.probe(options, client_env(http, (SPARK, EMBER)))]

    assert [one.severity for one in findings] == ["ok", "warning"]
    assert "no adapter spark; it has ember" in findings[1].detail


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vllm", {"temperature": 0.5, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.2}),
        ("llamacpp", {"temperature": 0.5, "top_p": 0.9, "min_p": 0.1, "repeat_penalty": 1.2}),
        ("ollama", {"temperature": 0.5, "top_p": 0.9}),
        ("tensorrt", {"temperature": 0.5, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.2}),
        ("sglang", {"temperature": 0.5, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.2}),
        ("lmstudio", {"temperature": 0.5, "top_p": 0.9, "repeat_penalty": 1.2}),
        ("openai", {"temperature": 0.5, "top_p": 0.9}),
    ],
)
async def test_sampling_is_asked_for_in_the_servers_own_words(name: str, expected: dict[str, float]) -> None:
    server = SERVERS[name]()
    persona = replace(PLAIN, sampling=Sampling(temperature=0.5, top_p=0.9, min_p=0.1, repeat_penalty=1.2))
    async with opened(server, temperature=1.5) as model:
        await said(model, persona)
        body = server.bodies[-1]
        await said(model, PLAIN)

    keys = {"temperature", "top_p", "min_p", "repeat_penalty", "repetition_penalty"}
    assert {key: value for key, value in body.items() if key in keys} == expected
    assert server.bodies[-1]["temperature"] == 1.5


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("quirks", [*Quirk, Quirk.COMMENTS | Quirk.NO_DONE | Quirk.THOUGHT_FIELD])
async def test_no_quirk_of_a_server_changes_what_is_said(name: str, quirks: Quirk) -> None:
    server = SERVERS[name]()
    async with opened(server, (PLAIN,)) as model:
        plain = await said(model, PLAIN)
        server.quirks = quirks
        quirky = await said(model, PLAIN)

    assert quirky.partition("</think>")[2] == plain if Quirk.THOUGHT_TAGS in quirks else quirky == plain


@pytest.mark.parametrize("quirks", [Quirk.NONE, Quirk.CALLS_WITHOUT_INDEX, Quirk.CALLS_WITH_OBJECTS, Quirk.NO_DONE])
@pytest.mark.parametrize("name", SERVERS)
async def test_calls_of_tools_come_whole_however_they_are_cut(name: str, quirks: Quirk) -> None:
    server = SERVERS[name]()
    server.calls, server.quirks = CALLS, quirks
    async with opened(server) as model:
        parts = await answer(model, replace(by(PLAIN), tools=(WAVE,)))

    assert [part for part in parts if isinstance(part, ToolCall)] == list(CALLS)
    assert server.bodies[-1]["tools"][0]["function"]["parameters"] == WAVE.parameters
    assert "tool_choice" not in server.bodies[-1]


async def test_calls_and_their_results_go_back_to_the_server() -> None:
    server = FakeOpenAI()
    past = (Message("user", "wave!"), Message("assistant", "", CALLS[:1]), Message("tool", "waved", answers="c1"))
    async with opened(server) as model:
        await answer(model, replace(by(PLAIN), messages=past))

    function = {"name": "wave", "arguments": '{"hand":"left"}'}
    assert server.bodies[-1]["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
        {"role": "tool", "content": "waved", "tool_call_id": "c1"},
    ]


async def test_a_server_that_refuses_tools_is_asked_without_from_then_on() -> None:
    server = FakeVllm()
    server.calls, server.has_tool_parser = CALLS, False
    async with opened(server) as model:
        assert model.capabilities.takes_tools
        request = replace(by(PLAIN), tools=(WAVE,))
        texts = [await answer(model, request) for _ in range(2)]
        assert not model.capabilities.takes_tools

    assert ["tools" in body for body in server.bodies] == [True, False, False]
    assert not any(isinstance(part, ToolCall) for parts in texts for part in parts)


async def test_a_refusal_with_another_cause_takes_no_ability_away() -> None:
    server = FakeVllm()
    server.refuses = {"stop"}
    async with opened(server) as model:
        with pytest.raises(EngineError, match="stop is not supported"):
            await answer(model, replace(by(PLAIN), tools=(WAVE,), stop=("x",)))
        assert model.capabilities.takes_tools


@pytest.mark.parametrize(
    ("name", "context_tokens", "takes_tools"),
    [
        ("vllm", 16_384, True),
        ("llamacpp", 8192, True),
        ("ollama", 4096, True),
        ("sglang", 32_768, True),
        ("lmstudio", None, True),
        ("tensorrt", None, True),
        ("openai", None, True),
    ],
)
async def test_what_the_server_can_do_is_asked_for(name: str, context_tokens: int | None, takes_tools: bool) -> None:
    async with opened(SERVERS[name]()) as model:
        seen = model.capabilities

    assert (seen.context_tokens, seen.takes_tools) == (context_tokens, takes_tools)
    assert set(seen.adapters) == (set(BOTH) if name in {"vllm", "llamacpp", "sglang"} else set())


async def test_tools_are_not_offered_to_a_server_that_says_it_has_none() -> None:
    sglang, ollama, llama, studio = FakeSglang(), FakeOllama(), FakeLlamaServer(), FakeLmStudio()
    sglang.tool_call_parser, ollama.skills, llama.supports_tools, studio.skills = None, ("completion",), False, []
    for server in (sglang, ollama, llama, studio):
        server.calls = CALLS
        async with opened(server) as model:
            assert not model.capabilities.takes_tools
            assert not any(
                isinstance(part, ToolCall) for part in await answer(model, replace(by(PLAIN), tools=(WAVE,)))
            )
        assert "tools" not in server.bodies[-1]


@pytest.mark.parametrize(("name", "cached"), [("vllm", 3), ("llamacpp", 3), ("openai", None)])
async def test_cached_tokens_are_counted_where_the_server_counts_them(name: str, cached: int | None) -> None:
    server = FakeLlamaServer() if name == "llamacpp" else SERVERS[name]()
    async with opened(server, (PLAIN,)) as model:
        await said(model, PLAIN, "hello there")
        parts = await answer(model, by(PLAIN, "hello there", "hello there", "hi"))

    assert usage_of(parts).tokens_cached == cached


async def test_drafted_tokens_are_counted_apart() -> None:
    server = FakeLlamaServer()
    server.drafts = (30, 21)
    async with opened(server, (PLAIN,)) as model:
        usage = usage_of(await answer(model, by(PLAIN)))

    assert (usage.tokens_drafted, usage.tokens_accepted) == (30, 21)


async def test_llama_server_gets_the_whole_list_of_adapters_and_a_slot_for_each_character() -> None:
    server = FakeLlamaServer(BOTH, has_memory=False)
    async with opened(server) as model:
        server.bodies.clear()
        for persona in (replace(SPARK, adapter=Adapter("spark", 0.5)), EMBER, replace(EMBER, adapter=None)):
            await said(model, persona)

    scales = [[entry["scale"] for entry in body["lora"]] for body in server.bodies]
    assert scales == [[0.5, 0.0], [0.0, 1.0], [0.0, 0.0]]
    assert [body["id_slot"] for body in server.bodies] == [0, 1, 1]
    assert all(body["cache_prompt"] for body in server.bodies)


@pytest.mark.parametrize(("has_memory", "slots"), [(True, 1), (True, 2), (False, 1), (False, 2)])
async def test_no_character_gets_a_prompt_that_was_computed_under_the_others_adapter(
    has_memory: bool, slots: int
) -> None:
    server = FakeLlamaServer(BOTH, has_memory=has_memory, slots=slots)
    prompts = ("one prompt that is long enough to be kept for later", "another that shares no word at all with it")
    async with opened(server) as model:
        cached = []
        for turn in range(40):
            persona = (SPARK, EMBER)[turn * 7 // 3 % 2]
            parts = await answer(model, by(persona, prompts[turn // 3 % 2]))
            text = "".join(part.text for part in parts if isinstance(part, TextDelta))
            assert persona.adapter is not None
            assert text.startswith(f"{persona.adapter.name} speaking")
            cached.append(usage_of(parts).tokens_cached)

    assert any(cached) is not has_memory


async def test_nothing_is_tried_out_where_the_configuration_says_how_the_server_was_started() -> None:
    server = FakeLlamaServer(BOTH, has_memory=False)
    async with opened(server, prompt_memory="off") as model:
        assert server.bodies == []
        assert await said(model, EMBER) == answer_of("ember", "hello")

    assert server.bodies[-1]["cache_prompt"] is True


async def test_the_fake_llama_server_has_the_traps_of_the_real_one() -> None:
    server = FakeLlamaServer(BOTH, slots=1)
    spark = [{"id": 0, "scale": 1.0}, {"id": 1, "scale": 0.0}]
    ember = [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}]
    one, two = "one prompt with some words", "another one entirely"

    async def ask(text: str, lora: list[dict[str, float]] | None) -> str:
        body = {"model": BASE, "messages": [{"role": "user", "content": text}]} | ({"lora": lora} if lora else {})
        async with network(server) as http:
            answered = await http.post(f"{server.base_url}/chat/completions", json=body)
        return str(answered.json()["choices"][0]["message"]["content"])

    assert (await ask(one, None)).startswith("spark and ember speaking")
    server.restart()
    turns = ((one, spark), (two, ember), (one, ember))
    assert [(await ask(*turn)).partition(" ")[0] for turn in turns] == ["spark", "ember", "MIXED"]


async def test_a_server_that_was_restarted_with_other_adapters_is_looked_at_again() -> None:
    server = FakeLlamaServer(BOTH)
    async with opened(server) as model:
        assert await said(model, SPARK) == answer_of("spark", "hello")
        server.restart(("ember", "spark"))
        await anyio.sleep(LOOK_AGAIN_S * 2)
        heard = [await said(model, persona) for persona in (SPARK, EMBER)]

    assert heard == [answer_of("spark", "hello"), answer_of("ember", "hello")]


async def test_after_a_failure_the_server_is_looked_at_before_the_next_request() -> None:
    server = FakeLlamaServer(BOTH)
    async with opened(server) as model:
        server.is_down = True
        with pytest.raises(EngineError, match="nobody answers"):
            await said(model, SPARK)
        server.restart(("ember", "spark"))
        server.is_down = False
        assert await said(model, SPARK) == answer_of("spark", "hello")


async def test_a_server_that_comes_up_after_the_show_is_looked_at_then() -> None:
    server = FakeLlamaServer(BOTH, has_memory=False)
    server.is_down = True
    async with opened(server) as model:
        assert model.capabilities.adapters == ()
        server.is_down = False
        assert await said(model, EMBER) == answer_of("ember", "hello")
        await anyio.sleep(LOOK_AGAIN_S / 2)
        await said(model, EMBER)

    assert server.bodies[-1]["cache_prompt"] is True


@pytest.mark.parametrize(("keep_alive", "sent"), [("2h", "2h"), ("90", 90), ("-1", -1)])
async def test_ollama_is_told_to_load_the_model_before_anybody_asks(keep_alive: str, sent: str | int) -> None:
    server = FakeOllama()
    async with opened(server, (PLAIN,), keep_alive=keep_alive) as model:
        begun_s = anyio.current_time()
        async with aclosing(model.stream(by(PLAIN))) as parts:
            await anext(parts)
        waited_s = anyio.current_time() - begun_s

    assert waited_s < 1
    assert server.kept == {"one:8b": sent}
    assert model.capabilities.context_tokens == 4096


async def test_a_router_is_asked_about_the_model_that_is_meant() -> None:
    async with opened(FakeRouter(), (PLAIN,), model="two:8b") as model:
        assert await said(model, PLAIN) == answer_of("two:8b", "hello")


@pytest.mark.parametrize("value", [None, [], "x", {"default_generation_settings": 3}, {"n_ctx": -1}, [[{}]], 1e9])
async def test_nonsense_about_itself_makes_a_server_a_plain_one(value: Any) -> None:

    class Odd(FakeLlamaServer):
        async def props(self, _body: Any) -> httpx.Response:
            return httpx.Response(200, json=value)

        async def lora_adapters(self, _body: Any) -> httpx.Response:
            return httpx.Response(200, json=value)

    async with opened(Odd(), (PLAIN,)) as model:
        assert await said(model, PLAIN) == answer_of(BASE, "hello")
        assert model.capabilities.context_tokens is None


async def test_a_trial_that_fails_leaves_the_prompts_computed_anew(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeLlamaServer(BOTH, has_memory=False)
    server.refuses = {"cache_prompt"}
    async with opened(server) as model:
        server.refuses = set()
        assert await said(model, SPARK) == answer_of("spark", "hello")

    assert server.bodies[-1]["cache_prompt"] is False
    assert "--cache-ram 0" in caplog.text


async def test_a_server_that_is_away_for_a_while_is_tried_out_anew() -> None:
    server = FakeLlamaServer(BOTH, has_memory=False)
    async with opened(server) as model:
        server.is_down = True
        await anyio.sleep(LOOK_AGAIN_S * 2)
        server.is_down, server.has_memory = False, True
        assert await said(model, SPARK) == answer_of("spark", "hello")
        await anyio.sleep(LOOK_AGAIN_S / 2)
        await said(model, SPARK)

    assert server.bodies[-1]["cache_prompt"] is False


async def test_an_adapter_as_the_model_of_vllm_is_not_taken_for_the_base() -> None:
    async with opened(FakeVllm(BOTH), model="ember") as model:
        assert model.capabilities.model == BASE
        assert await said(model, PLAIN) == answer_of(BASE, "hello")


async def test_sglang_may_list_its_adapters_as_an_object() -> None:
    class Old(FakeSglang):
        async def info(self, _body: Any) -> httpx.Response:
            return httpx.Response(200, json={"model_path": BASE, "lora_paths": {"spark": "/l/spark"}})

    async with opened(Old(BOTH)) as model:
        assert model.capabilities.adapters == ("spark",)


async def test_a_model_that_cannot_be_loaded_beforehand_is_asked_all_the_same() -> None:
    server = FakeOllama()
    server.routes.pop(("POST", "/api/generate"))
    async with opened(server, (PLAIN,)) as model:
        assert await said(model, PLAIN) == answer_of("one:8b", "hello")


async def test_two_adapters_of_one_name_are_both_in_the_list() -> None:
    server = FakeLlamaServer(("spark", "spark"), has_memory=False)
    async with opened(server) as model:
        await said(model, SPARK)

    assert server.bodies[-1]["lora"] == [{"id": 0, "scale": 1.0}, {"id": 1, "scale": 0.0}]


async def test_nothing_is_asked_while_it_is_not_known_which_adapters_there_are() -> None:
    class Busy(FakeLlamaServer):
        wait_s = 100.0

        async def lora_adapters(self, body: Any) -> httpx.Response:
            await anyio.sleep(self.wait_s)
            return await super().lora_adapters(body)

    server = Busy(BOTH)
    async with opened(server, (PLAIN,)) as model:
        with pytest.raises(EngineError, match="did not answer /lora-adapters"):
            await said(model, PLAIN)
        server.wait_s = 2.0
        assert await said(model, PLAIN) == answer_of(BASE, "hello")


async def test_a_server_without_that_address_has_no_adapters() -> None:
    server = FakeLlamaServer()
    del server.routes["GET", "/lora-adapters"]
    async with opened(server, (PLAIN,)) as model:
        assert await said(model, PLAIN) == answer_of(BASE, "hello")


async def test_the_adapters_of_a_router_are_known_when_its_model_is_loaded() -> None:
    class Preset(FakeRouter):
        def entries(self) -> list[dict[str, Any]]:
            flags = ["llama-server", "--lora", "spark.gguf", "--cache-ram", "0"]
            return [entry | {"status": {**entry["status"], "args": flags}} for entry in super().entries()]

        async def adapters(self, body: Any) -> httpx.Response:
            if not await self.is_ready(body):
                return httpx.Response(400, json={"error": {"message": "model is not loaded"}})
            return httpx.Response(200, json=[{"id": 0, "path": "spark.gguf", "scale": 1.0}])

        async def is_ready(self, body: Any) -> bool:
            return body["model"] in self.card.loaded

    server = Preset()
    server.routes["GET", "/lora-adapters"] = server.adapters
    async with opened(server, (SPARK,)) as model:
        with pytest.raises(EngineError, match="not known before it is loaded") as caught:
            await said(model, SPARK)
        await server.load("one:8b")
        await said(model, SPARK)

    assert (caught.value.code, caught.value.retryable) == ("no_adapter", True)
    assert server.bodies[-1]["lora"] == [{"id": 0, "scale": 1.0}]
    assert server.bodies[-1]["cache_prompt"] is True


async def test_names_of_a_hostile_server_stay_short_and_plain() -> None:
    server = FakeLlamaServer(("x\n\x1b[31m" + "y" * 5000,))
    async with opened(server) as model:
        with pytest.raises(EngineError) as caught:
            await said(model, SPARK)

    assert len(caught.value.message) < 300
    assert caught.value.message.isprintable()
