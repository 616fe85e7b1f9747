"""The last turns: the ring, the JSON view, the CSV file."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from spark_vtuber.core.ids import TurnId
from spark_vtuber.core.turns import Mark, TurnRecord
from spark_vtuber.telemetry.turns import TurnRing, marks_ms, p95_ms, turn_view, turns_csv

Make = Callable[..., TurnRecord]


def test_the_ring_gives_the_newest_first_and_forgets_the_oldest(record: Make) -> None:
    ring = TurnRing(capacity=3)
    for number in range(5):
        ring.append(record(id=TurnId(f"t{number}")))
    assert [turn.id for turn in ring.newest(10)] == ["t4", "t3", "t2"]
    assert [turn.id for turn in ring.newest(1)] == ["t4"]


def test_a_view_is_flat_json_with_marks_since_the_line_was_received(record: Make) -> None:
    view = json.loads(json.dumps(turn_view(record())))
    assert view["id"] == "t1"
    assert view["cue"] == {"id": "c1", "kind": "chat", "author": "ann", "text": "hi", "event": "e7"}
    assert (view["outcome"], view["said"], view["heard"]) == ("completed", "Hello, ann!", "Hello,")
    assert (view["marks"]["received"], view["marks"]["first_audio"]) == (0.0, 410.0)
    assert list(view["marks"]) == [mark.value for mark in Mark]
    assert (view["guard_ms"], view["tokens_in"]) == (1.235, 120)
    assert view["blocked"] == [{"rule": "lexicon", "reason": "profanity"}]
    assert (view["degraded"], view["estimated"], view["engine"]) == (True, False, "understudy")


def test_a_mark_that_never_happened_is_missing(record: Make) -> None:
    assert marks_ms(record(marks={Mark.PROMPT: 5.0, Mark.REQUEST: 5.5})) == {"prompt": 0.0, "request": 500.0}
    assert marks_ms(record(marks={})) == {}


def test_a_cue_without_a_chat_event_has_none_in_its_view(record: Make) -> None:
    turn = record()
    assert turn_view(replace(turn, cue=replace(turn.cue, event=None)))["cue"]["event"] is None


def test_the_file_has_every_known_column_and_the_unknown_ones_that_occur(record: Make) -> None:
    rows = list(csv.DictReader(io.StringIO(turns_csv([record(), record(counts={"retries": 2})]))))
    assert [row["tokens_in"] for row in rows] == ["120", ""]
    assert [row["retries"] for row in rows] == ["", "2"]
    assert (rows[0]["first_audio"], rows[0]["recall_ms"], rows[0]["cue"], rows[0]["cue_kind"]) == (
        "410.0",
        "",
        "c1",
        "chat",
    )


def test_an_empty_file_still_has_its_header() -> None:
    assert turns_csv([]).startswith("id,persona,cue,cue_kind,outcome")


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(record: Make) -> None:
    (row,) = csv.DictReader(io.StringIO(turns_csv([record(said='=cmd("x")', heard="a\nb, c")])))
    assert (row["said"], row["heard"]) == ('\'=cmd("x")', "a\nb, c")


def test_the_p95_is_of_the_answers_that_were_heard_lately(record: Make) -> None:
    turns = [record(marks={Mark.RECEIVED: at, Mark.FIRST_PLAYED: at + 0.1 * at}) for at in range(1, 21)]
    assert p95_ms(turns, since_s=0) == pytest.approx(1_905)
    assert p95_ms(turns, since_s=15.5) == pytest.approx(1_980)
    assert p95_ms(turns, since_s=16.5) is None
    assert p95_ms([record(marks={Mark.RECEIVED: 1.0})] * 9, since_s=0) is None
