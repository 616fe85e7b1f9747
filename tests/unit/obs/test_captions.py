"""Captions follow what is heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Clause, Outcome, Utterance
from spark_vtuber.obs.captions import LONGEST, Captions, wrap
from spark_vtuber.stage.port import Caption, Position, SpeechStart, TurnOver

MAIN = PersonaId("main")


class Stage:
    """Hands utterances to captions and hears as far as a test says."""

    def __init__(self) -> None:
        self.heard = Position(0, 0)
        self.captions = Captions(lambda: self.heard)

    def say(self, number: int, text: str, turn: str = "t1") -> None:
        utterance = Utterance(number, TurnId(turn), MAIN, Clause(text, text, text))
        self.captions.take(SpeechStart(utterance, 24_000), self.heard)
        self.captions.take(Caption(MAIN, text, number), self.heard)

    def over(self, turn: str = "t1") -> None:
        self.captions.take(TurnOver(TurnId(turn), Outcome.COMPLETED, ""), self.heard)

    def hears(self, number: int, sample: int = 1) -> str:
        self.heard = Position(number, sample)
        return self.captions.now()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_caption_is_shown_when_its_utterance_is_heard(stage: Stage) -> None:
    stage.say(1, "One.")
    stage.say(2, "Two.")
    assert stage.captions.now() == ""
    assert stage.captions.is_waiting
    assert stage.hears(1) == "One."
    assert stage.hears(1, 20_000) == "One."
    assert stage.hears(2) == "Two."
    assert not stage.captions.is_waiting


def test_a_caption_that_was_passed_over_is_not_shown_late(stage: Stage) -> None:
    stage.say(1, "One.")
    stage.say(2, "Two.")
    stage.say(3, "Three.")
    assert stage.hears(3) == "Three."
    assert stage.captions.now() == "Three."


def test_the_end_of_a_turn_clears_its_caption_only(stage: Stage) -> None:
    stage.say(1, "One.")
    stage.hears(1)
    stage.say(2, "Other.", turn="t2")
    stage.over("t1")
    assert stage.captions.now() == ""
    assert stage.hears(2) == "Other."
    stage.over("t1")
    assert stage.captions.now() == "Other."


def test_a_cut_takes_what_waits_of_that_turn(stage: Stage) -> None:
    stage.say(1, "One.")
    stage.say(2, "Two.")
    stage.hears(1)
    stage.captions.cut(TurnId("t1"), stage.heard)
    assert stage.captions.now() == ""
    assert stage.hears(2) == ""


def test_a_panic_clears_everything(stage: Stage) -> None:
    stage.say(1, "One.")
    stage.say(2, "Two.")
    stage.hears(1)
    stage.captions.clear()
    assert (stage.captions.now(), stage.hears(2)) == ("", "")


def test_muted_words_are_shown_at_once_until_their_turn_ends(stage: Stage) -> None:
    stage.captions.take(Caption(MAIN, "Quietly."), stage.heard)
    assert stage.captions.now() == "Quietly."
    stage.over()
    assert stage.captions.now() == ""


def test_what_was_never_heard_is_bounded(stage: Stage) -> None:
    for number in range(1, 10_000):
        stage.say(number, "x")
    assert len(stage.captions._waiting) <= 64


@given(st.text(max_size=400))
def test_any_text_is_one_line_of_what_can_be_seen(text: str) -> None:
    stage = Stage()
    stage.captions.take(Caption(MAIN, text), stage.heard)
    shown = stage.captions.now()
    shown.encode()
    assert len(shown) <= LONGEST
    assert "\n" not in shown
    assert "\x00" not in shown
    assert "\u202e" not in shown


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(10, 60))
def test_lines_are_no_wider_than_they_may_be_and_lose_nothing(text: str, columns: int) -> None:
    text = " ".join(text.split())
    wrapped = wrap(text, columns)
    assert "".join(wrapped.split()) == "".join(text.split())
    assert all(len(line) <= columns for line in wrapped.split("\n"))


def test_words_stay_whole_and_wide_characters_count_double() -> None:
    assert wrap("the kettle is on and the stream has found its feet", 20) == (
        "the kettle is on and\nthe stream has found\nits feet"
    )
    assert wrap("今日はとても良い天気", 10) == "今日はとて\nも良い天気"
    assert wrap("", 42) == ""
