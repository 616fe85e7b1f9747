"""Doubtful lines wait for an opinion, clear ones do not."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
import pytest

from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.screen import AT_ONCE, KEPT, AskingScreen
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import SPARK, Rig

LATENCY_S = 0.4


@dataclass
class Asked:
    """Answers after a while: no to what holds "evil"; the first `crashes` times it breaks instead."""

    crashes: int = 0
    cues: list[CueId] = field(default_factory=list)
    under_way: int = 0
    at_once: int = 0

    async def __call__(self, cue: Cue) -> bool:
        self.cues.append(cue.id)
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        try:
            await anyio.sleep(LATENCY_S)
        finally:
            self.under_way -= 1
        if self.crashes:
            self.crashes -= 1
            raise RuntimeError("a bug")
        return "evil" not in cue.text


def cue(name: str, text: str = "hello there friend", doubt: float = 0.3) -> Cue:
    return Cue(CueId(name), CueKind.CHAT, text, author="ana", doubt=doubt)


def a_screen(asked: Asked, settled: Callable[[Cue, bool], None] = lambda *_: None) -> AskingScreen:
    return AskingScreen(lambda cue: cue.doubt > 0, asked, settled)


@asynccontextmanager
async def running(screen: AskingScreen) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(screen.run)
        yield
        tasks.cancel_scope.cancel()


async def test_a_clear_line_passes_at_once_and_is_not_asked_about() -> None:
    asked = Asked()
    screen = a_screen(asked)
    assert screen.may_answer(cue("c1", doubt=0))
    assert asked.cues == []


@pytest.mark.parametrize(("text", "may_pass"), [("hello there", True), ("so evil", False)])
async def test_a_doubtful_line_passes_once_the_opinion_is_good(text: str, may_pass: bool) -> None:
    told: list[tuple[CueId, bool]] = []
    asked = Asked()
    screen = a_screen(asked, lambda cue, is_good: told.append((cue.id, is_good)))
    line = cue("c1", text)
    async with running(screen):
        assert not screen.may_answer(line)
        assert not screen.may_answer(line)
        await anyio.sleep(LATENCY_S + 0.1)
        assert screen.may_answer(line) is may_pass
    assert asked.cues == ["c1"]
    assert told == [("c1", may_pass)]


async def test_only_so_many_are_asked_about_together_and_all_in_the_end() -> None:
    asked = Asked()
    screen = a_screen(asked)
    lines = [cue(f"c{number}") for number in range(6)]
    async with running(screen):
        for _ in range(10):
            for line in lines:
                screen.may_answer(line)
            await anyio.sleep(LATENCY_S)
    assert asked.at_once == AT_ONCE
    assert sorted(asked.cues) == sorted(line.id for line in lines)


async def test_what_a_crash_left_open_is_asked_anew() -> None:
    asked = Asked(crashes=1)
    screen = a_screen(asked)
    line = cue("c1")
    screen.may_answer(line)
    with pytest.RaisesGroup(RuntimeError):
        await screen.run()
    async with running(screen):
        await anyio.sleep(LATENCY_S + 0.1)
        assert screen.may_answer(line)


async def test_not_every_line_of_a_long_show_is_remembered() -> None:
    asked = Asked()
    screen = a_screen(asked)
    async with running(screen):
        for number in range(KEPT + 2):
            screen.may_answer(cue(f"c{number}"))
            if number % AT_ONCE:
                await anyio.sleep(LATENCY_S + 0.01)
        asked.cues.clear()
        assert not screen.may_answer(cue("c0"))
        assert screen.may_answer(cue(f"c{KEPT}"))


async def test_an_opinion_that_comes_after_the_operators_wish_changes_nothing() -> None:
    told: list[CueId] = []
    screen = a_screen(Asked(), lambda cue, _: told.append(cue.id))
    line = cue("c1", "so evil")
    async with running(screen):
        screen.may_answer(line)
        await anyio.sleep(LATENCY_S / 2)
        assert screen.may_answer(replace(line, doubt=0))
        await anyio.sleep(LATENCY_S)
    assert told == []


async def test_a_clear_line_overtakes_a_doubtful_one_and_a_refused_one_leaves() -> None:
    rig, records, dropped = Rig(), [], []
    asked = Asked()
    tally = Tally(rig.notes, dropped.append)

    def settled(cue: Cue, may_pass: bool) -> None:
        if not may_pass:
            inbox.drop(Reason.DOUBTFUL, lambda waiting: waiting.id == cue.id)
        director.stir()

    inbox = Inbox(("Spark",))
    screen = a_screen(asked, settled)
    director = Director(
        rig.crew(), inbox, tally, (SPARK.id,), lambda _: Casting(SPARK, ()), records.append, Habits(screen=screen)
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(director.run)
        tasks.start_soon(screen.run)
        now = rig.cue("a clear line of chat")
        for line in (
            cue("c1", "spark, are you evil?"),
            cue("c2", "spark, are you well?"),
            replace(now, id=CueId("c3")),
        ):
            director.offer(replace(line, admitted_s=rig.clock.now()))
        await anyio.sleep(60)
        tasks.cancel_scope.cancel()
    assert [record.cue.id for record in records] == ["c3", "c2"]
    assert len(inbox) == 0
