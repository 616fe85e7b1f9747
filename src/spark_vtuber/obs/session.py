"""One connection to OBS from the greeting to its end."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.obs import ObsStats
from spark_vtuber.obs.captions import Captions, wrap
from spark_vtuber.obs.meter import FrameMeter
from spark_vtuber.obs.mirror import Mirror
from spark_vtuber.obs.port import NOT_FOUND, Address, Refused, Remote
from spark_vtuber.obs.scenes import Switcher

SETUP: Final = "spark-vtuber obs setup"
CUT: Final = "cut_transition"
CLEAR_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Pace:
    """Times, in seconds.

    Pauses between attempts to connect double from `first_pause_s` to `longest_pause_s`, each shortened by chance to no
    less than half. A wrong password is tried again every `wrong_password_s` only. Figures are read every `poll_s`;
    captions change at most every `caption_s`; a source that is missing is looked for again after `missing_s`.
    """

    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0
    wrong_password_s: float = 60.0
    poll_s: float = 5.0
    caption_s: float = 0.2
    missing_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What belongs to the show in OBS. An empty name means: nothing of the kind.

    `captions` is a text source, filled with lines of at most `columns` characters.
    """

    address: Address
    captions: str = ""
    columns: int = 42
    safety_scene: str = ""
    pace: Pace = field(default=Pace())


class Session:
    """Keeps `mirror` true, shows captions, fulfils wishes for scenes. `told` is called after every change.

    `detail` and `fix` tell what is missing in OBS; empty where nothing is.
    """

    def __init__(self, plan: Plan, captions: Captions, clock: Clock, told: Callable[[], None]) -> None:
        self.mirror = Mirror()
        self.switcher = Switcher(self.mirror)
        self.detail = ""
        self.fix = ""
        self._plan = plan
        self._captions = captions
        self._clock = clock
        self._told = told
        self._is_stale = anyio.Event()
        self._why = ""

    def take(self, event: str, data: Mapping[str, Any]) -> None:
        """Take an event of OBS."""
        if self.mirror.take(event, data):
            self._is_stale.set()
        self.switcher.stir()
        self._told()

    async def run(self, remote: Remote, arrived: Callable[[], None]) -> str:
        """Work over the connection until it ends; says why. `arrived` is called when the mirror is true."""
        async with anyio.create_task_group() as tasks:

            async def guarded(work: Callable[[Remote], Awaitable[None]]) -> None:
                try:
                    await work(remote)
                except EngineError as error:
                    self._why = self._why or error.message
                    tasks.cancel_scope.cancel()

            async def attend(remote: Remote) -> None:
                await look(remote, self.mirror)
                await self._cut_to_safety(remote)
                arrived()
                for work in (self._look_again, self._read_figures, self._show_captions, self.switcher.run):
                    tasks.start_soon(guarded, work)

            tasks.start_soon(guarded, attend)
            self._why = await remote.run() or self._why
            tasks.cancel_scope.cancel()
        return self._why

    async def _look_again(self, remote: Remote) -> None:
        """After a change of the whole collection of scenes no event tells what is there now."""
        while True:
            await self._is_stale.wait()
            self._is_stale = anyio.Event()
            await look(remote, self.mirror)
            await self._cut_to_safety(remote)
            self.switcher.stir()
            self._told()

    async def _cut_to_safety(self, remote: Remote) -> None:
        """See that a panic is a cut: any other transition would show for a while what must not be seen."""
        scene = self._plan.safety_scene
        if scene and scene in self.mirror.scenes:
            await always_cut_to(remote, scene)

    async def _read_figures(self, remote: Remote) -> None:
        meter = FrameMeter()
        while True:
            self.mirror.stats = await figures(remote, meter, self._clock.now())
            self._told()
            await anyio.sleep(self._plan.pace.poll_s)

    async def _show_captions(self, remote: Remote) -> None:
        if not self._plan.captions:
            return
        shown: str | None = None
        try:
            while True:
                text = self._captions.now()
                if text != shown:
                    shown = await self._show(remote, text)
                    await anyio.sleep(self._plan.pace.caption_s if shown is not None else self._plan.pace.missing_s)
                elif self._captions.is_waiting:
                    await anyio.sleep(self._plan.pace.caption_s)
                else:
                    await self._captions.changed()
        finally:
            if shown:
                with anyio.move_on_after(CLEAR_S, shield=True), suppress(EngineError):
                    await self._show(remote, "")

    async def _show(self, remote: Remote, text: str) -> str | None:
        """Put a text into the source of captions; gives None where there is no such source."""
        name = self._plan.captions
        try:
            data = {"inputName": name, "inputSettings": {"text": wrap(text, self._plan.columns)}}
            await remote.call("SetInputSettings", data)
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise
            self.detail, self.fix = f'OBS has no source "{name}" for captions', SETUP
            self._told()
            return None
        if self.detail:
            self.detail = self.fix = ""
            self._told()
        return text


async def look(remote: Remote, mirror: Mirror) -> None:
    """Read everything that events would tell from now on."""
    mirror.read_scenes(await remote.call("GetSceneList"))
    stream = await remote.call("GetStreamStatus")
    mirror.read_outputs(stream, await remote.call("GetRecordStatus"))


async def figures(remote: Remote, meter: FrameMeter, now_s: float) -> ObsStats:
    """How OBS is doing now."""
    stats = await remote.call("GetStats")
    return meter.read(now_s, stats, await remote.call("GetStreamStatus"))


async def always_cut_to(remote: Remote, scene: str) -> None:
    """See that OBS changes to `scene` without a transition; leaves any other setting as it is."""
    answer = await remote.call("GetSceneTransitionList")
    transitions = answer.get("transitions")
    known = [one for one in transitions if isinstance(one, Mapping)] if isinstance(transitions, list) else []
    names = {str(one.get("transitionKind")): one.get("transitionName") for one in known}
    # Asking for what is there already would mark the collection of scenes as changed.
    now = await remote.call("GetSceneSceneTransitionOverride", {"sceneName": scene})
    if CUT in names and now.get("transitionName") != names[CUT]:
        data = {"sceneName": scene, "transitionName": names[CUT]}
        await remote.call("SetSceneSceneTransitionOverride", data)
