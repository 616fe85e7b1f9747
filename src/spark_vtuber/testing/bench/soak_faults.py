"""What is done to a real show while it soaks. Every fault is an entry of `FAULTS`; another part adds its own there."""

import os
import random
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import anyio
import httpx

from spark_vtuber.testing.llm_script import Mishap
from spark_vtuber.testing.llm_server import ScriptedServer
from spark_vtuber.testing.obs_fake import FakeObs

MISHAP_S: Final = 20.0
"""How long a model server misbehaves."""

FROZEN_S: Final = 3.0
"""How long the loop is blocked; the watch still takes it for alive."""

QUARTER_S: Final = 900.0
LATE: Final = 0.75
"""The show is not hung or killed before this share of the soak: memory is judged over one long life."""


RETURN_S: Final = 10.0
"""How long OBS is deaf."""


class Link(Protocol):
    """Something that is connected and can be cut."""

    def drop(self) -> None: ...


@dataclass(slots=True)
class Scene:
    """What a fault can reach: the show over HTTP, its model server, its chat server, its page, OBS, VTube Studio."""

    http: httpx.AsyncClient
    model: ScriptedServer
    chat: Link
    page: Link
    obs: FakeObs
    studio: Link

    async def get(self, path: str) -> Any:
        """The JSON of a route; None while the show does not answer."""
        with suppress(httpx.TransportError, ValueError):
            return (await self.http.get(path, timeout=1)).json()
        return None

    async def pid(self) -> int | None:
        """The show's process id."""
        health = await self.get("/api/health")
        return int(health["pid"]) if health else None

    async def workers(self) -> list[int]:
        """The process ids of the show's workers."""
        machine = await self.get("/api/machine")
        return [int(one["pid"]) for one in machine["processes"] if one["role"] == "worker"] if machine else []


Trace = tuple[str, str]
"""A table of the journal, and what a row of it tells: a component, a kind of event, or nothing but a new show."""

Strike = Callable[[Scene], Coroutine[Any, Any, None]]
"""Lets something fail; may take a while to end it again."""


@dataclass(frozen=True, slots=True)
class SoakFault:
    """One way to fail, and what the journal shows of it, one of `traces` at least.

    `least_s` is the least time between two of its kind; `restarts_show`: the watch must act.
    """

    name: str
    strike: Strike
    traces: tuple[Trace, ...]
    least_s: float = 0.0
    restarts_show: bool = False


def _signalling(number: int) -> Strike:
    async def strike(scene: Scene) -> None:
        for pid in await scene.workers():
            _send(pid, number)

    return strike


def _misbehaving(mishap: Mishap) -> Strike:
    async def strike(scene: Scene) -> None:
        well = scene.model.script
        scene.model.script = well.changed({"mishap": mishap})
        await anyio.sleep(MISHAP_S)
        scene.model.script = well

    return strike


async def _cut_chat(scene: Scene) -> None:
    scene.chat.drop()


async def _cut_obs(scene: Scene) -> None:
    scene.obs.drop()


async def _deafen_obs(scene: Scene) -> None:
    scene.obs.is_deaf = True
    await anyio.sleep(RETURN_S)
    scene.obs.is_deaf = False


async def _cut_studio(scene: Scene) -> None:
    scene.studio.drop()


async def _cut_page(scene: Scene) -> None:
    scene.page.drop()


async def _block_loop(scene: Scene) -> None:
    if sys.platform != "win32" and (pid := await scene.pid()) is not None:
        _send(pid, signal.SIGSTOP)
        await anyio.sleep(FROZEN_S)
        _send(pid, signal.SIGCONT)


async def _hang_show(scene: Scene) -> None:
    if sys.platform != "win32" and (pid := await scene.pid()) is not None:
        _send(pid, signal.SIGSTOP)


async def _restart_director(scene: Scene) -> None:
    with suppress(httpx.TransportError):
        await scene.http.post("/api/components/restart", json={"name": "director"})


async def _kill_show(scene: Scene) -> None:
    if sys.platform != "win32" and (pid := await scene.pid()) is not None:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _listed() -> dict[str, SoakFault]:
    model: tuple[Trace, ...] = (("events", "llm.failed"), ("health", "llm:main"))
    voice: tuple[Trace, ...] = (("events", "component.restarted"), ("events", "voice.failed"), ("health", "tts:espeak"))
    again: tuple[Trace, ...] = (("shows", ""),)
    obs: tuple[Trace, ...] = (("health", "obs"),)
    faults = [
        SoakFault("model hangs", _misbehaving(Mishap.HANG_HEADERS), model),
        SoakFault("model hangs midway", _misbehaving(Mishap.HANG_MIDWAY), model),
        SoakFault("model garbles", _misbehaving(Mishap.GARBAGE), model),
        SoakFault("model drops", _misbehaving(Mishap.DROP_MIDWAY), model),
        SoakFault("model errs", _misbehaving(Mishap.ERROR_500), model),
        SoakFault("chat link drops", _cut_chat, (("health", "chat:twitch"),)),
        SoakFault("page drops", _cut_page, (("events", "stage.left"),)),
        SoakFault("director restarts", _restart_director, (("events", "component.restarted"),)),
        SoakFault("OBS drops", _cut_obs, obs),
        SoakFault("OBS is deaf", _deafen_obs, obs),
        SoakFault("VTube Studio drops", _cut_studio, (("health", "avatar:main"),)),
    ]
    if sys.platform != "win32":
        faults += [
            SoakFault("voice worker is killed", _signalling(signal.SIGKILL), voice),
            SoakFault("voice worker stops", _signalling(signal.SIGSTOP), voice),
            SoakFault("loop is blocked", _block_loop, (("events", "stalled"),)),
            SoakFault("show hangs", _hang_show, again, QUARTER_S, restarts_show=True),
            SoakFault("show is killed", _kill_show, again, QUARTER_S, restarts_show=True),
        ]
    return {fault.name: fault for fault in faults}


FAULTS: Final = _listed()
"""By name. Faults that restart the show come rarely, or there would be no uptime to speak of."""


class Draw:
    """Draws the next fault: each once, in a shuffled order, before any comes again.

    Those that restart the show come in the last quarter of `duration_s` only.
    """

    def __init__(self, rng: random.Random, duration_s: float, faults: dict[str, SoakFault] | None = None) -> None:
        self._rng = rng
        self._late_s = LATE * duration_s
        self._faults = faults or FAULTS
        self._left: list[SoakFault] = []
        self._struck_s: dict[str, float] = {}

    def next(self, now_s: float) -> SoakFault:
        """A fault that may come at `now_s`, seconds since the start."""
        for _ in range(2):
            while self._left:
                fault = self._left.pop()
                if self._may_come(fault, now_s):
                    self._struck_s[fault.name] = now_s
                    return fault
            self._left = self._rng.sample(list(self._faults.values()), len(self._faults))
        raise RuntimeError("no fault may come")

    def _may_come(self, fault: SoakFault, now_s: float) -> bool:
        if fault.restarts_show and now_s < self._late_s:
            return False
        return now_s - self._struck_s.get(fault.name, float("-inf")) >= fault.least_s
