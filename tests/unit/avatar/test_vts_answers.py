import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spark_vtuber.avatar import vts_answers
from spark_vtuber.avatar.vts_answers import Expression, Hotkey, Input, Model

STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.dictionaries(
    st.sampled_from(["name", "min", "max", "hotkeyID", "file", "active", "modelID", "modelName", "modelLoaded"]),
    STRANGE,
)
LISTS = ["defaultParameters", "customParameters", "availableHotkeys", "expressions", "availableModels"]


def test_inputs_are_read_with_their_ranges() -> None:
    data = {
        "defaultParameters": [{"name": "FaceAngleX", "min": -30, "max": 30}],
        "customParameters": [{"name": "SparkBreath", "min": 0, "max": 1}],
    }

    assert vts_answers.inputs(data) == {
        "FaceAngleX": Input("FaceAngleX", -30, 30),
        "SparkBreath": Input("SparkBreath", 0, 1),
    }


def test_an_input_without_a_range_is_left_out() -> None:
    entries = [{"name": "A", "min": 1, "max": 1}, {"name": "B", "min": math.nan, "max": -1}, {"name": "", "max": 1}, 7]

    assert vts_answers.inputs({"defaultParameters": entries}) == {}


def test_hotkeys_expressions_and_models_are_read() -> None:
    assert vts_answers.hotkeys(
        {
            "availableHotkeys": [
                {"hotkeyID": "1", "name": "Smile", "type": "ToggleExpression", "file": "s.exp3.json"},
                {},
            ]
        }
    ) == (Hotkey("1", "Smile", "ToggleExpression", "s.exp3.json"),)
    assert vts_answers.expressions({"expressions": [{"name": "s", "file": "s.exp3.json", "active": True}, None]}) == (
        Expression("s", "s.exp3.json", True),
    )
    assert vts_answers.models({"availableModels": [{"modelID": "m", "modelName": "Fox"}]}) == (Model("m", "Fox"),)


def test_while_no_model_is_loaded_there_is_none() -> None:
    assert vts_answers.current_model({"modelLoaded": False, "modelID": "", "modelName": ""}) is None
    assert vts_answers.current_model({"modelLoaded": True, "modelID": "m", "modelName": "Fox"}) == Model(
        "m", "Fox", True
    )


def test_names_lose_control_characters_and_length() -> None:
    assert vts_answers.text({"name": "a\x1b[31mb\n" + "c" * 900}, "name") == "a[31mb" + "c" * 248


@given(st.dictionaries(st.sampled_from(LISTS), STRANGE | st.lists(ENTRY, max_size=4)) | ENTRY)
def test_strange_lists_are_read_without_an_error(data: dict[str, Any]) -> None:
    for each in vts_answers.inputs(data).values():
        assert math.isfinite(each.least)
        assert each.least < each.most
    vts_answers.hotkeys(data)
    vts_answers.expressions(data)
    vts_answers.models(data)
    vts_answers.current_model(data)
