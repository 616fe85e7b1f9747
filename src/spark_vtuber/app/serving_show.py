"""The model server that belongs to the show: started with it where nobody started one, shown on the board, let go at
its end. Its keeper outlives a crash of the show, and the next life of the show finds the model still loaded.
"""

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Final

import anyio

from spark_vtuber.app import serving_run
from spark_vtuber.app.house import House
from spark_vtuber.app.serving import order_of
from spark_vtuber.app.serving_machine import planned_machine
from spark_vtuber.app.serving_run import Place, begin, place_in, written
from spark_vtuber.app.serving_warm import warm
from spark_vtuber.core.desk import State
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.health.board import Reporter
from spark_vtuber.serving.job import Identity, Kept
from spark_vtuber.serving.processes import is_alive

NAME: Final = "engine"
LOOK_S: Final = 1.0

_STATES: Final[dict[str, tuple[State, str]]] = {
    "starting": ("starting", "the understudy answers until the model is loaded"),
    "ready": ("ok", ""),
    "restarting": ("degraded", "it starts again by itself"),
    "failed": ("failed", "see engine.log in the data directory; then restart this part"),
    "stopped": ("failed", "restart this part, or spark-vtuber engine up"),
}


def keep_server(house: House) -> None:
    """Have the server of the configuration run with the show, where that is asked for. The house must be open."""
    if house.config.engine.use and house.config.engine.with_show:
        report = house.board.reporter(NAME, "llm")
        house.supervise(report, ShowServer(house, report).run)


class ShowServer:
    """Component of the show: `run` starts the server and tells how it is until it is cancelled."""

    def __init__(self, house: House, report: Reporter, place: Place | None = None) -> None:
        self._house = house
        self._report = report
        self._place = place or place_in(house.config.data.dir)
        self._warmed: Identity | None = None
        self._is_leaving = False

    async def run(self) -> None:
        """Start it unless it is kept already. Raises `EngineError` for what cannot be started."""
        house, place = self._house, self._place
        if self._is_leaving:
            await house.around.aside(partial(serving_run.stop, place))
            self._is_leaving = False
        is_ours = not await house.around.aside(place.is_kept)
        try:
            if is_ours:
                await house.around.aside(partial(_begin, house, house.personas, place))
            await self._watch()
        except SparkError as error:
            raise EngineError(error.code, error.message, fix=error.fix) from error
        finally:
            if is_ours:
                self._is_leaving = True
                serving_run.let_go(place)

    async def _watch(self) -> None:
        told: tuple[str, str] | None = None
        while True:
            kept = await self._house.around.aside(self._place.kept)
            if kept is not None:
                detail = kept.detail or f"{kept.server} with {kept.model}, started again {kept.restarts} times"
                if (kept.state, detail) != told:
                    told = (kept.state, detail)
                    state, fix = _STATES[kept.state]
                    self._report(state, detail, fix)
                await self._warm(kept)
                if kept.state == "failed" and not is_alive(kept.keeper):
                    raise SparkError(
                        kept.detail or "the server gave up", code="engine_failed", fix=_STATES["failed"][1]
                    )
            await anyio.sleep(LOOK_S)

    async def _warm(self, kept: Kept) -> None:
        """Once for each life of the server."""
        if kept.state != "ready" or kept.process == self._warmed:
            return
        self._warmed = kept.process
        house, log = self._house, self._house.around.log
        async with aclosing(
            warm(house.settings, house.around, house.personas, serving_run.address(kept.port))
        ) as readers:
            async for one in readers:
                if one.error:
                    log.warning("the prompt of %s was not read: %s", one.persona.id, one.error)
                else:
                    log.info("the prompt of %s was read in %.0f ms", one.persona.id, one.took_ms)


def _begin(house: House, personas: Sequence[PersonaView], place: Place) -> None:
    order = order_of(house.settings, personas)
    begin(order, written(order, planned_machine(house.config.engine.machine), place), place)
