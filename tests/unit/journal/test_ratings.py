"""The streamer's ratings in the journal."""

from pathlib import Path

from spark_vtuber.journal import reader
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.notes import EventNote
from spark_vtuber.journal.reader import Rated
from spark_vtuber.testing.journal import NOW_MS, a_line, a_turn, an_event


def rating(turn: str = "t1", thumb: str = "", better: str = "", persona: str = "main") -> EventNote:
    about = {"persona": persona, "author": "ann", "asked": "hi", "said": "Hello, ann!"}
    return an_event("turn.rated", NOW_MS, turn, **about, thumb=thumb, better=better)


def test_a_turn_has_the_rating_it_was_given_last(ledger: Ledger, path: Path) -> None:
    assert ledger.write([rating(thumb="up"), rating(thumb="down", better="Hello!")], NOW_MS) == 0
    assert reader.rated(path, "main") == (Rated("ann", "hi", "Hello, ann!", "down", "Hello!"),)
    ledger.write([rating()], NOW_MS)
    assert reader.rated(path, "main") == ()


def test_ratings_are_those_of_one_character(ledger: Ledger, path: Path) -> None:
    ledger.write([rating("t1", "up"), rating("t2", "up", persona="ember")], NOW_MS)
    assert len(reader.rated(path, "ember")) == 1


def test_a_line_that_is_deleted_takes_the_rating_of_its_answer_with_it(ledger: Ledger, path: Path) -> None:
    ledger.write([a_line(), a_turn(1), rating("t1", "up"), rating("t2", "up")], NOW_MS)
    ledger.write([an_event("chat.erased", NOW_MS, None, ids=["e1"])], NOW_MS)
    assert len(reader.rated(path, "main")) == 1
