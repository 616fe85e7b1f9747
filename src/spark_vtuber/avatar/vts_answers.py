"""What VTube Studio's lists hold, as values. Names and files of models are other people's text: never trusted.

An entry that cannot be read is left out; what is there is bounded in length and number.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 2_000
"""Entries that are read of one list."""

LONGEST: Final = 256
"""Characters of a name that are kept."""


@dataclass(frozen=True, slots=True)
class Input:
    """A tracking parameter that can be fed, with its range."""

    name: str
    least: float
    most: float

    def at(self, share: float) -> float:
        """The value at a share of the range, 0..1."""
        return self.least + (self.most - self.least) * share

    def clamped(self, value: float) -> float:
        """The nearest value within the range."""
        return min(max(value, self.least), self.most)


@dataclass(frozen=True, slots=True)
class Hotkey:
    """A hotkey of the loaded model. `file` is the expression, motion or model that it is about."""

    id: str
    name: str
    kind: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of the loaded model; `file` ends with `.exp3.json`."""

    name: str
    file: str
    is_active: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A model that VTube Studio has."""

    id: str
    name: str
    is_loaded: bool = False


@dataclass(frozen=True, slots=True)
class Rig:
    """What can be moved now: the inputs, and hotkeys and expressions of the loaded model (None: none is loaded)."""

    model: Model | None = None
    inputs: Mapping[str, Input] = field(default_factory=dict)
    hotkeys: tuple[Hotkey, ...] = ()
    expressions: tuple[Expression, ...] = ()


def inputs(data: Mapping[str, Any]) -> dict[str, Input]:
    """The parameters of an `InputParameterListResponse`, the default ones and those of plugins, by name."""
    found: dict[str, Input] = {}
    for key in ("defaultParameters", "customParameters"):
        for entry in _entries(data, key):
            name = text(entry, "name")
            least, most = number(entry, "min", 0.0), number(entry, "max", 1.0)
            if name and least < most:
                found[name] = Input(name, least, most)
    return found


def hotkeys(data: Mapping[str, Any]) -> tuple[Hotkey, ...]:
    """The hotkeys of a `HotkeysInCurrentModelResponse`."""
    read = (
        Hotkey(text(entry, "hotkeyID"), text(entry, "name"), text(entry, "type"), text(entry, "file"))
        for entry in _entries(data, "availableHotkeys")
    )
    return tuple(hotkey for hotkey in read if hotkey.id)


def expressions(data: Mapping[str, Any]) -> tuple[Expression, ...]:
    """The expressions of an `ExpressionStateResponse`."""
    read = (
        Expression(text(entry, "name"), text(entry, "file"), entry.get("active") is True)
        for entry in _entries(data, "expressions")
    )
    return tuple(expression for expression in read if expression.file)


def models(data: Mapping[str, Any]) -> tuple[Model, ...]:
    """The models of an `AvailableModelsResponse`."""
    return tuple(model for entry in _entries(data, "availableModels") if (model := _model(entry)).id)


def current_model(data: Mapping[str, Any]) -> Model | None:
    """The model of a `CurrentModelResponse`; None while none is loaded."""
    model = _model(data)
    return model if model.is_loaded else None


def text(data: Mapping[str, Any], key: str) -> str:
    """A text, without control characters; empty where it is missing or something else."""
    value = data.get(key)
    if not isinstance(value, str):
        return ""
    return "".join(char for char in value[:LONGEST] if char.isprintable())


def number(data: Mapping[str, Any], key: str, default: float) -> float:
    """A finite number; the default where it is missing or something else."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    try:
        value = float(value)
    except OverflowError:
        return default
    return value if math.isfinite(value) else default


def _model(entry: Mapping[str, Any]) -> Model:
    return Model(text(entry, "modelID"), text(entry, "modelName"), entry.get("modelLoaded") is True)


def _entries(data: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    entries = data.get(key)
    if isinstance(entries, list):
        yield from (entry for entry in entries[:MOST] if isinstance(entry, dict))
