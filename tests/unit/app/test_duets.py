"""Duets as doors ask for them: the real facet and the fake keep the same promises; topics are found and guarded."""

from collections.abc import Awaitable, Callable
from random import Random

import anyio
import pytest

from spark_vtuber.app.duets import DuetDesk, DuetIdeas
from spark_vtuber.config.duet_keys import DuetSettings
from spark_vtuber.core.duets import DuetOrigin, Duets, duet_view
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.verdicts import Direction
from spark_vtuber.testing.contracts.duets import DUETS
from spark_vtuber.testing.crews import Rig
from spark_vtuber.testing.duet_desk import FakeDuets
from spark_vtuber.testing.duets import NOVA, PAIR, RUST, Theatre
from spark_vtuber.testing.guards import FakeGuard


class Office:
    """The desk of duets over a theatre."""

    def __init__(self, settings: DuetSettings | None = None, *, seed: int = 1) -> None:
        rig = Rig()
        self.guard = FakeGuard(("forbidden",), rewrites={"darn": "d***"})
        rig.guard = self.guard
        self.theatre = Theatre(rig)
        self.settings = settings or DuetSettings()
        self.ideas = DuetIdeas(self.theatre.tempers, lambda: self.settings, Random(seed))
        self.desk = DuetDesk(self.theatre.director, self.ideas, self.guard, lambda one: one in rig.muted)


async def refusal(office: Office) -> str:
    with pytest.raises(SparkError) as refused:
        await office.desk.start("tea")
    return refused.value.code


@pytest.mark.parametrize("promise", DUETS)
async def test_the_fake_keeps_the_contract(promise: Callable[[Duets], Awaitable[None]]) -> None:
    await promise(FakeDuets())


@pytest.mark.parametrize("promise", DUETS)
async def test_the_desk_keeps_the_contract(promise: Callable[[Duets], Awaitable[None]]) -> None:
    await promise(Office().desk)


async def test_a_duet_that_was_started_is_played() -> None:
    office = Office()
    async with office.theatre.open():
        begun = await office.desk.start("rain", exchanges=2, opener=RUST.id)
        assert duet_view(begun)["of"] == 4
        await anyio.sleep(60)
    assert [record.persona for record in office.theatre.records] == [RUST.id, NOVA.id] * 2
    assert duet_view(office.desk.state())["reason"] == "completed"


async def test_a_topic_passes_the_guard_as_a_line_of_its_author() -> None:
    office = Office()
    event = ChatEvent("1", "twitch", ChatKind.MESSAGE, Author("a1", "ana"), "!duet darn socks")
    state = await office.desk.ask("darn socks", DuetOrigin.CHAT, event)
    assert state.plan is not None
    assert (state.plan.topic, state.plan.origin, state.plan.event) == ("d*** socks", DuetOrigin.CHAT, event)
    text, direction, context = office.guard.seen[0]
    assert (text, direction, context.author, context.author_id) == ("darn socks", Direction.IN, "ana", "a1")


async def test_a_guard_that_fails_refuses_the_topic() -> None:
    office = Office()
    office.guard.is_broken = True
    assert await refusal(office) == "blocked"


async def test_nothing_begins_while_nobody_may_be_heard() -> None:
    office = Office()
    director = office.theatre.director
    async with office.theatre.open():
        await anyio.sleep(0.1)
        director.hold(is_on=True)
        assert await refusal(office) == "held"
        director.hold(is_on=False)
        office.theatre.rig.muted.add(RUST.id)
        assert await refusal(office) == "muted"
        office.theatre.rig.muted.clear()
        await director.panic()
        assert await refusal(office) == "panic"
        director.resume()
        assert (await office.desk.start("tea")).of == 6


async def test_a_duet_that_begins_while_the_topic_is_looked_at_is_the_one() -> None:
    office = Office()
    office.guard.latency_s = 1.0
    async with office.theatre.open(), anyio.create_task_group() as tasks:

        async def late() -> None:
            assert await refusal(office) == "duet_running"

        tasks.start_soon(late)
        await anyio.sleep(0.5)
        office.theatre.duet()


async def test_one_character_has_nobody_to_talk_to() -> None:
    rig = Rig()
    theatre = Theatre(rig, personas=(NOVA,))
    ideas = DuetIdeas(theatre.tempers, DuetSettings, Random(1))
    desk = DuetDesk(theatre.director, ideas, rig.guard, lambda _: False)
    with pytest.raises(SparkError) as refused:
        await desk.start()
    assert refused.value.code == "one_persona"
    assert ideas.of_silence(NOVA.id, lambda _: True) is None


def test_topics_are_what_the_two_disagree_on() -> None:
    subject = Office().ideas.subject(*PAIR)
    assert subject.topic in ("rain", "pineapple pizza")
    assert "cannot stand it" in subject.tension


def test_no_topic_comes_again_while_there_are_others() -> None:
    office = Office(DuetSettings(topics=("tea", "socks", "moss")))
    topics = [office.ideas.subject(*PAIR).topic for _ in range(3)]
    assert sorted(topics) == ["moss", "socks", "tea"]
    assert office.ideas.subject(*PAIR).topic in topics


@pytest.mark.parametrize(("share", "is_duet"), [(0.0, False), (1.0, True)])
def test_a_silence_becomes_a_duet_as_often_as_configured(share: float, is_duet: bool) -> None:
    office = Office(DuetSettings(from_silence=share, exchanges=2))
    plan = office.ideas.of_silence(RUST.id, lambda _: True)
    assert (plan is not None) is is_duet
    if plan is not None:
        assert (plan.opener, plan.second, plan.exchanges, plan.origin) == (RUST.id, NOVA.id, 2, DuetOrigin.SILENCE)


def test_a_silence_becomes_no_duet_where_one_is_not_heard() -> None:
    office = Office(DuetSettings(from_silence=1.0))
    assert office.ideas.of_silence(PersonaId("main"), lambda one: one != RUST.id) is None
