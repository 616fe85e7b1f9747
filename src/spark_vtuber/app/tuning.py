"""Settings and log wired: the parts that keep a value of the configuration are told of every new one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Final

import anyio

from spark_vtuber import engines
from spark_vtuber.app import catalogue
from spark_vtuber.app.chats import ChatSources
from spark_vtuber.app.equipment import Equipment
from spark_vtuber.app.house import House
from spark_vtuber.app.limits import gate_limits, mesh, rules
from spark_vtuber.app.machinery import Machinery
from spark_vtuber.app.settings import LiveSettings
from spark_vtuber.app.standins import StandIns
from spark_vtuber.config.load import Settings
from spark_vtuber.core.errors import SparkError
from spark_vtuber.pipeline.director import Director
from spark_vtuber.telemetry.logs import LogLines, listening

LONGEST_TURN_S: Final = 120.0
"""An old engine is closed after so long, whoever still uses it."""


def open_settings(house: House, equipment: Equipment, director: Director) -> LiveSettings:
    """The settings of the panel; engines that are chosen differently are changed under the running show."""
    settings = LiveSettings(
        house.live,
        house.events,
        lookup=engines.spec,
        names=engines.names,
        aside=house.around.aside,
        secret=house.vault.secret,
    )
    settings.refitting(partial(_hiding, house))
    settings.refitting(partial(equipment.refitting, turns_over=partial(_turns_over, house, director)))
    return settings


@contextmanager
def open_log(house: House) -> Iterator[LogLines]:
    """The log of the panel, for as long as the context is open."""
    _hide(house, house.settings)
    call_soon = asyncio.get_running_loop().call_soon_threadsafe
    lines = LogLines(house.around.clock, house.events, house.secrets, call_soon)
    with listening(lines, house.secrets, house.around.log):
        yield lines


def keep_tuned(house: House, stand_ins: StandIns, machine: Machinery, chats: ChatSources) -> None:
    """Have every change of a live key count in the parts that keep its value."""

    def limit() -> None:
        settings = house.config.inbox
        machine.inbox.resize(settings.capacity, settings.stale_s)
        machine.inbox.rules = rules(settings)
        machine.gates.limits = gate_limits(settings)
        machine.gates.sieve.mesh = mesh(settings)
        machine.director.sift()
        machine.director.stir()

    def switch(module: str) -> None:
        try:
            stand_ins.switch(module, getattr(house.config.fallback, module))
        except SparkError as error:
            house.around.log.warning("%s", error.message)

    house.live.on_change("inbox", limit)
    house.live.on_change("chat", chats.look)
    for module in type(house.config.fallback).model_fields:
        house.live.on_change(f"fallback.{module}", partial(switch, module))


def _hide(house: House, settings: Settings) -> None:
    """Keep secrets that somebody wrote into the configuration out of everything that is shown."""
    for one in catalogue.keys(settings, engines.spec, engines.names, are_raw=True):
        house.secrets.register(*catalogue.written_secrets(one.path, one.value))


@asynccontextmanager
async def _hiding(house: House, settings: Settings) -> AsyncIterator[None]:
    """A refit that comes before those of engines: they may repeat what they were given."""
    _hide(house, settings)
    await house.learn(settings)
    yield


async def _turns_over(house: House, director: Director) -> None:
    """Wait until the turns that run now have ended."""
    running = {turn.id for turn in director.turns.values()}
    with anyio.move_on_after(LONGEST_TURN_S):
        async with house.events.subscribe(None) as happened:
            while running & {turn.id for turn in director.turns.values()}:
                await anext(happened)
