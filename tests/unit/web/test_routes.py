"""The routes of the interface: what they answer, what they ask of the desk, what they refuse."""

from collections.abc import Callable

import anyio
import httpx
import pytest
from starlette.types import ASGIApp

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.desk import Component, Health
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.events import ChatKind
from spark_vtuber.core.ids import CueId, PersonaId, SessionId, TurnId
from spark_vtuber.core.turns import Mark, Outcome, TurnRecord
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.web.routes.reading import health_view

CONTROLS = ["/api/interrupt", "/api/mute", "/api/unmute", "/api/panic", "/api/resume"]
LINE = {"author": "ann", "text": "hello"}


def turn(name: str) -> TurnRecord:
    return TurnRecord(
        id=TurnId(name),
        persona=PersonaId("main"),
        cue=Cue(id=CueId("c1"), kind=CueKind.CHAT, text="hi"),
        outcome=Outcome.COMPLETED,
        said="Hello!",
        heard="Hello!",
        marks={Mark.RECEIVED: 1.0, Mark.FIRST_AUDIO: 1.2},
    )


async def test_health_is_that_of_the_desk(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    answer = await client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["session"] == desk.session
    assert (await client.get("/api/status")).json() == dict(desk.status())


def test_health_shows_each_component() -> None:
    component = Component("espeak", "tts", "degraded", "slow", 5, "restart", True, 2, "died", 4)
    health = Health("degraded", 1.23456, 7, "0.1.0", SessionId("abc"), (component,))
    assert health_view(health) == {
        "status": "degraded",
        "uptime_s": 1.235,
        "pid": 7,
        "version": "0.1.0",
        "session": "abc",
        "components": [
            {
                "name": "espeak",
                "kind": "tts",
                "state": "degraded",
                "detail": "slow",
                "since": 5,
                "fix": "restart",
                "restartable": True,
                "restarts": 2,
                "last_error": "died",
                "last_error_at": 4,
            }
        ],
    }


async def test_a_line_reaches_the_desk_and_gets_an_id(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    extras = {"kind": "bits", "amount": 100, "persona": "main"}
    answer = await client.post("/api/chat", json={**LINE, **extras, "unknown": [1]})
    assert (answer.status_code, answer.json()) == (202, {"id": "line1"})
    (line,) = desk.lines
    assert (line.author, line.text, line.kind, line.amount, line.persona) == (
        "ann",
        "hello",
        ChatKind.BITS,
        100.0,
        "main",
    )
    assert line.source == "page"


async def test_a_raid_needs_no_text(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    assert (await client.post("/api/chat", json={"author": "ann", "text": "", "kind": "raid"})).status_code == 202
    assert desk.lines[0].kind is ChatKind.RAID


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"author":"ann"}',
        b'{"author":"ann","text":7}',
        b'{"author":"","text":"hi"}',
        b'{"author":"  ","text":"hi"}',
        b'{"author":"ann","text":" \\n "}',
        b'{"author":"ann","text":"\\ud800"}',
        b'{"author":"\\udfff","text":"hi"}',
        b'{"author":"ann","text":"hi","kind":"nonsense"}',
        b'{"author":"ann","text":"hi","kind":"ban"}',
        b'{"author":"ann","text":"hi","amount":-1}',
        b'{"author":"ann","text":"hi","amount":NaN}',
        b'{"author":"ann","text":"hi","amount":1e999}',
        b'{"author":"ann","text":"hi","persona":""}',
        b'{"author":"ann","text":"hi","persona":"nobody"}',
        b"[" * 30_000,
    ],
)
async def test_a_bad_line_is_refused_with_a_reason_and_changes_nothing(
    client: httpx.AsyncClient, desk: FakeDesk, body: bytes
) -> None:
    answer = await client.post("/api/chat", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "fix"}
    assert all(error.values())
    assert desk.lines == []
    assert desk.log.last == 0


