"""Fifty viewers at once: how long answers are, how long whoever paid waits, and that all is by the stated policy.

On the virtual clock: the waits are those of speech, which a faster machine does not shorten. The voice of the test
speaks about fifteen characters a second, as real voices do.
"""

import random
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import pytest

from spark_vtuber.core.cues import Cue
from spark_vtuber.core.events import PAID_KINDS, Author, ChatEvent, ChatKind
from spark_vtuber.core.turns import Mark, TurnRecord
from spark_vtuber.pipeline.choosing.lengths import length
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.gates import Gates
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.inbox import Inbox
from spark_vtuber.pipeline.reception import Reception
from spark_vtuber.pipeline.tally import Tally
from spark_vtuber.testing.crews import SPARK, Rig
from spark_vtuber.testing.models import ScriptedModel
from spark_vtuber.testing.virtual import VirtualLoop

pytestmark = pytest.mark.figures

VIEWERS: Final = 50
EVENING_S: Final = 300.0
LINE_EVERY_S: Final = 12.0
"""Each viewer writes so often: about four lines a second in the room."""

PAID_EVERY_S: Final = 20.0
ANSWER_S: Final = 8.0
PAID_WAIT_S: Final = 60.0

TALK: Final = (
    "Oh, that is a good one, and I have thought about it the whole week without an answer. Some people think that "
    "it is easy, some people never ask, and both of them sleep well. I would start with the small things, because they "
    "are the ones that break first. Then we see where it goes, and if it goes wrong, we laugh about it together."
)
"""A model that ignores every hint."""


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualLoop}


class Room:
    """A show with a scripted model, and fifty viewers."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.rig.model = ScriptedModel(TALK, first_token_s=0.4, token_s=0.025)
        self.records: list[TurnRecord] = []
        self.inbox = Inbox(("Spark",))
        self.tally = Tally(self.rig.notes, lambda _: None, clock=self.rig.clock)
        self.director = Director(
            self.rig.crew(),
            self.inbox,
            self.tally,
            (SPARK.id,),
            self._cast,
            self.records.append,
            Habits(length=length),
        )
        self.reception = Reception(self.rig.clock, Gates(self.rig.clock), self.rig.guard, self.director, self.tally)
        self._random = random.Random(7)
        self._lines = 0

    def _cast(self, _cue: Cue) -> Casting:
        return Casting(SPARK, ("alone",))

    def write(self, viewer: int, text: str, kind: ChatKind = ChatKind.MESSAGE, amount: float = 0.0) -> None:
        self._lines += 1
        author = Author(f"id{viewer}", f"viewer{viewer}")
        self.reception.receive(ChatEvent(str(self._lines), "test", kind, author, text, amount))

    async def chatter(self, viewer: int) -> None:
        await anyio.sleep(self._random.uniform(0, LINE_EVERY_S))
        while True:
            number = self._random.randrange(10**6)
            is_asking = self._random.random() < 0.4
            self.write(viewer, f"what about number {number}?" if is_asking else f"number {number} is so fun")
            await anyio.sleep(self._random.uniform(0.5, 1.5) * LINE_EVERY_S)

    async def patrons(self) -> None:
        while True:
            await anyio.sleep(self._random.expovariate(1 / PAID_EVERY_S))
            amount = self._random.choice((50, 100, 100, 500, 5_000))
            self.write(self._random.randrange(VIEWERS), "for the next song", ChatKind.BITS, amount)


@asynccontextmanager
async def busy() -> AsyncIterator[Room]:
    room = Room()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.director.run)
        tasks.start_soon(room.reception.run)
        for viewer in range(VIEWERS):
            room.write(viewer, f"hello from number {viewer}, how are you?")
            tasks.start_soon(room.chatter, viewer)
        tasks.start_soon(room.patrons)
        yield room
        tasks.cancel_scope.cancel()


def spoken_s(record: TurnRecord) -> float:
    return record.marks[Mark.LAST_PLAYED] - record.marks[Mark.FIRST_PLAYED]


async def test_fifty_viewers_get_short_answers_and_whoever_paid_is_thanked_in_time(
    record_property: Callable[[str, object], None],
) -> None:
    async with busy() as room:
        await anyio.sleep(EVENING_S)
    answers = [record for record in room.records if Mark.LAST_PLAYED in record.marks]
    paid = [one for one in answers if one.cue.event is not None and one.cue.event.kind in PAID_KINDS]
    waits = sorted(one.marks[Mark.FIRST_PLAYED] - one.cue.received_s for one in paid)
    seconds = [spoken_s(one) for one in answers]
    median_s, p95_s = statistics.median(seconds), waits[int(0.95 * (len(waits) - 1))]
    viewers = {one.cue.event.author.id for one in answers if one.cue.event is not None}
    print(
        f"\n{len(answers)} answers in {EVENING_S / 60:.0f} min to {len(viewers)} of {VIEWERS} viewers: median "
        f"{median_s:.1f} s of speech (unbounded {len(TALK) / 15:.0f} s), {len(paid)} paid, waited p50 "
        f"{statistics.median(waits):.1f} s, p95 {p95_s:.1f} s, longest {waits[-1]:.1f} s"
    )
    record_property("answer_median_s", median_s)
    record_property("paid_wait_p95_s", p95_s)
    assert median_s <= ANSWER_S
    assert p95_s <= PAID_WAIT_S
    assert len({one.cue.id for one in answers}) == len(answers)
    assert len(viewers) > VIEWERS / 2
