from collections.abc import AsyncIterator

import httpx
import pytest

from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.duet_desk import FakeDuets
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build


@pytest.fixture
def acts() -> list[tuple[str, str, object]]:
    return []


@pytest.fixture
async def client(
    desk: FakeDesk, settings: WebSettings, acts: list[tuple[str, str, object]]
) -> AsyncIterator[httpx.AsyncClient]:
    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        assert (bool(actor), old) == (True, None)
        acts.append((act, target, new))

    app = build(Doors(desk, audit, duets=FakeDuets()), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_a_duet_is_begun_seen_and_ended_and_somebody_did_it(
    client: httpx.AsyncClient, acts: list[tuple[str, str, object]]
) -> None:
    assert (await client.get("/api/duet")).json()["phase"] == "none"
    begun = await client.post("/api/duet", json={"topic": "tea", "tension": "one hates it", "exchanges": 2})
    assert begun.status_code == 202
    state = (await client.get("/api/duet")).json()
    assert state == begun.json()
    assert (state["phase"], state["topic"], state["tension"], state["of"]) == ("running", "tea", "one hates it", 4)
    assert (await client.post("/api/duet/stop", json={})).json() == {"stopped": True}
    assert (await client.post("/api/duet/stop", json={})).json() == {"stopped": False}
    assert acts == [("duet", "d1", {"steps": 4}), ("duet_stop", "d1", None)]


async def test_nothing_has_to_be_said_about_a_duet(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/duet", json={})).status_code == 202


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"topic": "a forbidden thing"}, "blocked"),
        ({"opener": "nobody"}, "unknown_persona"),
        ({"exchanges": 9}, "bad_input"),
        ({"exchanges": 1}, "bad_input"),
        ({"topic": "x" * 201}, "bad_input"),
        ({"subject": "tea"}, "bad_input"),
    ],
)
async def test_what_cannot_be_is_refused(client: httpx.AsyncClient, body: object, code: str) -> None:
    answer = await client.post("/api/duet", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert (await client.get("/api/duet")).json()["phase"] == "none"


async def test_a_second_duet_is_refused_while_one_runs(client: httpx.AsyncClient) -> None:
    await client.post("/api/duet", json={})
    assert (await client.post("/api/duet", json={})).json()["error"]["code"] == "duet_running"
