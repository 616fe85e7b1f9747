"""Lines of other platforms, in a house without a show."""

import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from spark_vtuber import engines
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.house import House
from spark_vtuber.app.ingest import FRAMES, HELLO_S, PEERS, SOURCES, IngestRoom
from spark_vtuber.config.load import load
from spark_vtuber.core.errors import EngineError, ProtocolError, SparkError
from spark_vtuber.core.events import ChatEvent, Role
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.ingest import receipts_view
from spark_vtuber.testing.contracts.ingest import INGEST, Entrance, Promise
from spark_vtuber.testing.crews import SPARK
from spark_vtuber.testing.ingest import FakeIngest
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.virtual import VirtualClock

TOKEN = "the-token-of-a-bridge"
REFERENCE = "secret:ingest"


class Porch:
    """A door and what came in by it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.came: list[ChatEvent] = []
        self.is_heard = True
        self.room = IngestRoom(house, self.came.append, lambda: self.is_heard)

    def change(self, **keys: Any) -> None:
        """Change keys of `[ingest]` while it runs."""
        settings = self.house.settings
        config = settings.config.model_copy(update={"ingest": settings.config.ingest.model_copy(update=keys)})
        self.house.live.replace(replace(settings, config=config), [f"ingest.{name}" for name in keys])

    def component(self) -> tuple[str, str]:
        found = next(one for one in self.house.board.components if one.name == "ingest")
        return found.state, found.detail

    def post(self, *events: dict[str, Any]) -> list[str]:
        """The codes of a batch of kick."""
        return [one.code for one in self.room.post({"source": "kick", "events": list(events)}).receipts]


@asynccontextmanager
async def porch(tmp_path: Path, server: dict[str, Any] | None = None, **ingest: Any) -> AsyncIterator[Porch]:
    flags = {"data": {"dir": str(tmp_path)}, "ingest": {"token": REFERENCE, **ingest}, "server": server or {}}
    around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=inline)
    settings = load(engines.spec, None, flags, {})
    async with httpx.AsyncClient() as http, AsyncExitStack() as stack:
        yield Porch(House(settings, around, http, stack, (SPARK,)))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_SECRET_INGEST", TOKEN)
    monkeypatch.setenv("SPARK_SECRET_DESK", TOKEN)


def line(id: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"id": id, "author": {"name": "Ana", "roles": ["moderator"]}, "text": text, **more}


def ended(event: str, heard: str, reason: str = "") -> dict[str, Any]:
    return {"cue": {"event": event}, "heard": heard, "reason": reason, "error": "", "persona": "main"}


@pytest.mark.parametrize("promise", INGEST)
async def test_the_room_keeps_the_promises_of_the_door(promise: Promise, tmp_path: Path) -> None:
    async with porch(tmp_path) as here:
        await promise(Entrance(here.room, TOKEN))


@pytest.mark.parametrize("promise", INGEST)
async def test_the_fake_keeps_the_promises_of_the_door(promise: Promise) -> None:
    fake = FakeIngest()
    await promise(Entrance(fake, fake.token))


async def test_without_a_token_the_door_is_shut_and_says_how_to_open_it(tmp_path: Path) -> None:
    async with porch(tmp_path, token="") as here:
        assert here.component()[0] == "off"
        for shown in ("", TOKEN):
            with pytest.raises(SparkError) as caught:
                here.room.opens(shown)
            assert (caught.value.code, "secrets set ingest" in caught.value.fix) == ("ingest_off", True)
        here.change(token=REFERENCE)
        assert here.room.opens(TOKEN)
        assert here.component() == ("ok", "0 connected")


@pytest.mark.parametrize(
    ("token", "server"),
    [("plain-text", {}), ("secret:nobody", {}), (REFERENCE, {"desk_token": "secret:desk"})],
    ids=["written into the file", "not known", "that of the desk"],
)
async def test_a_token_that_must_not_be_used_shuts_the_door(token: str, server: dict[str, Any], tmp_path: Path) -> None:
    async with porch(tmp_path, server, token=token) as here:
        with pytest.raises(SparkError) as caught:
            here.room.opens(TOKEN)
        assert caught.value.code == "ingest_off"
        assert caught.value.fix
        assert TOKEN not in caught.value.message + caught.value.fix
        assert here.component()[0] == "failed"


async def test_moderators_of_other_platforms_count_once_they_are_trusted(tmp_path: Path) -> None:
    async with porch(tmp_path) as here:
        here.post(line("1"))
        here.change(trust_roles=True)
        here.post(line("2"))
    assert [event.author.roles for event in here.came] == [frozenset(), {Role.MODERATOR}]


async def test_what_comes_too_fast_is_refused_with_the_time_to_wait(tmp_path: Path) -> None:
    async with porch(tmp_path, per_s=2.0, burst=3) as here:
        receipts = here.room.post({"source": "kick", "events": [line(str(at)) for at in range(5)]})
        assert [one.code for one in receipts.receipts] == ["", "", "", "rate", "rate"]
        assert receipts.wait_s == pytest.approx(0.5)
        await anyio.sleep(receipts.wait_s)
        assert here.post(line("3")) == [""]
        here.change(burst=100)
        assert here.post(*[line(f"n{at}") for at in range(50)]) == [""] * 50


async def test_what_the_show_cannot_use_is_refused(tmp_path: Path) -> None:
    async with porch(tmp_path) as here:
        assert here.post(line("1", persona="nobody"), line("2", persona="main")) == ["unknown_persona", ""]
        here.is_heard = False
        assert here.post(line("3")) == ["chat_off"]
    assert [event.id for event in here.came] == ["kick:2"]


async def test_only_so_many_sources_are_known(tmp_path: Path) -> None:
    async with porch(tmp_path) as here:
        for number in range(SOURCES):
            assert here.post(line("1", source=f"s{number}")) == [""]
        assert here.post(line("1", source="another"), line("2", source="s0")) == ["too_many_sources", ""]
        assert (here.room.knows("s0"), here.room.knows("another")) == (True, False)


async def greet(here: Porch, peer: Any, **wishes: Any) -> None:
    peer.receive(json.dumps({"type": "hello", "token": TOKEN, **wishes}))


async def test_whoever_asks_is_told_what_became_of_each_line_and_what_was_said(tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=False) as peer, aclosing(peer.frames()) as frames:
        await greet(here, peer, source="kick", outcomes=True, says=True)
        assert json.loads(await anext(frames)) == {
            "type": "welcome",
            "version": 1,
            "session": here.house.session,
            "source": "kick",
        }
        assert here.component() == ("ok", "1 connected")
        here.post(*[line(number) for number in "1234"], line("9", source="tiktok"))
        events = here.house.events
        events("chat.dropped", id="kick:1", source="kick", reason="stale")
        events("chat.blocked", id="kick:2", source="kick", rule="r", reason="hate", digest="")
        events("turn.ended", turn=TurnId("t1"), record=ended("kick:3", "Hello Ana!"))
        events("turn.ended", turn=TurnId("t2"), record=ended("kick:4", "", "panic"))
        events("turn.ended", turn=TurnId("t3"), record=ended("tiktok:9", "Not for you."))
        events("chat.dropped", id="l1", source="page", reason="stale")
        here.room.say("kick", "a reply")
        told = [json.loads(await anext(frames)) for _ in range(6)]
    assert [(one["id"], one["outcome"], one["reason"]) for one in told if one["type"] == "outcome"] == [
        ("1", "dropped", "stale"),
        ("2", "blocked", "hate"),
        ("3", "answered", ""),
        ("4", "dropped", "panic"),
    ]
    said = [(one["text"], one["reply_to"], one["persona"]) for one in told if one["type"] == "say"]
    assert said == [("Hello Ana!", "3", "main"), ("a reply", None, "")]


async def test_a_purchase_says_who_settles_it_and_is_told_what_became_of_it(tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=True) as peer, aclosing(peer.frames()) as frames:
        await greet(here, peer, outcomes=True)
        await anext(frames)
        bought = [line(number, kind="reward", reward={"title": "Joke"}) for number in "12"]
        taken = here.room.post({"source": "kick", "events": [*bought, line("3")]})
        notes = [one.get("note", "") for one in receipts_view(taken)["results"]]
        assert [bool(note) for note in notes] == [True, True, False]
        for number, outcome in (("1", "done"), ("2", "failed")):
            told = {"title": "Joke", "outcome": outcome, "reason": "late" if outcome == "failed" else "", "settled": ""}
            here.house.events("redeem", id=f"kick:{number}", source="kick", **told)
        outcomes = [json.loads(await anext(frames)) for _ in range(2)]
    assert [(one["type"], one["id"], one["outcome"], one["reason"]) for one in outcomes] == [
        ("redeem", "1", "done", ""),
        ("redeem", "2", "failed", "late"),
    ]


async def test_who_asked_for_nothing_is_told_nothing(tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=True) as peer, aclosing(peer.frames()) as frames:
        peer.receive('{"type": "hello"}')
        await anext(frames)
        here.post(line("1"))
        here.house.events("turn.ended", turn=TurnId("t"), record=ended("kick:1", "Hello!"))
        with pytest.raises(EngineError):
            here.room.say("kick", "nobody takes it")
        with anyio.move_on_after(1) as waiting:
            await anext(frames)
        assert waiting.cancelled_caught


async def test_a_program_that_says_nothing_is_let_go(tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=True) as peer:
        with anyio.fail_after(HELLO_S + 1):
            assert [frame async for frame in peer.frames()] == []


async def test_a_program_that_reads_nothing_is_let_go_and_holds_nobody_up(tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=True) as peer:
        await greet(here, peer, says=True)
        for _ in range(FRAMES + 5):
            here.room.say("kick", "a lot to say")
        assert len([frame async for frame in peer.frames()]) == FRAMES


async def test_only_so_many_programs_are_connected(tmp_path: Path) -> None:
    async with porch(tmp_path) as here, AsyncExitStack() as stack:
        for _ in range(PEERS):
            await greet(here, await stack.enter_async_context(here.room.connect(is_known=False)))
        late = await stack.enter_async_context(here.room.connect(is_known=False))
        with pytest.raises(SparkError) as caught:
            await greet(here, late)
        assert caught.value.code == "too_many"
    assert here.component() == ("ok", "0 connected")


@pytest.mark.parametrize(
    "frame",
    ['{"type": "hello"}', "[1]", "{", '{"no": "type"}', '{"type": "events"}', '{"type": "events", "events": 5}'],
)
async def test_what_is_no_frame_breaks_the_protocol(frame: str, tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=True) as peer:
        await greet(here, peer, source="kick")
        peer.receive('{"type": "of a later version"}')
        with pytest.raises(ProtocolError):
            peer.receive(frame)


@pytest.mark.parametrize("hello", [{"version": 2}, {"source": 5}])
async def test_a_hello_of_another_kind_is_refused(hello: dict[str, Any], tmp_path: Path) -> None:
    async with porch(tmp_path) as here, here.room.connect(is_known=True) as peer:
        with pytest.raises(ProtocolError):
            peer.receive(json.dumps({"type": "hello", **hello}))
