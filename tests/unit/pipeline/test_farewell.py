from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.turns import Outcome, Reason, TurnRecord
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import EMBER, SPARK, Rig
from spark_vtuber.testing.models import ScriptedModel

ANSWER = "This is the first sentence of all. The second one follows at once, my friend. And a third one ends it."


class Evening:
    """A director with two characters and a long answer."""

    def __init__(self, answer: str = ANSWER) -> None:
        self.rig = Rig()
        self.rig.model = ScriptedModel(answer)
        self.records: list[TurnRecord] = []
        tally = Tally(self.rig.notes, lambda _: None)
        self.director = Director(
            self.rig.crew(), Inbox(("Spark",)), tally, (SPARK.id, EMBER.id), self._cast, self.records.append
        )

    def _cast(self, cue: Cue) -> Casting:
        return Casting(EMBER if "ember" in cue.text else SPARK, ())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Director]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.director.run)
            yield self.director
            tasks.cancel_scope.cancel()


async def test_the_sentence_is_finished_and_nothing_after_it_is_said() -> None:
    evening = Evening()
    async with evening.running() as director:
        director.offer(evening.rig.cue())
        director.offer(evening.rig.cue("another line"))
        await anyio.sleep(1.5)
        await director.close(finish_s=10)
        (record,) = evening.records
        assert record.heard == "This is the first sentence of all."
        assert (record.outcome, record.reason) == (Outcome.INTERRUPTED, Reason.SHUTDOWN)
        await anyio.sleep(60)
    assert len(evening.records) == 1


async def test_a_sentence_that_takes_too_long_is_cut() -> None:
    evening = Evening("word " * 200 + "end.")
    async with evening.running() as director:
        director.offer(evening.rig.cue())
        await anyio.sleep(2)
        began_s = anyio.current_time()
        await director.close(finish_s=3)
        assert 3 <= anyio.current_time() - began_s < 3.5
    assert evening.records[0].heard.startswith("word word")


@pytest.mark.parametrize("spoken_s", [0.0, 0.3, 1.5])
async def test_without_patience_all_are_silent_at_once(spoken_s: float) -> None:
    evening = Evening()
    async with evening.running() as director:
        director.offer(evening.rig.cue())
        director.offer(evening.rig.cue("hi ember"))
        await anyio.sleep(spoken_s)
        began_s = anyio.current_time()
        await director.close(finish_s=0)
        assert anyio.current_time() - began_s < 0.3
        assert not director.turns


async def test_the_last_words_of_an_answer_need_no_full_stop() -> None:
    evening = Evening("a few words without any mark at the end")
    async with evening.running() as director:
        director.offer(evening.rig.cue())
        await anyio.sleep(1.5)
        await director.close(finish_s=30)
    assert evening.records[0].outcome is Outcome.COMPLETED


async def test_a_turn_that_waits_for_the_floor_does_not_get_it_any_more() -> None:
    evening = Evening()
    async with evening.running() as director:
        director.offer(evening.rig.cue("hi spark"))
        director.offer(evening.rig.cue("hi ember"))
        await anyio.sleep(1.5)
        await director.close(finish_s=10)
    heard = {record.persona: record.heard for record in evening.records}
    assert heard == {SPARK.id: "This is the first sentence of all.", EMBER.id: ""}


async def test_who_looks_after_a_director_hears_that_it_turns() -> None:
    evening = Evening()
    async with evening.running() as director:
        with anyio.fail_after(1):
            await director.answer()
    with pytest.raises(TimeoutError), anyio.fail_after(100):
        await evening.director.answer()


async def test_a_pause_is_when_no_turn_runs() -> None:
    evening = Evening("Just this.")
    async with evening.running() as director:
        director.offer(evening.rig.cue())
        await anyio.sleep(0.5)
        assert director.turns
        with anyio.fail_after(20):
            await director.pause()
        assert not director.turns
        await director.pause()
