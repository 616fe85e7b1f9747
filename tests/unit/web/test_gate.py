"""The gate: host, origin, key, size, type; for requests and for WebSockets."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import anyio
import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from spark_vtuber.testing.asgi import connect
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

Site = Callable[..., ASGIApp]
SOCKETS = ["/api/events", "/api/stage"]
JSON = {"content-type": "application/json"}


async def ask(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        return await client.request(method, path, **options)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def locked(site: Site) -> ASGIApp:
    """A site that is open beyond its machine."""
    return site(host="0.0.0.0", desk_token=SecretStr("desk-token"), stage_token=SecretStr("stage-token"))


@pytest.mark.parametrize("path", ["/", "/api/health", "/metrics", "/nothing", "/_app/version.json"])
async def test_a_foreign_host_is_refused_everywhere(client: httpx.AsyncClient, path: str) -> None:
    assert code(await client.get(path, headers={"host": "evil.example"})) == (421, "foreign_host")


async def test_two_hosts_are_no_host(client: httpx.AsyncClient) -> None:
    headers = [("host", "127.0.0.1"), ("host", "evil.example")]
    assert code(await client.get("/api/health", headers=headers)) == (421, "foreign_host")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:3000"])
async def test_a_foreign_origin_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, desk: FakeDesk, origin: str
) -> None:
    answer = await client.post("/api/panic", json={}, headers={"origin": origin})
    assert code(answer) == (403, "foreign_origin")
    assert desk.panics == []


async def test_our_own_page_may_ask(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/panic", json={}, headers={"origin": "http://127.0.0.1:8080"})
    assert answer.status_code == 200


async def test_two_origins_are_a_foreign_one(client: httpx.AsyncClient) -> None:
    headers = [("origin", "http://127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]
    assert code(await client.get("/api/health", headers=headers)) == (403, "foreign_origin")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
async def test_a_post_that_is_not_json_is_refused(client: httpx.AsyncClient, desk: FakeDesk, kind: str | None) -> None:
    answer = await client.post("/api/panic", content=b"{}", headers={"content-type": kind} if kind else {})
    assert code(answer) == (415, "not_json")
    assert desk.panics == []


async def test_a_body_may_hold_64_kilobytes_and_not_more(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    start, end = b'{"author":"ann","text":"', b'"}'
    fitting = start + b"x" * (65_536 - len(start) - len(end)) + end
    assert (await client.post("/api/chat", content=fitting, headers=JSON)).status_code == 202
    answer = await client.post("/api/chat", content=fitting + b" ", headers=JSON)
    assert code(answer) == (413, "too_large")
    assert answer.headers["connection"] == "close"
    assert len(desk.lines) == 1


async def test_a_body_without_a_length_is_counted_as_it_comes(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b'{"author":"ann","text":"'
        for _ in range(count):
            yield b"x" * 1000
        yield b'"}'

    assert (await client.post("/api/chat", content=pieces(3), headers=JSON)).status_code == 202
    assert code(await client.post("/api/chat", content=pieces(100), headers=JSON)) == (413, "too_large")
    assert [len(line.text) for line in desk.lines] == [3000]


@pytest.mark.parametrize("length", ["-1", "many", "1" * 40])
async def test_a_length_that_is_none_is_refused(client: httpx.AsyncClient, length: str) -> None:
    answer = await client.post("/api/chat", content=b"{}", headers={**JSON, "content-length": length})
    assert answer.status_code in (400, 413)


async def test_a_body_that_ends_early_changes_nothing(site: Site, desk: FakeDesk) -> None:
    messages = iter(
        [{"type": "http.request", "body": b"", "more_body": True}, {"type": "http.disconnect"}],
    )
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"2")]
    scope = {"type": "http", "method": "POST", "path": "/api/panic", "query_string": b"", "headers": headers}
    await site()(scope, receive, send)
    assert sent[0]["status"] == 400
    assert desk.panics == []


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/_app/version.json"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert len(headers.get_list("content-security-policy")) == 1
    assert (await client.get(path, headers={"host": "x"})).headers["x-content-type-options"] == "nosniff"


async def test_answers_of_the_interface_are_not_kept(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/health")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    ("header", "value", "status"), [("origin", "http://evil.example", 403), ("host", "evil.example", 421)]
)
async def test_a_foreign_socket_is_refused_before_it_is_accepted(
    site: Site, desk: FakeDesk, path: str, header: str, value: str, status: int
) -> None:
    headers = {"host": "127.0.0.1:8080", header: value}
    async with connect(site(), path, headers=headers.items()) as socket:
        start = await socket.receive()
        assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
        assert b"foreign" in (await socket.receive())["body"]
    assert desk.peers == []


async def test_a_server_that_cannot_answer_a_socket_closes_it(site: Site) -> None:
    headers = [("host", "evil.example")]
    async with connect(site(), "/api/stage", headers=headers, can_refuse=False) as socket:
        assert (await socket.receive())["type"] == "websocket.close"


async def test_a_socket_to_nowhere_is_refused(site: Site) -> None:
    async with connect(site(), "/api/nothing") as socket:
        assert (await socket.receive())["status"] == 404


async def test_what_is_neither_request_nor_socket_passes(site: Site) -> None:
    sent: list[Any] = []
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await site()({"type": "lifespan", "state": {}}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("path", ["/api/health", "/metrics", "/api/nothing", "/_app/version.json", "/stage", "/"])
async def test_beyond_loopback_nothing_opens_without_a_key(locked: ASGIApp, path: str) -> None:
    answer = await ask(locked, "GET", path)
    assert code(answer) == (401, "key_needed")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_person_without_a_key_gets_a_page_to_log_in(locked: ASGIApp) -> None:
    answer = await ask(locked, "GET", "/", headers={"accept": "text/html,*/*"})
    assert answer.status_code == 401
    assert "Token of the desk" in answer.text
    assert "script-src 'self' 'sha256-" in answer.headers["content-security-policy"]


async def test_the_token_of_the_desk_opens_everything(locked: ASGIApp, desk: FakeDesk) -> None:
    headers = {"authorization": "Bearer desk-token"}
    assert (await ask(locked, "GET", "/", headers=headers)).status_code == 200
    assert (await ask(locked, "POST", "/api/panic", json={}, headers=headers)).status_code == 200
    assert desk.is_panicking


async def test_a_login_sets_a_cookie_that_opens_the_desk(locked: ASGIApp) -> None:
    answer = await ask(locked, "POST", "/api/login", json={"token": "desk-token"})
    assert answer.json() == {"role": "desk"}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    pair = {"cookie": cookie.split(";")[0]}
    assert (await ask(locked, "GET", "/api/health", headers=pair)).status_code == 200


async def test_a_wrong_login_is_refused_and_many_are_slowed_down(locked: ASGIApp) -> None:
    answers = [await ask(locked, "POST", "/api/login", json={"token": f"guess{number}"}) for number in range(11)]
    assert code(answers[0]) == (401, "wrong_token")
    assert "set-cookie" not in answers[0].headers
    assert code(answers[10]) == (429, "rate")


async def test_whoever_guesses_for_hours_does_not_fill_the_audit_log() -> None:
    clock = VirtualClock()
    noted: list[tuple[str, Any]] = []

    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        noted.append((act, new))

    settings = WebSettings(host="0.0.0.0", desk_token=SecretStr("desk-token"))
    app = build(Doors(FakeDesk(clock), audit), settings, clock=clock, count_drop=lambda _: None)
    for _ in range(1_000):
        await ask(app, "POST", "/api/login", json={"token": "guess"})
        await anyio.sleep(1.0)
    sums = [new["times"] for act, new in noted if act == "login.refused"]
    assert sums[:10] == [1] * 10
    assert len(sums) < 30
    assert sum(sums) > 900


async def test_a_foreign_page_cannot_log_in(locked: ASGIApp) -> None:
    headers = {"origin": "http://evil.example"}
    answer = await ask(locked, "POST", "/api/login", json={"token": "desk-token"}, headers=headers)
    assert code(answer) == (403, "foreign_origin")


async def test_without_tokens_a_login_is_not_needed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/login", json={"token": "any"})
    assert (answer.status_code, answer.json()) == (200, {"role": "desk"})
    assert "set-cookie" not in answer.headers


async def test_the_key_of_the_stage_opens_the_stage_and_its_files(locked: ASGIApp) -> None:
    page = await ask(locked, "GET", "/stage?key=stage-token")
    assert page.status_code == 200
    pair = {"cookie": page.headers["set-cookie"].split(";")[0]}
    assert (await ask(locked, "GET", "/_app/version.json", headers=pair)).status_code == 200
    headers = [("host", "127.0.0.1:8080"), *pair.items()]
    async with connect(locked, "/api/stage", headers=headers) as socket:
        assert (await socket.receive())["type"] == "websocket.accept"
    async with connect(locked, "/api/stage", query="key=stage-token") as socket:
        assert (await socket.receive())["type"] == "websocket.accept"


@pytest.mark.parametrize("path", ["/api/health", "/api/turns", "/metrics", "/"])
async def test_the_key_of_the_stage_opens_nothing_else(locked: ASGIApp, path: str) -> None:
    headers = {"authorization": "Bearer stage-token"}
    assert code(await ask(locked, "GET", path, headers=headers)) == (403, "key_too_small")
    assert code(await ask(locked, "GET", f"{path}?key=stage-token")) == (401, "key_needed")


async def test_the_key_of_the_stage_controls_nothing(locked: ASGIApp, desk: FakeDesk) -> None:
    headers = {"authorization": "Bearer stage-token"}
    assert code(await ask(locked, "POST", "/api/panic", json={}, headers=headers)) == (403, "key_too_small")
    assert desk.panics == []


@pytest.mark.parametrize("path", SOCKETS)
async def test_a_socket_without_a_key_is_refused_before_it_is_accepted(locked: ASGIApp, path: str) -> None:
    async with connect(locked, path) as socket:
        assert (await socket.receive())["status"] == 401


async def test_a_token_that_no_text_can_hold_is_only_a_wrong_one(locked: ASGIApp) -> None:
    answer = await ask(locked, "POST", "/api/login", content=rb'{"token": "\ud800"}', headers=JSON)
    assert code(answer) == (401, "wrong_token")


async def test_a_body_that_does_not_come_is_not_waited_for(site: Site) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def trickle() -> Any:
        await anyio.sleep(8)
        return {"type": "http.request", "body": b" ", "more_body": True}

    headers = [(b"host", b"127.0.0.1:8080"), (b"content-type", b"application/json"), (b"content-length", b"1000")]
    scope = {"type": "http", "method": "POST", "path": "/api/panic", "query_string": b"", "headers": headers}
    with anyio.fail_after(60):
        await site()(scope, trickle, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


class Untouched:
    """A facet that nobody may reach."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the gate let somebody through to {name}")


