"""Preparing OBS for the show: the live scene with the stage and captions, and the safety scene.

Can be repeated: what is there is kept as the streamer arranged it, only the address of the stage is brought up to date.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from spark_vtuber.obs.port import EXISTS, NOT_FOUND, Refused, Remote
from spark_vtuber.obs.session import always_cut_to

BROWSER: Final = "browser_source"
TEXTS: Final = ("text_gdiplus", "text_ft2_source")
"""Text on Windows and elsewhere; OBS appends versions, as `text_gdiplus_v3`."""

COLOUR: Final = "color_source"
DARK_ABGR: Final = 0xFF2A1F1A
WHITE_ABGR: Final = 0xFFFFFFFF
BLACK_ABGR: Final = 0xFF000000

BOTTOM_CENTRE: Final = 8
CENTRE: Final = 0
"""Bits of OBS's alignment: left 1, right 2, top 4, bottom 8."""

INSTALL_BROWSER: Final = (
    "this build of OBS has no browser source: install the one from obsproject.com, or show the stage in a browser "
    "window and capture that window"
)

Outcome = Literal["made", "kept", "changed", "missing"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What there shall be. Empty names mean: nothing of the kind."""

    live_scene: str
    safety_scene: str
    stage_source: str
    stage_url: str
    captions: str
    safety_text: str = "Back in a moment"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is now as wanted, or that could not be had: then `fix` says what helps."""

    what: str
    outcome: Outcome
    fix: str = ""


async def prepare(remote: Remote, wanted: Wanted) -> AsyncGenerator[Step, None]:
    """Bring OBS to what is wanted; every step is told when it is done. Raises `EngineError` as `Remote.call`."""
    room = await _look_around(remote)
    if wanted.live_scene:
        yield await _scene(room, wanted.live_scene)
        yield await _stage(room, wanted)
        if wanted.captions:
            yield await _captions(room, wanted)
    if wanted.safety_scene:
        yield await _scene(room, wanted.safety_scene)
        for step in await _safety(room, wanted):
            yield step
        await always_cut_to(remote, wanted.safety_scene)
        yield Step(f'a panic cuts to "{wanted.safety_scene}" without a transition', "kept")


@dataclass(frozen=True, slots=True)
class _Room:
    remote: Remote
    kinds: tuple[str, ...]
    width: int
    height: int


async def _look_around(remote: Remote) -> _Room:
    kinds = (await remote.call("GetInputKindList")).get("inputKinds") or ()
    video = await remote.call("GetVideoSettings")
    return _Room(remote, tuple(kinds), int(video.get("baseWidth", 1920)), int(video.get("baseHeight", 1080)))


def kind_for(kinds: Sequence[str], *families: str) -> str | None:
    """The newest version of the first family of sources that this OBS has; None where it has none of them."""
    for family in families:
        versions = [kind for kind in kinds if kind == family or kind.startswith(f"{family}_v")]
        if versions:
            return max(versions, key=lambda kind: (len(kind), kind))
    return None


async def _scene(room: _Room, name: str) -> Step:
    made = await _made(room.remote, "CreateScene", {"sceneName": name})
    return Step(f'scene "{name}"', "made" if made else "kept")


async def _stage(room: _Room, wanted: Wanted) -> Step:
    """The stage fills the scene; where the captions have a source of their own, the page shows none."""
    if BROWSER not in room.kinds:
        return Step(f'browser source "{wanted.stage_source}" with {wanted.stage_url}', "missing", INSTALL_BROWSER)
    url = wanted.stage_url
    if wanted.captions:
        url += ("&" if "?" in url else "?") + "captions=0"
    settings = {
        "url": url,
        "width": room.width,
        "height": room.height,
        "shutdown": False,
        "restart_when_active": False,
        "reroute_audio": True,
    }
    what = f'browser source "{wanted.stage_source}" with the stage'
    outcome = await _input(room, wanted.live_scene, wanted.stage_source, BROWSER, settings)
    if outcome == "kept":
        now = await room.remote.call("GetInputSettings", {"inputName": wanted.stage_source})
        if (now.get("inputSettings") or {}).get("url") != url:
            await _set(room.remote, wanted.stage_source, {"url": url})
            outcome = "changed"
    return Step(what, outcome)


async def _captions(room: _Room, wanted: Wanted) -> Step:
    """Text low in the middle of the picture, growing upwards."""
    what = f'text source "{wanted.captions}" for captions'
    kind = kind_for(room.kinds, *TEXTS)
    if kind is None:
        return Step(what, "missing", "this build of OBS has no text source: install the one from obsproject.com")
    settings = _text(kind, room.height // 18)
    outcome = await _input(room, wanted.live_scene, wanted.captions, kind, settings)
    if outcome == "made":
        await _place(room, wanted.live_scene, wanted.captions, BOTTOM_CENTRE, room.height * 0.95)
    return Step(what, outcome)


async def _safety(room: _Room, wanted: Wanted) -> list[Step]:
    """A quiet background and a line of text."""
    steps = []
    scene = wanted.safety_scene
    colour, text = kind_for(room.kinds, COLOUR), kind_for(room.kinds, *TEXTS)
    if colour is not None:
        name = f"{scene} background"
        settings = {"color": DARK_ABGR, "width": room.width, "height": room.height}
        steps.append(Step(f'source "{name}"', await _input(room, scene, name, colour, settings)))
    if text is not None:
        name = f"{scene} text"
        settings = _text(text, room.height // 12) | {"text": wanted.safety_text}
        outcome = await _input(room, scene, name, text, settings)
        if outcome == "made":
            await _place(room, scene, name, CENTRE, room.height / 2)
        steps.append(Step(f'source "{name}"', outcome))
    return steps


def _text(kind: str, size: int) -> dict[str, Any]:
    """White text with a black edge. Each system's source names the same things in its own way."""
    font = {"face": "Sans Serif", "size": size, "style": "", "flags": 0}
    if kind.startswith(TEXTS[0]):
        font["face"] = "Segoe UI"
        edge = {"outline": True, "outline_size": 4, "outline_color": BLACK_ABGR}
        return {"font": font, "color": WHITE_ABGR, "align": "center", **edge}
    return {"font": font, "color1": WHITE_ABGR, "color2": WHITE_ABGR, "outline": True}


async def _input(room: _Room, scene: str, name: str, kind: str, settings: Mapping[str, Any]) -> Outcome:
    """See that the source exists and is in the scene."""
    data = {"sceneName": scene, "inputName": name, "inputKind": kind, "inputSettings": dict(settings)}
    if await _made(room.remote, "CreateInput", data):
        return "made"
    try:
        await room.remote.call("GetSceneItemId", {"sceneName": scene, "sourceName": name})
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        await room.remote.call("CreateSceneItem", {"sceneName": scene, "sourceName": name})
        return "changed"
    return "kept"


async def _place(room: _Room, scene: str, name: str, alignment: int, y: float) -> None:
    found = await room.remote.call("GetSceneItemId", {"sceneName": scene, "sourceName": name})
    place = {"positionX": room.width / 2, "positionY": y, "alignment": alignment}
    data = {"sceneName": scene, "sceneItemId": found.get("sceneItemId"), "sceneItemTransform": place}
    await room.remote.call("SetSceneItemTransform", data)


async def _set(remote: Remote, name: str, settings: Mapping[str, Any]) -> None:
    await remote.call("SetInputSettings", {"inputName": name, "inputSettings": dict(settings)})


async def _made(remote: Remote, request: str, data: Mapping[str, Any]) -> bool:
    """Whether a request made something new; False where it was there already."""
    try:
        await remote.call(request, data)
    except Refused as refused:
        if refused.status != EXISTS:
            raise
        return False
    return True
