from dataclasses import dataclass, field

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_vtuber.core.cues import Behaviour
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import Reason
from spark_vtuber.pipeline.floor import AGING_S, Floor, Seat
from spark_vtuber.testing.virtual import VirtualClock, VirtualLoop


@dataclass
class Talker:
    """A speaker that notes what it is told."""

    told: list[tuple[str, Reason]] = field(default_factory=list)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def interrupt(self, reason: Reason) -> None:
        self.told.append(("interrupt", reason))
        self.scope.cancel()

    def supersede(self, reason: Reason) -> None:
        self.told.append(("supersede", reason))
        self.scope.cancel()


def seat(persona: str = "main", behaviour: Behaviour = Behaviour.QUEUE, priority: int = 0) -> Seat:
    return Seat(Talker(), PersonaId(persona), behaviour, priority)


async def test_a_free_floor_is_granted_at_once() -> None:
    floor, mine = Floor(VirtualClock()), seat()
    await floor.take(mine)
    assert floor.holder is mine
    floor.leave(mine)
    floor.leave(mine)
    assert floor.holder is None


async def test_a_queued_request_waits_until_the_holder_leaves() -> None:
    floor, first, second = Floor(VirtualClock()), seat("main"), seat("twin")
    await floor.take(first)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(floor.take, second)
        await anyio.sleep(1)
        assert floor.holder is first
        assert floor.waiting == (second,)
        floor.leave(first)
    assert floor.holder is second
    assert isinstance(first.speaker, Talker)
    assert first.speaker.told == []


async def test_an_interrupting_request_cuts_the_holder_and_goes_before_those_who_wait() -> None:
    floor = Floor(VirtualClock())
    first, waiting, urgent = seat("main"), seat("twin", priority=5), seat("host", Behaviour.INTERRUPT)
    await floor.take(first)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(floor.take, waiting)
        await anyio.sleep(0.1)
        tasks.start_soon(floor.take, urgent)
        await anyio.sleep(0.1)
        assert isinstance(first.speaker, Talker)
        assert first.speaker.told == [("interrupt", Reason.PRIORITY)]
        floor.leave(first)
        await anyio.sleep(0.1)
        assert floor.holder is urgent
        floor.leave(urgent)
    assert floor.holder is waiting


async def test_a_replacing_request_takes_the_place_of_the_same_persona_only() -> None:
    floor = Floor(VirtualClock())
    holder, mine, theirs, newer = seat("main"), seat("twin"), seat("host"), seat("twin", Behaviour.REPLACE)
    await floor.take(holder)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_take_until_told, floor, mine)
        tasks.start_soon(_take_until_told, floor, theirs)
        await anyio.sleep(0.1)
        tasks.start_soon(_take_until_told, floor, newer)
        await anyio.sleep(0.1)
        assert isinstance(mine.speaker, Talker)
        assert isinstance(theirs.speaker, Talker)
        assert mine.speaker.told == [("supersede", Reason.REPLACED)]
        assert theirs.speaker.told == []
        assert set(floor.waiting) == {theirs, newer}
        floor.leave(theirs)
        floor.leave(newer)
        tasks.cancel_scope.cancel()


async def test_a_higher_priority_goes_first_and_waiting_makes_up_for_a_lower_one() -> None:
    floor = Floor(VirtualClock())
    holder, patient, important = seat("main"), seat("twin"), seat("host", priority=2)
    await floor.take(holder)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(floor.take, patient)
        await anyio.sleep(3 * AGING_S)
        tasks.start_soon(floor.take, important)
        await anyio.sleep(0.1)
        assert floor.waiting == (patient, important)
        floor.leave(holder)
        await anyio.sleep(0.1)
        floor.leave(patient)
    assert floor.holder is important


async def _take_until_told(floor: Floor, mine: Seat) -> None:
    assert isinstance(mine.speaker, Talker)
    with mine.speaker.scope:
        await floor.take(mine)


PLANS = st.lists(
    st.tuples(
        st.sampled_from(["main", "twin"]),
        st.sampled_from(list(Behaviour)),
        st.integers(0, 3),
        st.floats(0, 30),
        st.floats(0.1, 8),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(PLANS)
def test_two_speakers_never_overlap_and_everybody_is_served_or_told(
    plans: list[tuple[str, Behaviour, int, float, float]],
) -> None:
    speaking: list[Seat] = []
    served: list[Seat] = []

    async def speak(floor: Floor, mine: Seat, after_s: float, for_s: float) -> None:
        assert isinstance(mine.speaker, Talker)
        await anyio.sleep(after_s)
        try:
            with mine.speaker.scope:
                await floor.take(mine)
                assert not speaking
                speaking.append(mine)
                served.append(mine)
                await anyio.sleep(for_s)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
            if mine in speaking:
                speaking.remove(mine)
            floor.leave(mine)

    async def show() -> None:
        floor = Floor(VirtualClock())
        seats = []
        async with anyio.create_task_group() as tasks:
            for persona, behaviour, priority, after_s, for_s in plans:
                mine = seat(persona, behaviour, priority)
                seats.append(mine)
                tasks.start_soon(speak, floor, mine, after_s, for_s)
        assert floor.holder is None
        assert floor.waiting == ()
        for mine in seats:
            assert isinstance(mine.speaker, Talker)
            assert mine in served or mine.speaker.told

    anyio.run(show, backend_options={"loop_factory": VirtualLoop})
