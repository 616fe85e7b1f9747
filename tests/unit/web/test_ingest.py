"""`POST` and `WS /api/ingest`: who comes in, and in which form."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from spark_vtuber.testing.asgi import connect
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.ingest import FakeIngest
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

LINE = {"id": "1", "author": {"name": "Ana"}, "text": "hello"}
BATCH = {"version": 1, "source": "kick", "events": [LINE]}
HOST = ("host", "127.0.0.1:8080")

Make = Callable[..., ASGIApp]


@pytest.fixture
def ingest() -> FakeIngest:
    return FakeIngest()


@pytest.fixture
def acts() -> list[str]:
    return []


@pytest.fixture
def make(desk: FakeDesk, settings: WebSettings, ingest: FakeIngest, acts: list[str]) -> Make:
    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        del target, old, new
        acts.append(f"{act} by {actor}")

    def site(**changes: Any) -> ASGIApp:
        wanted = replace(settings, **changes)
        return build(Doors(desk, audit, ingest=ingest), wanted, clock=VirtualClock(), count_drop=desk.counters.drop)

    return site


@pytest.fixture
async def client(make: Make) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make()), base_url="http://127.0.0.1:8080") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_batch_is_answered_event_by_event(client: httpx.AsyncClient, ingest: FakeIngest) -> None:
    batch = {**BATCH, "events": [LINE, {**LINE, "id": "2", "text": ""}, LINE]}
    answer = await client.post("/api/ingest", json=batch, headers=bearer(ingest.token))
    assert (answer.status_code, answer.headers["cache-control"]) == (202, "no-store")
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (1, 2)
    assert told["results"][0] == {"index": 0, "id": "1", "accepted": True}
    assert [(one.get("code"), "reason" in one) for one in told["results"][1:]] == [
        ("bad_event", True),
        ("duplicate", True),
    ]
    assert [event.id for event in ingest.events] == ["kick:1"]


async def test_the_token_may_stand_in_the_body_and_never_in_the_address(
    client: httpx.AsyncClient, ingest: FakeIngest
) -> None:
    inside = await client.post("/api/ingest", json={**BATCH, "token": ingest.token})
    assert inside.status_code == 202
    address = await client.post(f"/api/ingest?key={ingest.token}&token={ingest.token}", json=BATCH)
    assert (address.status_code, address.json()["error"]["code"]) == (401, "token_needed")


@pytest.mark.parametrize("shown", ["desk-token", "", "x" * 60_000, "tök\u00ffen"])
async def test_no_other_token_opens_also_on_loopback(
    shown: str, client: httpx.AsyncClient, ingest: FakeIngest, acts: list[str]
) -> None:
    answer = await client.post("/api/ingest", json={**BATCH, "token": shown})
    assert answer.status_code == 401
    assert answer.json()["error"]["fix"]
    assert ingest.events == []
    assert acts == (["ingest.refused by desk 127.0.0.1"] if shown else [])


async def test_wrong_tokens_are_slowed_down_and_never_keep_the_right_one_out(
    client: httpx.AsyncClient, ingest: FakeIngest, acts: list[str]
) -> None:
    answers = [await client.post("/api/ingest", json=BATCH, headers=bearer(f"guess{at}")) for at in range(15)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 5
    assert answers[-1].headers["retry-after"] == "1"
    assert len(acts) == 10
    assert (await client.post("/api/ingest", json=BATCH, headers=bearer(ingest.token))).status_code == 202


async def test_without_a_token_the_answer_is_the_fix(client: httpx.AsyncClient, ingest: FakeIngest) -> None:
    ingest.token = ""
    for headers in ({}, bearer("x")):
        answer = await client.post("/api/ingest", json=BATCH, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ingest_off")
        assert answer.json()["error"]["fix"]


async def test_a_batch_that_is_all_too_fast_says_when_to_come_back(
    client: httpx.AsyncClient, ingest: FakeIngest
) -> None:
    ingest.room = 1
    two = {**BATCH, "events": [LINE, {**LINE, "id": "2"}]}
    answer = await client.post("/api/ingest", json=two, headers=bearer(ingest.token))
    assert (answer.status_code, answer.json()["results"][1]["code"]) == (202, "rate")
    ingest.room = 0
    answer = await client.post("/api/ingest", json=two, headers=bearer(ingest.token))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{}", {}, 400),
        ("[1]", {}, 400),
        ("{", {}, 400),
        ("[" * 10_000, {}, 400),
        ('{"events": [{"\\ud800": 1}]}', {}, 202),
        ("{}", {"content-type": "text/plain"}, 415),
        ("{}", {"origin": "https://evil.example"}, 403),
        ("{}", {"host": "evil.example"}, 421),
        (json.dumps({"events": ["x" * 70_000]}), {}, 413),
    ],
)
async def test_what_is_no_batch_is_refused(
    body: str, headers: dict[str, str], status: int, client: httpx.AsyncClient, ingest: FakeIngest
) -> None:
    all_headers = {"content-type": "application/json", **bearer(ingest.token), **headers}
    answer = await client.post("/api/ingest", content=body, headers=all_headers)
    assert answer.status_code == status


async def test_beyond_loopback_the_token_of_the_ingest_opens_this_door_only(make: Make, ingest: FakeIngest) -> None:
    app = make(host="0.0.0.0", desk_token=SecretStr("desk-token"), stage_token=SecretStr("stage-token"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://10.0.0.7:8080") as client:
        own = bearer(ingest.token)
        assert (await client.post("/api/ingest", json=BATCH, headers=own)).status_code == 202
        assert (await client.post("/api/chat", json={"author": "a", "text": "b"}, headers=own)).status_code == 401
        assert (await client.get("/api/health", headers=own)).status_code == 401
        for other in ("desk-token", "stage-token"):
            assert (await client.post("/api/ingest", json=BATCH, headers=bearer(other))).status_code == 401


async def test_a_program_greets_and_gets_receipts(make: Make, ingest: FakeIngest) -> None:
    async with connect(make(), "/api/ingest") as socket:
        assert (await socket.receive())["type"] == "websocket.accept"
        socket.say(json.dumps({"type": "hello", "token": ingest.token}))
        assert json.loads(await socket.text())["type"] == "welcome"
        socket.say(json.dumps({"type": "events", "ref": 7, **BATCH}))
        receipt = json.loads(await socket.text())
        assert (receipt["type"], receipt["ref"], receipt["accepted"]) == ("receipt", 7, 1)
        socket.leave()
    assert ingest.peers == []


async def test_a_handshake_may_show_the_token(make: Make, ingest: FakeIngest) -> None:
    headers = (HOST, ("authorization", f"Bearer {ingest.token}"))
    async with connect(make(), "/api/ingest", headers=headers) as socket:
        assert (await socket.receive())["type"] == "websocket.accept"
        socket.say('{"type": "hello"}')
        assert json.loads(await socket.text())["type"] == "welcome"


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("right", (HOST, ("authorization", "Bearer wrong")), 401),
        ("right", (HOST, ("origin", "https://evil.example")), 403),
        ("right", (("host", "evil.example"),), 421),
        ("", (HOST,), 403),
    ],
)
async def test_a_wrong_handshake_is_refused_before_it_is_accepted(
    token: str, headers: tuple[tuple[str, str], ...], status: int, make: Make, ingest: FakeIngest
) -> None:
    ingest.token = token
    async with connect(make(), "/api/ingest", headers=headers) as socket:
        assert (await socket.receive())["status"] == status


async def test_a_wrong_hello_is_told_noted_and_ends_the_socket(make: Make, acts: list[str]) -> None:
    async with connect(make(), "/api/ingest") as socket:
        await socket.receive()
        socket.say(json.dumps({"type": "hello", "token": "wrong"}))
        told = json.loads(await socket.text())
        assert (told["type"], told["error"]["code"]) == ("error", "wrong_token")
        assert (await socket.receive())["code"] == 1008
    assert acts == ["ingest.refused by desk 127.0.0.1"]


@pytest.mark.parametrize(
    ("frame", "code"), [("{", 1007), (b"\x00", 1003), ("x" * 65_537, 1009), ('{"type": "events"}', 1007)]
)
async def test_a_frame_that_is_none_ends_the_socket(frame: str | bytes, code: int, make: Make) -> None:
    async with connect(make(), "/api/ingest") as socket:
        await socket.receive()
        socket.say(frame)
        assert json.loads(await socket.text())["type"] == "error"
        assert (await socket.receive())["code"] == code


async def test_a_program_that_fell_behind_may_come_again(make: Make, ingest: FakeIngest) -> None:
    async with connect(make(), "/api/ingest") as socket:
        await socket.receive()
        ingest.peers[0].outgoing.close()
        close = await socket.receive()
        assert (close["type"], close["code"]) == ("websocket.close", 1013)
        with pytest.raises(anyio.EndOfStream):
            await socket.receive()


async def test_a_show_without_the_facet_has_no_such_door(desk: FakeDesk, settings: WebSettings) -> None:
    app = build(Doors(desk), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        assert (await client.post("/api/ingest", json=BATCH)).status_code in (404, 405)
