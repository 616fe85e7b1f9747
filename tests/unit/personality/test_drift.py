"""The running score of a character's last answers."""

from dataclasses import replace

from spark_vtuber.app.drift import DriftWatch
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.ids import CueId, PersonaId, TurnId
from spark_vtuber.core.turns import Outcome, TurnRecord
from spark_vtuber.personality import card
from spark_vtuber.personality.alignment import Style, plain
from spark_vtuber.personality.drift import LEAST, WATCHED, Change, Drift

SPARK = card.load(PersonaId("main"), "main")
EMBER = card.load(PersonaId("ember"), "ember")
OWN = [plain(reply) for _, reply in SPARK.examples]
FOREIGN = [plain(reply) for _, reply in EMBER.examples]


def a_turn(heard: str, kind: CueKind = CueKind.CHAT) -> TurnRecord:
    return TurnRecord(TurnId("t"), SPARK.id, Cue(CueId("c"), kind, "hi"), Outcome.COMPLETED, heard, heard, {})


def a_drift() -> Drift:
    return Drift(Style(SPARK, [EMBER]))


def test_a_character_that_stays_itself_scores_high_and_nothing_is_told() -> None:
    drift = a_drift()

    changes = [drift.keep(a_turn(text)) for text in OWN]

    assert drift.score is not None
    assert drift.score > 0.8
    assert changes == [None] * len(OWN)


def test_a_character_that_drifts_is_told_once_and_once_more_when_it_is_back() -> None:
    drift = a_drift()

    changes = [drift.keep(a_turn(text)) for text in (*OWN, *FOREIGN[:WATCHED], *OWN)]

    assert [change for change in changes if change] == [Change.SUNK, Change.RISEN]


def test_there_is_no_score_before_enough_was_said() -> None:
    drift = a_drift()
    for text in OWN[: LEAST - 1]:
        drift.keep(a_turn(text))

    assert drift.score is None
    drift.keep(a_turn(OWN[-1]))
    assert drift.score is not None


def test_the_operators_words_and_single_words_count_for_nothing() -> None:
    drift = a_drift()
    for text in FOREIGN[:WATCHED]:
        drift.keep(a_turn(text, CueKind.SAY))
        drift.keep(a_turn("Kneel."))

    assert drift.score is None


def test_answers_of_an_assistant_count_as_nothing_like_it() -> None:
    drift = a_drift()
    for text in OWN[:LEAST]:
        drift.keep(a_turn(text))
    for _ in range(WATCHED):
        drift.keep(a_turn("As an AI language model, I cannot say."))

    assert drift.score == 0


def test_the_show_tells_the_score_as_a_metric_and_the_change_as_an_event() -> None:
    told = []
    watch = DriftWatch([SPARK, EMBER], lambda kind, **fields: told.append((kind, fields)))

    for text in (*OWN, *FOREIGN[:WATCHED]):
        watch.keep(a_turn(text))
    watch.keep(replace(a_turn("Somebody who is not there."), persona=PersonaId("nobody")))

    assert [(kind, fields["persona"], fields["change"]) for kind, fields in told] == [("persona.drift", "main", "sunk")]
    lines = list(watch.reading.lines())
    assert any(line.startswith('spark_vtuber_persona_style{persona="main"}') for line in lines)
    assert not any('persona="ember"' in line for line in lines)
