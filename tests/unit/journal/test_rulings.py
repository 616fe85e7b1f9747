"""The guard's ledger in the journal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.guarding import Entry, HourCount, Selection, entry_view
from spark_vtuber.core.verdicts import Decision, Direction, Position
from spark_vtuber.journal import reader
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import ActNote, masked
from spark_vtuber.journal.rows import HOUR_MS
from spark_vtuber.testing.guarding import entry
from spark_vtuber.testing.journal import NOW_MS, an_event

Ask = Callable[..., list[Any]]
EVERYTHING = Selection()


def keep(ledger: Ledger, *entries: Entry) -> None:
    notes = [an_event("guard", one.at_ms, one.turn or None, **entry_view(one)) for one in entries]
    assert ledger.write(notes, NOW_MS) == 0


def test_an_entry_comes_back_as_it_went_in(ledger: Ledger, path: Path) -> None:
    kept = entry(7, at_ms=NOW_MS, turn="t1", direction=Direction.OUT, position=Position.CLAUSE, meaning="")
    keep(ledger, kept)
    assert reader.rulings(path, 10, None, EVERYTHING) == (kept,)


def test_entries_are_read_in_pages_and_selected(ledger: Ledger, path: Path) -> None:
    keep(ledger, *(entry(number, at_ms=NOW_MS, category="hate" if number % 2 else "link") for number in range(1, 7)))
    assert [one.id for one in reader.rulings(path, 2, 5, EVERYTHING)] == [4, 3]
    assert [one.id for one in reader.rulings(path, 9, None, Selection(category="hate"))] == [5, 3, 1]
    assert reader.rulings(path, 9, None, Selection(direction=Direction.OUT)) == ()
    assert len(reader.rulings(path, 9, None, Selection(position=Position.CHAT, viewer="v1"))) == 6


def test_an_entry_is_kept_once(ledger: Ledger, path: Path) -> None:
    keep(ledger, entry(1), entry(1))
    assert len(reader.rulings(path, 9, None, EVERYTHING)) == 1


def test_hours_are_counted_by_category_and_decision(ledger: Ledger, path: Path) -> None:
    this_ms = NOW_MS // HOUR_MS * HOUR_MS
    keep(
        ledger,
        entry(1, at_ms=this_ms - 30 * HOUR_MS),
        entry(2, at_ms=this_ms - HOUR_MS),
        entry(3, at_ms=this_ms, category="link", decision=Decision.REWRITE),
        entry(4, at_ms=this_ms, category="link", decision=Decision.REWRITE),
    )
    assert reader.ruling_counts(path, 24, NOW_MS) == (
        HourCount(this_ms - HOUR_MS, "profanity", Decision.BLOCK, 1),
        HourCount(this_ms, "link", Decision.REWRITE, 2),
    )


def test_an_entry_that_is_none_costs_only_itself(ledger: Ledger, path: Path) -> None:
    assert ledger.write([an_event("guard", NOW_MS, None, id="no number"), an_event("guard", NOW_MS)], NOW_MS) == 2
    assert reader.rulings(path, 9, None, EVERYTHING) == ()


def test_without_a_journal_nothing_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        reader.rulings(tmp_path / "none.sqlite3", 9, None, EVERYTHING)
    assert caught.value.code == "no_journal"


def test_the_phrases_of_the_lists_are_counted_and_not_kept(ledger: Ledger, ask: Ask) -> None:
    ledger.write(
        [
            an_event("settings", NOW_MS, None, key="guard.block", value=["frobnicate"], applied="component"),
            ActNote(NOW_MS, "desk", "settings.set", "guard.allow", ["frobnicate"], []),
        ],
        NOW_MS,
    )
    assert "frobnicate" not in repr([ask("SELECT data FROM events"), ask("SELECT old, new FROM audit")])
    assert masked(["a", "b"], "guard.block") == "2 phrases"
    assert masked(["a"], "chat.twitch") == ["a"]
