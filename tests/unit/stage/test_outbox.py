import anyio
import pytest

from spark_vtuber.stage.outbox import MAX_BEHIND_S, MAX_FRAMES, Outbox
from spark_vtuber.testing.virtual import VirtualClock


async def test_frames_come_out_in_order() -> None:
    outbox = Outbox()
    outbox.put("a")
    outbox.put(b"b", utterance=1, sound_s=1.0)
    assert [outbox.take(), outbox.take(), outbox.take()] == ["a", b"b", None]


async def test_one_long_piece_of_sound_is_not_behind() -> None:
    outbox = Outbox()
    outbox.put(b"long", sound_s=60.0)
    assert not outbox.is_behind
    assert outbox.take() == b"long"
    outbox.put(b"next", sound_s=1.0)
    assert outbox.take() == b"next"


async def test_too_much_sound_empties_it_for_good() -> None:
    outbox = Outbox()
    outbox.put(b"long", sound_s=MAX_BEHIND_S + 0.1)
    outbox.put("next")
    outbox.put("more")
    assert outbox.is_behind
    assert outbox.take() is None


async def test_too_many_frames_empty_it_for_good() -> None:
    outbox = Outbox()
    for _ in range(MAX_FRAMES):
        outbox.put("text")
    assert not outbox.is_behind
    outbox.put("text")
    assert outbox.is_behind


async def test_dropped_sound_no_longer_counts() -> None:
    outbox = Outbox()
    outbox.put(b"cut", utterance=1, sound_s=4.0)
    outbox.put("kept")
    outbox.put(b"kept", utterance=2, sound_s=4.0)
    outbox.drop({1})
    outbox.put("kept as well")
    assert not outbox.is_behind
    assert outbox.take() == "kept"


@pytest.mark.parametrize("sound_s", [0.0, 60.0])
async def test_it_does_not_wait_when_there_is_something_to_do(sound_s: float) -> None:
    outbox = Outbox()
    outbox.put("a", sound_s=sound_s)
    outbox.put("b")
    began = VirtualClock().now()
    await outbox.wait(1.0)
    assert VirtualClock().now() == began


async def test_it_waits_for_a_frame_but_not_for_ever() -> None:
    outbox = Outbox()
    began = VirtualClock().now()
    await outbox.wait(1.0)
    assert VirtualClock().now() - began == pytest.approx(1.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.wait, 60.0)
        await anyio.sleep(0.5)
        outbox.put("a")
    assert VirtualClock().now() - began == pytest.approx(1.5)
