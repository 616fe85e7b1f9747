from spark_vtuber.avatar.mouth import CLOSED
from spark_vtuber.avatar.script import Script
from spark_vtuber.core.audio import VisemeCue
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.core.turns import Clause, Utterance
from spark_vtuber.stage.port import Caption, Emote, Position, SpeechEnd, SpeechSound, SpeechStart

RATE = 1000
MAIN, LUNA = PersonaId("main"), PersonaId("luna")
NOWHERE = Position(0, 0)


def tell(script: Script, number: int, *cues: VisemeCue, turn: str = "t1", persona: PersonaId = MAIN) -> None:
    """Hand over an utterance of one second."""
    clause = Clause("Hm.", "Hm.", "Hm.")
    script.take(SpeechStart(Utterance(number, TurnId(turn), persona, clause), RATE), NOWHERE)
    script.take(SpeechSound(number, 0, bytes(2 * RATE), cues), NOWHERE)
    script.take(SpeechEnd(number, RATE), NOWHERE)


def test_the_mouth_follows_the_position() -> None:
    script = Script(MAIN)
    tell(script, 1, VisemeCue(0, "sil"), VisemeCue(200, "aa"), VisemeCue(700, "sil"))

    assert script.mouth(NOWHERE) == CLOSED
    assert script.mouth(Position(1, 200)).open == 0.5
    assert script.mouth(Position(1, 500)).open == 1.0
    assert script.mouth(Position(1, 900)) == CLOSED


def test_the_mouth_is_ahead_by_its_lead() -> None:
    script = Script(MAIN, lead_ms=50)
    tell(script, 1, VisemeCue(0, "sil"), VisemeCue(200, "aa"), VisemeCue(700, "sil"))

    assert script.mouth(Position(1, 150)).open == 0.5


def test_after_its_last_sample_the_mouth_is_closed_whatever_the_cues_say() -> None:
    script = Script(MAIN)
    tell(script, 1, VisemeCue(0, "aa"))

    assert script.mouth(Position(1, 999)).open == 1.0
    assert script.mouth(Position(1, 1000)) == CLOSED
    assert not script.is_speaking


def test_a_cut_closes_the_mouth_and_what_comes_late_stays_out() -> None:
    script = Script(MAIN)
    tell(script, 1, VisemeCue(0, "aa"))
    script.cut(TurnId("t1"))
    tell(script, 2, VisemeCue(0, "aa"))

    assert script.mouth(Position(1, 500)) == CLOSED
    assert not script.is_speaking


def test_others_do_not_move_it() -> None:
    script = Script(MAIN)
    tell(script, 1, VisemeCue(0, "aa"), persona=LUNA)
    script.take(Emote(LUNA, "happy"), NOWHERE)
    script.take(Caption(MAIN, "Hm."), NOWHERE)

    assert script.mouth(Position(1, 500)) == CLOSED
    assert script.feelings(Position(1, 500)) == []


def test_a_feeling_is_due_when_its_time_is_heard_and_only_once() -> None:
    script = Script(MAIN)
    tell(script, 1, VisemeCue(0, "aa"))
    early, late = Emote(MAIN, "happy", 1.0, 1, 100), Emote(MAIN, "sad", 1.0, 1, 600)
    script.take(early, NOWHERE)
    script.take(late, NOWHERE)

    assert script.feelings(NOWHERE) == []
    assert script.feelings(Position(1, 100)) == [early]
    assert script.feelings(Position(1, 599)) == []
    assert script.feelings(Position(2, 0)) == [late]
    assert script.feelings(Position(2, 0)) == []


def test_a_feeling_without_an_utterance_is_due_now() -> None:
    script = Script(MAIN)
    script.take(Emote(MAIN, "smug"), NOWHERE)

    assert [one.name for one in script.feelings(NOWHERE)] == ["smug"]


def test_feelings_of_a_cut_turn_are_never_shown() -> None:
    script = Script(MAIN)
    tell(script, 1, VisemeCue(0, "aa"))
    script.take(Emote(MAIN, "happy", 1.0, 1, 500), NOWHERE)
    script.cut(TurnId("t1"))

    assert script.feelings(Position(2, 0)) == []


def test_what_was_heard_is_forgotten_while_nobody_asks_for_the_mouth() -> None:
    script = Script(MAIN)
    for number in range(1, 1000):
        clause = Clause("Hm.", "Hm.", "Hm.")
        script.take(SpeechStart(Utterance(number, TurnId("t1"), MAIN, clause), RATE), Position(number - 1, RATE))
        script.take(Emote(MAIN, "happy", 1.0, number, 0), Position(number - 1, RATE))

    assert len(script._lines) == 1
    assert len(script.feelings(Position(1000, 0))) <= 32
