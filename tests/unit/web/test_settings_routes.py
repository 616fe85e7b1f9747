"""The routes of the settings and the log, over fakes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.logs import LogLine
from spark_vtuber.testing.contracts.settings import check_settings
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.settings import FakeLog, FakeSettings
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build


class Noted:
    """An audit that keeps what it is told."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str, object, object]] = []

    def __call__(self, act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        assert actor.startswith("desk ")
        self.acts.append((act, target, old, new))


LINES = (
    LogLine(1, "info", "spark_vtuber", "one"),
    LogLine(2, "warning", "spark_vtuber.tts", "two", {"code": "stalled"}, TurnId("t1")),
)


@pytest.fixture
def audit() -> Noted:
    return Noted()


@pytest.fixture
def fake() -> FakeSettings:
    return FakeSettings()


@pytest.fixture
async def panel(settings: WebSettings, fake: FakeSettings, audit: Noted) -> AsyncIterator[httpx.AsyncClient]:
    doors = Doors(FakeDesk(VirtualClock()), audit, settings=fake, log=FakeLog(*LINES))
    app = build(doors, settings, clock=VirtualClock(), count_drop=lambda _: None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_the_fake_keeps_the_contract(fake: FakeSettings) -> None:
    await check_settings(fake)


async def test_every_key_comes_with_what_the_panel_needs(panel: httpx.AsyncClient) -> None:
    answer = (await panel.get("/api/settings")).json()
    assert answer["file"] == "spark.toml"
    assert answer["overrides"] == "overrides.toml"
    assert answer["keys"][0] == {
        "key": "replies.max_tokens",
        "section": "replies",
        "meaning": "Longest answer, in tokens.",
        "type": "integer",
        "default": 300,
        "value": 300,
        "source": "default",
        "applies": "live",
        "minimum": 16,
        "maximum": 4000,
        "secret": False,
        "pending": False,
    }


async def test_a_change_is_made_and_noted(panel: httpx.AsyncClient, audit: Noted) -> None:
    answer = await panel.post("/api/settings", json={"key": "replies.max_tokens", "value": 50})
    assert answer.json() == {"key": "replies.max_tokens", "value": 50, "old": 300, "applied": "now"}
    answer = await panel.post("/api/settings/reset", json={"key": "replies.max_tokens"})
    assert answer.json() == {"key": "replies.max_tokens", "value": 300, "old": 50, "applied": "now"}
    assert audit.acts == [
        ("settings.set", "replies.max_tokens", 300, 50),
        ("settings.reset", "replies.max_tokens", 50, 300),
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"key": "replies.max_tokens", "value": 3}, 400, "bad_value"),
        ({"key": "server.port", "value": 3}, 409, "outranked"),
        ({"key": "no.key", "value": 3}, 404, "unknown_key"),
        ({"key": "replies.max_tokens"}, 400, "bad_input"),
        ({"key": "", "value": 3}, 400, "bad_input"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_and_not_noted(
    body: dict[str, object], status: int, code: str, panel: httpx.AsyncClient, audit: Noted
) -> None:
    answer = await panel.post("/api/settings", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert audit.acts == []


async def test_a_reset_of_an_unknown_key_is_refused(panel: httpx.AsyncClient) -> None:
    assert (await panel.post("/api/settings/reset", json={"key": "no.key"})).status_code == 404


async def test_a_reload_tells_what_changed(panel: httpx.AsyncClient, fake: FakeSettings, audit: Noted) -> None:
    assert (await panel.post("/api/settings/reload", json={})).json() == {"changed": []}
    fake.elsewhere = {"replies.max_tokens": 70}
    answer = await panel.post("/api/settings/reload", json={})
    assert answer.json() == {"changed": [{"key": "replies.max_tokens", "value": 70, "old": 300, "applied": "now"}]}
    assert audit.acts == [("settings.reload", "replies.max_tokens", 300, 70)]
    fake.elsewhere = {"replies.max_tokens": 1}
    assert (await panel.post("/api/settings/reload", json={})).status_code == 400


async def test_the_log_comes_newest_first(panel: httpx.AsyncClient) -> None:
    lines = (await panel.get("/api/log")).json()
    assert [line["message"] for line in lines] == ["two", "one"]
    assert lines[0] == {
        "at": 2,
        "level": "warning",
        "logger": "spark_vtuber.tts",
        "message": "two",
        "fields": {"code": "stalled"},
        "turn": "t1",
    }
    assert len((await panel.get("/api/log", params={"limit": 1})).json()) == 1
    assert (await panel.get("/api/log", params={"limit": 0})).status_code == 400
