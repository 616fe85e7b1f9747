"""The watchtower, joined to the show: what it sees, what it can ease, and whom it calls."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from spark_vtuber.app.bridge import Bridge
from spark_vtuber.app.engine_room import EngineRoom
from spark_vtuber.app.equipment import Equipment
from spark_vtuber.app.house import House
from spark_vtuber.app.obs import ObsRoom
from spark_vtuber.app.show import Show
from spark_vtuber.app.tokens import token
from spark_vtuber.app.watchtower import Outlook, Watchtower
from spark_vtuber.config.keys import Config
from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.machine import ProcessRole, Sensors, Watched
from spark_vtuber.health.alerts import AlertBook, Trouble
from spark_vtuber.health.calls import Call, Caller, desktop, webhook
from spark_vtuber.health.strain import Measure
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.telemetry.turns import KEPT, p95_ms

WINDOW_S: Final = 300.0
EVENTS_KEPT: Final = 1_000
"""Events that are left when memory is short."""

SHORT: Final = 0.5
"""The share of the context that is left while memory is short."""


class Lookout:
    """Looks at the machine and the show from the start to the end of the show."""

    def __init__(self, house: House, sensors: Sensors, show: Show, room: EngineRoom, equipment: Equipment) -> None:
        self._house = house
        self._show = show
        self._room = room
        self._equipment = equipment
        around = house.around
        self._caller = Caller(around.clock, around.log, self._calls)
        self.alerts = AlertBook(around.clock, house.events, self._caller)
        self._sensors = sensors

    def start(self, prompter: Prompter, bridge: Bridge, obs: ObsRoom) -> None:
        """Look from now on."""
        house, strain = self._house, self._house.strain

        def changed() -> None:
            prompter.allow(SHORT if strain.demands(Measure.SHORT_CONTEXT) else 1.0)
            bridge.may_talk = not strain.demands(Measure.NO_BACKGROUND)

        def trim() -> None:
            prompter.allow(SHORT)
            prompter.allow(SHORT if strain.demands(Measure.SHORT_CONTEXT) else 1.0)
            house.events.trim(EVENTS_KEPT)

        strain.changed = changed
        outlook = Outlook(
            watched=self._watched,
            trim=trim,
            restart_worst=self._restart_worst,
            queues=house.metrics.queue_depths,
            dropped=self._show.dropped,
            p95_ms=self._p95_ms,
            stalled=lambda seconds: house.events("stalled", seconds=seconds),
            engine_ports=lambda: engine_ports(house.settings.engines),
            troubles=(self._breakers, lambda: obs_troubles(obs, house.config)),
        )
        self.tower = Watchtower(
            house.around.clock, lambda: house.config, self._sensors, house.board, strain, self.alerts, outlook
        )
        house.keep_running("watchtower", "health", self.tower.run)
        house.keep_running("alerts", "health", self._caller.run)

    def _watched(self) -> tuple[Watched, ...]:
        around = self._house.around
        workers = (Watched(one.pid, short(one.module), ProcessRole.WORKER) for one in around.roster.entries)
        watch = () if around.watch_pid is None else (Watched(around.watch_pid, "watch", ProcessRole.WATCH),)
        return (Watched(os.getpid(), "show", ProcessRole.SHOW), *watch, *workers)

    def _restart_worst(self, why: str) -> str:
        sizes = {worker.name: self._room.resident(worker.name) or 0 for worker in self._room.workers()}
        name = max(sizes, key=sizes.__getitem__, default="")
        return name if name and self._house.supervisor.restart(name, why) else ""

    def _p95_ms(self) -> float | None:
        return p95_ms(self._show.turns(KEPT), self._house.around.clock.now() - WINDOW_S)

    def _breakers(self) -> Iterator[Trouble]:
        for persona, mind in self._equipment.minds.all.items():
            if mind.model is not None and not mind.breaker.is_closed:
                text = f"the model of {persona} does not answer; the understudy does"
                yield Trouble("breaker", f"llm:{persona}", text, "check the model server")

    def _calls(self) -> tuple[Call, ...]:
        alerting = self._house.config.alerts
        calls: list[Call] = [desktop()] if alerting.desktop else []
        if alerting.webhook:
            try:
                url = token(alerting.webhook, self._house.vault.secret)
            except SparkError as error:
                self._house.around.log.warning("no webhook is called: %s", error.message)
            else:
                calls += [webhook(self._house.http, url.get_secret_value())] if url else []
        return tuple(calls)


def short(module: str) -> str:
    """A worker as people know it: `spark_vtuber.tts.workers.espeak` is "tts espeak"."""
    return module.removeprefix("spark_vtuber.").replace(".workers.", " ")


def obs_troubles(obs: ObsRoom, config: Config) -> Iterator[Trouble]:
    """OBS that loses more frames than it may."""
    stats, limit = obs.view().stats, config.alerts.obs_dropped_percent
    if stats is not None and stats.dropped_percent > limit:
        text = f"OBS drops more than {limit:g} % of its frames"
        yield Trouble("obs", "frames", text, "lower the resolution or the bit rate, or close other programs")


def engine_ports(engines: Mapping[str, Mapping[str, object]]) -> tuple[int, ...]:
    """The ports of servers on this machine that the engines use."""
    urls = {
        str(getattr(choice.options, "base_url", ""))  # type: ignore[attr-defined]
        for choices in engines.values()
        for choice in choices.values()
    }
    return tuple(sorted({port for url in urls if (port := _own_port(url)) is not None}))


def _own_port(url: str) -> int | None:
    parts = urlsplit(url)
    with suppress(ValueError):
        if parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback:
            return parts.port
    return None
