import math
import random
from itertools import pairwise

from spark_vtuber.avatar.idle import COARSE_S, FINE_S, Bearing, Idle


def watch(seed: int, seconds: float, amount: float = 1.0) -> list[tuple[float, Bearing]]:
    """The face as often as it asks to be looked at."""
    idle, now, seen = Idle(random.Random(seed), amount), 100.0, []
    while now < 100.0 + seconds:
        seen.append((now, idle.at(now)))
        now += idle.pause_s(now)
    return seen


def test_a_seed_is_a_performance() -> None:
    assert watch(3, 30) == watch(3, 30)
    assert watch(3, 30) != watch(4, 30)


def test_it_blinks_now_and_then_and_opens_its_eyes_again() -> None:
    seen = watch(1, 300)
    blinks = sum(before.eyes_open > 0 >= after.eyes_open for (_, before), (_, after) in pairwise(seen))
    open_s = sum(after - before for (before, one), (after, _) in pairwise(seen) if one.eyes_open == 1.0)

    assert 300 / 6.5 <= blinks <= 300 / 2
    assert open_s > 0.85 * 300


def test_everything_stays_within_its_measure() -> None:
    for _, one in watch(2, 600, amount=2.0):
        assert max(abs(one.head_x), abs(one.head_y), abs(one.head_z)) <= 24.0
        assert max(abs(one.gaze_x), abs(one.gaze_y)) <= 1.0
        assert 0.0 <= one.eyes_open <= 1.0
        assert 0.0 <= one.breath <= 1.0


def test_the_head_glides() -> None:
    seen = watch(5, 300)
    speed = max(abs(after.head_x - before.head_x) / (later - now) for (now, before), (later, after) in pairwise(seen))

    assert 1.0 < speed < 60.0, "degrees a second"


def test_quick_movements_are_looked_at_often_and_slow_ones_seldom() -> None:
    pauses = [later - now for (now, _), (later, _) in pairwise(watch(6, 120))]

    assert min(pauses) <= FINE_S
    assert max(pauses) <= COARSE_S + 1e-9
    assert len(pauses) / 120 < 30, "looks a second"


def test_a_still_face_does_nothing_and_needs_no_look() -> None:
    idle = Idle(random.Random(1), 0.0)

    assert idle.at(5.0) == Bearing()
    assert idle.pause_s(5.0) == math.inf


def test_after_a_long_pause_it_starts_anew_at_once() -> None:
    idle = Idle(random.Random(1))
    idle.at(0.0)
    later = idle.at(36_000.0)

    assert later.eyes_open == 1.0
    assert idle.pause_s(36_000.0) > 0
