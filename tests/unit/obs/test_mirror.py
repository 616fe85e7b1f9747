"""What is known of OBS follows its events."""

import pytest

from spark_vtuber.obs.mirror import STARTED, STOPPED, Mirror


@pytest.fixture
def mirror() -> Mirror:
    mirror = Mirror()
    scenes = [{"sceneIndex": 0, "sceneName": "Last"}, {"sceneIndex": 1, "sceneName": "First"}]
    mirror.read_scenes({"currentProgramSceneName": "First", "scenes": scenes})
    return mirror


def test_scenes_are_in_the_order_that_people_see(mirror: Mirror) -> None:
    assert (mirror.scene, mirror.scenes) == ("First", ("First", "Last"))


def test_a_scene_that_is_renamed_keeps_its_place(mirror: Mirror) -> None:
    mirror.take("SceneNameChanged", {"oldSceneName": "First", "sceneName": "Start"})
    assert (mirror.scene, mirror.scenes) == ("Start", ("Start", "Last"))


def test_an_output_runs_from_started_to_stopped(mirror: Mirror) -> None:
    for state, is_on in (("STARTING", False), (STARTED, True), ("OBS_WEBSOCKET_OUTPUT_PAUSED", True), (STOPPED, False)):
        mirror.take("RecordStateChanged", {"outputState": state})
        assert mirror.is_recording is is_on
    mirror.take("StreamStateChanged", {"outputState": STARTED})
    assert mirror.is_streaming


def test_another_collection_must_be_asked_for(mirror: Mirror) -> None:
    assert mirror.take("CurrentSceneCollectionChanged", {})
    assert not mirror.take("CurrentProgramSceneChanged", {"sceneName": "Last"})
    assert mirror.scene == "Last"


def test_events_without_sense_change_nothing_that_matters(mirror: Mirror) -> None:
    for event in ("CurrentProgramSceneChanged", "SceneListChanged", "SceneNameChanged", "StreamStateChanged", "?"):
        mirror.take(event, {"scenes": [7, {"sceneName": 3}], "sceneName": None, "outputState": 5})
    assert mirror.scenes == ()
