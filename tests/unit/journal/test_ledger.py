"""What becomes of notes."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.ids import SessionId
from spark_vtuber.core.turns import Blocked, Outcome
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import HIDDEN, ActNote, EventNote, Life, as_json, masked
from spark_vtuber.journal.rows import digest
from spark_vtuber.journal.schema import connect
from spark_vtuber.testing.journal import LIFE, NOW_MS, a_line, a_turn, an_event

Ask = Callable[..., list[Any]]

LATER = Life(SessionId("5e5510000002"), NOW_MS + 3_600_000, "0.2.0", 78)


def test_a_line_is_followed_from_the_chat_to_its_answer(ledger: Ledger, ask: Ask) -> None:
    ledger.write([a_line("e1"), a_line("e2", "again"), a_line("e3", "hm")], NOW_MS)
    ledger.write([an_event("chat.chosen", NOW_MS, "t1", id="e1", persona="main", scores={"paid": 50}, among=3)], NOW_MS)
    assert ask("SELECT line, state, turn FROM lines WHERE line = 'e1'") == [("e1", "chosen", "t1")]
    ledger.write([a_turn(1), an_event("chat.dropped", id="e2", source="page", reason="stale")], NOW_MS)
    states = [("e1", "answered", "", "t1"), ("e2", "dropped", "stale", None), ("e3", "waiting", "", None)]
    assert ask("SELECT line, state, reason, turn FROM lines ORDER BY line") == states
    assert ask("SELECT line, persona, among, scores FROM cues") == [("e1", "main", 3, '{"paid":50}')]


def test_a_turn_is_kept_with_its_marks_and_figures(ledger: Ledger, ask: Ask) -> None:
    ledger.write([a_turn(blocked=(Blocked("lexicon", "profanity"),))], NOW_MS)
    assert ask("SELECT turn, at, ended, said, heard, outcome, blocked FROM turns") == [
        ("t1", NOW_MS - 2_000, NOW_MS, "Hello, ann!", "Hello,", "completed", 1)
    ]
    assert dict(ask("SELECT mark, ms FROM marks")) == {
        "received": 0,
        "first_audio": 410,
        "first_played": 460,
        "last_played": 2_000,
    }
    assert dict(ask("SELECT name, value FROM figures")) == {"guard_ms": 1.5, "tokens_out": 20}


def test_a_turn_without_a_mark_or_with_a_figure_that_is_none_is_kept(ledger: Ledger, ask: Ask) -> None:
    assert ledger.write([a_turn(marks={}, durations_ms={"guard_ms": float("nan")})], NOW_MS) == 0
    assert ask("SELECT at FROM turns") == [NOW_MS]
    assert ask("SELECT name FROM figures") == ["tokens_out"]


def test_what_the_guard_blocked_is_kept_as_a_verdict_without_its_text(ledger: Ledger, ask: Ask, path: Path) -> None:
    trace = digest(LIFE.session, "an awful thing")
    blocked = {"id": "e9", "source": "page", "rule": "lexicon", "reason": "profanity", "digest": trace}
    ledger.write([an_event("chat.blocked", **blocked), an_event("clause.blocked", NOW_MS, "t1", rule="pii")], NOW_MS)
    assert ask("SELECT direction, subject, decision, rule, digest FROM verdicts") == [
        ("in", "e9", "block", "lexicon", trace),
        ("out", "t1", "block", "pii", ""),
    ]
    assert digest(SessionId("another"), "an awful thing") != trace


def test_an_answer_that_was_held_back_is_not_kept(ledger: Ledger, ask: Ask) -> None:
    ledger.write(
        [an_event("turn.held", NOW_MS, "t1", text="not yet said"), an_event("turn.ended", NOW_MS, "t1")], NOW_MS
    )
    assert ask("SELECT COUNT(*) FROM events") == [0]


@pytest.mark.parametrize("reason", ["deleted", "banned"])
def test_a_line_that_a_moderator_took_back_loses_its_text(ledger: Ledger, ask: Ask, reason: str) -> None:
    ledger.write([a_line("e1", "regretted"), an_event("chat.dropped", id="e1", source="page", reason=reason)], NOW_MS)
    assert ask("SELECT text, state, reason FROM lines") == [("", "dropped", reason)]


def test_lines_that_were_erased_lose_their_text_with_the_turns_that_answered_them(ledger: Ledger, ask: Ask) -> None:
    ledger.write([a_line(f"e{number}", "regretted") for number in range(1, 5)], NOW_MS)
    ledger.write([a_turn(1), a_turn(4)], NOW_MS)
    ledger.write([an_event("chat.erased", ids=["e1", "e2"])], NOW_MS)
    ledger.write([a_turn(2), a_turn(3)], NOW_MS)
    assert dict(ask("SELECT line, text FROM lines")) == {"e1": "", "e2": "", "e3": "regretted", "e4": "regretted"}
    assert dict(ask("SELECT turn, text FROM turns")) == {"t1": "", "t2": "", "t3": "hi", "t4": "hi"}
    assert ask("SELECT COUNT(*) FROM events") == [0]


def test_health_and_everything_else_are_kept_as_they_were_told(ledger: Ledger, ask: Ask) -> None:
    component = {"name": "llm:main", "kind": "llm", "state": "degraded", "detail": "slow", "fix": "wait"}
    ledger.write([an_event("health", component=component), an_event("panic", reason="operator")], NOW_MS)
    assert ask("SELECT component, kind, state, detail, fix FROM health") == [tuple(component.values())]
    assert ask("SELECT kind, data FROM events") == [("panic", '{"reason":"operator"}')]


def test_everything_is_counted_by_the_hour(ledger: Ledger, ask: Ask) -> None:
    hour_ms = 3_600_000
    notes = [a_line("e1"), a_line("e2", at_ms=NOW_MS + hour_ms), a_turn(1), a_turn(2, outcome=Outcome.FAILED)]
    ledger.write(notes, NOW_MS)
    ledger.write([a_line("e3")], NOW_MS)
    counted = {(hour, name): count for hour, name, count in ask("SELECT hour, name, count FROM counts")}
    first = NOW_MS // hour_ms * hour_ms
    assert counted[first, "lines"] == counted[first, "lines.page"] == counted[first, "turns"] == 2
    assert counted[first + hour_ms, "lines"] == counted[first, "turns.failed"] == 1


def test_an_act_is_kept_with_its_secrets_masked(ledger: Ledger, ask: Ask) -> None:
    ledger.write([ActNote(NOW_MS, "desk 127.0.0.1", "settings.set", "server.desk_token", "hunter2", "hunter3")], NOW_MS)
    ledger.write([ActNote(NOW_MS, "desk", "login", "", None, {"token": "hunter2", "ok": True})], NOW_MS)
    assert ask("SELECT actor, act, old, new FROM audit") == [
        ("desk 127.0.0.1", "settings.set", f'"{HIDDEN}"', f'"{HIDDEN}"'),
        ("desk", "login", "null", f'{{"token":"{HIDDEN}","ok":true}}'),
    ]


def test_a_changed_secret_setting_is_masked_in_its_event_too(ledger: Ledger, ask: Ask) -> None:
    ledger.write([an_event("settings", key="obs.password", value="hunter2", applied="now")], NOW_MS)
    assert json.loads(ask("SELECT data FROM events")[0])["value"] == HIDDEN


def test_numbers_of_tokens_and_names_of_secrets_are_not_masked() -> None:
    plain = {"max_tokens": 300, "api_key": "secret:openai", "password": ""}
    assert masked(plain) == plain
    assert masked([{"password": "hunter2"}]) == [{"password": HIDDEN}]
    assert masked("http://me:hunter2@host/v1", "llm.base_url") == f"http://{HIDDEN}@host/v1"


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_what_is_kept_of_a_value_is_json_and_short(value: object) -> None:
    text = as_json(value)
    json.loads(text)
    assert len(text) < 20_000


@pytest.mark.parametrize(
    "bad",
    [
        EventNote("not json"),
        EventNote("[1]"),
        an_event("health"),
        an_event("panic", 2**70),
        an_event("chat.received", id="e5", source="page", amount="much"),
    ],
)
def test_a_note_that_no_row_can_be_made_of_costs_only_itself(ledger: Ledger, ask: Ask, bad: EventNote) -> None:
    assert ledger.write([a_turn(1), bad, a_turn(2)], NOW_MS) == 1
    assert ask("SELECT turn FROM turns") == ["t1", "t2"]


def test_half_a_character_is_replaced(ledger: Ledger, ask: Ask) -> None:
    assert ledger.write([a_line(text="broken \ud83d here"), a_turn(said="\udc00")], NOW_MS) == 0
    assert ask("SELECT text FROM lines") == ["broken ? here"]


def test_a_turn_that_is_written_twice_is_kept_once(ledger: Ledger, ask: Ask) -> None:
    ledger.write([a_turn(1)], NOW_MS)
    ledger.write([a_turn(1)], NOW_MS)
    assert ask("SELECT COUNT(*) FROM turns") == [1]


def test_a_show_that_ended_well_says_when(path: Path, ask: Ask) -> None:
    ledger = Ledger.open(path, LIFE)
    ledger.write([a_line(), a_turn()], NOW_MS + 10)
    ledger.close(NOW_MS + 60_000)
    told = "SELECT ended, is_estimated, turns, lines, p50_ms FROM shows"
    assert ask(told) == [(NOW_MS + 60_000, 0, 1, 1, 410.0)]


def test_a_show_that_was_killed_ended_when_it_was_last_seen(path: Path, ask: Ask) -> None:
    killed = Ledger.open(path, LIFE)
    killed.write([a_line()], NOW_MS + 40_000)
    killed.abandon()
    Ledger.open(path, LATER).abandon()
    assert ask("SELECT session, ended, is_estimated FROM shows ORDER BY session") == [
        (LIFE.session, NOW_MS + 40_000, 1),
        (LATER.session, None, 0),
    ]


def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(path: Path, ask: Ask) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this was a journal once" * 1_000)
    ledger = Ledger.open(path, LIFE)
    ledger.write([a_turn()], NOW_MS)
    ledger.abandon()
    assert ask("SELECT COUNT(*) FROM turns") == [1]
    assert path.with_name(f"{path.name}.damaged-{NOW_MS}").read_bytes().startswith(b"this was")


def test_a_locked_file_keeps_nothing_of_the_batch_and_can_be_tried_again(path: Path, ledger: Ledger, ask: Ask) -> None:
    ledger._connection.execute("PRAGMA busy_timeout = 1")
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            ledger.write([a_turn()], NOW_MS)
        other.execute("ROLLBACK")
    assert ask("SELECT COUNT(*) FROM turns") == [0]
    ledger.write([a_turn()], NOW_MS)
    assert ask("SELECT COUNT(*) FROM turns") == [1]


def test_a_full_disk_keeps_nothing_of_the_batch_and_can_be_tried_again(ledger: Ledger, ask: Ask) -> None:
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
    batch = [a_turn(number, said="word " * 1_000) for number in range(50)]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        ledger.write(batch, NOW_MS)
    assert ask("SELECT COUNT(*) FROM turns") == [0]
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    ledger.write(batch, NOW_MS)
    assert ask("SELECT COUNT(*) FROM turns") == [50]
