import pytest

from spark_vtuber.avatar.faces import Face, choose
from spark_vtuber.avatar.vts_answers import Expression, Hotkey, Model, Rig

RIG = Rig(
    Model("m", "Fox", True),
    {},
    (
        Hotkey("1", "Smile", "ToggleExpression", "smile.exp3.json"),
        Hotkey("2", "Shocked", "TriggerAnimation", "shock.motion3.json"),
        Hotkey("3", "Reset", "RemoveAllExpressions"),
        Hotkey("4", "", "TriggerAnimation", "nod.motion3.json"),
    ),
    (
        Expression("smile", "smile.exp3.json"),
        Expression("EyesCry", "EyesCry.exp3.json"),
        Expression("angry_2", "angry_2.exp3.json"),
        Expression("very angry eyes", "other.exp3.json"),
    ),
)


def test_names_tell_what_shows_a_feeling() -> None:
    assert choose(RIG, {}, {}).by_feeling == {
        "happy": Face("expression", "smile.exp3.json", "smile"),
        "sad": Face("expression", "EyesCry.exp3.json", "EyesCry"),
        "angry": Face("expression", "angry_2.exp3.json", "angry_2"),
        "surprised": Face("hotkey", "2", "Shocked"),
    }


def test_the_configuration_decides_before_the_wizard_and_the_wizard_before_names() -> None:
    saved = {"happy": "EyesCry", "sad": "4"}
    found = choose(RIG, {"happy": "shocked"}, saved).by_feeling

    assert found["happy"] == Face("hotkey", "2", "Shocked")
    assert found["sad"] == Face("hotkey", "4", "4")


@pytest.mark.parametrize("wish", ["1", "Smile", "smile", "smile.exp3.json"])
def test_a_hotkey_that_toggles_is_its_expression(wish: str) -> None:
    face = choose(RIG, {"smug": wish}, {}).by_feeling["smug"]

    assert (face.kind, face.target) == ("expression", "smile.exp3.json")


def test_a_dash_means_none() -> None:
    assert "happy" not in choose(RIG, {"happy": "-"}, {}).by_feeling
    assert "happy" not in choose(RIG, {}, {"happy": "-"}).by_feeling


def test_a_wish_that_cannot_be_met_is_told_and_names_decide() -> None:
    faces = choose(RIG, {"happy": "Grin"}, {})

    assert faces.unmet == {"happy": "Grin"}
    assert faces.by_feeling["happy"].target == "smile.exp3.json"


def test_nothing_takes_everything_off_by_its_name() -> None:
    assert "neutral" not in choose(RIG, {}, {}).by_feeling


def test_a_part_of_a_word_is_no_name() -> None:
    rig = Rig(Model("m", "Fox", True), {}, (Hotkey("1", "Madrid", "Unset"), Hotkey("2", "downtown hat", "Unset")), ())

    assert choose(rig, {}, {}).by_feeling == {}
