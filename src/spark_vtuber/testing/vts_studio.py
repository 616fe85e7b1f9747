"""What a fake VTube Studio knows: models, inputs, plugins and connections; and what a person may do to it.

Written from the pages of github.com/DenchiSoft/VTubeStudio (README, Events, Files/ErrorID.cs). No I/O and no time of
its own: every call says what time it is, in seconds.
"""

import math
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FRAMES_A_HOTKEY: Final = 5
CONTROL_S: Final = 1.0

INPUTS: Final[dict[str, tuple[float, float]]] = {
    "FacePositionX": (-15, 15),
    "FacePositionY": (-15, 15),
    "FacePositionZ": (-10, 10),
    "FaceAngleX": (-30, 30),
    "FaceAngleY": (-30, 30),
    "FaceAngleZ": (-90, 90),
    "MouthSmile": (0, 1),
    "MouthOpen": (0, 1),
    "MouthX": (-1, 1),
    "Brows": (0, 1),
    "BrowLeftY": (0, 1),
    "BrowRightY": (0, 1),
    "EyeOpenLeft": (0, 1),
    "EyeOpenRight": (0, 1),
    "EyeLeftX": (-1, 1),
    "EyeLeftY": (-1, 1),
    "EyeRightX": (-1, 1),
    "EyeRightY": (-1, 1),
    "CheekPuff": (0, 1),
    "FaceAngry": (0, 1),
    "TongueOut": (0, 1),
    "VoiceVolume": (0, 1),
    "VoiceFrequency": (0, 1),
    "VoiceVolumePlusMouthOpen": (0, 1),
    "VoiceFrequencyPlusMouthSmile": (0, 1),
}
VOWELS: Final = {f"Voice{vowel}": (0.0, 1.0) for vowel in "AIUEO"}


class ApiError(Exception):
    """The answer is an error with this id."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass(slots=True)
class Hotkey:
    """A hotkey of a fake model."""

    id: str
    name: str
    kind: str = "TriggerAnimation"
    file: str = ""


@dataclass(slots=True)
class FakeModel:
    """A model: its hotkeys, its expressions (file to whether it is active) and where it stands."""

    id: str
    name: str
    hotkeys: list[Hotkey] = field(default_factory=list)
    expressions: dict[str, bool] = field(default_factory=dict)
    place: dict[str, float] = field(
        default_factory=lambda: {"positionX": 0.0, "positionY": 0.0, "rotation": 0.0, "size": -50.0}
    )


def models() -> list[FakeModel]:
    """Two models of our own: one with expressions for most feelings, one with animations only."""
    fox = FakeModel(
        "165131471d8a4e42aae01a9738f255ef",
        "Paper Fox",
        [
            Hotkey("21bf7ade9e664f3ec29d05156e4ce5c1", "Smile", "ToggleExpression", "Smile.exp3.json"),
            Hotkey("5b2f7f9b9a0e4f6c8f5d2e1c0b9a8d7e", "Anger", "ToggleExpression", "Angry.exp3.json"),
            Hotkey("8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f", "Shocked", "TriggerAnimation", "shock.motion3.json"),
        ],
        {"Smile.exp3.json": False, "Angry.exp3.json": False, "EyesCry.exp3.json": False, "Glasses.exp3.json": True},
    )
    owl = FakeModel(
        "d8ee771d2909873b1aa0226d03ef4f51",
        "Lamp Owl",
        [Hotkey("00000000000000000000000000000001", "wave", "TriggerAnimation", "wave.motion3.json")],
    )
    return [fox, owl]


STRANGER: Final = ("", "")


@dataclass(eq=False, slots=True)
class Guest:
    """One connection: `tell` sends it a frame. `plugin` is its name and developer once it is let in."""

    tell: Callable[[str, str, Mapping[str, Any]], None]
    plugin: tuple[str, str] = STRANGER
    token: str = ""
    events: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Control:
    """Who feeds an input, with what, since when and until when."""

    plugin: tuple[str, str]
    value: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Injected:
    """One injection: when it arrived, when it was taken (the next frame), and its values."""

    arrived_s: float
    taken_s: float
    values: Mapping[str, float]


Later = Callable[[float], Mapping[str, Any] | None]
"""An answer that is not there yet: asked at every frame, gives its data once it is."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: who asks, its id and data, when it is looked at and when it arrived."""

    studio: "Studio"
    guest: Guest
    id: str
    data: Mapping[str, Any]
    now: float
    arrived_s: float


