"""The arithmetic of marks."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.turns import Mark, TurnRecord
from spark_vtuber.telemetry.waterfall import STAGES, Percentiles, explained, percentiles, response_ms, segments

Make = Callable[..., TurnRecord]


def test_every_pair_of_neighbouring_marks_has_a_stage() -> None:
    assert list(STAGES) == list(zip(Mark, list(Mark)[1:], strict=False))


def test_a_whole_turn_falls_into_its_stages(record: Make) -> None:
    parts = segments(record().marks)
    assert [part.stage for part in parts] == list(STAGES.values())
    assert (parts[3].start_ms, parts[3].duration_ms) == (pytest.approx(3), pytest.approx(300))


def test_a_missing_mark_leaves_a_segment_without_a_name() -> None:
    (part,) = segments({Mark.RECEIVED: 1.0, Mark.PROMPT: 1.5})
    assert (part.stage, part.start, part.end, part.duration_ms) == ("", Mark.RECEIVED, Mark.PROMPT, 500)


@given(st.dictionaries(st.sampled_from(list(Mark)), st.floats(0, 1e6), min_size=2))
def test_segments_leave_no_time_out(marks: dict[Mark, float]) -> None:
    present = [marks[mark] for mark in Mark if mark in marks]
    assert sum(part.duration_ms for part in segments(marks)) == pytest.approx(
        (present[-1] - present[0]) * 1000, abs=1e-3
    )


def test_the_response_needs_both_its_marks(record: Make) -> None:
    assert response_ms(record().marks) == pytest.approx(410)
    assert response_ms({Mark.RECEIVED: 1.0}) is None
    assert explained({Mark.FIRST_AUDIO: 1.0}) is None


def test_a_whole_turn_is_explained_and_a_hole_is_not(record: Make) -> None:
    marks = record().marks
    assert explained(marks) == pytest.approx(1.0)
    holed = {mark: at_s for mark, at_s in marks.items() if mark is not Mark.FIRST_TOKEN}
    assert explained(holed) == pytest.approx(13 / 410)


def test_marks_after_the_first_sound_explain_nothing_of_the_response() -> None:
    assert explained({Mark.RECEIVED: 0.0, Mark.FIRST_AUDIO: 1.0, Mark.FLOOR: 9.0}) == 0.0


def test_an_answer_that_took_no_time_is_explained() -> None:
    assert explained({Mark.RECEIVED: 1.0, Mark.FIRST_AUDIO: 1.0}) == 1.0


def test_percentiles_interpolate_between_ranks() -> None:
    assert percentiles(range(101)) == Percentiles(p50=50, p95=95, p99=99)
    assert percentiles([1.0, 2.0]) == Percentiles(p50=1.5, p95=pytest.approx(1.95), p99=pytest.approx(1.99))
    assert percentiles([7.0]) == Percentiles(7, 7, 7)
    assert percentiles([]) is None
