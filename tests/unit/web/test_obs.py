from collections.abc import AsyncIterator

import httpx
import pytest

from spark_vtuber.core.obs import ObsView
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.obs_desk import FakeObsDesk
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build


@pytest.fixture
def obs() -> FakeObsDesk:
    return FakeObsDesk()


@pytest.fixture
def acts() -> list[tuple[str, str, object, object]]:
    return []


@pytest.fixture
async def client(
    desk: FakeDesk, settings: WebSettings, obs: FakeObsDesk, acts: list[tuple[str, str, object, object]]
) -> AsyncIterator[httpx.AsyncClient]:
    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        assert actor
        acts.append((act, target, old, new))

    app = build(Doors(desk, audit, obs=obs), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_obs_is_shown_as_it_is(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/obs")).json() == {
        "state": "connected",
        "address": "127.0.0.1:4455",
        "detail": "",
        "fix": "",
        "scene": "Live",
        "scenes": ["Live", "Safety"],
        "streaming": True,
        "recording": False,
        "stats": {
            "fps": 30.0,
            "dropped_frames": 12,
            "dropped_percent": 0.5,
            "render_lag_ms": 3.2,
            "cpu_percent": 9.1,
            "memory_mb": 210.0,
        },
        "safety_scene": "Safety",
    }


async def test_a_scene_goes_on_air_and_somebody_did_it(
    client: httpx.AsyncClient, obs: FakeObsDesk, acts: list[tuple[str, str, object, object]]
) -> None:
    answer = await client.post("/api/obs/scene", json={"name": "Safety"})
    assert (answer.status_code, answer.json()) == (200, {"scene": "Safety"})
    assert obs.now.scene == "Safety"
    assert acts == [("obs.scene", "Safety", "Live", "Safety")]


async def test_what_cannot_be_switched_is_an_error_with_a_fix(
    client: httpx.AsyncClient, obs: FakeObsDesk, acts: list[tuple[str, str, object, object]]
) -> None:
    unknown = await client.post("/api/obs/scene", json={"name": "Nowhere"})
    obs.now = ObsView("lost", "127.0.0.1:4455")
    away = await client.post("/api/obs/scene", json={"name": "Live"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (503, "obs_no_scene")
    assert (away.status_code, away.json()["error"]["code"]) == (503, "obs_not_connected")
    assert "Live, Safety" in unknown.json()["error"]["fix"]
    assert acts == []


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 7}, {"name": "x" * 501}, {"name": "\ud83d"}])
async def test_a_name_that_is_none_is_refused(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    import json

    answer = await client.post("/api/obs/scene", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 400