class Studio:
    """The state of the fake. Its attributes are for tests to look at and to change."""

    def __init__(self, *, has_vowels: bool = True) -> None:
        self.models = models()
        self.loaded: FakeModel | None = self.models[0]
        self.inputs = INPUTS | (VOWELS if has_vowels else {})
        self.own: dict[str, tuple[tuple[str, str], float, float, float]] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.guests: list[Guest] = []
        self.echoes_ids = False
        """Whether events that come before a response carry its id; said of the real one, and not verified."""
        self.popup: bool | None = True
        """What a person presses: Allow, Deny, or nothing yet."""
        self.popups = 0
        self.controls: dict[str, Control] = {}
        self.injections: deque[Injected] = deque(maxlen=200_000)
        self.lapses = 0
        """How often an input that was fed fell back because a second had passed."""
        self.pressed: list[str] = []
        self.moves: list[Mapping[str, Any]] = []
        self.hotkey_frames: dict[str, int] = {}
        self.hotkey_queue: deque[Hotkey] = deque()
        self.frame = 0
        self.open_popup: Guest | None = None
        self.loading_s = -math.inf
        self._test_s = 0.0

    # ------------------------------------------------------------------------------------------------- what it shows

    def value(self, name: str, now: float) -> float:
        """The value of an input: what is fed, or its default."""
        control = self.controls.get(name)
        if control is not None and now - control.at_s <= CONTROL_S:
            return control.value
        return self.own[name][3] if name in self.own else 0.0

    def active(self) -> set[str]:
        """The expressions that the loaded model shows."""
        return {file for file, is_on in self.loaded.expressions.items() if is_on} if self.loaded else set()

    # --------------------------------------------------------------------------------------------- what a person does

    def load(self, model: FakeModel | None) -> None:
        """Change the model by hand."""
        before, self.loaded = self.loaded, model
        for one, is_loaded in ((before, False), (model, True)):
            if one is not None:
                self.tell_all("ModelLoadedEvent", {"modelLoaded": is_loaded, "modelName": one.name, "modelID": one.id})

    def revoke(self) -> None:
        """Take every plugin's access away."""
        self.tokens.clear()

    def tell_all(self, event: str, data: Mapping[str, Any]) -> None:
        """Send an event to everybody who asked for it."""
        for guest in self.guests:
            if event in guest.events:
                guest.tell(secrets.token_hex(8), event, data)

    def step(self, now: float) -> None:
        """A frame passes: a hotkey of the queue is executed, events that are due go out."""
        self.frame += 1
        if self.hotkey_queue and self.frame % FRAMES_A_HOTKEY == 0:
            self._execute(self.hotkey_queue.popleft())
        if now - self._test_s >= 1.0:
            self._test_s = now
            for guest in self.guests:
                if "TestEvent" in guest.events:
                    message = guest.events["TestEvent"].get("testMessageForEvent", "")
                    guest.tell(secrets.token_hex(8), "TestEvent", {"yourTestMessage": message, "counter": int(now)})

    def _execute(self, hotkey: Hotkey) -> None:
        self.pressed.append(hotkey.name)
        model = self.loaded
        if model is not None and hotkey.kind == "ToggleExpression" and hotkey.file in model.expressions:
            model.expressions[hotkey.file] = not model.expressions[hotkey.file]
        self.tell_all(
            "HotkeyTriggeredEvent",
            {
                "hotkeyID": hotkey.id,
                "hotkeyName": hotkey.name,
                "hotkeyAction": hotkey.kind,
                "hotkeyFile": hotkey.file,
                "hotkeyTriggeredByAPI": True,
                "modelID": model.id if model else "",
                "modelName": model.name if model else "",
                "isLive2DItem": False,
            },
        )


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number that can be used."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: Any) -> float:
    """A JSON value as a number; infinite where it is none."""
    return float(value) if is_number(value) else math.inf
