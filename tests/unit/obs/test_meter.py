"""Shares of lost frames."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.obs.meter import FrameMeter


def stats(rendered: int, late: int = 0, encoded: int = 0, skipped: int = 0) -> dict[str, Any]:
    counts = {"renderTotalFrames": rendered, "renderSkippedFrames": late}
    counts |= {"outputTotalFrames": encoded, "outputSkippedFrames": skipped}
    return {"activeFps": 29.997, "averageFrameRenderTime": 6.924497, "cpuUsage": 9.2, "memoryUsage": 212.36, **counts}


def test_what_was_lost_before_the_first_look_does_not_count() -> None:
    read = FrameMeter().read(0.0, stats(1_000, late=500), {})
    assert (read.dropped_percent, read.dropped_frames) == (0.0, 500)


def test_the_worst_of_the_three_shares_counts() -> None:
    meter = FrameMeter()
    meter.read(0.0, stats(0), {})
    read = meter.read(
        5.0, stats(150, late=3, encoded=150, skipped=0), {"outputTotalFrames": 150, "outputSkippedFrames": 15}
    )
    assert read.dropped_percent == 10.0
    assert read.dropped_frames == 18


def test_what_is_older_than_a_minute_is_forgotten() -> None:
    meter = FrameMeter()
    meter.read(0.0, stats(0), {})
    meter.read(5.0, stats(150, late=150), {})
    for at_s in range(10, 80, 5):
        read = meter.read(float(at_s), stats(at_s * 30, late=150), {})
    assert read.dropped_percent == 0.0


def test_a_stream_that_starts_anew_starts_the_count_anew() -> None:
    meter = FrameMeter()
    meter.read(0.0, stats(0), {"outputTotalFrames": 9_000, "outputSkippedFrames": 10})
    read = meter.read(5.0, stats(150), {"outputTotalFrames": 30, "outputSkippedFrames": 0})
    assert read.dropped_percent == 0.0
    read = meter.read(10.0, stats(300), {"outputTotalFrames": 180, "outputSkippedFrames": 15})
    assert read.dropped_percent == 10.0


@given(st.dictionaries(st.sampled_from(list(stats(0))), st.none() | st.floats() | st.integers() | st.text(max_size=3)))
def test_strange_answers_give_numbers_all_the_same(answer: dict[str, Any]) -> None:
    meter = FrameMeter()
    for at_s in (0.0, 5.0):
        read = meter.read(at_s, answer, answer)
        assert 0.0 <= read.dropped_percent <= 100.0
        assert math.isfinite(read.fps)
