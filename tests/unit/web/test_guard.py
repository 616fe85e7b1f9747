"""The guard behind the web server's door."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from spark_vtuber.core.guarding import Guarding, Struck
from spark_vtuber.core.verdicts import Decision, Direction, Position
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.guarding import HOUR_MS, FakeBook, FakeStrikes, FakeWords, entry
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

EVE = Struck("v1", "eve", "twitch", 1.5, 4, 1_000, 90_000, 1)


@pytest.fixture
def guarding() -> Guarding:
    book = FakeBook(
        entry(1),
        entry(2, direction=Direction.OUT, position=Position.CLAUSE, turn="t1", viewer="", category="hate"),
        entry(3, at_ms=HOUR_MS, decision=Decision.REWRITE, category="link", rule="masked"),
    )
    return Guarding(book, FakeWords(), FakeStrikes(EVE))


@pytest.fixture
def acts() -> list[tuple[object, ...]]:
    return []


@pytest.fixture
async def client(
    desk: FakeDesk, settings: WebSettings, guarding: Guarding, acts: list[tuple[object, ...]]
) -> AsyncIterator[httpx.AsyncClient]:
    def audit(act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        assert actor
        acts.append((act, target, old, new))

    app = build(Doors(desk, audit, guarding=guarding), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_the_ledger_is_told_newest_first_and_in_pages(client: httpx.AsyncClient) -> None:
    page = (await client.get("/api/guard/ledger", params={"limit": 2})).json()
    assert [one["id"] for one in page["entries"]] == [3, 2]
    assert page["more"]
    rest = (await client.get("/api/guard/ledger", params={"before": 2})).json()
    assert rest["more"] is False
    assert rest["entries"] == [
        {
            "id": 1,
            "at": 1_000,
            "direction": "in",
            "position": "chat",
            "decision": "block",
            "category": "profanity",
            "rule": "word",
            "reason": "profanity",
            "score": 0.9,
            "digest": "d1",
            "length": 12,
            "spans": [[4, 8]],
            "language": "",
            "source": "twitch",
            "viewer": "v1",
            "turn": "",
            "meaning": "A coarse word.",
        }
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({"direction": "out"}, [2]), ({"position": "chat"}, [3, 1]), ({"category": "link"}, [3]), ({"viewer": "x"}, [])],
)
async def test_the_ledger_can_be_looked_through(
    client: httpx.AsyncClient, wanted: dict[str, str], found: list[int]
) -> None:
    answer = (await client.get("/api/guard/ledger", params=wanted)).json()
    assert [one["id"] for one in answer["entries"]] == found


@pytest.mark.parametrize("wanted", [{"direction": "up"}, {"limit": 0}, {"limit": 501}, {"before": -1}])
async def test_a_question_that_makes_no_sense_is_refused(client: httpx.AsyncClient, wanted: dict[str, object]) -> None:
    assert (await client.get("/api/guard/ledger", params=wanted)).status_code == 400  # type: ignore[arg-type]


async def test_the_summary_counts_by_category_and_hour(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/guard/summary")).json() == {
        "categories": [
            {"category": "hate", "block": 1, "rewrite": 0},
            {"category": "profanity", "block": 1, "rewrite": 0},
            {"category": "link", "block": 0, "rewrite": 1},
        ],
        "hours": [{"hour": 0, "block": 2, "rewrite": 0}, {"hour": HOUR_MS, "block": 0, "rewrite": 1}],
    }


async def test_what_the_guard_goes_by_is_told(client: httpx.AsyncClient) -> None:
    stance = (await client.get("/api/guard")).json()
    assert (stance["engine"], stance["allow"], stance["block"]) == ("fake", [], ["bad"])
    assert [one["id"] for one in stance["levels"] if one["on"]] == ["pg-13"]
    assert stance["categories"][0] == {
        "id": "slur",
        "title": "Slurs",
        "meaning": "A slur.",
        "on": True,
        "fixed": True,
        "set": False,
    }


async def test_a_text_is_judged_with_the_reason_and_what_would_let_it_pass(client: httpx.AsyncClient) -> None:
    opinion = (await client.post("/api/guard/check", json={"text": "a bad apple"})).json()
    assert (opinion["decision"], opinion["rule"], opinion["spans"]) == ("block", "word", [[2, 5]])
    assert opinion["meaning"]
    assert {"kind": "allow", "value": "bad"} in opinion["remedies"]
    assert opinion["microseconds"] > 0
    fine = (await client.post("/api/guard/check", json={"text": "a fine apple", "direction": "out"})).json()
    assert (fine["decision"], fine["text"]) == ("allow", "a fine apple")


async def test_a_guard_that_cannot_tell_is_an_error(client: httpx.AsyncClient, guarding: Guarding) -> None:
    assert isinstance(guarding.words, FakeWords)
    guarding.words.is_broken = True
    answer = await client.post("/api/guard/check", json={"text": "hello"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "guard_hung")


async def test_a_phrase_is_allowed_and_the_audit_log_does_not_hold_it(
    client: httpx.AsyncClient, acts: list[tuple[object, ...]]
) -> None:
    answer = await client.post("/api/guard/lists", json={"list": "allow", "add": "bad apple"})
    assert answer.json() == {"changed": True, "allow": ["bad apple"], "block": ["bad"]}
    again = await client.post("/api/guard/lists", json={"list": "allow", "add": "bad apple"})
    assert again.json()["changed"] is False
    gone = await client.post("/api/guard/lists", json={"list": "block", "remove": "bad"})
    assert gone.json() == {"changed": True, "allow": ["bad apple"], "block": []}
    assert acts == [("guard.lists", "allow", None, "#9"), ("guard.lists", "block", "#3", None)]


@pytest.mark.parametrize(
    "body",
    [
        {"list": "allow"},
        {"list": "allow", "add": "a", "remove": "a"},
        {"list": "other", "add": "a"},
        {"list": "allow", "add": " "},
        {"list": "allow", "add": "\ud83d"},
        {"list": "allow", "add": "x" * 300},
    ],
)
async def test_an_edit_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, acts: list[tuple[object, ...]], body: dict[str, object]
) -> None:
    answer = await client.post(
        "/api/guard/lists", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert acts == []


async def test_a_guard_without_lists_refuses_with_a_fix(desk: FakeDesk, settings: WebSettings) -> None:
    facet = Guarding(FakeBook(), FakeWords(has_lists=False), FakeStrikes())
    app = build(Doors(desk, guarding=facet), settings, clock=VirtualClock(), count_drop=desk.counters.drop)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        answer = await client.post("/api/guard/lists", json={"list": "allow", "add": "fine"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_lists")
        assert (await client.get("/api/guard")).json()["allow"] is None


async def test_who_has_strikes_is_told_and_can_be_pardoned(
    client: httpx.AsyncClient, guarding: Guarding, acts: list[tuple[object, ...]]
) -> None:
    assert (await client.get("/api/guard/strikes")).json() == [
        {
            "key": "v1",
            "name": "eve",
            "source": "twitch",
            "strikes": 1.5,
            "lines": 4,
            "last": 1_000,
            "until": 90_000,
            "rests": 1,
        }
    ]
    assert (await client.post("/api/guard/pardon", json={"key": "v1"})).json() == {"pardoned": True}
    assert (await client.post("/api/guard/pardon", json={"key": "v1"})).json() == {"pardoned": False}
    assert guarding.strikes.strikes() == []
    assert acts == [("guard.pardon", "v1", "eve", None)]