async def test_an_error_names_the_field_and_never_repeats_the_input(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/chat", json={"author": "ann", "text": ["s3cret"]})
    assert "text" in answer.json()["error"]["message"]
    assert "s3cret" not in answer.text


async def test_beyond_the_burst_lines_are_refused_until_the_rate_allows_more(
    site: Callable[..., ASGIApp], desk: FakeDesk
) -> None:
    transport = httpx.ASGITransport(site(chat_rate_per_s=0.5, chat_burst=2))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        answers = [await client.post("/api/chat", json=LINE) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[2].headers["retry-after"] == "2"
        assert answers[2].json()["error"]["code"] == "rate"
        assert 'spark_vtuber_chat_dropped_total{reason="rate"} 1' in (await client.get("/metrics")).text
        await anyio.sleep(2)
        assert (await client.post("/api/chat", json=LINE)).status_code == 202
    assert len(desk.lines) == 3


async def test_turns_come_newest_first_and_as_many_as_asked(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    for name in ("t1", "t2", "t3"):
        desk.records.append(turn(name))
    assert [view["id"] for view in (await client.get("/api/turns?limit=2")).json()] == ["t3", "t2"]
    csv = await client.get("/api/turns.csv")
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert [row.split(",")[0] for row in csv.text.split()] == ["id", "t3", "t2", "t1"]


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", ""])
async def test_a_limit_that_makes_no_sense_is_refused(client: httpx.AsyncClient, limit: str) -> None:
    answer = await client.get(f"/api/turns?limit={limit}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert answer.json()["error"]["message"].startswith("limit: ")


async def test_metrics_are_prometheus_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE process_cpu_seconds_total counter" in answer.text


async def test_an_interrupt_tells_which_turn_it_cut_and_may_be_repeated(
    client: httpx.AsyncClient, desk: FakeDesk
) -> None:
    desk.speaking = TurnId("t9")
    assert (await client.post("/api/interrupt", json={"persona": "main"})).json() == {"turn": "t9"}
    assert (await client.post("/api/interrupt", json={})).json() == {"turn": None}


async def test_mute_and_unmute_reach_one_persona_or_all(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    assert (await client.post("/api/mute", json={"persona": "main"})).status_code == 200
    assert desk.muted == {"main"}
    headers = {"content-type": "application/json; charset=utf-8"}
    assert (await client.post("/api/unmute", headers=headers)).json() == {"muted": False}
    assert desk.muted == set()


async def test_panic_and_resume_reach_the_desk_with_their_reason(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    await client.post("/api/panic", json={"reason": "leak"})
    await client.post("/api/panic", headers={"content-type": "application/json"})
    assert desk.panics == ["leak", "operator"]
    assert desk.is_panicking
    await client.post("/api/resume", json={})
    assert not desk.is_panicking


@pytest.mark.parametrize("path", CONTROLS)
async def test_malformed_json_changes_nothing(client: httpx.AsyncClient, desk: FakeDesk, path: str) -> None:
    desk.speaking = TurnId("t1")
    desk.muted = {PersonaId("main")}
    answer = await client.post(path, content=b'{"persona":', headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_json")
    assert (desk.speaking, desk.muted, desk.panics) == ("t1", {"main"}, [])


@pytest.mark.parametrize("path", CONTROLS)
async def test_reading_a_control_changes_nothing(client: httpx.AsyncClient, desk: FakeDesk, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert desk.panics == []


@pytest.mark.parametrize("path", ["/api/interrupt", "/api/mute", "/api/unmute"])
async def test_a_persona_nobody_knows_is_an_error_of_the_caller(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, json={"persona": "nobody"})
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "unknown_persona",
        "message": "there is no persona nobody",
        "fix": "see /api/status",
    }


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (SparkError("no", code="odd", fix="x"), 400, "odd"),
        (EngineError("gone", "no voice"), 503, "gone"),
        (KeyError("secret inside"), 500, "bug"),
    ],
)
async def test_what_the_desk_cannot_do_is_an_error_in_the_same_form(
    client: httpx.AsyncClient, desk: FakeDesk, failure: Exception, status: int, code: str
) -> None:
    desk.failure = failure
    answer = await client.get("/api/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "secret inside" not in answer.text


async def test_the_schema_lists_the_routes(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/api/openapi.json")).json()["paths"]
    assert {"/api/chat", "/api/health", "/metrics", *CONTROLS} <= set(paths)


async def test_a_module_is_switched_to_its_stand_in_and_back(client: httpx.AsyncClient, desk: FakeDesk) -> None:
    answer = await client.post("/api/fallback", json={"module": "llm", "use": "understudy"})
    assert (answer.status_code, desk.stand_in) == (200, "understudy")
    await client.post("/api/fallback", json={"module": "llm"})
    assert desk.stand_in == ""
    wrong = await client.post("/api/fallback", json={"module": "cat", "use": "dog"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unknown_module")
