"""An OBS in memory: scenes, sources, transitions and outputs that answer and tell events as the real one does."""

import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup

from spark_vtuber.core.errors import EngineError
from spark_vtuber.obs.port import Address, Refused, Remote, Tell

OK: Final = 100
UNKNOWN_REQUEST: Final = 204
MISSING_FIELD: Final = 300
OUT_OF_RANGE: Final = 402
OUTPUT_RUNNING: Final = 500
OUTPUT_NOT_RUNNING: Final = 501
NOT_FOUND: Final = 600
EXISTS: Final = 601
BAD_KIND: Final = 605

CUT: Final = "Cut"
FADE: Final = "Fade"
FADE_S: Final = 0.3
OUTPUT_S: Final = 0.1
"""How long an output takes to start and to stop."""

KINDS: Final = ("image_source", "color_source_v3", "ffmpeg_source", "text_ft2_source_v2")
"""Those of Debian's build, which has no browser source."""

Answer = tuple[int, str, dict[str, Any]]
Done = dict[str, Any]


class _No(Exception):
    def __init__(self, code: int, comment: str) -> None:
        self.code = code
        self.comment = comment


@dataclass(slots=True)
class _Source:
    kind: str
    settings: dict[str, Any]


@dataclass(slots=True)
class _Output:
    name: str
    state: str = "STOPPED"


