"""Putting scenes on air: the last wish wins, one request at a time."""

import math
from dataclasses import dataclass, field
from typing import Final

import anyio

from spark_vtuber.core.errors import EngineError
from spark_vtuber.obs.mirror import Mirror
from spark_vtuber.obs.port import NOT_FOUND, Refused, Remote
from spark_vtuber.obs.rules import Wish

SHOWN_S: Final = 10.0
"""Longest wait for a scene to be on air; a stinger takes seconds, and OBS tells at its end."""


@dataclass(slots=True)
class _Order:
    """A wish on its way. `is_urgent` does not wait for a transition that runs."""

    wish: Wish
    is_urgent: bool
    done: anyio.Event = field(default_factory=anyio.Event)
    error: EngineError | None = None

    def fail(self, code: str, message: str, fix: str = "") -> None:
        """It did not come to be."""
        if self.done.is_set():
            return
        self.error = EngineError(code, message, retryable=True, fix=fix)
        self.done.set()


class Switcher:
    """The program scene of one connected OBS, as `mirror` knows it.

    In a burst of wishes all but the last are passed over: OBS itself would swallow them during a transition, and tell
    of none.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._next: _Order | None = None
        self._news = anyio.Event()
        self._back: tuple[float, str, str] | None = None

    def want(self, wish: Wish, *, is_urgent: bool = False) -> None:
        """Ask for a scene and do not wait."""
        self._place(_Order(wish, is_urgent))

    async def switch(self, scene: str) -> str:
        """Ask for a scene and wait until it is on air.

        Raises `EngineError`: `obs_no_scene`, `obs_superseded` where another one was asked for meanwhile, `obs_timeout`
        or `obs_lost`.
        """
        order = _Order(Wish(scene), is_urgent=True)
        self._place(order)
        with anyio.move_on_after(2 * SHOWN_S) as limit:
            await order.done.wait()
        if limit.cancelled_caught:
            order.fail("obs_timeout", f'OBS did not show "{scene}" in time')
        if order.error is not None:
            raise order.error
        return scene

    def stir(self) -> None:
        """The mirror may have changed."""
        self._news.set()
        self._news = anyio.Event()

    async def run(self, remote: Remote) -> None:
        """Fulfil wishes until cancelled. Raises what ends the connection."""
        order: _Order | None = None
        try:
            while True:
                order = await self._due()
                await self._fulfil(order, remote)
        finally:
            for one in (order, self._next):
                if one is not None:
                    one.fail("obs_lost", "the connection to OBS is over")

    async def _due(self) -> _Order:
        """The next wish, or the way back from a scene whose time is over."""
        while self._next is None:
            news = self._news
            wait_s = self._back[0] - anyio.current_time() if self._back else math.inf
            with anyio.move_on_after(wait_s):
                await news.wait()
                continue
            back, self._back = self._back, None
            if back is not None and self._mirror.scene == back[1]:
                return _Order(Wish(back[2]), is_urgent=False)
        order, self._next = self._next, None
        return order

    async def _fulfil(self, order: _Order, remote: Remote) -> None:
        wish, before = order.wish, self._mirror.scene
        try:
            await remote.call("SetCurrentProgramScene", {"sceneName": wish.scene})
        except Refused as refused:
            code = "obs_no_scene" if refused.status == NOT_FOUND else refused.code
            known = ", ".join(self._mirror.scenes)
            order.fail(code, f'OBS does not show "{wish.scene}": {refused.message}', f"its scenes are: {known}")
            return
        with anyio.move_on_after(SHOWN_S):
            while self._mirror.scene != wish.scene:
                if self._next is not None and self._next.is_urgent:
                    order.fail("obs_superseded", "another scene was asked for meanwhile")
                    return
                news = self._news
                await news.wait()
            self._back = (anyio.current_time() + wish.for_s, wish.scene, before) if wish.for_s and before else None
            order.done.set()
            return
        order.fail("obs_timeout", f'OBS did not show "{wish.scene}" within {SHOWN_S:g} s')

    def _place(self, order: _Order) -> None:
        if self._next is not None:
            self._next.fail("obs_superseded", "another scene was asked for meanwhile")
        self._next = order
        self.stir()
