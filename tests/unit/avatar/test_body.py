import random

from spark_vtuber.avatar.body import FEELING_S, HOLD_S, Body, fitted
from spark_vtuber.avatar.idle import Idle
from spark_vtuber.avatar.script import Script
from spark_vtuber.avatar.vts_answers import Input
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.personas import EXPRESSIONS
from spark_vtuber.stage.port import Emote, Position

MAIN = PersonaId("main")
START = Position(0, 0)


def body(mouth: str = "auto", amount: float = 0.0) -> tuple[Script, Body]:
    script = Script(MAIN)
    return script, Body(script, Idle(random.Random(1), amount), mouth)  # type: ignore[arg-type]  # a literal


def feel(script: Script, one: Body, name: str, now: float, weight: float = 1.0) -> None:
    script.take(Emote(MAIN, name, weight), START)
    one.feel(now, START)


def test_all_values_stay_within_their_inputs_whatever_is_felt() -> None:
    script, one = body(amount=2.0)
    now = 0.0
    for name in EXPRESSIONS * 3:
        feel(script, one, name, now)
        for _ in range(20):
            now += 0.05
            for key, value in one.values(now, START).items():
                limit = 40.0 if key.startswith("FaceAngle") and key != "FaceAngry" else 1.0
                assert -limit <= value <= limit, key


def test_a_feeling_comes_softly_and_moves_the_face() -> None:
    script, one = body()
    feel(script, one, "happy", 10.0)
    rising = [one.values(10.0 + step * FEELING_S / 4, START)["SparkHappy"] for step in range(5)]

    assert rising == sorted(rising)
    assert rising[0] == 0.0
    assert rising[-1] == 1.0
    assert one.values(11.0, START)["MouthSmile"] > 0.8


def test_one_feeling_melts_into_the_next() -> None:
    script, one = body()
    feel(script, one, "happy", 10.0)
    feel(script, one, "sad", 10.0 + FEELING_S / 2)
    values = one.values(10.0 + FEELING_S, START)

    assert 0.0 < values["SparkHappy"] < 0.5
    assert 0.0 < values["SparkSad"] < 1.0


def test_a_feeling_is_let_go_of_when_it_was_held_long_enough() -> None:
    script, one = body()
    feel(script, one, "angry", 10.0)

    assert not one.feel(10.0 + HOLD_S - 0.01, START)
    assert one.pause_s(10.0 + HOLD_S - 1.0) <= 1.0, "it is looked at when it must be"
    assert one.feel(10.0 + HOLD_S, START)
    assert one.feeling == "neutral"


def test_unknown_feelings_are_left_out() -> None:
    script, one = body()
    feel(script, one, "hangry", 10.0)

    assert one.feeling == "neutral"


def test_a_feeling_without_weight_is_none() -> None:
    script, one = body()
    feel(script, one, "happy", 10.0, weight=0.0)

    assert one.feeling == "neutral"


def test_the_mouth_moves_the_inputs_it_was_told_to() -> None:
    _, vowels = body("vowels")
    _, opening = body("open")
    _, both = body("auto")

    assert "MouthOpen" not in vowels.values(0.0, START)
    assert "VoiceA" not in opening.values(0.0, START)
    assert {"MouthOpen", "MouthSmile", "VoiceA", "VoiceO"} <= set(both.values(0.0, START))


def test_values_are_fitted_to_the_inputs_that_are_there() -> None:
    ranges = {"MouthOpen": (0, 2), "EyeLeftX": (-1, 1), "FaceAngleX": (-30, 30)}
    inputs = {name: Input(name, least, most) for name, (least, most) in ranges.items()}
    values = {"MouthOpen": 0.5, "EyeLeftX": 0.5, "FaceAngleX": 99.0, "NotThere": 1.0}

    assert fitted(values, inputs) == {"MouthOpen": 1.0, "EyeLeftX": 0.0, "FaceAngleX": 30.0}


def test_a_still_face_is_the_same_face() -> None:
    _, one = body()

    assert one.values(5.0, START) == one.values(500.0, START)
