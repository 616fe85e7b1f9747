"""Looking for model servers, over real sockets."""

import time
from contextlib import AsyncExitStack

import httpx
import pytest

from spark_vtuber.llm.discovery import FoundServer, discover
from spark_vtuber.testing.llm_script import Script
from spark_vtuber.testing.llm_server import serve

SIGNS = {
    "Ollama": ("/api/version", {"version": "0.9.0"}),
    "llama.cpp": ("/props", {"default_generation_settings": {}}),
    "LM Studio": ("/api/v0/models", {"data": []}),
    "vLLM": ("/version", {"version": "0.33.0"}),
}


@pytest.mark.real
async def test_four_servers_are_found_side_by_side_and_told_apart() -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        servers = {}
        for name, (path, value) in SIGNS.items():
            servers[name] = await stack.enter_async_context(serve(Script()))
            servers[name].routes[path] = value
            servers[name].models = (f"model of {name}", "another")
        own = await stack.enter_async_context(serve(Script()))

        ports = [*(server.port for server in servers.values()), own.port]
        found = await discover(http, ports=ports, skip=(own.port,), timeout_s=5)

    assert found == tuple(
        FoundServer(name, server.base_url, (f"model of {name}", "another")) for name, server in servers.items()
    )


@pytest.mark.real
async def test_ports_where_nobody_listens_are_passed_quickly() -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        async with serve(Script()) as server:
            port = server.port
        begun_s = time.monotonic()

        assert await discover(http, ports=(port,)) == ()
        assert time.monotonic() - begun_s < 2
