"""What an OBS does behind the port `obs.port.Remote`, as functions that check it: the real one, and the fake.

In a test: `@pytest.mark.parametrize("promise", PROMISES)`, then `await promise(Trial(...))` with a running OBS whose
program scene is `Scene`, with the transition Fade. Names that a promise makes begin with its own. A broken promise
raises `AssertionError` that says which one.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import anyio
from pydantic import SecretStr

from spark_vtuber.core.errors import EngineError
from spark_vtuber.obs.port import EXISTS, NOT_FOUND, Address, OpenRemote, Refused, Remote
from spark_vtuber.obs.setup import BROWSER, TEXTS, kind_for

LIMIT_S: Final = 10.0


@dataclass(slots=True)
class Events:
    """Events as they came."""

    seen: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _news: anyio.Event = field(default_factory=anyio.Event)

    def tell(self, event: str, data: Mapping[str, Any]) -> None:
        """Keep an event."""
        self.seen.append((event, data))
        self._news.set()
        self._news = anyio.Event()

    def of(self, event: str) -> list[Mapping[str, Any]]:
        """The data of all events of a type."""
        return [data for name, data in self.seen if name == event]

    async def until(self, event: str, **values: Any) -> None:
        """Wait for an event with these values; `TimeoutError` when it does not come."""
        with anyio.fail_after(LIMIT_S):
            while not any(all(data.get(key) == value for key, value in values.items()) for data in self.of(event)):
                await self._news.wait()


@dataclass(frozen=True, slots=True)
class Trial:
    """An OBS that listens at `address`, an identified connection to it, and what that connection hears."""

    open_remote: OpenRemote
    address: Address
    remote: Remote
    events: Events


async def lists_what_it_can_do(trial: Trial) -> None:
    """There is a source of text; a browser source may be missing."""
    kinds = (await trial.remote.call("GetInputKindList"))["inputKinds"]
    _hold(kind_for(kinds, *TEXTS) is not None, f"there is no text source in {kinds}")


async def refuses_what_is_there_already(trial: Trial) -> None:
    """A scene is made once."""
    await trial.remote.call("CreateScene", {"sceneName": "refuses"})
    status = await _refusal(trial, "CreateScene", sceneName="refuses")
    _hold(status == EXISTS, f"the second scene of a name gave {status}")


async def refuses_what_is_not_there(trial: Trial) -> None:
    """Scenes and sources are known by name."""
    for request, data in (
        ("SetCurrentProgramScene", {"sceneName": "nowhere"}),
        ("SetInputSettings", {"inputName": "nothing", "inputSettings": {"text": ""}}),
        ("GetSceneItemId", {"sceneName": "Scene", "sourceName": "nothing"}),
    ):
        status = await _refusal(trial, request, **data)
        _hold(status == NOT_FOUND, f"{request} of something unknown gave {status}")


async def refuses_kinds_that_it_does_not_have(trial: Trial) -> None:
    """A build without a browser source says so by list and by answer."""
    kinds = (await trial.remote.call("GetInputKindList"))["inputKinds"]
    kind = "no_such_source" if BROWSER in kinds else BROWSER
    status = await _refusal(trial, "CreateInput", sceneName="Scene", inputName="page", inputKind=kind, inputSettings={})
    _hold(status == 605, f"a source of an unknown kind gave {status}")


async def refuses_requests_that_it_does_not_know(trial: Trial) -> None:
    """An older OBS knows fewer of them."""
    _hold(await _refusal(trial, "MakeCoffee") == 204, "an unknown request was not refused as one")


async def keeps_settings_that_are_not_named(trial: Trial) -> None:
    """New text leaves the font alone."""
    remote = trial.remote
    kind = kind_for((await remote.call("GetInputKindList"))["inputKinds"], *TEXTS)
    made = {"sceneName": "Scene", "inputName": "keeps", "inputKind": kind, "inputSettings": {"text": "a", "own": 7}}
    await remote.call("CreateInput", made)
    hostile = '"}\n\\u0000 <b>%s</b> ${HOME} \u202e 你好 🎉'
    await remote.call("SetInputSettings", {"inputName": "keeps", "inputSettings": {"text": hostile}})
    settings = (await remote.call("GetInputSettings", {"inputName": "keeps"}))["inputSettings"]
    _hold((settings["text"], settings["own"]) == (hostile, 7), f"the settings became {settings}")


async def tells_a_scene_when_it_is_on_air(trial: Trial) -> None:
    """The answer comes before the transition has ended, the event after it."""
    await trial.remote.call("CreateScene", {"sceneName": "tells"})
    await trial.remote.call("SetCurrentProgramScene", {"sceneName": "tells"})
    await trial.events.until("CurrentProgramSceneChanged", sceneName="tells")
    now = (await trial.remote.call("GetCurrentProgramScene"))["currentProgramSceneName"]
    _hold(now == "tells", f"after the event the scene is {now}")


async def swallows_switches_in_a_fade(trial: Trial) -> None:
    """Of a burst of switches only the last is told; so wishes are coalesced before they are asked for."""
    await trial.remote.call("CreateScene", {"sceneName": "swallows"})
    async with anyio.create_task_group() as tasks:
        for index in range(30):
            name = ("swallows", "Scene")[index % 2]
            tasks.start_soon(trial.remote.call, "SetCurrentProgramScene", {"sceneName": name})
    await trial.remote.call("SetCurrentProgramScene", {"sceneName": "swallows"})
    await trial.events.until("CurrentProgramSceneChanged", sceneName="swallows")
    told = len(trial.events.of("CurrentProgramSceneChanged"))
    _hold(told < 15, f"31 switches in a moment were told {told} times")


async def cuts_to_a_scene_that_says_so(trial: Trial) -> None:
    """A scene's own transition wins over the current one, and cannot be shorter than 50 ms by its duration."""
    remote = trial.remote
    await remote.call("CreateScene", {"sceneName": "cuts"})
    short = {"sceneName": "cuts", "transitionName": "Cut", "transitionDuration": 0}
    _hold(await _refusal(trial, "SetSceneSceneTransitionOverride", **short) == 402, "a duration of 0 was taken")
    await remote.call("SetSceneSceneTransitionOverride", {"sceneName": "cuts", "transitionName": "Cut"})
    override = await remote.call("GetSceneSceneTransitionOverride", {"sceneName": "cuts"})
    _hold(override["transitionName"] == "Cut", f"the override is {override}")
    began_s = anyio.current_time()
    await remote.call("SetCurrentProgramScene", {"sceneName": "cuts"})
    await trial.events.until("CurrentProgramSceneChanged", sceneName="cuts")
    took_s = anyio.current_time() - began_s
    _hold(took_s < 0.25, f"the cut took {took_s:.3f} s, a fade takes 0.3 s")


