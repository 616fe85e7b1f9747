"""Requests of every other kind, as a fake VTube Studio answers them: authentication, models, hotkeys, events."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from spark_vtuber.testing import vts_inputs
from spark_vtuber.testing.vts_studio import (
    FRAMES_A_HOTKEY,
    STRANGER,
    ApiError,
    Ask,
    FakeModel,
    Later,
    is_number,
)

VERSION: Final = "1.32.0"
HOTKEY_QUEUE: Final = 32
LOAD_COOLDOWN_S: Final = 2.0
LOAD_S: Final = 0.3

EVENTS: Final = frozenset(
    f"{name}Event"
    for name in """Test ModelLoaded TrackingStatusChanged BackgroundChanged ModelConfigChanged ModelMoved ModelOutline
    HotkeyTriggered ModelAnimation Item ModelClicked PostProcessing Live2DCubismEditorConnected""".split()
)


def answer(kind: str, ask: Ask) -> Mapping[str, Any] | Later:
    """The data of the response to a request of `kind` (without `Request`), or how to ask for it later.

    Raises:
        ApiError: the answer is an error.
    """
    if kind in _OPEN:
        return _OPEN[kind](ask)
    if kind not in _LOCKED:
        raise ApiError(7, f"Request type {kind}Request unknown")
    if ask.guest.plugin == STRANGER:
        raise ApiError(8, "This request requires authentication")
    if ask.guest.token not in ask.studio.tokens:
        raise ApiError(50, "User has denied API access for your plugin.")
    return _LOCKED[kind](ask)


def state(ask: Ask) -> Mapping[str, Any]:
    """Works for everybody."""
    return {
        "active": True,
        "vTubeStudioVersion": VERSION,
        "currentSessionAuthenticated": ask.guest.plugin != STRANGER,
    }


def token(ask: Ask) -> Later:
    """Ask the person; the answer comes when a button was pressed."""
    names = (_name(ask.data, "pluginName", 52), _name(ask.data, "pluginDeveloper", 53))
    if ask.studio.open_popup is not None and ask.studio.open_popup in ask.studio.guests:
        raise ApiError(51, "Another plugin is waiting for the user")
    ask.studio.open_popup = ask.guest
    ask.studio.popups += 1

    def look(_now: float) -> Mapping[str, Any] | None:
        if ask.studio.popup is None:
            return None
        ask.studio.open_popup = None
        if not ask.studio.popup:
            raise ApiError(50, "User has denied API access for your plugin.")
        token = secrets.token_hex(32)
        ask.studio.tokens[token] = names
        return {"authenticationToken": token}

    return look


def authenticate(ask: Ask) -> Mapping[str, Any]:
    """A bad token is no error."""
    for number, key in ((100, "authenticationToken"), (101, "pluginName"), (102, "pluginDeveloper")):
        if not ask.data.get(key):
            raise ApiError(number, f"{key} missing")
    names = (ask.data["pluginName"], ask.data["pluginDeveloper"])
    is_good = ask.studio.tokens.get(ask.data["authenticationToken"]) == names
    ask.guest.plugin, ask.guest.token = (names, ask.data["authenticationToken"]) if is_good else (STRANGER, "")
    reason = "Token valid." if is_good else "Token invalid or revoked."
    return {"authenticated": is_good, "reason": reason}


def statistics(ask: Ask) -> Mapping[str, Any]:
    """How the program is."""
    return {
        "uptime": round(ask.now * 1000),
        "framerate": 60,
        "vTubeStudioVersion": VERSION,
        "allowedPlugins": len(set(ask.studio.tokens.values())),
        "connectedPlugins": sum(one.plugin != STRANGER for one in ask.studio.guests),
        "startedWithSteam": False,
        "windowWidth": 1280,
        "windowHeight": 720,
        "windowIsFullscreen": False,
    }


def folders(_ask: Ask) -> Mapping[str, Any]:
    """Where it keeps things."""
    names = ("Live2DModels", "Backgrounds", "Items", "Config", "Logs", "Backup")
    return dict(zip(("models", "backgrounds", "items", "config", "logs", "backup"), names, strict=True))


def current_model(ask: Ask) -> Mapping[str, Any]:
    """The loaded model."""
    model = ask.studio.loaded
    return {
        "modelLoaded": model is not None,
        **_names_of(model),
        "live2DModelName": f"{model.name}.model3.json" if model else "",
        "modelLoadTime": 300 if model else 0,
        "timeSinceModelLoaded": round(ask.now * 1000) if model else 0,
        "numberOfLive2DParameters": 2 if model else 0,
        "numberOfLive2DArtmeshes": 3 if model else 0,
        "hasPhysicsFile": model is not None,
        "numberOfTextures": 1 if model else 0,
        "textureResolution": 2048 if model else 0,
        "modelPosition": dict(model.place) if model else dict.fromkeys(FakeModel("", "").place, 0.0),
    }


def available_models(ask: Ask) -> Mapping[str, Any]:
    """All models."""
    return {
        "numberOfModels": len(ask.studio.models),
        "availableModels": [{"modelLoaded": one is ask.studio.loaded, **_names_of(one)} for one in ask.studio.models],
    }


def load_model(ask: Ask) -> Later:
    """Load another model, after a while."""
    wanted = ask.data.get("modelID")
    if not isinstance(wanted, str):
        raise ApiError(150, "modelID missing")
    model = next((one for one in ask.studio.models if one.id == wanted), None)
    if wanted and model is None:
        raise ApiError(152, "No model with this ID")
    if ask.now - ask.studio.loading_s < LOAD_COOLDOWN_S:
        raise ApiError(153, "Model load cooldown is not over")
    ask.studio.loading_s = ask.now

    def look(later: float) -> Mapping[str, Any] | None:
        if later - ask.now < LOAD_S:
            return None
        ask.studio.load(model)
        return {"modelID": wanted}

    return look


def move_model(ask: Ask) -> Mapping[str, Any]:
    """Move the loaded model."""
    model = _model_or(ask, 300)
    time_s, is_relative = ask.data.get("timeInSeconds"), ask.data.get("valuesAreRelativeToModel")
    if time_s is None or not is_number(time_s) or not isinstance(is_relative, bool):
        raise ApiError(301, "timeInSeconds and valuesAreRelativeToModel are required")
    limits = {"positionX": 1000, "positionY": 1000, "rotation": 360, "size": 100}
    given = {key: ask.data[key] for key in limits if ask.data.get(key) is not None}
    if not 0 <= time_s <= 2 or any(not is_number(v) or abs(v) > limits[k] for k, v in given.items()):
        raise ApiError(302, "A value is out of range")
    for key, value in given.items():
        model.place[key] = model.place[key] + value if is_relative else value
    ask.studio.moves.append(ask.data)
    moved = {"modelID": model.id, "modelName": model.name, "modelPosition": dict(model.place)}
    ask.studio.tell_all("ModelMovedEvent", moved)
    return {}


def art_meshes(ask: Ask) -> Mapping[str, Any]:
    """Parts of the loaded model."""
    names = ["Ear", "Face", "Tail"] if ask.studio.loaded else []
    return {
        "modelLoaded": ask.studio.loaded is not None,
        "numberOfArtMeshNames": len(names),
        "numberOfArtMeshTags": 0,
        "artMeshNames": names,
        "artMeshTags": [],
    }


def hotkeys(ask: Ask) -> Mapping[str, Any]:
    """The hotkeys of a model."""
    model = ask.studio.loaded
    if ask.data.get("modelID"):
        model = next((one for one in ask.studio.models if one.id == ask.data["modelID"]), None)
        if model is None:
            raise ApiError(152, "No model with this ID")
    return {
        "modelLoaded": model is not None and model is ask.studio.loaded,
        "modelName": model.name if model else "",
        "modelID": model.id if model else "",
        "availableHotkeys": [
            {
                "name": one.name,
                "type": one.kind,
                "description": one.kind,
                "file": one.file,
                "hotkeyID": one.id,
                "keyCombination": [],
                "onScreenButtonID": -1,
            }
            for one in (model.hotkeys if model else ())
        ],
    }


def press(ask: Ask) -> Mapping[str, Any]:
    """Queue a hotkey."""
    model = _model_or(ask, 201)
    wanted = str(ask.data.get("hotkeyID") or "")
    hotkey = next(
        (one for one in model.hotkeys if wanted == one.id or (one.name and wanted.lower() == one.name.lower())),
        None,
    )
    if hotkey is None:
        raise ApiError(202, "No hotkey with this ID or name in this model")
    if ask.studio.frame - ask.studio.hotkey_frames.get(hotkey.id, -FRAMES_A_HOTKEY) < FRAMES_A_HOTKEY:
        raise ApiError(203, "Hotkey cooldown is not over")
    if len(ask.studio.hotkey_queue) >= HOTKEY_QUEUE:
        raise ApiError(200, "Hotkey queue is full")
    ask.studio.hotkey_frames[hotkey.id] = ask.studio.frame
    ask.studio.hotkey_queue.append(hotkey)
    return {"hotkeyID": hotkey.id}


def expressions(ask: Ask) -> Mapping[str, Any]:
    """Expressions and whether they are active."""
    only = ask.data.get("expressionFile") or ""
    model = ask.studio.loaded
    files = dict(model.expressions) if model else {}
    if only:
        _check_file(only, files, 600)
        files = {only: files[only]}
    return {
        "modelLoaded": model is not None,
        "modelName": model.name if model else "",
        "modelID": model.id if model else "",
        "expressions": [
            {
                "name": file.removesuffix(".exp3.json"),
                "file": file,
                "active": is_on,
                "deactivateWhenKeyIsLetGo": False,
                "autoDeactivateAfterSeconds": False,
                "secondsRemaining": 0,
                "usedInHotkeys": [],
                "parameters": [],
            }
            for file, is_on in files.items()
        ],
    }


def express(ask: Ask) -> Mapping[str, Any]:
    """Switch an expression."""
    model = _model_or(ask, 652)
    file = str(ask.data.get("expressionFile") or "")
    _check_file(file, model.expressions, 650)
    model.expressions[file] = bool(ask.data.get("active"))
    return {}


def subscribe(ask: Ask) -> Mapping[str, Any]:
    """Ask for events, or for no more."""
    name, config = ask.data.get("eventName") or "", ask.data.get("config") or {}
    if not name and not ask.data.get("subscribe"):
        ask.guest.events.clear()
    elif name not in EVENTS:
        raise ApiError(950, f"Event {name} unknown")
    elif not ask.data.get("subscribe"):
        ask.guest.events.pop(name, None)
    else:
        if name == "TestEvent" and len(str(config.get("testMessageForEvent") or "")) > 32:
            raise ApiError(100000, "Test message longer than 32 characters")
        if name == "ModelLoadedEvent" and any(not _is_model_id(one) for one in config.get("modelID") or ()):
            raise ApiError(100050, "Not a model ID")
        ask.guest.events[name] = config
        if name == "ModelMovedEvent" and ask.studio.loaded is not None:
            # The first of these events is sent at once, before the response.
            model = ask.studio.loaded
            id_ = ask.id if ask.studio.echoes_ids else secrets.token_hex(8)
            ask.guest.tell(
                id_, name, {"modelID": model.id, "modelName": model.name, "modelPosition": dict(model.place)}
            )
    return {"subscribedEventCount": len(ask.guest.events), "subscribedEvents": list(ask.guest.events)}


def _model_or(ask: Ask, number: int) -> FakeModel:
    if ask.studio.loaded is None:
        raise ApiError(number, "No model loaded")
    return ask.studio.loaded


def _name(data: Mapping[str, Any], key: str, number: int) -> str:
    name = data.get(key)
    if not isinstance(name, str) or not 3 <= len(name) <= 32:
        raise ApiError(number, f"{key} must have 3 to 32 characters")
    return name


def _names_of(model: FakeModel | None) -> dict[str, str]:
    return {
        "modelName": model.name if model else "",
        "modelID": model.id if model else "",
        "vtsModelName": f"{model.name}.vtube.json" if model else "",
        "vtsModelIconName": "",
    }


def _check_file(file: str, files: Mapping[str, bool], number: int) -> None:
    if not file.endswith(".exp3.json"):
        raise ApiError(number, "Not an expression file")
    if file not in files:
        raise ApiError(number + 1, "No such expression in this model")


def _is_model_id(value: object) -> bool:
    return isinstance(value, str) and len(value) == 32 and all(char in "0123456789abcdef" for char in value.lower())


_OPEN: Final[dict[str, Callable[[Ask], Mapping[str, Any] | Later]]] = {
    "APIState": state,
    "AuthenticationToken": token,
    "Authentication": authenticate,
}

_LOCKED: Final[dict[str, Callable[[Ask], Mapping[str, Any] | Later]]] = {
    "Statistics": statistics,
    "VTSFolderInfo": folders,
    "CurrentModel": current_model,
    "AvailableModels": available_models,
    "ModelLoad": load_model,
    "MoveModel": move_model,
    "HotkeysInCurrentModel": hotkeys,
    "HotkeyTrigger": press,
    "ExpressionState": expressions,
    "ExpressionActivation": express,
    "ArtMeshList": art_meshes,
    "FaceFound": vts_inputs.face_found,
    "InputParameterList": vts_inputs.list_inputs,
    "ParameterValue": vts_inputs.input_value,
    "Live2DParameterList": vts_inputs.live2d,
    "ParameterCreation": vts_inputs.create,
    "ParameterDeletion": vts_inputs.delete,
    "InjectParameterData": vts_inputs.inject,
    "EventSubscription": subscribe,
}
