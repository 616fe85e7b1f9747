"""How long the splitter takes for a character, beside a plain loop over the same characters."""

import sys
import time
from collections.abc import Callable

import pytest

from spark_vtuber.text.clauses import Mode, split

TEXT = (
    "Oh hey there everyone, welcome back to the stream and thanks for waiting so patiently tonight. "
    "Dr. J. R. Smith paid $3.50 for 1,000 viewers at 7:30 p.m. U.S. time, e.g. 😊 “quoted. Really!” *waves* See v2.0? "
) * 40
BUDGET_US = 20.0


def plain_loop() -> None:
    pending = ""
    for char in TEXT:
        pending = char if char.isspace() else pending + char


def best_of_three_us(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) / len(TEXT) * 1e6


@pytest.mark.figures
def test_a_character_costs_less_than_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    floor_us = best_of_three_us(plain_loop)
    modes: list[tuple[Mode, float]] = [("live", 0.0), ("live", 1.0), ("live", 5.0), ("sentences", 0.0)]
    rows = [(mode, slack_s, best_of_three_us(lambda m=mode, s=slack_s: split(TEXT, m, s))) for mode, slack_s in modes]
    with capsys.disabled():
        sys.stdout.write(f"\nclause splitter, us a character, one by one; floor (plain loop) {floor_us:.2f}\n")
        for mode, slack_s, cost_us in rows:
            sys.stdout.write(f"{mode:<9} slack {slack_s:.1f} s  {cost_us:5.2f}  {cost_us / floor_us:5.1f} x floor\n")
    assert max(cost_us for _, _, cost_us in rows) <= BUDGET_US
