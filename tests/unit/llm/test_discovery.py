import anyio
import httpx
import pytest

from spark_vtuber.llm.discovery import TIMEOUT_S, FoundServer, discover

Doors = dict[tuple[int, str], httpx.Response | float | Exception]
MODELS = {"object": "list", "data": [{"id": "small"}]}


def network(doors: Doors, asked: list[int] | None = None) -> httpx.AsyncClient:
    """Loopback with some doors; nobody listens anywhere else."""

    async def answer(request: httpx.Request) -> httpx.Response:
        port = request.url.port or 80
        assert request.url.host == "127.0.0.1"
        if asked is not None:
            asked.append(port)
        if not any(door == port for door, _ in doors):
            raise httpx.ConnectError("refused")
        door = doors.get((port, request.url.path), httpx.Response(404, json={"detail": "no"}))
        if isinstance(door, float):
            await anyio.sleep(door)
            return httpx.Response(200, json=MODELS)
        if isinstance(door, Exception):
            raise door
        return door

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("path", "answer", "name"),
    [
        ("/api/version", {"version": "0.9"}, "Ollama"),
        ("/props", {"default_generation_settings": {}}, "llama.cpp"),
        ("/version", {"version": "0.33"}, "vLLM"),
        ("/api/v0/models", {"data": []}, "LM Studio"),
        ("/other", {}, "OpenAI-compatible"),
    ],
)
async def test_a_server_is_known_by_what_only_it_answers(path: str, answer: dict[str, object], name: str) -> None:
    doors: Doors = {
        (8000, "/v1/models"): httpx.Response(200, json=MODELS),
        (8000, path): httpx.Response(200, json=answer),
    }

    assert await discover(network(doors)) == (FoundServer(name, "http://127.0.0.1:8000/v1", ("small",)),)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("tensorrt_llm", "TensorRT-LLM"),
        ("sglang", "SGLang"),
        ("llamacpp", "llama.cpp"),
        ("openai", "OpenAI-compatible"),
    ],
)
async def test_a_server_is_known_by_the_owner_of_its_models(owner: str, name: str) -> None:
    models = {"object": "list", "data": [{"id": "small", "owned_by": owner}]}
    doors: Doors = {
        (8000, "/v1/models"): httpx.Response(200, json=models),
        (8000, "/version"): httpx.Response(200, json={"version": "1.0"}),
    }

    assert await discover(network(doors)) == (FoundServer(name, "http://127.0.0.1:8000/v1", ("small",)),)


async def test_a_server_that_answers_every_path_with_an_error_object_is_not_mistaken() -> None:
    doors: Doors = {
        (1234, path): httpx.Response(200, json={"error": "Unexpected endpoint"}) for path in ("/props", "/version")
    }
    doors[1234, "/v1/models"] = httpx.Response(200, json=MODELS)
    doors[1234, "/api/v0/models"] = httpx.Response(200, json={"data": []})

    assert [server.name for server in await discover(network(doors))] == ["LM Studio"]


async def test_servers_come_in_the_order_of_the_ports() -> None:
    doors: Doors = {(port, "/v1/models"): httpx.Response(200, json=MODELS) for port in (1, 2, 3)}

    assert [server.base_url[-4] for server in await discover(network(doors), ports=(3, 1, 2))] == ["3", "1", "2"]


async def test_the_shows_own_port_is_not_asked() -> None:
    asked: list[int] = []

    await discover(network({}, asked), skip=(8080,))

    assert asked == [11434, 8000, 1234]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>a page</html>"),
        httpx.Response(200, json={"detail": "something else"}),
        httpx.Response(401),
        httpx.Response(200, content=b" " * (2 << 20)),
        httpx.ReadError("reset"),
        5.0,
    ],
)
async def test_who_does_not_list_models_is_no_server(answer: httpx.Response | float | Exception) -> None:
    assert await discover(network({(8080, "/v1/models"): answer})) == ()


async def test_a_hanging_port_costs_no_more_than_the_deadline_and_hides_nobody() -> None:
    begun_s = anyio.current_time()
    doors: Doors = {
        (8080, "/v1/models"): 60.0,
        (8000, "/v1/models"): httpx.Response(200, json=MODELS),
        (8000, "/api/version"): 60.0,
        (8000, "/props"): httpx.Response(200, text="["),
        (8000, "/version"): httpx.Response(200, json=[]),
    }

    found = await discover(network(doors))

    assert [server.name for server in found] == ["OpenAI-compatible"]
    assert anyio.current_time() - begun_s == pytest.approx(TIMEOUT_S)
