"""Requests about inputs, as a fake VTube Studio answers them: lists, parameters of plugins, injection."""

from collections.abc import Mapping
from typing import Any, Final

from spark_vtuber.testing.vts_studio import CONTROL_S, ApiError, Ask, Control, Injected, is_number, number

OWNER: Final = "VTube Studio"
MOST_A_PLUGIN: Final = 100
MOST: Final = 300
_RANGE: Final = ("min", "max", "defaultValue")


def list_inputs(ask: Ask) -> Mapping[str, Any]:
    """All inputs with their values and ranges."""
    return {
        "modelLoaded": ask.studio.loaded is not None,
        "modelName": ask.studio.loaded.name if ask.studio.loaded else "",
        "modelID": ask.studio.loaded.id if ask.studio.loaded else "",
        "customParameters": [_view(ask, name) for name in ask.studio.own],
        "defaultParameters": [_view(ask, name) for name in ask.studio.inputs],
    }


def input_value(ask: Ask) -> Mapping[str, Any]:
    """One input."""
    name = ask.data.get("name")
    if name not in ask.studio.inputs and name not in ask.studio.own:
        raise ApiError(500, f"Parameter {name} not found")
    return _view(ask, str(name))


def live2d(ask: Ask) -> Mapping[str, Any]:
    """What inputs do to the model; two of them are mapped."""
    pairs = {"ParamMouthOpenY": "MouthOpen", "ParamAngleX": "FaceAngleX"}
    return {
        "modelLoaded": ask.studio.loaded is not None,
        "modelName": ask.studio.loaded.name if ask.studio.loaded else "",
        "modelID": ask.studio.loaded.id if ask.studio.loaded else "",
        "parameters": [
            {
                "name": name,
                "value": ask.studio.value(source, ask.now),
                "min": ask.studio.inputs[source][0],
                "max": ask.studio.inputs[source][1],
                "defaultValue": 0,
            }
            for name, source in pairs.items()
        ]
        if ask.studio.loaded
        else [],
    }


def create(ask: Ask) -> Mapping[str, Any]:
    """Add an input of a plugin, or change its range."""
    name = ask.data.get("parameterName")
    if not isinstance(name, str) or not (4 <= len(name) <= 32 and name.isascii() and name.isalnum()):
        raise ApiError(350, "Parameter names are 4 to 32 letters and digits")
    least, most, default = (number(ask.data.get(key)) for key in _RANGE)
    if any(abs(value) > 1e6 for value in (least, most, default)) or least >= most:
        raise ApiError(351, "min, max or defaultValue invalid")
    if len(str(ask.data.get("explanation") or "")) > 256:
        raise ApiError(353, "Explanation too long")
    if name in ask.studio.inputs:
        raise ApiError(354, "This is the name of a default parameter")
    if name in ask.studio.own and ask.studio.own[name][0] != ask.guest.plugin:
        raise ApiError(352, "Created by another plugin")
    if (
        name not in ask.studio.own
        and sum(one[0] == ask.guest.plugin for one in ask.studio.own.values()) >= MOST_A_PLUGIN
    ):
        raise ApiError(355, "Too many parameters of this plugin")
    if name not in ask.studio.own and len(ask.studio.own) >= MOST:
        raise ApiError(356, "Too many parameters")
    ask.studio.own[name] = (ask.guest.plugin, least, most, default)
    return {"parameterName": name}


def delete(ask: Ask) -> Mapping[str, Any]:
    """Remove an input of a plugin."""
    name = ask.data.get("parameterName")
    if not isinstance(name, str) or not name:
        raise ApiError(400, "Parameter name invalid")
    if name in ask.studio.inputs:
        raise ApiError(403, "Default parameters cannot be deleted")
    if name not in ask.studio.own:
        raise ApiError(401, "Parameter not found")
    if ask.studio.own[name][0] != ask.guest.plugin:
        raise ApiError(402, "Created by another plugin")
    del ask.studio.own[name]
    return {"parameterName": name}


def inject(ask: Ask) -> Mapping[str, Any]:
    """Feed inputs; all of them or, with one mistake, none."""
    given = ask.data.get("parameterValues")
    if not isinstance(given, list) or not given:
        raise ApiError(450, "No data provided")
    mode = ask.data.get("mode") or "set"
    if mode not in ("set", "add"):
        raise ApiError(455, "Unknown mode")
    values: dict[str, float] = {}
    for one in given:
        name, value, weight = one.get("id"), one.get("value"), one.get("weight")
        if name not in ask.studio.inputs and name not in ask.studio.own:
            raise ApiError(453, f"Parameter {name} not found")
        if not is_number(value) or abs(value) > 1e6:
            raise ApiError(451, f"Value of {name} invalid")
        if weight is not None and (not is_number(weight) or not 0 <= weight <= 1):
            raise ApiError(452, f"Weight of {name} invalid")
        control = ask.studio.controls.get(name)
        is_held = control is not None and ask.now - control.at_s <= CONTROL_S
        if mode == "set" and is_held and control is not None and control.plugin != ask.guest.plugin:
            raise ApiError(454, f"Parameter {name} is controlled by another plugin")
        values[name] = float(value)
    for name, value in values.items():
        before = ask.studio.controls.get(name)
        if before is not None and before.plugin == ask.guest.plugin and ask.now - before.at_s > CONTROL_S:
            ask.studio.lapses += 1
        ask.studio.controls[name] = Control(ask.guest.plugin, value, ask.now)
    ask.studio.injections.append(Injected(ask.arrived_s, ask.now, values))
    return {}


def face_found(ask: Ask) -> Mapping[str, Any]:
    """Whether anything is fed."""
    return {"found": any(ask.now - control.at_s <= CONTROL_S for control in ask.studio.controls.values())}


def _view(ask: Ask, name: str) -> Mapping[str, Any]:
    owner, least, most, default = ask.studio.own.get(name, ((OWNER, ""), *ask.studio.inputs.get(name, (0.0, 0.0)), 0.0))
    return {
        "name": name,
        "addedBy": owner[0],
        "value": ask.studio.value(name, ask.now),
        "min": least,
        "max": most,
        "defaultValue": default,
    }
