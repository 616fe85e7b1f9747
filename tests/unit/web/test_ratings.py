from collections.abc import AsyncIterator

import httpx
import pytest

from spark_vtuber.core.ids import TurnId
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.ratings import FakeRatings
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

    doors = Doors(desk, audit, ratings=FakeRatings([TurnId("t2"), TurnId("t1")]))
    app = build(doors, settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_an_answer_is_rated_and_edited_and_somebody_did_it(
    client: httpx.AsyncClient, acts: list[tuple[str, str, object]]
) -> None:
    given = {"turn": "t1", "thumb": "down", "better": "Hello, friend!"}
    answer = await client.post("/api/rating", json={**given, "better": "  Hello, friend! "})
    assert (answer.status_code, answer.json()) == (200, given)
    assert (await client.get("/api/ratings")).json() == [given]
    assert acts == [("rating", "t1", given)]
    await client.post("/api/rating", json={"turn": "t1"})
    assert (await client.get("/api/ratings")).json() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [({"turn": "t9", "thumb": "up"}, 400), ({"turn": "t1", "thumb": "sideways"}, 400), ({"thumb": "up"}, 400),
     ({"turn": "t1", "better": "x" * 2_001}, 400)],
)  # fmt: skip
async def test_what_cannot_be_rated_is_refused(client: httpx.AsyncClient, body: object, status: int) -> None:
    answer = await client.post("/api/rating", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["fix"]
