"""Other people's clients against our fakes of model servers: what they understand, real servers say too."""

from typing import Any

import httpx
import ollama
import openai
import pytest

from spark_vtuber.core.tools import ToolCall
from spark_vtuber.testing.dialects.fake import BASE, FakeServer, answer_of, network
from spark_vtuber.testing.dialects.llamacpp import FakeLlamaServer
from spark_vtuber.testing.dialects.loading import FakeLmStudio, FakeOllama
from spark_vtuber.testing.dialects.memory import Card
from spark_vtuber.testing.dialects.served import FakeOpenAI, FakeSglang, FakeTensorrt, FakeVllm
from spark_vtuber.testing.dialects.speech import Quirk, Tempo

pytestmark = pytest.mark.real

SERVERS = (FakeVllm, FakeLlamaServer, FakeOllama, FakeSglang, FakeTensorrt, FakeLmStudio, FakeOpenAI)
WAVE: Any = {"type": "function", "function": {"name": "wave", "parameters": {"type": "object", "properties": {}}}}
HELLO: Any = [{"role": "user", "content": "hello"}]


AT_ONCE = Tempo(0.0, 0.0)


def client_of(server: FakeServer) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.base_url, api_key="none", http_client=network(server), max_retries=0)


def model_of(server: FakeServer) -> str:
    return str(server.entries()[0]["id"])


@pytest.mark.parametrize("kind", SERVERS)
async def test_the_client_of_openai_reads_every_fake(kind: type[FakeServer]) -> None:
    server = kind(tempo=AT_ONCE)
    if isinstance(server, FakeOllama | FakeLmStudio):
        server.load_s = 0.0
    async with client_of(server) as client:
        listed = [model.id async for model in client.models.list()]
        options: Any = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = [
            chunk async for chunk in await client.chat.completions.create(model=listed[0], messages=HELLO, **options)
        ]
        whole = await client.chat.completions.create(model=listed[0], messages=HELLO)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    who = BASE if listed[0] == BASE else listed[0]
    assert text == whole.choices[0].message.content == answer_of(who, "hello")
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("quirks", [Quirk.NONE, Quirk.COMMENTS | Quirk.THOUGHT_FIELD])
async def test_the_client_of_openai_puts_our_pieces_of_calls_together(quirks: Quirk) -> None:
    server = FakeVllm(quirks=quirks, tempo=AT_ONCE)
    server.calls = (ToolCall("c1", "wave", '{"hand":"left"}'), ToolCall("c2", "wave", '{"hand":"right"}'))
    async with (
        client_of(server) as client,
        client.chat.completions.stream(model=BASE, messages=HELLO, tools=[WAVE]) as stream,
    ):
        final = await stream.get_final_completion()

    calls = final.choices[0].message.tool_calls or []
    assert [(one.id, one.function.name, one.function.arguments) for one in calls] == [
        (call.id, call.name, call.arguments) for call in server.calls
    ]


async def test_an_unknown_adapter_is_a_404_to_the_client_of_openai_too() -> None:
    async with client_of(FakeVllm(("spark",))) as client:
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            await client.chat.completions.create(model="stranger", messages=HELLO)


async def test_the_client_of_ollama_loads_lists_and_throws_out() -> None:
    card = Card(room=1)
    server = FakeOllama(card=card, load_s=0.0)

    async def answer(request: httpx.Request) -> httpx.Response:
        return await server.answer(request)

    client = ollama.AsyncClient(host=f"http://{server.host}", transport=httpx.MockTransport(answer))
    loaded = await client.generate(model="one:8b", keep_alive="5m")
    running = await client.ps()
    shown = await client.show("one:8b")
    gone = await client.generate(model="one:8b", keep_alive=0)

    assert (loaded.done_reason, gone.done_reason) == ("load", "unload")
    assert [(model.model, model.context_length) for model in running.models] == [("one:8b", 4096)]
    assert shown.capabilities == ["completion", "tools"]
    assert card.loaded == []
