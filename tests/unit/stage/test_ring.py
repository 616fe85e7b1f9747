import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.ids import TurnId
from spark_vtuber.stage.port import Position
from spark_vtuber.stage.ring import SoundRing

ONE, TWO = TurnId("t1"), TurnId("t2")
RATE = 1000
"""A sample a millisecond."""


def pcm(*values: int) -> bytes:
    return np.array(values, np.int16).tobytes()


def ramp(first: int, count: int) -> bytes:
    return np.arange(first, first + count, dtype=np.int16).tobytes()


def spoken(ring: SoundRing, number: int, samples: int, first: int = 1, turn: TurnId = ONE) -> None:
    ring.begin(number, turn, RATE)
    ring.sound(number, ramp(first, samples))
    ring.end(number, samples)


def test_an_utterance_waits_for_forty_milliseconds_of_sound() -> None:
    ring = SoundRing(RATE)
    ring.begin(1, ONE, RATE)
    ring.sound(1, ramp(1, 39))
    assert not ring.render(10, 0.0).any()
    ring.sound(1, ramp(40, 1))
    assert ring.render(10, 0.010).tolist() == list(range(1, 11))


def test_a_short_one_that_is_complete_does_not_wait() -> None:
    ring = SoundRing(RATE)
    spoken(ring, 1, 5)
    assert ring.render(8, 0.0).tolist() == [1, 2, 3, 4, 5, 0, 0, 0]


def test_utterances_follow_each_other_without_a_gap() -> None:
    ring = SoundRing(RATE)
    spoken(ring, 1, 5)
    ring.begin(2, ONE, RATE)
    ring.sound(2, ramp(101, 2))
    assert ring.render(8, 0.0).tolist() == [1, 2, 3, 4, 5, 101, 102, 0]


def test_what_is_heard_runs_with_the_clock_and_stands_at_the_end() -> None:
    ring = SoundRing(RATE)
    spoken(ring, 3, 100)
    ring.render(50, 10.0)
    assert ring.heard(9.9) == Position(0, 0)
    assert ring.heard(10.0) == Position(3, 0)
    assert ring.heard(10.025) == Position(3, 25)
    ring.render(80, 10.05)
    assert ring.heard(10.099) == Position(3, 99)
    assert ring.heard(11.0) == Position(3, 100)
    assert not ring.is_silent(10.05)
    assert ring.is_silent(10.2)


def test_one_that_runs_dry_stands_still_and_is_counted() -> None:
    ring = SoundRing(RATE)
    ring.begin(1, ONE, RATE)
    ring.sound(1, ramp(1, 50))
    ring.render(60, 0.0)
    assert (ring.underruns, ring.heard(0.2)) == (1, Position(1, 50))
    ring.sound(1, ramp(51, 40))
    assert ring.render(40, 0.3).tolist() == list(range(51, 91))
    assert ring.heard(0.31) == Position(1, 60)


def test_a_cancelled_turn_fades_and_tells_where_it_was_cut() -> None:
    ring = SoundRing(RATE)
    ring.begin(1, ONE, RATE)
    ring.sound(1, pcm(*[1000] * 100))
    spoken(ring, 2, 5, first=7, turn=TWO)
    ring.render(20, 0.0)
    assert ring.cancel(ONE) == Position(1, 20)
    assert ring.cancel(ONE) is None
    assert ring.render(10, 0.02).tolist() == [1000, 800, 600, 400, 200, 7, 8, 9, 10, 11]


def test_a_turn_that_did_not_sound_has_no_cut() -> None:
    ring = SoundRing(RATE)
    spoken(ring, 1, 50)
    assert ring.cancel(ONE) is None
    assert not ring.render(10, 0.0).any()


def test_sound_of_another_rate_is_converted_and_told_in_its_own_samples() -> None:
    ring = SoundRing(48_000)
    ring.begin(1, ONE, 24_000)
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)).astype(np.int16)
    for at in range(0, 24_000, 480):
        ring.sound(1, tone[at : at + 480].tobytes())
    ring.end(1, 24_000)
    block = ring.render(47_000, 0.0)
    heard = np.abs(np.fft.rfft(block))
    assert int(np.argmax(heard)) == round(440 * 47_000 / 48_000)
    assert ring.heard(0.5).sample == 12_000
    ring.render(2_000, 47_000 / 48_000)
    assert ring.heard(2.0) == Position(1, 24_000)


@given(st.lists(st.integers(1, 120), min_size=1, max_size=12), st.lists(st.integers(1, 90), max_size=40), st.data())
def test_nothing_is_lost_repeated_or_reordered(chunks: list[int], blocks: list[int], data: st.DataObject) -> None:
    ring, sent, out = SoundRing(RATE), 0, []
    ring.begin(1, ONE, RATE)
    now_s = 0.0
    last = Position(0, 0)
    for block in blocks:
        if chunks and data.draw(st.booleans()):
            count = chunks.pop()
            ring.sound(1, ramp(sent + 1, count))
            sent += count
        out += ring.render(block, now_s).tolist()
        now_s += block / RATE
        heard = ring.heard(now_s - 0.001)
        assert heard >= last
        last = heard
    ring.end(1, sent)
    out += ring.render(sent + 1, now_s).tolist()
    assert [value for value in out if value] == list(range(1, sent + 1))