def every_route(app: Any) -> Iterator[tuple[str, str]]:
    """Methods and addresses of every route of the interface, whatever facet it belongs to."""
    for path, methods in app._app.openapi()["paths"].items():
        address = path.replace("{kind}.{form}", "turns.csv").replace("{source}", "twitch").replace("{emote}", "25")
        address = address.replace("{file}", "Fox.vrm")
        assert "{" not in address
        yield from ((method.upper(), address) for method in methods)


async def test_every_route_of_every_facet_stands_behind_the_gate(settings: WebSettings) -> None:
    everything: dict[str, Any] = {field.name: Untouched() for field in fields(Doors)}
    keys = {"desk_token": SecretStr("desk-token"), "stage_token": SecretStr("stage-token")}
    locked = build(
        Doors(**everything),
        replace(settings, host="0.0.0.0", models=settings.static, **keys),
        clock=VirtualClock(),
        count_drop=lambda _: None,
    )
    routes = [route for route in every_route(locked) if route[1] != "/api/login"]
    assert len(routes) > 45
    for method, address in routes:
        expected = {"json": {}} if method == "POST" else {}
        stage, desk = ({"authorization": f"Bearer {role}-token"} for role in ("stage", "desk"))
        has_own_token = address == "/api/ingest"
        if not has_own_token:
            assert code(await ask(locked, method, address, **expected)) == (401, "key_needed"), address
        if (address.startswith("/api") or address == "/metrics") and not has_own_token:
            answer = await ask(locked, method, address, headers=stage, **expected)
            assert code(answer) == (403, "key_too_small"), address
        foreign = {**desk, "origin": "http://evil.example"}
        assert code(await ask(locked, method, address, headers=foreign, **expected)) == (403, "foreign_origin"), address
        foreign = {**desk, "host": "evil.example"}
        assert code(await ask(locked, method, address, headers=foreign, **expected)) == (421, "foreign_host"), address
        if method == "POST":
            answer = await ask(locked, method, address, headers=desk, data={"a": "form"})
            assert code(answer) == (415, "not_json"), address
            answer = await ask(locked, method, address, headers=desk, json={"text": "x" * 70_000})
            assert code(answer) == (413, "too_large"), address
        if ("GET", address) not in routes:
            assert (await ask(locked, "GET", address, headers=desk)).status_code == 405, address
