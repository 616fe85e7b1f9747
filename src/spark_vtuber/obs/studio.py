"""The OBS beside the show: found, lost and found again."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio

from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.obs import ObsState, ObsView
from spark_vtuber.obs.captions import Captions
from spark_vtuber.obs.mirror import Mirror
from spark_vtuber.obs.port import OpenRemote
from spark_vtuber.obs.rules import Wish
from spark_vtuber.obs.session import Plan, Session

CALM_S: Final = 10.0
"""A connection that lived this long lets the next attempts begin with the shortest pause."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What the studio is tied to.

    `is_panic` says whether everything is stopped; `changed` is told every new view.
    """

    open_remote: OpenRemote
    is_panic: Callable[[], bool]
    clock: Clock
    rng: random.Random
    changed: Callable[[ObsView], None]


class Studio:
    """Implements `core.obs.ObsDesk`; works while `run` runs.

    OBS may come and go: the studio tries again until it is there. Wishes for scenes that come while it is away are
    forgotten, except the safety scene of a panic that lasts.
    """

    def __init__(self, plan: Plan, captions: Captions, ties: Ties) -> None:
        self._plan = plan
        self._captions = captions
        self._ties = ties
        self._state: ObsState = "off"
        self._detail = self._fix = ""
        self._session: Session | None = None
        self._is_off = False
        self._switched = anyio.Event()
        self._told: ObsView | None = None

    def view(self) -> ObsView:
        """How OBS is now."""
        session = self._session
        mirror = session.mirror if session else Mirror()
        return ObsView(
            state=self._state,
            address=str(self._plan.address),
            detail=session.detail if session else self._detail,
            fix=session.fix if session else self._fix,
            scene=mirror.scene,
            scenes=mirror.scenes,
            streaming=mirror.is_streaming,
            recording=mirror.is_recording,
            stats=mirror.stats,
            safety_scene=self._plan.safety_scene,
        )

    async def switch(self, scene: str) -> str:
        """Put a scene on air; gives its name when OBS shows it."""
        if self._session is None:
            fix = self._fix or "start OBS; the show finds it"
            raise EngineError("obs_not_connected", "OBS is not connected", retryable=True, fix=fix)
        return await self._session.switcher.switch(scene)

    def turn_off(self, *, is_off: bool) -> None:
        """Go without OBS, or use it again."""
        if is_off != self._is_off:
            self._is_off = is_off
            self._switched.set()

    def want(self, wish: Wish, *, is_urgent: bool = False) -> None:
        """Put a scene on air if OBS is there, and do not wait. An urgent one waits for no transition either."""
        if self._session is not None:
            self._session.switcher.want(wish, is_urgent=is_urgent)

    async def run(self) -> None:
        """Keep OBS connected, until cancelled."""
        while True:
            self._switched = anyio.Event()
            if self._is_off:
                self._become("off", "switched off: the show goes on without OBS")
                await self._switched.wait()
                continue
            async with anyio.create_task_group() as connection:
                connection.start_soon(self._keep_connected)
                await self._switched.wait()
                connection.cancel_scope.cancel()

    async def _keep_connected(self) -> None:
        pace, rng = self._plan.pace, self._ties.rng
        pause_s = pace.first_pause_s
        self._become("connecting", f"looking for OBS at {self._plan.address}")
        while True:
            began_s = self._ties.clock.now()
            try:
                why = await self._connected()
            except EngineError as error:
                if error.code == "obs_wrong_password":
                    self._become("wrong_password", error.message, error.fix)
                    await anyio.sleep(pace.wrong_password_s)
                    continue
                self._become("lost" if self._state == "lost" else "connecting", error.message, error.fix)
            else:
                self._become("lost", f"the connection to OBS is lost: {why}", "start OBS again; the show finds it")
            if self._ties.clock.now() - began_s > CALM_S:
                pause_s = pace.first_pause_s
            await anyio.sleep(pause_s * rng.uniform(0.5, 1.0))
            pause_s = min(pace.longest_pause_s, pause_s * 2)

    async def _connected(self) -> str:
        """One connection; says why it ended."""
        session = Session(self._plan, self._captions, self._ties.clock, self._tell)

        def arrived() -> None:
            self._session = session
            self._become("connected", "")
            if self._ties.is_panic() and self._plan.safety_scene:
                session.switcher.want(Wish(self._plan.safety_scene), is_urgent=True)

        try:
            async with self._ties.open_remote(self._plan.address, session.take) as remote:
                return await session.run(remote, arrived)
        finally:
            self._session = None

    def _become(self, state: ObsState, detail: str, fix: str = "") -> None:
        self._state, self._detail, self._fix = state, detail, fix
        self._tell()

    def _tell(self) -> None:
        view = self.view()
        if view != self._told:
            self._told = view
            self._ties.changed(view)
