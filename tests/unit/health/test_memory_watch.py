import itertools

from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.health.memory_watch import GIGABYTE, MemoryLimits, MemoryWatch, Step, default_limit_bytes

LIMITS = MemoryLimits(limit_bytes=1000)


def watched(*looks: tuple[float, int]) -> list[Step | None]:
    watch = MemoryWatch(LIMITS)
    return [watch.look(used, now_s) for now_s, used in looks]


def test_the_limit_is_94_percent_of_what_is_installed_and_120_gb_at_most() -> None:
    assert default_limit_bytes(16 * GIGABYTE) == 15_040_000_000
    assert default_limit_bytes(128 * GIGABYTE) == 120 * GIGABYTE


def test_it_warns_at_90_percent_and_does_nothing() -> None:
    watch = MemoryWatch(LIMITS)
    assert watch.look(899, 0) is None
    assert watch.level == "ok"
    assert watch.look(900, 1) is None
    assert watch.level == "warn"


def test_it_tidies_up_then_needs_less_then_restarts_the_worst() -> None:
    steps = watched((0, 940), (5, 950), (15, 950), (29, 950), (30, 950), (60, 950), (329, 950), (330, 950))
    assert steps == [
        Step.TRIM, None, Step.SHORTEN, None, Step.RESTART_WORST, None, None, Step.RESTART_WORST,
    ]  # fmt: skip


def test_what_helped_is_not_followed_by_more() -> None:
    assert watched((0, 940), (5, 920), (30, 920), (60, 920)) == [Step.TRIM, None, None, None]


def test_everything_is_as_before_after_a_minute_well_below() -> None:
    steps = watched((0, 940), (15, 940), (20, 880), (50, 910), (60, 880), (119, 880), (120, 880), (130, 940))
    assert steps == [Step.TRIM, Step.SHORTEN, None, None, None, None, Step.RELAX, Step.TRIM]


@given(st.lists(st.tuples(st.floats(0.5, 60), st.integers(0, 1100)), max_size=60))
def test_restarts_never_come_faster_than_allowed_and_never_before_milder_steps(looks: list[tuple[float, int]]) -> None:
    watch, now_s, restarts, since_relaxed = MemoryWatch(LIMITS), 0.0, [], []
    for pause_s, used in looks:
        now_s += pause_s
        step = watch.look(used, now_s)
        if step is not None:
            assert used >= 940 or step is Step.RELAX
            since_relaxed = [] if step is Step.RELAX else [*since_relaxed, step]
        if step is Step.RESTART_WORST:
            assert since_relaxed[:2] == [Step.TRIM, Step.SHORTEN]
            restarts.append(now_s)
    assert all(later - earlier >= LIMITS.restart_every_s for earlier, later in itertools.pairwise(restarts))
