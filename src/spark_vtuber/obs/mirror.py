"""What is known of one connected OBS, kept up to date by its events. Does no I/O.

Events are the state, answers are not: OBS answers StartRecord and StopRecord before anything has happened.
"""

from collections.abc import Mapping
from typing import Any, Final

from spark_vtuber.core.obs import ObsStats

STARTED: Final = "OBS_WEBSOCKET_OUTPUT_STARTED"
STOPPED: Final = "OBS_WEBSOCKET_OUTPUT_STOPPED"


class Mirror:
    """One OBS as its answers and events tell it."""

    def __init__(self) -> None:
        self.scene = ""
        self.scenes: tuple[str, ...] = ()
        self.is_streaming = False
        self.is_recording = False
        self.stats: ObsStats | None = None

    def read_scenes(self, answer: Mapping[str, Any]) -> None:
        """Take the answer of GetSceneList."""
        self.scenes = _names(answer.get("scenes"))
        self.scene = _text(answer.get("currentProgramSceneName"))

    def read_outputs(self, stream: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Take the answers of GetStreamStatus and GetRecordStatus."""
        self.is_streaming = stream.get("outputActive") is True
        self.is_recording = record.get("outputActive") is True

    def take(self, event: str, data: Mapping[str, Any]) -> bool:
        """Take an event; whether the scenes must be asked for again, because everything changed."""
        match event:
            case "CurrentProgramSceneChanged":
                self.scene = _text(data.get("sceneName"))
            case "SceneListChanged":
                self.scenes = _names(data.get("scenes"))
            case "SceneNameChanged":
                old, new = _text(data.get("oldSceneName")), _text(data.get("sceneName"))
                self.scene = new if self.scene == old else self.scene
                self.scenes = tuple(new if name == old else name for name in self.scenes)
            case "StreamStateChanged":
                self.is_streaming = _output(data, is_on=self.is_streaming)
            case "RecordStateChanged":
                self.is_recording = _output(data, is_on=self.is_recording)
            case "CurrentSceneCollectionChanged":
                return True
            case _:
                pass
        return False


def _output(data: Mapping[str, Any], *, is_on: bool) -> bool:
    state = data.get("outputState")
    return is_on if state not in (STARTED, STOPPED) else state == STARTED


def _names(scenes: Any) -> tuple[str, ...]:
    """Names in the order that people see; OBS counts from the bottom of its list."""
    if not isinstance(scenes, list):
        return ()
    found = [(scene.get("sceneIndex"), scene.get("sceneName")) for scene in scenes if isinstance(scene, Mapping)]
    known = [(index, name) for index, name in found if isinstance(index, int) and isinstance(name, str)]
    return tuple(name for _, name in sorted(known, reverse=True))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
