"""What every part of the composition root is built with."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial

import anyio
import httpx
from anyio.abc import TaskGroup

from spark_vtuber.app.environment import Surroundings, engine_env
from spark_vtuber.app.keepsake import FileKeepsake
from spark_vtuber.app.live import Live
from spark_vtuber.app.vault import open_vault, uses
from spark_vtuber.chat.oauth import secrets_in
from spark_vtuber.config.environment import given_secrets, secrets, variable_of
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import Settings
from spark_vtuber.core.engine import EngineEnv
from spark_vtuber.core.ids import SessionId, session_id
from spark_vtuber.core.keepsake import Keepsake
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.health.board import Board, Reporter
from spark_vtuber.health.rounds import RoundLimits, Rounds
from spark_vtuber.health.strain import Strain
from spark_vtuber.health.supervisor import Supervisor
from spark_vtuber.health.workers import Told, untold
from spark_vtuber.llm.swap import Slots
from spark_vtuber.telemetry.events import EventLog
from spark_vtuber.telemetry.logs import Secrets
from spark_vtuber.telemetry.metrics import ShowMetrics


class House:
    """The settings, the records and the tasks of one show.

    What is entered into `stack` closes after everything that runs: engines must outlive the turns. `vault` finds
    secrets; whoever learns one elsewhere registers it in `secrets`, which keep it out of everything that is shown.
    """

    def __init__(
        self,
        settings: Settings,
        around: Surroundings,
        http: httpx.AsyncClient,
        stack: AsyncExitStack,
        personas: Sequence[PersonaView],
    ) -> None:
        self.live = Live(settings, around.log)
        self.secrets = Secrets(secrets())
        self.vault = open_vault(settings.config, self._found)
        self.around = around
        self.http = http
        self.stack = stack
        self.personas = tuple(personas)
        self.session: SessionId = session_id(around.rng)
        self.events = EventLog(around.clock, secrets=self.secrets)
        self.metrics = ShowMetrics(around.clock)
        self.board = Board(around.clock, self.events, self.secrets.mask)
        self.strain = Strain(self.events)
        self.supervisor = Supervisor(self.board, around.clock, around.rng, around.log)
        self.rounds = Rounds(
            around.clock, RoundLimits(settings.config.health.probe_idle_s, settings.config.health.probe_limit_s)
        )
        self._slots = Slots()
        self._tasks: TaskGroup | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force; `live` tells of changes."""
        return self.live.settings

    @property
    def config(self) -> Config:
        """The configuration in force: what was changed while the show runs counts, unless it needs a restart."""
        return self.live.config

    async def learn(self, settings: Settings) -> None:
        """Read the secrets that `settings` name, so that nothing waits for a disk or a keyring later."""
        if names := set(uses(settings.config)) - set(given_secrets()):
            await self.around.aside(partial(self.vault.learn, names))

    async def keep_secret(self, name: str, value: str) -> None:
        """Keep a secret for this show and the next, and out of everything that is shown. Raises `SparkError`."""
        self._found(value)
        await self.around.aside(partial(self.vault.keep, name, value))
        if given_secrets().get(name, value) != value:
            hidden = "%s was renewed and kept, but the next show will use what %s holds: unset that variable"
            self.around.log.warning(hidden, name, variable_of(name))
        await self.learn(self.settings)

    async def forget_secret(self, name: str) -> None:
        """Forget a secret wherever it is kept. Raises `SparkError`."""
        await self.around.aside(partial(self.vault.remove, name))
        await self.learn(self.settings)

    def _found(self, value: str) -> None:
        """Mask a secret from now on; of an account each token."""
        self.secrets.register(value, *secrets_in(value))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the context is open, components run; leaving it without an error waits for them."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            yield

    def keep_running(self, name: str, kind: str, start: Callable[[], Awaitable[None]]) -> None:
        """Run a component until the show ends: a crash is shown on the board and followed by a restart.

        Whoever can tell a hang adds a probe of it to `rounds`, whose failure asks `supervisor` for a restart.
        """
        report = self.board.reporter(name, kind)
        report("ok")
        self.supervise(report, start)

    def supervise(self, report: Reporter, start: Callable[[], Awaitable[None]]) -> None:
        """As `keep_running`, for a component that says itself how it is."""
        if self._tasks is None:
            raise RuntimeError("the house is not open")
        self._tasks.start_soon(self.supervisor.keep, report, start)

    def environment(self, report: Callable[..., None] | None = None, told: Told = untold) -> EngineEnv:
        """The environment for an engine; one that keeps a connection tells `report` how it is.

        `told` hears of the processes of its workers.
        """
        env = engine_env(self.config, self.around, self.http, self.personas, self.vault.secret, report, told)
        ports = {
            **env.ports,
            "keepsake": self._keepsake,
            "measure": self.metrics.measure,
            "slots": self._slots,
            "announce": self.events,
        }
        return replace(env, ports=ports, keep_secret=self.keep_secret, forget_secret=self.forget_secret)

    def _keepsake(self, name: str) -> Keepsake:
        """What an engine keeps in a file of the data directory."""
        return FileKeepsake(self.config.data.dir / name, self.around.log)
