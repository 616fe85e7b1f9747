"""The guard's facet over a show with the real chain: ledger, strikes and lists count for the very next line."""

import json
import logging
import random
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from anyio.abc import TaskStatus
from pydantic import BaseModel, ConfigDict

from spark_vtuber import engines
from spark_vtuber.app import assemble, journal
from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.app.ledger import Clerk, installation_key
from spark_vtuber.app.strikes import KeptStrikes
from spark_vtuber.app.viewers import viewer_key
from spark_vtuber.config.guard_keys import StrikeSettings
from spark_vtuber.config.load import load
from spark_vtuber.core.engine import EngineEnv, EngineSpec, Finding
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Role
from spark_vtuber.core.guarding import Guarding, Selection, Struck
from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.verdicts import Decision, Direction, Position
from spark_vtuber.journal.schema import FILE
from spark_vtuber.moderation.ledger import Ledger
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.testing.contracts.guarding import GUARDING, a_guard_without_lists_says_so
from spark_vtuber.testing.guarding import FakeBook, FakeStrikes, FakeWords, entry
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.keepsakes import MemoryKeepsake
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.testing.voices import FakeVoice

T = TypeVar("T")


class Options(BaseModel):
    """Any keys."""

    model_config = ConfigDict(extra="allow", frozen=True)


ALL = Selection()
COARSE = "what a load of shit this is"
THREAT = "i will kill you"


async def at_once(act: Callable[[], T]) -> T:
    return act()


OpenShow = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def show_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenShow:
    """A show of fakes with the real guard."""
    real = engines.spec
    made: dict[str, object] = {"tts": FakeVoice()}

    def spec(port: str, name: str) -> EngineSpec:
        return real(port, name) if port == "guard" else fake_spec(made[port])

    monkeypatch.setattr(engines, "spec", spec)
    monkeypatch.setattr(assemble, "bind", lambda *_: socket.socket())
    monkeypatch.setattr(assemble, "serve", serve_nothing)
    monkeypatch.setattr(journal, "threads", lambda _: inline)

    @asynccontextmanager
    async def run(text: str = "", *, guard: str = "chain", says: str = "A fine answer.") -> AsyncIterator[Opened]:
        made["llm"] = ScriptedModel(says)
        file = tmp_path / "spark.toml"
        file.write_text(
            f'[discovery]\non = false\n[second_opinion]\non = "off"\n[guard]\nuse = "{guard}"\n{text}', encoding="utf-8"
        )
        settings = load(spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), aside=at_once)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return run


def fake_spec(engine: object) -> EngineSpec:
    @asynccontextmanager
    async def open_it(options: BaseModel, env: EngineEnv) -> AsyncIterator[object]:
        del options, env
        yield engine

    async def probe(options: BaseModel, env: EngineEnv) -> AsyncIterator[Finding]:
        del options, env
        yield Finding("fake", "ok", "a fake")

    return EngineSpec(Options, open_it, probe, "a fake", "MIT")


async def serve_nothing(*_: object, task_status: TaskStatus[None]) -> None:
    task_status.started()
    await anyio.sleep_forever()


