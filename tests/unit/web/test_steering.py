"""The routes of steering and of tempers: what they answer, what they ask of the facets, what they note."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, EmoteSpan
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.steering import ChatLine, Held, LineState, Picture
from spark_vtuber.testing.desk import FakeDesk
from spark_vtuber.testing.growth import FakeGrowth
from spark_vtuber.testing.steering import FakeEmotes, FakeLines, FakePersonas, FakeSteering
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.doors import Doors
from spark_vtuber.web.settings import WebSettings
from spark_vtuber.web.site import build

PNG = b"\x89PNG\r\n\x1a\n and more"


@dataclass(slots=True)
class Trail:
    """An audit that keeps what it is told."""

    acts: list[tuple[str, str, object]] = field(default_factory=list)

    def __call__(self, act: str, /, *, actor: str, target: str = "", old: object = None, new: object = None) -> None:
        """Keep an act; nobody acts without a name."""
        assert actor
        self.acts.append((act, target, new))


class House:
    """All facets, and a client in front of them."""

    def __init__(self, static: Path) -> None:
        self.steering = FakeSteering()
        self.lines = FakeLines()
        self.emotes = FakeEmotes({"25": Picture(PNG, "image/png")})
        self.personas = FakePersonas()
        self.trail = Trail()
        doors = Doors(
            FakeDesk(VirtualClock()),
            audit=self.trail,
            steering=self.steering,
            lines=self.lines,
            emotes=self.emotes,
            personas=self.personas,
            growth=FakeGrowth(),
        )
        app = build(doors, WebSettings(static=static), clock=VirtualClock(), count_drop=lambda _: None)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080")

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body)

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
async def house(bundle: Path) -> AsyncIterator[House]:
    house = House(bundle)
    async with house.client:
        yield house


def a_cue(name: str = "7") -> Cue:
    event = ChatEvent(name, "twitch", ChatKind.BITS, Author("a1", "Ana"), "hello?", amount=100)
    return Cue(CueId("c1"), CueKind.CHAT, "hello?", "Ana", event)


async def test_the_queue_tells_what_is_next_and_what_waits_for_approval(house: House) -> None:
    house.steering.waiting.append(a_cue())
    house.steering.held.append(Held(TurnId("t1"), PersonaId("main"), a_cue("6"), "Well hello", is_complete=False))
    assert await house.get("/api/queue?limit=3") == {
        "hold": False,
        "waiting": 1,
        "next": [
            {
                "id": "7",
                "author": "Ana",
                "text": "hello?",
                "source": "twitch",
                "kind": "bits",
                "amount": 100,
                "persona": "main",
                "asked_by": 1,
                "waiting_s": 1.5,
                "score": 9.5,
                "scores": {"fresh": 9.5},
                "reasons": ["main persona", "fresh"],
            }
        ],
        "held": [
            {
                "turn": "t1",
                "persona": "main",
                "author": "Ana",
                "cue": "hello?",
                "text": "Well hello",
                "complete": False,
            }
        ],
    }


async def test_hold_approve_and_reject_reach_the_show_and_are_noted(house: House) -> None:
    assert (await house.post("/api/hold", on=True)).json() == {"hold": True}
    for name in ("t1", "t2"):
        house.steering.held.append(Held(TurnId(name), PersonaId("main"), a_cue(), "Hi", is_complete=True))
    assert (await house.post("/api/approve", turn="t1")).json() == {"approved": True}
    assert (await house.post("/api/approve", turn="t1")).json() == {"approved": False}
    assert (await house.post("/api/reject", turn="t2")).json() == {"rejected": True}
    assert (await house.post("/api/reject", turn="t9")).json() == {"rejected": False}
    assert house.steering.released == ["t1"]
    assert house.trail.acts == [("hold", "", True), ("approve", "t1", None), ("reject", "t2", None)]


async def test_cues_are_cancelled_by_id_or_from_the_front(house: House) -> None:
    house.steering.waiting += [a_cue("7"), a_cue("8"), a_cue("9")]
    assert (await house.post("/api/queue/drop", id="8")).json() == {"dropped": "8"}
    assert (await house.post("/api/queue/drop")).json() == {"dropped": "7"}
    assert (await house.post("/api/queue/drop", id="8")).json() == {"dropped": None}
    assert [act for act, *_ in house.trail.acts] == ["queue.drop", "queue.drop"]


async def test_a_saying_is_accepted_with_its_id(house: House) -> None:
    answer = await house.post("/api/say", text="Back in five!", persona="main")
    assert (answer.status_code, answer.json()) == (202, {"id": "say1"})
    assert (await house.get("/api/queue"))["next"][0]["source"] == "say"
    assert house.trail.acts == [("say", "main", "Back in five!")]


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": " "}, {"text": "x" * 2_001}, {"text": "hi", "persona": "nobody"}, {"text": 1}]
)
async def test_what_cannot_be_said_is_refused_with_a_reason(house: House, body: dict[str, Any]) -> None:
    answer = await house.client.post("/api/say", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert house.trail.acts == []


async def test_a_line_is_answered_now(house: House) -> None:
    house.steering.dropped.append(a_cue("5"))
    assert (await house.post("/api/answer", id="5")).json() == {"queued": True}
    assert (await house.post("/api/answer", id="4")).json() == {"queued": False}
    assert house.trail.acts == [("answer", "5", None)]


async def test_lines_are_told_with_their_state_and_their_emotes(house: House) -> None:
    house.lines.all.append(
        ChatLine(
            seq=3,
            id="7",
            at_ms=5,
            source="twitch",
            kind=ChatKind.MESSAGE,
            state=LineState.ANSWERED,
            author="Ana",
            text="hi Kappa",
            emotes=(EmoteSpan("Kappa", "25", 3, 8),),
            turn=TurnId("t1"),
            scores={"fresh": 9.0},
        )
    )
    assert await house.get("/api/lines") == {
        "lines": [
            {
                "seq": 3,
                "id": "7",
                "at": 5,
                "source": "twitch",
                "kind": "message",
                "author": "Ana",
                "text": "hi Kappa",
                "amount": 0.0,
                "currency": "",
                "emotes": [{"name": "Kappa", "id": "25", "start": 3, "end": 8, "url": "/api/emotes/twitch/25"}],
                "state": "answered",
                "reason": "",
                "rule": "",
                "turn": "t1",
                "scores": {"fresh": 9.0},
            }
        ],
        "more": False,
    }
    assert (await house.get("/api/lines?query=nothing"))["lines"] == []
    assert (await house.get("/api/lines?before=3"))["lines"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "before=-1", "before=x", f"query={'x' * 201}"])
async def test_a_list_that_cannot_be_given_is_refused(house: House, query: str) -> None:
    assert (await house.client.get(f"/api/lines?{query}")).status_code == 400


async def test_an_author_is_ignored_listed_and_answered_again(house: House) -> None:
    house.lines.all.append(ChatLine(1, "7", 5, "twitch", ChatKind.MESSAGE, LineState.WAITING, "Ana", "hi"))
    viewer = {"key": "key-Ana", "name": "Ana", "source": "twitch", "since": 5}
    assert (await house.post("/api/ignore", id="7")).json() == {"viewer": viewer}
    assert await house.get("/api/ignored") == [viewer]
    assert (await house.post("/api/unignore", key="key-Ana")).json() == {"removed": True}
    assert (await house.post("/api/unignore", key="key-Ana")).json() == {"removed": False}
    assert house.trail.acts == [("ignore", "key-Ana", "Ana"), ("unignore", "key-Ana", None)]


async def test_the_author_of_a_line_that_is_gone_cannot_be_ignored(house: House) -> None:
    answer = await house.post("/api/ignore", id="7")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_line")


async def test_an_emote_is_a_picture_that_browsers_keep_and_do_not_guess_at(house: House) -> None:
    answer = await house.client.get("/api/emotes/twitch/25")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["twitch/26", "page/25", "twitch/..%2f25"])
async def test_an_emote_that_cannot_be_had_is_not_found_with_the_reason(house: House, path: str) -> None:
    answer = await house.client.get(f"/api/emotes/{path}")
    assert answer.status_code == 404
    assert "error" in answer.json()


async def test_tempers_are_listed_and_set(house: House) -> None:
    spark = {
        "id": "main",
        "name": "Spark",
        "look": "spark",
        "mood": "neutral",
        "energy": 0.5,
        "talkativeness": 0.5,
        "idle_talk": False,
        "paid_only": False,
        "preset": "",
        "held": [],
        "expertise": [],
    }
    assert await house.get("/api/personas") == [spark]
    answer = await house.post("/api/persona", persona="main", preset="calm", mood="happy", idle_talk=True)
    assert answer.json() == [
        {**spark, "mood": "happy", "energy": 0.25, "idle_talk": True, "preset": "calm", "held": ["mood", "energy"]}
    ]
    assert house.trail.acts == [("persona", "main", {"preset": "calm", "mood": "happy", "idle_talk": True})]


@pytest.mark.parametrize(
    "body",
    [
        {"mood": "murderous"},
        {"energy": "mine"},
        {"energy": 1.1},
        {"talkativeness": -0.1},
        {"persona": "nobody"},
        {"preset": "unheard-of"},
        {"enrgy": 0.5},
        {"idle_talk": "perhaps"},
    ],
)
async def test_a_temper_that_is_none_is_refused(house: House, body: dict[str, Any]) -> None:
    answer = await house.client.post("/api/persona", json=body)
    assert answer.status_code == 400
    assert house.trail.acts == []


async def test_a_mood_is_given_back_to_the_character(house: House) -> None:
    await house.post("/api/persona", mood="sad", energy=0.9)
    (spark,) = (await house.post("/api/persona", mood="own", energy="own")).json()
    assert (spark["mood"], spark["energy"], spark["held"]) == ("neutral", 0.5, [])
    assert house.trail.acts[-1] == ("persona", "everybody", {"mood": "own", "energy": "own"})


async def test_a_character_is_made_the_main_one(house: House) -> None:
    answer = await house.post("/api/persona/lead", persona="nobody")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_persona")
    answer = await house.post("/api/persona/lead", persona="main")
    assert answer.status_code == 200
    assert house.trail.acts == [("persona.lead", "main", "main")]


async def test_how_the_characters_changed_is_told(house: House) -> None:
    told = await house.get("/api/personas/growth?limit=1")
    (spark,) = told["personas"]
    assert spark["traits"] == [
        {
            "name": "warmth",
            "meaning": "How warm she is.",
            "value": 0.9,
            "start": 0.7,
            "low": 0.5,
            "high": 0.9,
            "daily": 0.05,
        }
    ]
    assert spark["bonds"] == [{"with": "viewer:a", "name": "ana", "value": 0.3, "met": 1_000}]
    assert (spark["frozen"], spark["mood"], spark["topics"]) == (False, "happy", ["cats"])
    (move,) = told["moves"]
    assert (move["part"], move["name"], move["cause"]) == ("trait", "warmth", "thanks")


async def test_a_character_is_frozen_and_reset(house: House) -> None:
    told = (await house.post("/api/persona/freeze", on=True)).json()
    assert told["personas"][0]["frozen"]
    told = (await house.post("/api/persona/reset", persona="main", trait="warmth")).json()
    assert (told["personas"][0]["traits"][0]["value"], len(told["personas"][0]["bonds"])) == (0.7, 1)
    told = (await house.post("/api/persona/reset")).json()
    assert told["personas"][0]["bonds"] == []
    assert house.trail.acts == [
        ("persona.freeze", "everybody", True),
        ("persona.reset", "main", "warmth"),
        ("persona.reset", "everybody", None),
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/persona/freeze", {}),
        ("/api/persona/freeze", {"on": True, "persona": "nobody"}),
        ("/api/persona/reset", {"trait": "height"}),
        ("/api/persona/reset", {"traits": "warmth"}),
        ("/api/persona/lead", {}),
    ],
)
async def test_what_is_no_character_and_no_trait_is_refused(house: House, path: str, body: dict[str, Any]) -> None:
    answer = await house.client.post(path, json=body)
    assert (answer.status_code, house.trail.acts) == (400, [])


async def test_presets_tell_what_they_set(house: House) -> None:
    assert await house.get("/api/presets") == [
        {"name": "calm", "title": "Calm", "meaning": "Slow and friendly.", "values": {"energy": 0.25}, "own": False}
    ]


async def test_a_facet_that_is_missing_has_no_routes(bundle: Path) -> None:
    app = build(
        Doors(FakeDesk(VirtualClock())), WebSettings(static=bundle), clock=VirtualClock(), count_drop=lambda _: None
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        assert (await client.get("/api/queue")).status_code == 404
        assert (await client.get("/api/personas")).status_code == 404