async def answers_before_a_recording_has_begun_or_ended(trial: Trial) -> None:
    """StartRecord twice is fine, StopRecord twice is refused, and only events tell what is."""
    remote, events = trial.remote, trial.events
    await remote.call("StartRecord")
    await events.until("RecordStateChanged", outputState="OBS_WEBSOCKET_OUTPUT_STARTED")
    _hold((await remote.call("GetRecordStatus"))["outputActive"] is True, "after STARTED it does not record")
    await remote.call("StopRecord")
    await events.until("RecordStateChanged", outputState="OBS_WEBSOCKET_OUTPUT_STOPPED")
    _hold(await _refusal(trial, "StopRecord") == 501, "an idle recording was stopped")


async def turns_a_wrong_password_away(trial: Trial) -> None:
    """It is told apart from an OBS that is not there."""
    wrong = replace(trial.address, password=SecretStr("guess"))
    try:
        async with trial.open_remote(wrong, lambda _event, _data: None):
            raise AssertionError("a wrong password was let in")
    except EngineError as error:
        _hold(error.code == "obs_wrong_password", f"a wrong password gave {error.code}")
        _hold("guess" not in f"{error} {error.fix}", "the error tells the password")


Promise = Callable[[Trial], Awaitable[None]]

PROMISES: Final[tuple[Promise, ...]] = (
    lists_what_it_can_do,
    refuses_what_is_there_already,
    refuses_what_is_not_there,
    refuses_kinds_that_it_does_not_have,
    refuses_requests_that_it_does_not_know,
    keeps_settings_that_are_not_named,
    tells_a_scene_when_it_is_on_air,
    swallows_switches_in_a_fade,
    cuts_to_a_scene_that_says_so,
    answers_before_a_recording_has_begun_or_ended,
    turns_a_wrong_password_away,
)


async def _refusal(trial: Trial, request: str, **data: Any) -> int:
    try:
        await trial.remote.call(request, data)
    except Refused as refused:
        return refused.status
    return 0


def _hold(is_kept: bool, otherwise: str) -> None:
    if not is_kept:
        raise AssertionError(otherwise)
