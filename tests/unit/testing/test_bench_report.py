import csv
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spark_vtuber.cli.bench import app
from spark_vtuber.core.turns import Mark
from spark_vtuber.testing.bench.latency import Run
from spark_vtuber.testing.bench.pace import burst
from spark_vtuber.testing.bench.profiles import PROFILES
from spark_vtuber.testing.bench.report import OWN, REPLY, as_json, report, write_log
from spark_vtuber.testing.bench.statistics import Floor, Measured
from spark_vtuber.testing.bench.tables import plain


def turn(number: int, reply_ms: float = 410.0, holes_ms: tuple[float, ...] = ()) -> Measured:
    ends = (0.0, 1.0, 1.5, 2.0, 305.0, 404.0, 404.5, reply_ms - 3)
    marks = {mark: ms / 1000 for mark, ms in zip(list(Mark)[:8], ends, strict=True)}
    return Measured(
        number=number,
        sent_s=0.0,
        accepted_s=0.002,
        request_s=0.004,
        clause_s=0.4045,
        first_audio_s=reply_ms / 1000,
        marks=marks,
        voice_first_ms=2.0,
        cpu_first_ms=6.0,
        cpu_ms=20.0,
        resident_kb=80_000.0 + 3 * number,
        holes_ms=holes_ms,
    )


def run(name: str, *turns: Measured) -> Run:
    return Run(
        profile=PROFILES[name],
        machine="a machine",
        load=(0.1, None),
        floor=Floor(PROFILES[name].clause_due_ms(), PROFILES[name].voice_first_ms or 2.0),
        turns=turns,
        start_s=0.9,
        idle_share=0.001,
        busy_share=0.01,
        version="0",
    )


def test_a_profile_that_answers_in_time_keeps_its_promise() -> None:
    result = report(run("embedded", turn(1), turn(2)))
    assert result.is_kept
    assert result.rows[REPLY].p50 == pytest.approx(410.0)
    assert result.rows[OWN].p50 == pytest.approx(8.0)


def test_a_profile_that_is_late_breaks_its_promise() -> None:
    result = report(run("embedded", *(turn(number, 501.0) for number in range(1, 5))))
    assert not result.is_kept
    assert "promise missed" in plain(result)


def test_a_missed_budget_is_shown_and_breaks_no_promise() -> None:
    result = report(run("embedded", *(turn(number, 440.0) for number in range(1, 5))))
    assert result.is_kept
    assert "over budget" in plain(result)


def test_a_hole_inside_a_slow_turn_breaks_its_promise() -> None:
    assert report(run("slow", turn(1, 1_060.0, (0.0, 49.0)))).is_kept
    assert not report(run("slow", turn(1, 1_060.0, (0.0, 51.0)))).is_kept


def test_unexplained_time_is_below_its_limit() -> None:
    whole = turn(1)
    holed = replace(whole, marks={mark: at for mark, at in whole.marks.items() if mark is not Mark.FIRST_TOKEN})
    verdicts = {verdict.what: verdict for verdict in report(run("embedded", holed)).verdicts}
    assert not verdicts["time that stages explain"].is_kept


def test_seed_says_why_it_cannot_be_met() -> None:
    text = plain(report(run("seed", turn(1, 560.0))))
    assert "500 ms cannot be met" in text
    assert "300 (first token) + 100" in text


def test_memory_slope_is_taken_once_the_show_has_settled() -> None:
    assert report(run("instant", *(turn(number) for number in range(1, 150)))).slope_kb is None
    slope_kb = report(run("instant", *(turn(number) for number in range(1, 301)))).slope_kb
    assert slope_kb == pytest.approx(3.0)


def test_a_run_without_turns_has_no_report() -> None:
    with pytest.raises(ValueError, match="without turns"):
        report(run("embedded"))


def test_json_holds_the_floor_and_every_verdict() -> None:
    shown = as_json(report(run("embedded", turn(1))))
    assert shown["floor_ms"]["sum"] == pytest.approx(402.0)
    assert shown["kept"]
    assert {"what", "value", "limit", "kept"} <= shown["verdicts"][0].keys()


def test_log_has_one_row_a_turn(tmp_path: Path) -> None:
    path = tmp_path / "latency.csv"
    write_log(run("embedded", turn(1), turn(2, 420.0)), path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [row["reply_ms"] for row in rows] == ["410.0", "420.0"]
    assert rows[0]["own_ms"] == "8.0"
    assert rows[0]["first_played_ms"] == ""


def test_an_unknown_profile_is_wrong_use_and_names_the_known_ones() -> None:
    result = CliRunner().invoke(app, ["latency", "--profile", "warp"])
    assert result.exit_code == 2
    assert "embedded" in result.output


def test_a_slower_machine_has_more_time_but_neither_more_memory_nor_a_later_answer() -> None:
    as_set = {one.what: one.limit for one in report(run("embedded", turn(1), turn(2))).verdicts}
    slower = {one.what: one.limit for one in report(replace(run("embedded", turn(1), turn(2)), pace=2.0)).verdicts}
    longer = {what for what in as_set if slower[what] == 2 * as_set[what]}
    assert longer == {"own delay, p50", "own delay, p95", "CPU posted → first audio, p50", "start-up"}
    assert all(slower[what] == as_set[what] for what in as_set.keys() - longer)


def test_a_burst_is_always_the_same_work() -> None:
    assert burst() == burst() > 0
