import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.chat.send_budget import SendBudget
from spark_vtuber.core.errors import EngineError


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s

    def unix_ms(self) -> int:
        return round(self.now_s * 1000)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=200), st.sampled_from([20, 100]))
def test_no_window_ever_holds_more_lines_than_are_allowed(pauses_s: list[float], lines: int) -> None:
    clock = Hand()
    budget, sent_s = SendBudget(clock, lines, 30.0), []
    for pause_s in pauses_s:
        clock.now_s += pause_s
        sent_s.append(clock.now_s + budget.take(1e9))
    assert sent_s == sorted(sent_s)
    for first, last in zip(sent_s, sent_s[lines:], strict=False):
        assert last - first >= 30.0 - 1e-6


def test_a_line_that_would_wait_too_long_is_refused_and_costs_nothing() -> None:
    clock = Hand()
    budget = SendBudget(clock, 20, 30.0)
    waits = [budget.take(10.0) for _ in range(13)]
    assert waits == pytest.approx([0.0] * 10 + [3.0, 6.0, 9.0])
    for _ in range(3):
        with pytest.raises(EngineError) as caught:
            budget.take(10.0)
    assert (caught.value.code, caught.value.retryable) == ("rate", True)
    clock.now_s = 3.0
    assert budget.take(10.0) == pytest.approx(9.0)


def test_a_moderator_may_write_more_and_what_was_written_counts() -> None:
    clock = Hand()
    budget = SendBudget(clock, 20, 30.0)
    assert [budget.take(0.0) for _ in range(10)] == [0.0] * 10
    budget.allow(100, 30.0)
    free = list(itertools.takewhile(lambda wait: wait == 0.0, (budget.take(99.0) for _ in range(60))))
    assert len(free) == 40
