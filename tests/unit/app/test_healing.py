"""Restarts, probes, soft resets and dead letters in a whole show of fakes."""

import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from spark_vtuber.app.assemble import Opened, run_show
from spark_vtuber.app.environment import Surroundings
from spark_vtuber.config.load import load
from spark_vtuber.core.desk import Component, Line
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.healing import Healing
from spark_vtuber.core.turns import Outcome
from spark_vtuber.stage.hall import StageHall
from spark_vtuber.stage.port import Position
from spark_vtuber.testing.chaos import Fault, Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.virtual import VirtualClock

OpenShow = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def open_show(troupe: Troupe, tmp_path: Path) -> OpenShow:
    @asynccontextmanager
    async def opened(more: str = "") -> AsyncIterator[Opened]:
        file = tmp_path / "spark.toml"
        file.write_text('[llm]\nuse = "openai"\n[discovery]\non = false\n' + more, encoding="utf-8")
        settings = load(troupe.spec, file, {"data": {"dir": str(tmp_path / "data")}}, {})
        around = Surroundings(VirtualClock(), random.Random(1), logging.getLogger("test"), troupe.workers, aside=inline)
        async with anyio.create_task_group() as tasks:
            yield await tasks.start(partial(run_show, settings, around))
            tasks.cancel_scope.cancel()

    return opened


def part(show: Opened, name: str) -> Component:
    return next(one for one in show.show.components if one.name == name)


def healing(show: Opened) -> Healing:
    assert show.doors.healing is not None
    return show.doors.healing


async def test_parts_are_restarted_by_name_and_others_say_why_not(open_show: OpenShow) -> None:
    async with open_show() as show:
        for name in ("director", "reception", "tts:espeak", "llm:openai", "guard:chain"):
            assert part(show, name).is_restartable
            assert healing(show).restart(name)
        await anyio.sleep(5)
        assert part(show, "director").restarts == part(show, "tts:espeak").restarts == 1
        for name, code in (("web", "not_restartable"), ("nothing", "unknown_component")):
            with pytest.raises(SparkError) as caught:
                healing(show).restart(name)
            assert caught.value.code == code


async def test_a_voice_is_restarted_in_mid_sentence_and_the_sentence_is_heard(
    open_show: OpenShow, troupe: Troupe
) -> None:
    async with open_show() as show:
        show.show.chat(Line("ana", "hello there"))
        await anyio.sleep(0.5)
        healing(show).restart("tts:espeak")
        await anyio.sleep(20)
        (turn,) = show.show.turns(5)
        assert (turn.outcome, turn.heard, turn.is_degraded) == (Outcome.COMPLETED, "The model says this.", False)
        assert len(troupe.workers.children) == 2
        assert troupe.workers.children[0].ended


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.GARBLE, Fault.CRASH])
async def test_a_broken_voice_is_found_and_replaced_while_nobody_writes(
    fault: Fault, open_show: OpenShow, troupe: Troupe
) -> None:
    async with open_show() as show:
        await anyio.sleep(61)
        troupe.workers.fail(fault)
        await anyio.sleep(90)
        assert len(troupe.workers.children) > 1
        assert part(show, "tts:espeak").last_error
        await anyio.sleep(30)
        assert part(show, "tts:espeak").state == "ok"


async def test_a_model_that_hangs_is_found_while_nobody_writes(open_show: OpenShow, troupe: Troupe) -> None:
    async with open_show() as show:
        troupe.model.fault = Fault.HANG
        await anyio.sleep(90)
        assert part(show, "llm:main").state == "degraded"
        show.show.chat(Line("ana", "hello there"))
        await anyio.sleep(5)
        assert show.show.turns(1)[0].heard == "My big brain is not plugged in."
        troupe.model.fault = Fault.NONE
        await anyio.sleep(100)
        assert part(show, "llm:main").state == "ok"


async def test_a_turn_that_holds_the_floor_and_says_nothing_makes_way(
    open_show: OpenShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = StageHall.reached
    lost: list[Position] = []

    async def lose_the_first(hall: StageHall, position: Position) -> float:
        if len(lost) < 2:
            lost.append(position)
            await anyio.sleep_forever()
        return await reached(hall, position)

    monkeypatch.setattr(StageHall, "reached", lose_the_first)
    async with open_show("[inbox]\nstale_s = 600.0\n") as show:
        show.show.chat(Line("ana", "the first line"))
        await anyio.sleep(10)
        show.show.chat(Line("ben", "the second line"))
        await anyio.sleep(200)
        assert part(show, "director").restarts == 1
        assert show.show.turns(1)[0].cue.text == "the second line"
        (letter,) = healing(show).dead_letters()
        assert (letter.text, letter.error) == ("the first line", "cut_by_restart")
        assert healing(show).retry(letter.id)
        await anyio.sleep(20)
        newest = show.show.turns(1)[0]
        assert (newest.cue.text, newest.outcome) == ("the first line", Outcome.COMPLETED)


async def test_an_old_worker_is_replaced_between_turns_and_no_turn_is_lost(open_show: OpenShow, troupe: Troupe) -> None:
    async with open_show("[health]\nrenew_after_h = 0.02\n") as show:
        for number in range(60):
            show.show.chat(Line(f"viewer{number}", f"line number {number}"))
            await anyio.sleep(5)
        turns = show.show.turns(100)
        why: Any = part(show, "tts:espeak").detail
    assert len(turns) == 60
    assert all(turn.outcome is Outcome.COMPLETED and not turn.is_degraded for turn in turns)
    assert len(troupe.workers.children) >= 4
    assert "hours old" in why
