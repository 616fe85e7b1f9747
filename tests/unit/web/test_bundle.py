"""The front end from memory."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from spark_vtuber.web.pages import content_policy


def source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize("path", ["/stage", "/stage/"])
async def test_pages_answer_with_and_without_a_slash(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'start("/stage")' in answer.text


async def test_a_page_allows_exactly_its_own_inline_script_and_style(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/")).headers["content-security-policy"]
    script, style = source('start("/");'), source("b{color:red}")
    assert f"script-src 'self' {script};" in policy
    assert f"style-src 'self' {style};" in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy


async def test_pages_are_asked_for_again_and_hashed_files_are_not(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    script = await client.get("/_app/immutable/entry/app.a1b2.js")
    assert page.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (await client.get("/face.weird")).headers["content-type"] == "application/octet-stream"
    assert (await client.get("/_app/version.json")).headers["cache-control"] == "no-cache"


async def test_what_the_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/")).headers["etag"]
    again = await client.get("/", headers={"if-none-match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-length" not in again.headers
    assert again.headers["etag"] == etag
    assert (await client.get("/", headers={"if-none-match": '"other"'})).status_code == 200


async def test_a_head_request_gets_the_headers_only(client: httpx.AsyncClient) -> None:
    answer = await client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize(
    "path", ["/nothing", "/index.html", "/../settings.py", "/%2e%2e/settings.py", "/api", "/api/nothing"]
)
async def test_an_unknown_address_is_a_json_404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_page_cannot_be_written(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (await client.put("/nothing")).status_code == 404


async def test_without_a_bundle_every_page_says_how_to_build_it_and_the_interface_works(
    site: Callable[..., ASGIApp], tmp_path: Path
) -> None:
    transport = httpx.ASGITransport(site(static=tmp_path / "none"))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        page = await client.get("/stage")
        assert page.status_code == 503
        assert "pip install -e ." in page.text
        style = page.text.partition("<style>")[2].partition("</style>")[0]
        assert source(style) in page.headers["content-security-policy"]
        assert (await client.get("/api/health")).status_code == 200
        assert (await client.get("/api/nothing")).json()["error"]["code"] == "not_found"
        assert (await client.head("/")).content == b""


def test_a_policy_without_inline_parts_names_only_ourselves() -> None:
    assert "script-src 'self'; style-src 'self';" in content_policy()