@dataclass(slots=True)
class FakeObs:
    """What is in it may be read and changed by tests; requests go through `answer`.

    It listens while `is_up`, asks for `password` where that is set, answers after `latency_s`, and not at all while
    `is_deaf`. `log` is every request that was made.
    """

    tasks: TaskGroup
    password: str = ""
    kinds: tuple[str, ...] = KINDS
    scenes: dict[str, list[str]] = field(default_factory=lambda: {"Scene": []})
    sources: dict[str, _Source] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)
    program: str = "Scene"
    transition: str = FADE
    stats: dict[str, float] = field(default_factory=dict)
    latency_s: float = 0.001
    is_up: bool = True
    is_deaf: bool = False
    attempts: int = 0
    log: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _record: _Output = field(default_factory=lambda: _Output("Record"))
    _stream: _Output = field(default_factory=lambda: _Output("Stream"))
    _tells: list[Tell] = field(default_factory=list)
    _target: str | None = None
    _changing: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _dropped: anyio.Event = field(default_factory=anyio.Event)

    def text(self, source: str) -> str:
        """What a text source shows."""
        return str(self.sources[source].settings.get("text", ""))

    def add(self, kind: str, name: str, scene: str = "Scene") -> None:
        """Put a new source into a scene, as a streamer would."""
        self.sources[name] = _Source(kind, {})
        self.scenes.setdefault(scene, []).append(name)

    def tell(self, event: str, **data: Any) -> None:
        """Send an event to every client."""
        for tell in tuple(self._tells):
            tell(event, data)

    def drop(self) -> None:
        """Lose every client, as when it is killed; it can be reached again at once while `is_up`."""
        self._dropped.set()
        self._dropped = anyio.Event()

    @contextmanager
    def attended(self, tell: Tell) -> Iterator[anyio.Event]:
        """A client that hears events; gives what is set when it is dropped."""
        self._tells.append(tell)
        try:
            yield self._dropped
        finally:
            self._tells.remove(tell)

    def answer(self, request: str, data: Mapping[str, Any]) -> Answer:
        """The status code, comment and data that answer a request."""
        self.log.append((request, dict(data)))
        act = self._acts().get(request)
        if act is None:
            return UNKNOWN_REQUEST, "Your request type is not valid.", {}
        try:
            return OK, "", act(data)
        except _No as no:
            return no.code, no.comment, {}
        except KeyError as error:
            return MISSING_FIELD, f"Your request is missing the `{error.args[0]}` field.", {}

    @asynccontextmanager
    async def open_remote(self, address: Address, tell: Tell) -> AsyncIterator[Remote]:
        """As `obs.port.OpenRemote`, without a network."""
        self.attempts += 1
        await anyio.sleep(self.latency_s)
        if not self.is_up:
            raise EngineError("obs_unreachable", f"OBS does not listen at {address}", retryable=True, fix="start OBS")
        if self.password and address.password.get_secret_value() != self.password:
            raise EngineError("obs_wrong_password", f"OBS at {address} does not accept the password", fix="the secret")
        with self.attended(tell) as dropped:
            yield _FakeRemote(self, dropped)

    # ------------------------------------------------------------------------------------------------------- requests

    def _acts(self) -> Mapping[str, Callable[[Mapping[str, Any]], Done]]:
        return {
            "GetVersion": lambda _data: {
                "obsVersion": "29.0.2",
                "obsWebSocketVersion": "5.1.0",
                "rpcVersion": 1,
                "availableRequests": list(self._acts()),
                "platform": "fake",
                "platformDescription": "",
                "supportedImageFormats": [],
            },
            "GetInputKindList": lambda _data: {"inputKinds": list(self.kinds)},
            "GetVideoSettings": lambda _data: {
                "baseWidth": 1280, "baseHeight": 720, "outputWidth": 1280, "outputHeight": 720,
                "fpsNumerator": 30, "fpsDenominator": 1,
            },
            "GetSceneList": self._list_scenes,
            "GetInputList": lambda _data: {
                "inputs": [{"inputName": name, "inputKind": one.kind} for name, one in self.sources.items()]
            },
            "GetCurrentProgramScene": lambda _data: {"currentProgramSceneName": self.program},
            "SetCurrentProgramScene": self._set_program,
            "CreateScene": self._create_scene,
            "GetSceneTransitionList": self._list_transitions,
            "SetCurrentSceneTransition": self._set_transition,
            "GetSceneSceneTransitionOverride": self._get_override,
            "SetSceneSceneTransitionOverride": self._set_override,
            "CreateInput": self._create_input,
            "GetInputSettings": self._get_settings,
            "SetInputSettings": self._set_settings,
            "GetSceneItemId": self._item,
            "CreateSceneItem": self._create_item,
            "SetSceneItemTransform": lambda _data: {},
            "GetStats": self._figures,
            "GetStreamStatus": lambda _data: self._status(self._stream),
            "GetRecordStatus": lambda _data: self._status(self._record),
            "StartRecord": lambda _data: self._start(self._record),
            "StopRecord": lambda _data: self._stop(self._record),
            "StartStream": lambda _data: self._start(self._stream),
            "StopStream": lambda _data: self._stop(self._stream),
        }  # fmt: skip

    def _scene(self, data: Mapping[str, Any], key: str = "sceneName") -> str:
        name: str = data[key]
        if name not in self.scenes:
            raise _No(NOT_FOUND, f"No source was found by the name of `{name}`.")
        return name

    def _source(self, data: Mapping[str, Any], key: str = "inputName") -> _Source:
        if data[key] not in self.sources:
            raise _No(NOT_FOUND, f"No source was found by the name of `{data[key]}`.")
        return self.sources[data[key]]

    def _list_scenes(self, _data: Mapping[str, Any]) -> Done:
        return {"currentProgramSceneName": self.program, "currentPreviewSceneName": None, "scenes": self._scene_list()}

    def _scene_list(self) -> list[dict[str, Any]]:
        names = reversed(tuple(self.scenes))
        return [{"sceneIndex": index, "sceneName": name} for index, name in enumerate(names)]

    def _create_scene(self, data: Mapping[str, Any]) -> Done:
        name = data["sceneName"]
        if name in self.scenes:
            raise _No(EXISTS, "A source already exists by that scene name.")
        self.scenes[name] = []
        self.tell("SceneCreated", sceneName=name, isGroup=False)
        self.tell("SceneListChanged", scenes=self._scene_list())
        return {}

    def _set_program(self, data: Mapping[str, Any]) -> Done:
        scene = self._scene(data)
        if scene == (self._target or self.program):
            return {}
        self._changing.cancel()
        self._changing, self._target = anyio.CancelScope(), scene
        how = self.overrides.get(scene) or self.transition
        self.tasks.start_soon(self._change, scene, self._changing, FADE_S if how == FADE else 0.0)
        return {}

    async def _change(self, scene: str, scope: anyio.CancelScope, seconds: float) -> None:
        """A transition; one that is overtaken by the next tells nothing of its end."""
        with scope:
            self.tell("SceneTransitionStarted", transitionName=FADE if seconds else CUT)
            await anyio.sleep(seconds)
            self._target = None
            self.program = scene
            self.tell("CurrentProgramSceneChanged", sceneName=scene)
            self.tell("SceneTransitionEnded", transitionName=FADE if seconds else CUT)

    def _list_transitions(self, _data: Mapping[str, Any]) -> Done:
        kinds = {CUT: "cut_transition", FADE: "fade_transition"}
        known = [{"transitionName": name, "transitionKind": kind} for name, kind in kinds.items()]
        return {"currentSceneTransitionName": self.transition, "transitions": known}

    def _set_transition(self, data: Mapping[str, Any]) -> Done:
        self.transition = data["transitionName"]
        return {}

    def _get_override(self, data: Mapping[str, Any]) -> Done:
        return {"transitionName": self.overrides.get(self._scene(data)), "transitionDuration": None}

    def _set_override(self, data: Mapping[str, Any]) -> Done:
        scene = self._scene(data)
        if data.get("transitionDuration", math.inf) < 50:
            raise _No(OUT_OF_RANGE, "The field value of `transitionDuration` is below the minimum of `50.000000`")
        self.overrides[scene] = data["transitionName"]
        return {}

    def _create_input(self, data: Mapping[str, Any]) -> Done:
        scene, name, kind = self._scene(data), data["inputName"], data["inputKind"]
        if name in self.sources:
            raise _No(EXISTS, "A source already exists by that input name.")
        if kind not in self.kinds:
            raise _No(BAD_KIND, "Your specified input kind is not supported by OBS.")
        self.sources[name] = _Source(kind, dict(data.get("inputSettings") or {}))
        self.scenes[scene].append(name)
        self.tell("InputCreated", inputName=name, inputKind=kind)
        return {"sceneItemId": len(self.scenes[scene])}

    def _get_settings(self, data: Mapping[str, Any]) -> Done:
        source = self._source(data)
        return {"inputKind": source.kind, "inputSettings": dict(source.settings)}

    def _set_settings(self, data: Mapping[str, Any]) -> Done:
        source = self._source(data)
        if data.get("overlay") is False:
            source.settings.clear()
        source.settings.update(data["inputSettings"])
        return {}

    def _item(self, data: Mapping[str, Any]) -> Done:
        scene, source = self._scene(data), data["sourceName"]
        if source not in self.scenes[scene]:
            raise _No(NOT_FOUND, "No scene items were found in the specified scene by that name or offset.")
        return {"sceneItemId": self.scenes[scene].index(source) + 1}

    def _create_item(self, data: Mapping[str, Any]) -> Done:
        scene = self._scene(data)
        self._source(data, "sourceName")
        self.scenes[scene].append(data["sourceName"])
        return {"sceneItemId": len(self.scenes[scene])}

    def _start(self, output: _Output) -> Done:
        if output.state == "STARTED":
            raise _No(OUTPUT_RUNNING, "The output is running.")
        if output.state != "STARTING":
            self.tasks.start_soon(self._move, output, "STARTING", "STARTED")
        return {}

    def _stop(self, output: _Output) -> Done:
        if output.state in ("STOPPED", "STOPPING"):
            raise _No(OUTPUT_NOT_RUNNING, "The output is not running.")
        self.tasks.start_soon(self._move, output, "STOPPING", "STOPPED")
        return {}

    async def _move(self, output: _Output, through: str, to: str) -> None:
        for state in (through, to):
            output.state = state
            told = {"outputActive": state in ("STARTED", "STOPPING"), "outputState": f"OBS_WEBSOCKET_OUTPUT_{state}"}
            self.tell(f"{output.name}StateChanged", **told)
            if state == through:
                await anyio.sleep(OUTPUT_S)

    def _status(self, output: _Output) -> Done:
        counts: dict[str, float] = {"outputSkippedFrames": 0, "outputTotalFrames": 0}
        counts |= {name.removeprefix("stream."): n for name, n in self.stats.items() if name.startswith("stream.")}
        return {"outputActive": output.state in ("STARTED", "STOPPING"), "outputBytes": 0, **counts}

    def _figures(self, _data: Mapping[str, Any]) -> Done:
        usual = {"activeFps": 30.0, "averageFrameRenderTime": 2.0, "cpuUsage": 5.0, "memoryUsage": 200.0}
        counts = dict.fromkeys(
            ("renderSkippedFrames", "renderTotalFrames", "outputSkippedFrames", "outputTotalFrames"), 0
        )
        return {**usual, **counts, **self.stats}


class _FakeRemote:
    def __init__(self, obs: FakeObs, dropped: anyio.Event) -> None:
        self._obs = obs
        self._dropped = dropped

    async def call(self, request: str, data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """As `obs.port.Remote`."""
        await anyio.sleep(3.0 if self._obs.is_deaf else self._obs.latency_s)
        if self._dropped.is_set():
            raise EngineError("obs_lost", "the connection to OBS is over", retryable=True)
        if self._obs.is_deaf:
            raise EngineError("obs_timeout", f"OBS did not answer {request}", retryable=True)
        code, comment, answer = self._obs.answer(request, data or {})
        if code != OK:
            raise Refused(request, code, comment)
        return answer

    async def run(self) -> str:
        """As `obs.port.Remote`."""
        await self._dropped.wait()
        return "dropped"


@asynccontextmanager
async def fake_obs(**more: Any) -> AsyncIterator[FakeObs]:
    """An OBS that works while the context is open."""
    async with anyio.create_task_group() as tasks:
        yield FakeObs(tasks, **more)
        tasks.cancel_scope.cancel()
