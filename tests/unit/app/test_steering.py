"""The streamer's hand on the show, over a real director: sayings, answers on demand, ignored viewers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from spark_vtuber.app.steering import ChatBook, Helm
from spark_vtuber.app.viewers import IgnoredViewers, viewer_key
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.lines import Lines
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.guards import FakeGuard
from spark_vtuber.testing.keepsakes import MemoryKeepsake


class Stagehand:
    """Helm and chat book over a rig."""

    def __init__(self, rig: Rig, keepsake: MemoryKeepsake) -> None:
        self.rig = rig
        self.records: list[TurnRecord] = []
        lines = Lines(rig.clock)
        self.viewers = IgnoredViewers(keepsake, rig.clock, rig.notes)
        tally = Tally(rig.notes, lambda _: None, lines)
        personas = (SPARK.id, EMBER.id)
        self.director = Director(rig.crew(), Inbox(("Spark",)), tally, personas, self._cast, self.records.append)
        gates = Gates(rig.clock, is_ignored=self.viewers.is_ignored)
        self.reception = Reception(rig.clock, gates, rig.guard, self.director, tally)
        self.helm = Helm(self.director, self.reception, lines, personas)
        self.book = ChatBook(lines, self.viewers, self.reception)

    def _cast(self, cue: Cue) -> Casting:
        return Casting(EMBER if cue.persona == EMBER.id else SPARK, ("by name",))

    def write(self, number: int, text: str = "hello there", author: str = "ana") -> None:
        event = ChatEvent(str(number), "twitch", ChatKind.MESSAGE, Author(f"id-{author}", author), text)
        self.reception.receive(event)

    def heard(self) -> list[str]:
        return [record.cue.text for record in self.records]


@asynccontextmanager
async def running(rig: Rig, keepsake: MemoryKeepsake | None = None) -> AsyncIterator[Stagehand]:
    hand = Stagehand(rig, keepsake or MemoryKeepsake())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hand.director.run)
        tasks.start_soon(hand.reception.run)
        yield hand
        tasks.cancel_scope.cancel()


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def test_a_saying_is_cleaned_and_spoken_by_whom_it_is_for(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.helm.say("  Back\u202e in\x00 five. ", EMBER.id)
        await anyio.sleep(10)
    assert [(record.persona, record.heard) for record in hand.records] == [(EMBER.id, "Back in five.")]


async def test_a_saying_for_nobody_in_particular_is_the_main_characters(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.helm.say("Hello!", None)
        await anyio.sleep(10)
    assert hand.records[0].persona == SPARK.id


async def test_a_saying_for_nobody_follows_who_is_the_main_character(rig: Rig) -> None:
    async with running(rig) as hand:
        helm = Helm(hand.director, hand.reception, Lines(rig.clock), (SPARK.id, EMBER.id), lambda: EMBER.id)
        helm.say("Hello!", None)
        await anyio.sleep(10)
    assert hand.records[0].persona == EMBER.id


@pytest.mark.parametrize(
    ("text", "persona", "code"), [("hi", "nobody", "unknown_persona"), ("\u200b \x00", None, "nothing_to_say")]
)
async def test_what_cannot_be_said_is_refused(rig: Rig, text: str, persona: PersonaId | None, code: str) -> None:
    async with running(rig) as hand:
        with pytest.raises(SparkError) as refused:
            hand.helm.say(text, persona)
    assert refused.value.code == code


async def test_nothing_is_said_or_answered_after_a_panic(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1)
        await anyio.sleep(0.1)
        await hand.director.panic()
        with pytest.raises(SparkError, match="panic"):
            hand.helm.say("hi", None)
        assert not hand.helm.answer("1")


async def test_a_dropped_line_is_answered_on_demand_and_a_blocked_one_never(rig: Rig) -> None:
    rig.guard = FakeGuard(("blimey",))
    async with running(rig) as hand:
        hand.write(1, "a first line")
        await anyio.sleep(0.1)
        hand.write(2, "a second line", "ben")
        hand.write(3, "blimey", "cem")
        await anyio.sleep(0.1)
        assert hand.helm.drop("2") == "2"
        assert hand.helm.answer("2")
        assert not hand.helm.answer("3")
        assert not hand.helm.answer("99")
        await anyio.sleep(60)
        assert not hand.helm.answer("1")
    assert hand.heard() == ["a first line", "a second line"]


async def test_a_line_that_a_moderator_deleted_is_not_answered_on_demand(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1, "a first line")
        await anyio.sleep(0.1)
        hand.write(2, "a second line", "ben")
        await anyio.sleep(0.1)
        moderator = Author("mod", "mod")
        hand.reception.receive(ChatEvent("d", "twitch", ChatKind.DELETION, moderator, target="2"))
        assert not hand.helm.answer("2")
        assert hand.book.lines(5, None, "second")[0] == []
        assert rig.notes.of("chat.erased") == [{"ids": ["2"]}]


async def test_an_ignored_author_is_not_answered_now_nor_later(rig: Rig) -> None:
    keepsake = MemoryKeepsake()
    async with running(rig, keepsake) as hand:
        hand.write(1, "a line of ana")
        await anyio.sleep(0.1)
        hand.write(2, "another of ana")
        hand.write(3, "one of ben", "ben")
        await anyio.sleep(0.1)
        viewer = await hand.book.ignore("2")
        assert (viewer.name, viewer.source, viewer.key) == ("ana", "twitch", viewer_key("twitch", "id-ana"))
        hand.write(4, "ana once more")
        await anyio.sleep(30)
        assert [record.reason for record in hand.records] == ["ignored", ""]
        assert hand.heard() == ["a line of ana", "one of ben"]
    tomorrow = Rig()
    async with running(tomorrow, keepsake) as later:
        assert later.book.ignored() == (viewer,)
        later.write(5, "ana tomorrow")
        assert await later.book.unignore(viewer.key)
        later.write(6, "ana forgiven")
        await anyio.sleep(30)
        assert later.heard() == ["ana forgiven"]
    told = [(data["name"], data["on"]) for notes in (rig.notes, tomorrow.notes) for data in notes.of("ignored")]
    assert told == [("ana", True), ("ana", False)]


async def test_the_author_of_a_blocked_line_is_ignored_without_being_named(rig: Rig) -> None:
    rig.guard = FakeGuard(("blimey",))
    async with running(rig) as hand:
        hand.write(1, "blimey", "rude")
        await anyio.sleep(0.1)
        viewer = await hand.book.ignore("1")
        assert viewer.name == ""
        hand.write(2, "hello", "rude")
        await anyio.sleep(10)
    assert hand.records == []


async def test_the_same_name_on_another_platform_is_somebody_else(rig: Rig) -> None:
    async with running(rig) as hand:
        hand.write(1)
        await anyio.sleep(0.1)
        await hand.book.ignore("1")
        assert hand.viewers.is_ignored("twitch", "id-ana")
        assert not hand.viewers.is_ignored("page", "id-ana")


async def test_a_line_that_is_gone_has_no_author_to_ignore(rig: Rig) -> None:
    async with running(rig) as hand:
        with pytest.raises(SparkError) as refused:
            await hand.book.ignore("1")
        assert not await hand.book.unignore("nobody")
    assert refused.value.code == "unknown_line"


async def test_ignoring_twice_is_ignoring_once(rig: Rig) -> None:
    keepsake = MemoryKeepsake()
    async with running(rig, keepsake) as hand:
        hand.write(1)
        await anyio.sleep(0.1)
        assert await hand.book.ignore("1") == await hand.book.ignore("1")
    assert keepsake.writes == 1


@pytest.mark.parametrize("kept", [None, "text", 5, [1, {"key": 2}], {"a": 1}])
async def test_a_damaged_list_of_viewers_is_empty(rig: Rig, kept: object) -> None:
    assert IgnoredViewers(MemoryKeepsake(kept), rig.clock, rig.notes).all() == ()


async def test_whole_entries_of_a_damaged_list_count(rig: Rig) -> None:
    good = {"key": "k", "name": "Ana", "source": "twitch", "since_ms": 5}
    assert [one.name for one in IgnoredViewers(MemoryKeepsake([1, good]), rig.clock, rig.notes).all()] == ["Ana"]
