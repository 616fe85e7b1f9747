"""The latency budgets of the architecture, each beside a floor of the same run; the best of three counts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spark_vtuber.telemetry.waterfall import percentiles
from spark_vtuber.testing.bench.latency import measure
from spark_vtuber.testing.bench.profiles import HOLE_MS, PROFILES
from spark_vtuber.testing.bench.report import Report, report
from spark_vtuber.testing.bench.statistics import drift
from spark_vtuber.testing.bench.tables import plain

pytestmark = pytest.mark.figures

ROUNDS = 3
TOKENS = 20
AFTER_SIXTH_WORD_MS = 60.0
SLOWER_SHARE = 0.10
SLOWER_MS = 1.0
"""What a hundred turns move by themselves on a shared machine."""

Misses = Callable[[Report], Iterator[str]]


async def best_of_three(
    name: str, turns: int, folder: Path, port: int, misses: Misses, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pass with the first of three rounds that misses nothing."""
    found: list[str] = []
    for number in range(1, ROUNDS + 1):
        home = folder / str(number)
        home.mkdir()
        result = report(await measure(PROFILES[name], turns, home, port=port, tokens=TOKENS))
        with capsys.disabled():
            print(f"\n{plain(result)}")
        missed = [*over_budget(result), *misses(result)]
        if not missed:
            return
        found.append(f"round {number} (load {result.run.load}): {'; '.join(missed)}")
    pytest.fail("\n".join(found))


def over_budget(result: Report) -> Iterator[str]:
    """Every promise and budget that the report itself holds the show to."""
    for verdict in result.verdicts:
        if not verdict.is_kept:
            yield f"{verdict.what}: {verdict.value:.1f}, limit {verdict.limit:g} {verdict.unit}"


def nothing_else(result: Report) -> Iterator[str]:
    """The report's own verdicts are all."""
    yield from ()


@pytest.fixture
def port(free_tcp_port: int) -> int:
    return free_tcp_port


async def test_own_delay_stays_within_its_budget_beyond_the_floor(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await best_of_three("own-delay", 100, tmp_path, port, nothing_else, capsys)


@pytest.mark.parametrize("name", ["embedded", "spark"])
async def test_a_viewer_is_answered_in_half_a_second(
    name: str, tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await best_of_three(name, 30, tmp_path, port, nothing_else, capsys)


async def test_seed_misses_half_a_second_by_its_floor_alone(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def misses(result: Report) -> Iterator[str]:
        if "500 ms cannot be met" not in plain(result):
            yield "the miss is not explained"

    await best_of_three("seed", 6, tmp_path, port, misses, capsys)


async def test_slow_model_leaves_no_hole_inside_a_turn(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def misses(result: Report) -> Iterator[str]:
        if not all(turn.holes_ms for turn in result.run.turns):
            yield "a turn came in one piece, in which no hole could be seen"
        if result.longest_hole_ms > HOLE_MS:
            yield f"a hole of {result.longest_hole_ms:.0f} ms"

    await best_of_three("slow", 20, tmp_path, port, misses, capsys)


async def test_without_a_comma_speech_begins_soon_after_the_sixth_word(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def misses(result: Report) -> Iterator[str]:
        after = percentiles(map(result.run.floor.after_clause_ms, result.run.turns))
        assert after is not None
        with capsys.disabled():
            print(f"sixth word → first audio: p50 {after.p50:.1f} ms, p95 {after.p95:.1f} ms")
        if after.p95 > AFTER_SIXTH_WORD_MS:
            yield f"{after.p95:.1f} ms after the sixth word"

    await best_of_three("no-comma", 30, tmp_path, port, misses, capsys)


async def test_turn_one_thousand_is_as_quick_and_as_small_as_the_first(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def misses(result: Report) -> Iterator[str]:
        wall = result.drift
        assert wall is not None
        assert result.slope_kb is not None
        if wall.change > max(SLOWER_MS, SLOWER_SHARE * wall.first):
            yield f"{wall.first:.1f} ms became {wall.last:.1f} ms"
        cpu = drift([turn.cpu_first_ms for turn in result.run.turns], 100)
        assert cpu is not None
        if cpu.change > SLOWER_SHARE * cpu.first:
            yield f"{cpu.first:.1f} ms of CPU to the first audio became {cpu.last:.1f} ms"

    await best_of_three("instant", 1_000, tmp_path, port, misses, capsys)