class Chatter:
    """Lines of viewers into a show."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.count = 0

    @property
    def facet(self) -> Guarding:
        assert self.opened.doors.guarding is not None
        return self.opened.doors.guarding

    async def say(self, author: str, text: str, **more: Any) -> None:
        """A line of Twitch, and the time in which it is dealt with."""
        self.count += 1
        fields = {"kind": ChatKind.MESSAGE, **more}
        who = Author(author, author, fields.pop("roles", frozenset()))
        self.opened.show.receive(ChatEvent(f"m{self.count}", "twitch", author=who, text=text, **fields))
        await anyio.sleep(20)

    def dropped(self) -> dict[str, int]:
        """Lines without an answer, by reason."""
        return dict(self.opened.show.dropped())


async def test_a_blocked_line_is_an_entry_and_its_words_are_nowhere(show_of: OpenShow, tmp_path: Path) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve", COARSE)
        (one,), has_more = await chat.facet.book.entries(10, None, ALL)
        assert not has_more
        assert (one.direction, one.position, one.decision) == (Direction.IN, Position.CHAT, Decision.BLOCK)
        assert (one.category, one.source, one.viewer) == ("profanity", "twitch", viewer_key("twitch", "eve"))
        assert one.meaning
        assert one.length == len(COARSE)
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert b"load of sh" not in file.read_bytes(), file.name


async def test_a_sentence_that_is_held_back_becomes_a_deflection_for_its_reason(
    show_of: OpenShow, tmp_path: Path
) -> None:
    async with show_of('[persona.main]\nllm = { use = "openai" }\n', says="Of course. I will kill you. Bye!") as opened:
        chat = Chatter(opened)
        await chat.say("ann", "hello spark, what do you think of me?")
        (turn,) = opened.show.turns(9)
        (one,), _ = await chat.facet.book.entries(10, None, ALL)
        assert (one.direction, one.position, one.turn) == (Direction.OUT, Position.CLAUSE, turn.id)
        assert (one.category, one.viewer) == ("threat", "")
        assert chat.facet.strikes.strikes() == []
        assert turn.said.startswith("Of course. ")
        deflections = dict(opened.show.personas[0].deflections)["threat"]
        assert turn.said.removeprefix("Of course. ") in deflections
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert b"kill you" not in file.read_bytes(), file.name


async def test_the_next_show_still_knows_what_was_held_back(show_of: OpenShow) -> None:
    async with show_of() as opened:
        await Chatter(opened).say("eve", COARSE)
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve", COARSE)
        entries, _ = await chat.facet.book.entries(10, None, ALL)
        assert len(entries) == 2
        assert entries[0].digest == entries[1].digest, "the same text is recognised over shows"
        (first,), has_more = await chat.facet.book.entries(1, None, ALL)
        assert has_more
        (second,), has_more = await chat.facet.book.entries(1, first.id, ALL)
        assert (second, has_more) == (entries[1], False)
        assert sum(one.count for one in await chat.facet.book.counts(24)) == 2


async def test_without_a_journal_the_ledger_is_as_long_as_the_show(show_of: OpenShow) -> None:
    async with show_of("[journal]\non = false\n") as opened:
        chat = Chatter(opened)
        await chat.say("eve", COARSE)
        entries, _ = await chat.facet.book.entries(10, None, ALL)
        assert [entry.category for entry in entries] == ["profanity"]
        assert [one.count for one in await chat.facet.book.counts(1)] == [1]


async def test_a_viewer_who_goes_on_is_not_answered_and_money_does_not_help(show_of: OpenShow) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve", THREAT)
        await chat.say("eve", THREAT + " now")
        await chat.say("eve", "hello there spark")
        await chat.say("eve", "take my money", kind=ChatKind.BITS, amount=500.0)
        await chat.say("ann", "hello spark, how are you?")
        assert chat.dropped()["struck"] == 2
        (struck,) = chat.facet.strikes.strikes()
        assert (struck.name, struck.source, struck.lines) == ("eve", "twitch", 2)
        assert len(opened.show.turns(9)) == 1
        assert await chat.facet.strikes.pardon(struck.key) is not None
        await chat.say("eve", "sorry about that, spark")
        assert chat.dropped()["struck"] == 2
        assert len(opened.show.turns(9)) == 2


async def test_who_runs_the_channel_is_always_answered(show_of: OpenShow) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        owner = frozenset({Role.BROADCASTER})
        for number in range(4):
            await chat.say("owner", f"{THREAT} {number}", roles=owner)
        assert "struck" not in chat.dropped()


async def test_strikes_outlive_the_show_under_a_key_that_tells_no_id(show_of: OpenShow, tmp_path: Path) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve-7781", THREAT)
        await chat.say("eve-7781", THREAT + " now")
    kept = json.loads((tmp_path / "data" / "strikes.json").read_text(encoding="utf-8"))
    assert [one["key"] for one in kept] == [viewer_key("twitch", "eve-7781")]
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve-7781", "hello there")
        assert chat.dropped() == {"struck": 1}


async def test_strikes_can_be_switched_off_at_once(show_of: OpenShow) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve", THREAT)
        await chat.say("eve", THREAT + " now")
        assert opened.doors.settings is not None
        await opened.doors.settings.change("strikes.on", False)
        await chat.say("eve", "hello there")
        assert "struck" not in chat.dropped()


async def test_damaged_strikes_keep_no_show_from_starting(show_of: OpenShow, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "strikes.json").write_text('[{"key": 5}, 7, {"key": "k", "strikes": "many"}]', "utf-8")
    (tmp_path / "data" / "guard.key").write_text("no key", "utf-8")
    async with show_of() as opened:
        chat = Chatter(opened)
        assert chat.facet.strikes.strikes() == []
        await chat.say("eve", COARSE)
        assert len((await chat.facet.book.entries(9, None, ALL))[0]) == 1


async def test_a_phrase_that_is_blocked_now_blocks_the_very_next_line(show_of: OpenShow, tmp_path: Path) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("ann", "do you like turnips?")
        assert len(opened.show.turns(9)) == 1
        assert await chat.facet.words.edit("block", "turnips", is_in=True)
        await chat.say("bob", "but do you like turnips?")
        assert len(opened.show.turns(9)) == 1
        (one,), _ = await chat.facet.book.entries(9, None, ALL)
        assert one.category == "blocked"
        assert await chat.facet.words.edit("block", "Turnips", is_in=False)
        await chat.say("eve", "would turnips win against a dragon?")
        assert len(opened.show.turns(9)) == 2
    assert "turnips" not in (tmp_path / "spark.toml").read_text(encoding="utf-8")


async def test_a_phrase_that_is_allowed_now_passes_with_the_very_next_line(show_of: OpenShow) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        opinion = await chat.facet.words.check(COARSE, Direction.IN)
        phrase = next(remedy.value for remedy in opinion.remedies if remedy.kind == "allow")
        assert await chat.facet.words.edit("allow", phrase, is_in=True)
        await chat.say("ann", COARSE)
        assert len(opened.show.turns(9)) == 1
        assert phrase in (chat.facet.words.stance().allow or ())


async def test_every_remedy_lets_the_text_pass_and_nothing_helps_a_threat(show_of: OpenShow) -> None:
    async with show_of() as opened:
        words = Chatter(opened).facet.words
        coarse = await words.check(COARSE, Direction.IN)
        assert {remedy.kind for remedy in coarse.remedies} == {"allow", "category", "level"}
        assert coarse.level == "pg-13"
        threat = await words.check(THREAT, Direction.IN)
        assert (threat.category, threat.remedies) == ("threat", ())
        assert threat.meaning
        fine = await words.check("what a lovely day", Direction.OUT)
        assert (fine.decision, fine.meaning, fine.remedies) == (Decision.ALLOW, "", ())


async def test_the_stance_follows_the_settings(show_of: OpenShow) -> None:
    async with show_of() as opened:
        words, settings = Chatter(opened).facet.words, opened.doors.settings
        assert settings is not None
        await settings.change("guard.level", "strict")
        await settings.change("guard.categories", {"profanity": False})
        stance = words.stance()
        assert [one.id for one in stance.levels if one.is_on] == ["strict"]
        switches = {one.id: one for one in stance.categories}
        assert not switches["profanity"].is_on
        assert [one.id for one in stance.categories if one.is_set] == ["profanity"]
        assert switches["slur"].is_on
        assert switches["slur"].is_fixed
        assert (await words.check(COARSE, Direction.IN)).decision is Decision.ALLOW


async def test_a_guard_without_lists_has_none(show_of: OpenShow) -> None:
    facet = Guarding(FakeBook(), FakeWords(has_lists=False), FakeStrikes())
    await a_guard_without_lists_says_so(facet)


async def test_the_basic_guard_has_lists_and_no_levels(show_of: OpenShow) -> None:
    async with show_of(guard="basic") as opened:
        chat = Chatter(opened)
        stance = chat.facet.words.stance()
        assert (stance.engine, stance.levels, stance.block) == ("basic", (), ())
        assert await chat.facet.words.edit("block", "turnip", is_in=True)
        assert (await chat.facet.words.check("a turnip", Direction.IN)).decision is Decision.BLOCK


@pytest.mark.parametrize("promise", GUARDING)
async def test_the_fake_keeps_the_contract(promise: Callable[[Guarding], Awaitable[None]]) -> None:
    struck = Struck("v1", "eve", "twitch", 0.0, 3, 1_000, 90_000, 1)
    book = FakeBook(entry(1), entry(2, direction=Direction.OUT), entry(3, category="hate"))
    await promise(Guarding(book, FakeWords(), FakeStrikes(struck)))


@pytest.mark.parametrize("promise", GUARDING)
async def test_the_show_keeps_the_contract(promise: Callable[[Guarding], Awaitable[None]], show_of: OpenShow) -> None:
    async with show_of('block = ["bad"]\n') as opened:
        chat = Chatter(opened)
        await chat.say("eve", THREAT)
        await chat.say("ann", COARSE)
        await chat.say("eve", THREAT + " now")
        await promise(chat.facet)


async def test_half_a_character_in_a_name_or_an_id_breaks_nothing(show_of: OpenShow) -> None:
    async with show_of() as opened:
        chat = Chatter(opened)
        await chat.say("eve\ud800", THREAT)
        await chat.say("eve\ud800", THREAT + " now")
        await chat.say("eve\ud800", "hello there")
        assert chat.dropped()["struck"] == 1
        await anyio.sleep(10)
    async with show_of() as opened:
        assert len(Chatter(opened).facet.strikes.strikes()) == 1


async def test_a_clause_that_nobody_judged_is_an_entry_without_a_hash() -> None:
    clock, announced = VirtualClock(), EventLog(VirtualClock())
    ledger = Ledger(b"key", clock)
    strikes = KeptStrikes(MemoryKeepsake(), clock, announced, StrikeSettings)
    announced.tap(Clerk(ledger, strikes, announced).hear)
    for rule, reason in (("prompt", "prompt"), ("guard_failed", "late"), ("word", "profanity")):
        announced("clause.blocked", turn=TurnId("t1"), rule=rule, reason=reason)
    entries = ledger.page(9, None, ALL)
    assert [(one.rule, one.turn, one.digest) for one in entries] == [("guard_failed", "t1", ""), ("prompt", "t1", "")]


async def test_the_ledger_reaches_the_journal(show_of: OpenShow, tmp_path: Path) -> None:
    async with show_of() as opened:
        await Chatter(opened).say("eve", COARSE)
    with closing(sqlite3.connect(tmp_path / "data" / FILE)) as connection:
        assert connection.execute("SELECT direction, position, category FROM rulings").fetchall() == [
            ("in", "chat", "profanity")
        ]


def test_the_key_of_an_installation_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    log = logging.getLogger("test")
    key = installation_key(tmp_path, log)
    assert installation_key(tmp_path, log) == key
    assert (tmp_path / "guard.key").stat().st_mode & 0o077 == 0
    assert installation_key(tmp_path / "nowhere", log) != key
