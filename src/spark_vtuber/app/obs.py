"""OBS in the composition root: a studio as the configuration says, tied to the show's events, captions and board."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any, Final

import anyio

from spark_vtuber.app.house import House
from spark_vtuber.app.standins import StandIns
from spark_vtuber.app.tokens import FindSecret, token
from spark_vtuber.config.keys import Config, Obs
from spark_vtuber.core.desk import Event, State
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.obs import ObsStats, ObsView
from spark_vtuber.health.board import Reporter
from spark_vtuber.obs.captions import Captions
from spark_vtuber.obs.port import Address, OpenRemote, Remote, Tell
from spark_vtuber.obs.rules import Reactions, Rule
from spark_vtuber.obs.session import Pace, Plan
from spark_vtuber.obs.setup import Wanted
from spark_vtuber.obs.studio import Studio, Ties
from spark_vtuber.stage.port import Position
from spark_vtuber.telemetry.exposition import Reading
from spark_vtuber.telemetry.metrics import ShowMetrics

NAME: Final = "obs"
Numbers = list[tuple[tuple[str, ...], float]]
NOT_ON: Final = ObsView("off", "", detail="not in use", fix="set [obs] on = true")


class ObsRoom:
    """Implements `core.obs.ObsDesk` by the studio of the moment; a change of `[obs]` makes a new one.

    `captions` is a follower for the stages. `run` is the component. `connect` gives what connects.
    """

    def __init__(
        self,
        house: House,
        stand_ins: StandIns,
        position: Callable[[], Position],
        connect: Callable[[Obs], OpenRemote] | None = None,
    ) -> None:
        self.captions = Captions(position)
        self._connect = connect or opener
        self._house = house
        self._stand_ins = stand_ins
        self._report: Reporter = house.board.reporter(NAME, NAME)
        self._reactions = Reactions()
        self._studio: Studio | None = None
        self._refusal: ObsView | None = None
        measure(self.view, house.metrics)

    def view(self) -> ObsView:
        """How OBS is now."""
        if self._studio is not None:
            return self._studio.view()
        return self._refusal or NOT_ON

    async def switch(self, scene: str) -> str:
        """Put a scene on air; gives its name when OBS shows it."""
        if self._studio is None:
            view = self.view()
            raise EngineError("obs_not_connected", "OBS is not connected", fix=view.fix)
        return await self._studio.switch(scene)

    async def run(self) -> None:
        """Follow the show, until cancelled; with `[obs] on = false` nothing is connected."""
        async with self._house.events.subscribe(None) as events, anyio.create_task_group() as tasks:
            tasks.start_soon(self._house.live.follow, NAME, self._work)
            async for event in events:
                self._take(event)

    def _take(self, event: Event) -> None:
        """An event of the show: it may ask for a scene."""
        wish = self._reactions.take(event, self._house.around.clock.now())
        if event.type == "panic":
            self.captions.clear()
        if wish is not None and self._studio is not None:
            self._studio.want(wish, is_urgent=event.type == "panic")

    async def _work(self) -> None:
        """One studio, as long as `[obs]` stays as it is."""
        config = self._house.config.obs
        self._refusal = None
        if not config.on:
            self._changed(NOT_ON)
            return
        try:
            await self._house.learn(self._house.settings)
            where = address_of(config, self._house.vault.secret)
        except SparkError as error:
            where_to = f"{config.host}:{config.port}"
            self._refusal = ObsView("wrong_password", where_to, detail=error.message, fix=error.fix)
            self._changed(self._refusal)
            return
        self._reactions.revise(_rules(config), config.safety_scene, returns=config.return_on_resume)
        around = self._house.around
        ties = Ties(self._connect(config), lambda: self._reactions.is_panic, around.clock, around.rng, self._changed)
        studio = self._studio = Studio(_plan(config, where), self.captions, ties)
        self._stand_ins.tell(NAME, lambda is_off: studio.turn_off(is_off=is_off))
        try:
            await studio.run()
        finally:
            self._studio = None

    def _changed(self, view: ObsView) -> None:
        if view.state == "connected":
            self._reactions.saw(view.scene, self._house.around.clock.now())
        self._report(*condition(view))
        self._house.events(NAME, **asdict(view))


def measure(view: Callable[[], ObsView], metrics: ShowMetrics) -> None:
    """Show how OBS is among the metrics; nothing where it is not in use."""

    def flag(read: Callable[[ObsView], bool]) -> Callable[[], Numbers]:
        return lambda: [((), float(read(now)))] if (now := view()).state != "off" else []

    def figure(read: Callable[[ObsStats], float]) -> Callable[[], Numbers]:
        return lambda: [((), read(stats))] if (stats := view().stats) else []

    for reading in (
        Reading("spark_vtuber_obs_connected", "1 while OBS is connected.", flag(lambda now: now.state == "connected")),
        Reading("spark_vtuber_obs_streaming", "1 while OBS streams.", flag(lambda now: now.streaming)),
        Reading("spark_vtuber_obs_recording", "1 while OBS records.", flag(lambda now: now.recording)),
        Reading("spark_vtuber_obs_frames_per_second", "Frames that OBS draws.", figure(lambda stats: stats.fps)),
        Reading("spark_vtuber_obs_dropped_frames", "Frames lost.", figure(lambda stats: stats.dropped_frames)),
        Reading(
            "spark_vtuber_obs_dropped_ratio",
            "Share of frames lost within the last minute.",
            figure(lambda stats: stats.dropped_percent / 100),
        ),
        Reading(
            "spark_vtuber_obs_render_seconds",
            "Time that OBS needs to draw a frame.",
            figure(lambda stats: stats.render_lag_ms / 1000),
        ),
    ):
        metrics.watch(reading)


def condition(view: ObsView) -> tuple[State, str, str]:
    """How the component is, for the board."""
    on_air = f'on air: "{view.scene}"' if view.scene else ""
    detail = "; ".join(part for part in (view.detail, on_air) if part)
    match view.state:
        case "off":
            return "off", detail, view.fix
        case "connected":
            return "degraded" if view.fix else "ok", detail, view.fix
        case "wrong_password":
            return "failed", detail, view.fix
        case _:
            return "degraded" if view.fix else "starting", detail, view.fix


def address_of(config: Obs, secret: FindSecret) -> Address:
    """Where OBS listens.

    Raises:
        SparkError: `plain_secret` where the password stands in the configuration, `no_secret` where it is not known.
    """
    try:
        password = token(config.password, secret)
    except SparkError as error:
        if error.code != "plain_secret":
            raise
        fix = 'set [obs] password = "secret:obs", and run: spark-vtuber secrets set obs'
        raise SparkError("the password of OBS must not stand in the configuration", code=error.code, fix=fix) from None
    return Address(config.host, config.port) if password is None else Address(config.host, config.port, password)


def safety(config: Obs, secret: FindSecret, *, is_off: bool) -> dict[str, Any]:
    """Where the watch finds the safety scene when the show cannot show it: without `scene` it need not look.

    `is_off`: OBS was switched off for now.
    """
    place: dict[str, Any] = {"host": config.host, "port": config.port, "password": "", "scene": ""}
    if config.on and config.safety_scene and not is_off:
        with suppress(SparkError):
            password = token(config.password, secret)
            place |= {"password": password.get_secret_value() if password else "", "scene": config.safety_scene}
    return place


def wanted(config: Config) -> Wanted:
    """What `obs setup` makes."""
    obs = config.obs
    url = obs.stage_url or f"http://127.0.0.1:{config.server.port}/stage/"
    return Wanted(obs.live_scene, obs.safety_scene, obs.stage_source, url, obs.captions)


def opener(config: Obs) -> OpenRemote:
    """What connects; the library behind it is imported with the first connection."""

    @asynccontextmanager
    async def connect(address: Address, tell: Tell) -> AsyncIterator[Remote]:
        from spark_vtuber.obs.simple import open_remote

        async with open_remote(address, tell, config.answer_s) as remote:
            yield remote

    return connect


def _plan(config: Obs, where: Address) -> Plan:
    pace = Pace(poll_s=config.poll_s, caption_s=1 / config.captions_per_s)
    return Plan(where, config.captions, config.caption_columns, config.safety_scene, pace)


def _rules(config: Obs) -> list[Rule]:
    return [Rule(rule.on, rule.scene, rule.match, rule.for_s) for rule in config.rules]
