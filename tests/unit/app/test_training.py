"""From a character and its ratings to what its model learns."""

from dataclasses import replace
from pathlib import Path

import pytest

from spark_vtuber import engines
from spark_vtuber.app.training import CARD, RATINGS, character, conversations, gather
from spark_vtuber.config.load import Settings, load
from spark_vtuber.core.errors import SparkError
from spark_vtuber.journal.ledger import Ledger
from spark_vtuber.journal.schema import FILE
from spark_vtuber.testing.journal import LIFE, NOW_MS, an_event
from spark_vtuber.training.examples import Exchange, Source

ABOUT = {"persona": "main", "author": "ann", "said": "Hello, ann!"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "spark.toml"
    config.write_text("")
    return load(engines.spec, config, {"data": {"dir": str(tmp_path)}})


def rate(folder: Path, *ratings: dict[str, str]) -> None:
    ledger = Ledger.open(folder / FILE, LIFE)
    notes = [
        an_event("turn.rated", NOW_MS, f"t{number}", **{"thumb": "", "better": "", **ABOUT, **one})
        for number, one in enumerate(ratings)
    ]
    assert ledger.write(notes, NOW_MS) == 0
    ledger.close(NOW_MS)


def test_liked_and_edited_answers_are_learnt_and_disliked_ones_are_not(settings: Settings, tmp_path: Path) -> None:
    view = replace(character(settings, "main"), examples=(("hi", "Hello, ann!"), ("bye", "See you!")))
    rate(
        tmp_path,
        {"asked": "hi", "thumb": "down"},
        {"asked": "who are you?", "thumb": "up"},
        {"asked": "bye", "thumb": "down", "better": "Never!"},
        {"asked": "of another", "thumb": "up", "persona": "ember"},
    )
    assert gather(settings, view, (CARD, RATINGS), ()) == (
        Exchange("bye", "Never!", Source.EDITED, "ann"),
        Exchange("who are you?", "Hello, ann!", Source.LIKED, "ann"),
    )


def test_without_a_show_there_is_the_card_alone(settings: Settings) -> None:
    view = character(settings, "main")
    assert len(gather(settings, view, (CARD, RATINGS), ())) == len(view.examples)


def test_an_exchange_reads_as_in_the_show_and_its_answer_is_not_given_away(settings: Settings) -> None:
    view = character(settings, "main")
    asked, said = view.examples[0]
    (messages,) = conversations(view, [Exchange(asked, said, Source.CARD, 'ann"')])
    assert [one["role"] for one in messages] == ["system", "user", "assistant"]
    assert messages[-1]["content"] == said
    assert asked in messages[1]["content"]
    assert said not in messages[0]["content"]
    assert view.name in messages[0]["content"]


def test_a_persona_that_is_not_there_is_named(settings: Settings) -> None:
    with pytest.raises(SparkError, match="nobody") as error:
        character(settings, "nobody")
    assert "main" in error.value.fix
