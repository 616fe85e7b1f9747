"""What engines may touch, and what everything is given from outside."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread
import httpx

from spark_vtuber.app.tokens import FindSecret
from spark_vtuber.config.keys import Config
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.health.roster import Roster
from spark_vtuber.health.workers import Told, open_worker, untold

T = TypeVar("T")


class Aside(Protocol):
    """Runs what touches the disk where it holds nobody up."""

    async def __call__(self, act: Callable[[], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Clock, chance and log of a show, the worker processes it started, and the watch that started it, if any."""

    clock: Clock
    rng: random.Random
    log: logging.Logger
    roster: Roster = field(default_factory=Roster)
    aside: Aside = anyio.to_thread.run_sync
    watch_pid: int | None = None


def http_client() -> httpx.AsyncClient:
    """The client of all engines. A proxy of the environment is used for the world, never for this machine."""
    own = ("127.0.0.1", "localhost", "[::1]")
    return httpx.AsyncClient(mounts={f"all://{host}": None for host in own})


def engine_env(
    config: Config,
    around: Surroundings,
    http: httpx.AsyncClient,
    personas: Sequence[PersonaView],
    secret: FindSecret,
    report: Callable[..., None] | None = None,
    told: Told = untold,
) -> EngineEnv:
    """The environment for an engine; one that has a connection to keep tells `ports["report"]` how it is.

    `told` hears of the processes of its workers.
    """
    return EngineEnv(
        clock=around.clock,
        random=around.rng,
        data_dir=config.data.dir,
        secret=secret,
        log=around.log,
        worker=partial(
            open_worker, log=around.log, clock=around.clock, rng=around.rng, start=around.roster.start, told=told
        ),
        http=http,
        ports={"report": report} if report else {},
        personas=tuple(personas),
        sample_rate=config.stage.sample_rate,
    )
