"""Mouth, feeling and idle motion as the values of VTube Studio's inputs. Pure but for the chance of idle motion."""

import math
from dataclasses import dataclass
from typing import Final

from spark_vtuber.avatar.idle import FINE_S, Bearing, Idle
from spark_vtuber.avatar.mouth import OPEN_INPUTS, RELAXED, SMILE_INPUTS, VOWEL_INPUTS, Mouth
from spark_vtuber.avatar.options import MouthStyle
from spark_vtuber.avatar.script import Script
from spark_vtuber.avatar.vts_answers import Input
from spark_vtuber.core.personas import EXPRESSIONS, Expression
from spark_vtuber.stage.port import Position

FEELING_S: Final = 0.35
"""How long a face takes to change."""

HOLD_S: Final = 8.0
"""How long a feeling stays when everything was said; the puppet in the browser holds it as long."""

OWN_INPUTS: Final[dict[str, str]] = {
    "SparkBreath": "Breath, 0 out to 1 in",
    "SparkSpeaking": "1 while the character speaks",
    **{f"Spark{name.capitalize()}": f"How {name} the character looks" for name in EXPRESSIONS if name != "neutral"},
}
"""Inputs that we add to VTube Studio, 0..1 each, for models whose owner wants to map them."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a feeling adds to a face: shares of the inputs' ranges."""

    smile: float = 0.0
    brows: float = 0.0
    anger: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    eyes: float = 0.0
    tilt: float = 0.0


_LOOKS: Final[dict[str, _Look]] = {
    "neutral": _Look(),
    "happy": _Look(smile=0.4, brows=0.15),
    "sad": _Look(smile=-0.4, brows=-0.3, gaze_y=-0.25, eyes=-0.15),
    "angry": _Look(smile=-0.3, brows=-0.45, anger=1.0),
    "surprised": _Look(smile=0.05, brows=0.45),
    "smug": _Look(smile=0.3, brows=-0.05, eyes=-0.3, tilt=5.0),
    "thinking": _Look(smile=-0.1, brows=0.1, gaze_x=0.35, gaze_y=0.4, tilt=-5.0),
}


class Body:
    """One character's face over time. Instants given to it must not go back."""

    def __init__(self, script: Script, idle: Idle, mouth: MouthStyle) -> None:
        self._script = script
        self._idle = idle
        self._mouth = mouth
        self._feeling: Expression = "neutral"
        self._weights: dict[str, float] = dict.fromkeys(EXPRESSIONS, 0.0)
        self._felt_s = -math.inf
        self._calm_s = math.inf

    @property
    def feeling(self) -> Expression:
        """What the face shows, or is about to."""
        return self._feeling

    def feel(self, now: float, position: Position) -> bool:
        """Take the feelings that are due, and let go of one that was held long enough; whether it changed."""
        before = self._feeling
        for emote in self._script.feelings(position):
            name = next((known for known in EXPRESSIONS if known == emote.name), None)
            if name is not None:
                self._feeling = name if emote.weight > 0 else "neutral"
                self._calm_s = math.inf
        if self._script.is_speaking:
            self._calm_s = math.inf
        elif self._calm_s == math.inf:
            self._calm_s = now + HOLD_S
        elif now >= self._calm_s:
            self._feeling = "neutral"
        if self._feeling != before:
            self._weights = self._weights_at(now, before)
            self._felt_s = now
        return self._feeling != before

    def values(self, now: float, position: Position) -> dict[str, float]:
        """The value of every input that we know, each as a share 0..1 of its range, angles in degrees."""
        mouth, bearing = self._script.mouth(position), self._idle.at(now)
        weights = self._weights_at(now, self._feeling)
        look = _blended(weights)
        values = self._mouth_values(mouth, look)
        values |= _head_values(bearing, look)
        values["SparkBreath"] = bearing.breath
        values["SparkSpeaking"] = 1.0 if self._script.is_speaking else 0.0
        values |= {f"Spark{name.capitalize()}": weight for name, weight in weights.items() if name != "neutral"}
        return values

    def pause_s(self, now: float) -> float:
        """How long after `now` the values may go unsent."""
        if self._script.is_speaking or now - self._felt_s < FEELING_S:
            return FINE_S
        until_calm_s = max(self._calm_s - now, FINE_S) if self._feeling != "neutral" else math.inf
        return min(self._idle.pause_s(now), until_calm_s)

    def _mouth_values(self, mouth: Mouth, look: _Look) -> dict[str, float]:
        values: dict[str, float] = {}
        if self._mouth != "open":
            values |= {name: getattr(mouth, vowel) for vowel, name in VOWEL_INPUTS.items()}
        if self._mouth != "vowels":
            values |= dict.fromkeys(OPEN_INPUTS, mouth.open)
        values |= dict.fromkeys(SMILE_INPUTS, _share(mouth.smile + look.smile))
        return values

    def _weights_at(self, now: float, feeling: str) -> dict[str, float]:
        share = min(max((now - self._felt_s) / FEELING_S, 0.0), 1.0)
        share = share * share * (3 - 2 * share)
        return {
            name: weight + ((1.0 if name == feeling else 0.0) - weight) * share
            for name, weight in self._weights.items()
        }


def fitted(values: dict[str, float], inputs: dict[str, Input]) -> dict[str, float]:
    """The values in the ranges of the inputs that are there; rounded, so that a still face is the same face."""
    return {
        name: round(inputs[name].clamped(value) if name in _ANGLES else inputs[name].at(_share(value)), 4)
        for name, value in values.items()
        if name in inputs
    }


_ANGLES: Final = frozenset({"FaceAngleX", "FaceAngleY", "FaceAngleZ"})


def _head_values(bearing: Bearing, look: _Look) -> dict[str, float]:
    eyes = _share(bearing.eyes_open * (1.0 + look.eyes))
    gaze_x, gaze_y = (_share((1.0 + gaze) / 2) for gaze in (bearing.gaze_x + look.gaze_x, bearing.gaze_y + look.gaze_y))
    brows = _share(RELAXED + look.brows)
    return {
        "FaceAngleX": bearing.head_x,
        "FaceAngleY": bearing.head_y,
        "FaceAngleZ": bearing.head_z + look.tilt,
        "EyeOpenLeft": eyes,
        "EyeOpenRight": eyes,
        "EyeLeftX": gaze_x,
        "EyeRightX": gaze_x,
        "EyeLeftY": gaze_y,
        "EyeRightY": gaze_y,
        "Brows": brows,
        "BrowLeftY": brows,
        "BrowRightY": brows,
        "FaceAngry": _share(look.anger),
    }


def _blended(weights: dict[str, float]) -> _Look:
    active = [(_LOOKS[name], weight) for name, weight in weights.items() if weight > 0]
    return _Look(*(sum(getattr(look, key) * weight for look, weight in active) for key in _Look.__dataclass_fields__))


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
