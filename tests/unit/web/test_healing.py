from collections.abc import AsyncIterator

import httpx
import pytest

from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.healing import FakeHealing, a_letter
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

BASE = "http://127.0.0.1:8080"


@pytest.fixture
def healing() -> FakeHealing:
    return FakeHealing()


@pytest.fixture
def acts() -> list[tuple[str, str]]:
    return []


@pytest.fixture
async def client(
    desk: FakeDesk, settings: WebSettings, healing: FakeHealing, acts: list[tuple[str, str]]
) -> AsyncIterator[httpx.AsyncClient]:
    def audit(act: str, /, *, actor: str, target: str = "", **_: object) -> None:
        assert actor
        acts.append((act, target))

    app = build(Doors(desk, audit, healing=healing), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


async def test_a_component_is_restarted_by_name_and_somebody_did_it(
    client: httpx.AsyncClient, healing: FakeHealing, acts: list[tuple[str, str]]
) -> None:
    answer = await client.post("/api/components/restart", json={"name": "director"})
    assert (answer.status_code, answer.json()) == (200, {"restarted": True})
    healing.busy.add("director")
    assert (await client.post("/api/components/restart", json={"name": "director"})).json() == {"restarted": False}
    assert healing.restarted == ["director", "director"]
    assert acts == [("component.restart", "director")] * 2


@pytest.mark.parametrize(
    ("name", "status", "code"), [("nothing", 404, "unknown_component"), ("web", 409, "not_restartable")]
)
async def test_what_cannot_be_restarted_says_why(
    name: str, status: int, code: str, client: httpx.AsyncClient, acts: list[tuple[str, str]]
) -> None:
    answer = await client.post("/api/components/restart", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["fix"]
    assert not acts


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 200}])
async def test_a_name_that_is_none_is_refused(body: dict[str, str], client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/components/restart", json=body)).status_code == 400


async def test_dead_letters_are_listed_retried_and_dropped(
    client: httpx.AsyncClient, healing: FakeHealing, acts: list[tuple[str, str]]
) -> None:
    healing.letters = [a_letter("dead2", "why is it dark"), a_letter("dead1")]
    listed = (await client.get("/api/dead-letters")).json()
    assert [letter["id"] for letter in listed] == ["dead2", "dead1"]
    assert listed[0] == {
        "id": "dead2",
        "at": 1_800_000_000_000,
        "persona": "main",
        "author": "ana",
        "text": "why is it dark",
        "error": "bug",
        "attempts": 2,
    }
    assert (await client.post("/api/dead-letters/retry", json={"id": "dead2"})).json() == {"retried": True}
    assert (await client.post("/api/dead-letters/drop", json={"id": "dead1"})).json() == {"dropped": True}
    assert (await client.post("/api/dead-letters/drop", json={"id": "dead1"})).json() == {"dropped": False}
    assert healing.retried == ["dead2"]
    assert [act for act, _ in acts] == ["dead_letter.retry", "dead_letter.drop", "dead_letter.drop"]
