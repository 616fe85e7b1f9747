"""The model client against a scripted server, over real sockets."""

import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from spark_vtuber.core.errors import EngineError
from spark_vtuber.llm.openai_model import OpenAIModel
from spark_vtuber.llm.port import LLM, LLMRequest, Message, TextDelta
from spark_vtuber.testing.contracts.llm import PROMISES
from spark_vtuber.testing.llm_client import model_at
from spark_vtuber.testing.llm_script import TEXTS, THOUGHT, Mishap, Script
from spark_vtuber.testing.llm_server import ScriptedServer, serve
from spark_vtuber.testing.models import a_request

FAST = Script(text="short", ttft_ms=5, tokens_per_s=1000)
SHORT = TEXTS["short"]
BEGINNING = "Oh good evening everyone, the"
"""What the six tokens before the mishap say."""


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def model_of(server: ScriptedServer, http: httpx.AsyncClient, **options: Any) -> OpenAIModel:
    known = {"base_url": server.base_url, "first_token_timeout_s": 0.4, "token_timeout_s": 0.3, **options}
    return model_at(http, **known)


async def outcome(model: OpenAIModel, request: LLMRequest | None = None) -> tuple[str, str]:
    """The text that came and the code of the error that ended it."""
    text = ""
    try:
        async with aclosing(model.stream(request or a_request())) as parts:
            async for part in parts:
                text += part.text if isinstance(part, TextDelta) else ""
    except EngineError as error:
        return text, error.code
    return text, ""


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not is_so():
            await anyio.sleep(0.005)


@pytest.mark.real
@pytest.mark.parametrize("promise", PROMISES)
async def test_the_client_keeps_the_promises_of_a_model(
    http: httpx.AsyncClient, promise: Callable[[LLM, LLMRequest], Awaitable[None]]
) -> None:
    async with serve(replace(FAST, ttft_ms=50)) as server:
        await promise(model_of(server, http), a_request(history=4))


@pytest.mark.real
@pytest.mark.parametrize(
    ("mishap", "text", "code"),
    [
        (Mishap.NONE, SHORT, ""),
        (Mishap.HANG_HEADERS, "", "timeout"),
        (Mishap.HANG_MIDWAY, BEGINNING, "timeout"),
        (Mishap.DROP_HEADERS, "", "dropped"),
        (Mishap.DROP_MIDWAY, BEGINNING, "dropped"),
        (Mishap.GARBAGE, "", "bad_answer"),
        (Mishap.GARBAGE_MIDWAY, BEGINNING, "bad_answer"),
        (Mishap.ERROR_429, "", "overloaded"),
        (Mishap.ERROR_500, "", "server_error"),
        (Mishap.ERROR_200, "", "refused"),
        (Mishap.ERROR_MIDWAY, BEGINNING, "refused"),
        (Mishap.CUMULATIVE, SHORT, ""),
        (Mishap.DOUBLED, SHORT, ""),
        (Mishap.REPLAYED, SHORT, ""),
        (Mishap.REPEATED_IDS, SHORT, ""),
        (Mishap.NO_DONE, SHORT, ""),
        (Mishap.NO_FINISH, SHORT, "dropped"),
        (Mishap.COMMENTS, SHORT, ""),
        (Mishap.THOUGHT_FIELD, SHORT, ""),
        (Mishap.THOUGHT_TAGS, f"<think>{''.join(THOUGHT)}</think>{SHORT}", ""),
        (Mishap.WHOLE, SHORT, ""),
    ],
)
async def test_a_mishap_gives_its_code_or_the_text_exactly_once(
    http: httpx.AsyncClient, mishap: Mishap, text: str, code: str
) -> None:
    async with serve(replace(FAST, mishap=mishap)) as server:
        assert await outcome(model_of(server, http)) == (text, code)


@pytest.mark.real
@pytest.mark.parametrize("mishap", [Mishap.DROP_HEADERS, Mishap.ERROR_429, Mishap.ERROR_500])
async def test_what_passes_is_tried_once_more(http: httpx.AsyncClient, mishap: Mishap) -> None:
    async with serve(replace(FAST, mishap=mishap, times=1)) as server:
        assert await outcome(model_of(server, http)) == (SHORT, "")
        assert len(server.visits) == 2


@pytest.mark.real
async def test_an_answer_without_end_is_ended_and_the_request_aborted(http: httpx.AsyncClient) -> None:
    async with serve(replace(FAST, mishap=Mishap.ENDLESS, tokens_per_s=0)) as server:
        text, code = await outcome(model_of(server, http), a_request(max_tokens=50))
        await until(lambda: server.visits[0].is_aborted)

    assert (len(text) < 1_000, code) == (True, "")


@pytest.mark.real
async def test_nobody_at_the_address_is_unreachable(http: httpx.AsyncClient) -> None:
    async with serve(FAST) as server:
        model = model_of(server, http, model="script")

    assert await outcome(model) == ("", "unreachable")


