"""`spark-vtuber export` over a journal that nobody writes."""

import csv
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spark_vtuber.cli.main import app
from spark_vtuber.core.ids import SessionId
from spark_vtuber.core.turns import Mark
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import Life
from spark_vtuber.journal.schema import FILE
from spark_vtuber.testing.journal import LIFE, NOW_MS, a_line, a_turn

LATER = Life(SessionId("5e5510000002"), NOW_MS + 86_400_000, "0.2.0", 78)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two shows: one of three turns, a day later one of one."""
    ledger = Ledger.open(tmp_path / FILE, LIFE)
    ledger.write([a_line("e1", '=HYPERLINK("http://evil")'), a_line("e2", 'a "b", c\nd')], NOW_MS)
    ledger.write([a_turn(number, NOW_MS + number) for number in range(3)], NOW_MS)
    ledger.close(NOW_MS + 5_000)
    ledger = Ledger.open(tmp_path / FILE, LATER)
    ledger.write([a_turn(0, NOW_MS + 86_400_000, said="@SUM(1)", durations_ms={"recall_ms": 2.0})], NOW_MS + 86_400_000)
    ledger.close(NOW_MS + 86_500_000)
    return tmp_path


def export(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["export", *words, "--data-dir", str(folder)])


def test_turns_are_a_table_with_marks_and_figures(folder: Path) -> None:
    rows = list(csv.DictReader(export(folder, "turns", "--csv").stdout.splitlines()))
    assert [row["turn"] for row in rows] == ["t0", "t1", "t2", "t0"]
    assert rows[0]["first_audio"] == "410.0"
    assert (rows[0]["guard_ms"], rows[0]["recall_ms"]) == ("1.5", "")
    assert (rows[3]["guard_ms"], rows[3]["recall_ms"]) == ("", "2.0")
    assert [mark for mark in rows[0] if mark in set(Mark)] == [mark.value for mark in Mark]


def test_a_text_that_a_spreadsheet_would_run_is_disarmed(folder: Path) -> None:
    lines = list(csv.DictReader(export(folder, "chat").stdout.splitlines(keepends=True)))
    assert [line["text"] for line in lines] == ['\'=HYPERLINK("http://evil")', 'a "b", c\nd']
    rows = list(csv.DictReader(export(folder, "turns").stdout.splitlines()))
    assert rows[3]["said"] == "'@SUM(1)"


def test_json_lines_hold_what_was_said_as_it_was(folder: Path) -> None:
    rows = [json.loads(line) for line in export(folder, "turns", "--jsonl").stdout.splitlines()]
    assert rows[3]["said"] == "@SUM(1)"
    assert rows[0]["marks"]["first_audio"] == 410
    assert rows[0]["figures"] == {"guard_ms": 1.5, "tokens_out": 20}
    assert rows[0]["is_degraded"] is False


def test_latency_holds_nobodys_words(folder: Path) -> None:
    text = export(folder, "latency", "--jsonl").stdout + export(folder, "latency", "--csv").stdout
    assert "first_audio" in text
    assert "Hello" not in text
    assert "ann" not in text


def test_one_show_or_what_came_after_a_time_can_be_chosen(folder: Path) -> None:
    assert len(export(folder, "turns", "--jsonl", "--session", LIFE.session).stdout.splitlines()) == 3
    assert len(export(folder, "turns", "--jsonl", "--session", "last").stdout.splitlines()) == 1
    assert len(export(folder, "turns", "--jsonl", "--since", "2027-01-15T20:00+00:00").stdout.splitlines()) == 1
    assert len(export(folder, "turns", "--jsonl", "--since", "1000w").stdout.splitlines()) == 4
    assert export(folder, "turns", "--since", "yesterday").exit_code == 2


def test_a_file_is_written_whole_and_its_name_chooses_the_form(folder: Path) -> None:
    out = folder / "turns.jsonl"
    told = export(folder, "turns", "-o", str(out))
    assert told.exit_code == 0
    assert "4 turns rows" in told.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
    assert not out.with_name("turns.jsonl.part").exists()
    if sys.platform != "win32":
        assert out.stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_there_is_told_with_a_fix(folder: Path) -> None:
    told = export(folder, "turns", "-o", str(folder / "no" / "turns.csv"))
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr
    assert "fix" in told.stderr


def test_without_a_journal_the_command_says_what_to_do(tmp_path: Path) -> None:
    told = export(tmp_path / "nothing", "turns")
    assert told.exit_code == 1
    assert "there is no journal" in told.stderr
    assert not (tmp_path / "nothing").exists()


def test_both_forms_at_once_are_wrong_use(folder: Path) -> None:
    assert export(folder, "turns", "--csv", "--jsonl").exit_code == 2