@pytest.mark.real
@pytest.mark.parametrize("mishap", [Mishap.NONE, Mishap.HANG_HEADERS, Mishap.HANG_MIDWAY])
async def test_leaving_an_answer_aborts_the_request_at_the_server(http: httpx.AsyncClient, mishap: Mishap) -> None:
    async with serve(replace(FAST, tokens_per_s=20, mishap=mishap)) as server:
        model = model_of(server, http, first_token_timeout_s=5, token_timeout_s=5)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(outcome, model)
            await until(lambda: bool(server.visits))
            left_s = time.monotonic()
            tasks.cancel_scope.cancel()
        await until(lambda: server.visits[0].is_aborted)

    assert (server.visits[0].aborted_s or 0) - left_s < 0.1


@pytest.mark.real
async def test_many_streams_in_a_row_never_meet_a_closing_connection(http: httpx.AsyncClient) -> None:
    async with serve(replace(FAST, ttft_ms=0, tokens_per_s=0)) as server:
        model = model_of(server, http)
        for _ in range(100):
            assert await outcome(model) == (SHORT, "")
        assert len(server.visits) == 100


@pytest.mark.real
async def test_the_server_sees_the_whole_history(http: httpx.AsyncClient) -> None:
    async with serve(FAST) as server:
        await outcome(model_of(server, http), a_request("hello 😀 <3", history=600))

    body = json.loads(server.last_body)
    assert len(body["messages"]) == server.visits[0].messages == 601
    assert body["messages"][-1]["content"] == "hello 😀 <3"
    assert b"connection: close" in server.last_head.lower()


@asynccontextmanager
async def stub(*arguments: str) -> AsyncIterator[str]:
    """A scripted server in a process of its own; gives its base URL."""
    command = [sys.executable, "-m", "spark_vtuber.testing.llm_server", "0", *arguments]
    async with await anyio.open_process(command, stderr=None) as process:
        assert process.stdout is not None
        line = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 1_000)
        yield str(json.loads(line)["base_url"])
        process.terminate()


@pytest.mark.real
async def test_the_stub_as_a_process_keeps_its_schedule_and_tells_its_times(http: httpx.AsyncClient) -> None:
    async with stub("--ttft-ms", "50", "--tokens-per-s", "100") as base_url:
        root = base_url.removesuffix("/v1")
        wrong = await http.post(f"{root}/config", json={"tokens": "many"})
        changed = await http.post(f"{root}/config", json={"text": "short"})
        model = model_at(http, base_url=base_url)
        text, _ = await outcome(model, a_request(history=10))
        visits = (await http.get(f"{root}/timings?clear=1")).json()

        assert (wrong.status_code, changed.json()["text"], text) == (400, "short", SHORT)
        assert (await http.get(f"{root}/timings")).json() == []
    (visit,) = visits
    assert (visit["messages"], visit["tokens"], visit["is_aborted"]) == (11, 20, False)
    assert visit["first_token_s"] - visit["request_s"] >= 0.05
    assert visit["clause_s"] - visit["request_s"] >= 0.09
    assert visit["last_token_s"] - visit["request_s"] >= 0.24


async def _client_cost(base_url: str, http: httpx.AsyncClient, past: tuple[Message, ...], turns: int) -> list[float]:
    """CPU milliseconds of the client for each turn with an instant answer of twenty tokens."""
    model = model_at(http, base_url=base_url, model="m")
    asked, costs = a_request(), []
    for number in range(turns):
        request = replace(asked, messages=(*past, Message("user", f"and now? {number}")))
        begun_s = time.thread_time()
        assert await outcome(model, request) == (SHORT, "")
        costs.append((time.thread_time() - begun_s) * 1e3)
    return costs


async def _floor_cost(base_url: str, http: httpx.AsyncClient, past: tuple[Message, ...], turns: int) -> list[float]:
    """The same with httpx alone: everything encoded anew, every line of the answer decoded as JSON."""
    costs = []
    for number in range(turns):
        messages = [{"role": m.role, "content": m.content} for m in (*past, Message("user", f"and now? {number}"))]
        begun_s = time.thread_time()
        text = ""
        body = json.dumps({"model": "m", "stream": True, "messages": messages}).encode()
        headers = {"Connection": "close", "Content-Type": "application/json"}
        async with http.stream("POST", f"{base_url}/chat/completions", content=body, headers=headers) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    for choice in json.loads(line[6:])["choices"]:
                        text += choice["delta"].get("content", "")
        assert text == SHORT
        costs.append((time.thread_time() - begun_s) * 1e3)
    return costs


@pytest.mark.figures
async def test_the_clients_cost_does_not_grow_with_history(http: httpx.AsyncClient) -> None:
    sizes = (0, 99, 599)
    pasts = {size: a_request(history=size).messages[:-1] for size in sizes}
    best: dict[tuple[str, int], float] = {}
    async with stub("--ttft-ms", "0", "--tokens-per-s", "0", "--text", "short") as base_url:
        for size in sizes * 3:
            for name, cost in (("client", _client_cost), ("httpx alone", _floor_cost)):
                median = statistics.median((await cost(base_url, http, pasts[size], 31))[1:])
                best[name, size] = min(best.get((name, size), 1e9), median)

    print("\nclient CPU ms a turn, median of 30, best of 3")
    for name in ("client", "httpx alone"):
        print(f"{name:12}", *(f"{size + 1:4} messages {best[name, size]:6.2f}" for size in sizes))
    assert best["client", 599] <= best["client", 0] * 1.25
    assert best["client", 599] <= best["httpx alone", 599] * 2
